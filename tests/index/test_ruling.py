"""Rules against brute force: what they move comes from anywhere in the shop, exactly."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from index.entry import Entry, SeenPicture
from index.filters import parse_filter
from index.hit import Answer
from index.preview import preview
from index.product import Picture, Product
from index.query import Query
from index.rule import Rule
from index.rules import Rules
from index.ruling import why_idle
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit
from vision.spec import Calibration

COUNT = 400
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CURVE = Calibration(slope=8.0, offset=-4.0, refuse_below=0.5)


def point(draw: random.Random) -> Embedding:
    drawn = [draw.gauss(0, 1) for _ in range(FakeEncoder.DIMENSION)]
    return Embedding(unit(np.array(drawn, np.float32)), "fake-1")


def product(n: int, draw: random.Random) -> Product:
    return Product(
        f"sku-{n}",
        stock=draw.choice([0, 0, 3]),
        brand=draw.choice(["Acme", "Nike", "Zenith"]),
        categories=(draw.choice(["Bags", "Hats"]),),
        group=draw.choice(["", f"group {n // 3}"]),
        attributes={"margin": (f"{draw.random():.2f}",)},
    )


@pytest.fixture(scope="module")
def products() -> dict[str, Product]:
    draw = random.Random(5)
    return {p.sku: p for p in (product(n, draw) for n in range(COUNT))}


@pytest.fixture(scope="module")
def vectors(products: dict[str, Product]) -> dict[str, list[Embedding]]:
    draw = random.Random(6)
    return {sku: [point(draw) for _ in range(draw.choice([1, 1, 3]))] for sku in products}


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory,
    products: dict[str, Product],
    vectors: dict[str, list[Embedding]],
) -> Iterator[Shelf]:
    spec = fake_spec(title_weight=0, calibrations={"picture": CURVE})
    with Shelf.open(tmp_path_factory.mktemp("shop"), spec, create=True) as opened:
        opened.write([entry(p, vectors[p.sku]) for p in products.values()])
        yield opened


def entry(p: Product, seen: list[Embedding]) -> Entry:
    pictures = [Picture(p.sku, n, f"/{p.sku}/{n}", "0" * 64, "") for n in range(len(seen))]
    return Entry(p, tuple(SeenPicture(q, v) for q, v in zip(pictures, seen, strict=True)))


def stock_of(p: Product) -> bool:
    return bool(p.stock)


def skus(answer: Answer) -> list[str]:
    return [hit.product.sku for hit in answer.hits]


MOVES = [
    (Rule("in stock", "boost", "stock>0", strength=0.3), lambda p: p.stock > 0),
    (Rule("sold out", "bury", "stock=0"), lambda p: p.stock == 0),
    (Rule("acme", "boost", "brand=Acme", strength=0.15), lambda p: p.brand == "Acme"),
    (Rule("nike", "bury", "brand=Nike", strength=0.2), lambda p: p.brand == "Nike"),
    (
        Rule("margin", "boost", "margin>=0.8", strength=2.0),
        lambda p: float(p.attributes["margin"][0]) >= 0.8,
    ),
    (Rule("everything", "bury", "stock>=0", strength=0.5), lambda p: True),
]


@pytest.mark.parametrize("seed", range(40))
def test_the_answer_is_that_of_brute_force(
    seed: int, shelf: Shelf, products: dict[str, Product], vectors: dict[str, list[Embedding]]
) -> None:
    draw = random.Random(seed)
    moves = draw.sample(MOVES, draw.randint(1, 4))
    pinned = [f"sku-{n}" for n in draw.sample(range(COUNT), draw.choice([0, 1, 3]))]
    rules = [rule for rule, _ in moves]
    if pinned:
        rules.append(Rule("pinned", "pin", skus=(*pinned, "gone")))
    only = draw.choice(["", "category=Bags", "stock=0"])
    unfold = draw.random() < 0.3
    asked = point(draw)
    query = Query(
        asked,
        filter=parse_filter(only) if only else None,
        top=draw.choice([1, 7, 40]),
        unfold=unfold,
        rules=tuple(rules),
    )
    answer = shelf.search(query)

    def passes(p: Product) -> bool:
        return not only or ("Bags" in p.categories if "Bags" in only else p.stock == 0)

    def score(sku: str) -> float:
        return max(float(asked.vector @ v.vector) for v in vectors[sku])

    def rank(sku: str) -> float:
        if sku in pinned:
            return 1000.0 - pinned.index(sku)
        return score(sku) + sum(rule.shift for rule, moved in moves if moved(products[sku]))

    wanted: list[str] = []
    groups: set[str] = set()
    for sku in sorted((s for s, p in products.items() if passes(p)), key=lambda s: -rank(s)):
        group = products[sku].group
        if unfold or not group or group not in groups:
            wanted.append(sku)
            groups.add(group)
    assert skus(answer) == wanted[: query.top]
    for hit in answer.hits:
        assert hit.score == pytest.approx(score(hit.product.sku), abs=1e-5)
        moved = {m.rule for m in hit.moved}
        said = {rule.name for rule, touches in moves if touches(hit.product)}
        assert moved == said | ({"pinned"} if hit.product.sku in pinned else set())


def test_score_and_probability_are_what_they_are_without_rules(shelf: Shelf) -> None:
    asked = point(random.Random(1))
    plain = {h.product.sku: h for h in shelf.search(Query(asked, top=COUNT, rules=())).hits}
    ruled = shelf.search(Query(asked, top=COUNT, rules=(MOVES[0][0], MOVES[3][0]))).hits
    for hit in ruled:
        same = plain.get(hit.product.sku)  # a group may be stood for by another
        assert same is None or (hit.score, hit.probability) == (same.score, same.probability)


def test_no_rule_makes_or_hides_a_refusal(
    shelf: Shelf, vectors: dict[str, list[Embedding]]
) -> None:
    near = vectors["sku-7"][0]
    far = Embedding(-near.vector, near.space)
    for asked in (near, far, *(point(random.Random(n)) for n in range(20))):
        plain = shelf.search(Query(asked, top=1, rules=()))
        bury = Rule("all but", "bury", "sku!=sku-9")
        for rule in (bury, Rule("pin", "pin", skus=("sku-9",)), MOVES[4][0]):
            ruled = shelf.search(Query(asked, top=1, rules=(rule,)))
            assert ruled.nothing_like_this == plain.nothing_like_this


def test_the_shops_own_rules_act_on_every_search_and_none_without(shelf: Shelf) -> None:
    asked = Query(point(random.Random(2)), top=5, at=NOW)
    before = skus(shelf.search(asked))
    rules = Rules(shelf.database)
    rules.put(Rule("front", "pin", skus=("sku-3", "sku-1")))
    try:
        after = shelf.search(asked)
        assert skus(after)[:2] == ["sku-3", "sku-1"]
        assert [m.act for m in after.hits[0].moved] == ["pin"]
        assert skus(shelf.search(replace(asked, rules=()))) == before
        rules.put(Rule("front", "pin", skus=("sku-3",), enabled=False))
        assert skus(shelf.search(asked)) == before
    finally:
        rules.delete("front")


def test_a_rule_on_an_attribute_that_no_product_has_moves_nothing(shelf: Shelf) -> None:
    asked = Query(point(random.Random(3)), top=5)
    gone = Rule("gone", "boost", "once=yes")
    assert skus(shelf.search(replace(asked, rules=(gone,)))) == skus(shelf.search(asked))


def test_a_pinned_product_does_not_pass_a_filter_and_is_not_like_itself(shelf: Shelf) -> None:
    pin = Rule("front", "pin", skus=("sku-3",))
    asked = Query(point(random.Random(4)), top=50, rules=(pin,))
    assert "sku-3" not in skus(shelf.search(replace(asked, filter=parse_filter("sku!=sku-3"))))
    assert "sku-3" not in skus(shelf.search(replace(asked, exclude_sku="sku-3")))


BOUND = Rule("r", "boost", "stock>0")
ASKED = Query(point(random.Random(0)), "words", text="Red summer dresses", at=NOW)


@pytest.mark.parametrize(
    ("rule", "query", "idle"),
    [
        (BOUND, ASKED, ""),
        (replace(BOUND, enabled=False), ASKED, "switched off"),
        (replace(BOUND, from_at=NOW + timedelta(seconds=1)), ASKED, "begins"),
        (replace(BOUND, from_at=NOW), ASKED, ""),
        (replace(BOUND, until_at=NOW), ASKED, "ended"),
        (replace(BOUND, until_at=NOW + timedelta(seconds=1)), ASKED, ""),
        (replace(BOUND, kinds=("picture",)), ASKED, "by picture, not by words"),
        (replace(BOUND, kinds=("like",)), replace(ASKED, exclude_sku="a", text=""), ""),
        (replace(BOUND, kinds=("words", "both")), ASKED, ""),
        (replace(BOUND, words=("red dress",)), ASKED, ""),
        (replace(BOUND, words=("blue", "summer")), ASKED, ""),
        (replace(BOUND, words=("red shoe",)), ASKED, "none of its words"),
        (replace(BOUND, when="category=Bags"), ASKED, "filter"),
        (
            replace(BOUND, when="category=Bags,Hats"),
            replace(ASKED, filter=parse_filter("price<50 (category=bags stock>0)")),
            "",
        ),
        (
            replace(BOUND, when="category=Bags"),
            replace(ASKED, filter=parse_filter("category=Bags or category=Hats")),
            "filter",
        ),
        (
            replace(BOUND, when="category=Bags"),
            replace(ASKED, filter=parse_filter("category=Bags,Hats")),
            "filter",
        ),
    ],
)
def test_a_rule_acts_when_it_says_and_tells_why_it_does_not(
    rule: Rule, query: Query, idle: str
) -> None:
    reason = why_idle(rule, query, NOW)
    assert idle in reason
    assert bool(reason) == bool(idle)


def test_a_preview_shows_before_after_and_what_did_not_act(shelf: Shelf) -> None:
    asked = Query(point(random.Random(8)), top=10, at=NOW)
    rules = (
        Rule("front", "pin", skus=("sku-3", "absent")),
        Rule("later", "boost", "stock>0", from_at=NOW + timedelta(days=1)),
        Rule("nobody", "boost", "brand=Nobody"),
        Rule("once", "boost", "once=yes"),
    )
    shown = preview(shelf, asked, rules)
    assert skus(shown.after)[0] == "sku-3"
    assert skus(shown.after)[1:] == [s for s in skus(shown.before) if s != "sku-3"][:9]
    assert shown.place_before("sku-3") is None or skus(shown.before).index("sku-3") >= 0
    assert shown.acted == ("front",)
    assert "absent" in shown.notes["front"]
    assert "begins" in shown.notes["later"]
    assert "no product" in shown.notes["nobody"]
    assert "once" in shown.notes["once"]
