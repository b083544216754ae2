"""Search against brute force: filters lose nothing, groups and identical pictures fold."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.entry import Entry, SeenPicture
from index.errors import BadFilter
from index.filters import parse_filter
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, Vector, unit
from vision.spec import Calibration

COUNT = 160
COLOURS = ("red", "navy blue", "")
SIZES = ("S", "M", "L", "S, M")
CATEGORIES = (("Gear/Bags",), ("Gear/Hats", "New"), ("Shoes",), ())


def product(n: int, draw: random.Random) -> Product:
    return Product(
        f"sku-{n}",
        price=draw.choice([None, 10.0, 19.99, 50.0, 100.0]),
        stock=draw.choice([None, 0, 3]),
        colour=draw.choice(COLOURS),
        size=draw.choice(SIZES),
        categories=draw.choice(CATEGORIES),
        brand=draw.choice(["Acme", "Nike", ""]),
        group=draw.choice(["", f"group {n // 4}"]),
        attributes={"Season": (draw.choice(["Fall", "Winter"]),)} if n % 3 else {},
    )


def point(draw: random.Random) -> Embedding:
    drawn = [draw.gauss(0, 1) for _ in range(FakeEncoder.DIMENSION)]
    return Embedding(unit(np.array(drawn, np.float32)), "fake-1")


Stock = tuple[Shelf, dict[str, Product], dict[str, list[Vector]]]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    draw = random.Random(3)
    products = {p.sku: p for p in (product(n, draw) for n in range(COUNT))}
    vectors = {sku: [point(draw) for _ in range(draw.choice([1, 1, 2, 3]))] for sku in products}
    folder = tmp_path_factory.mktemp("shop")
    with Shelf.open(folder, fake_spec(title_weight=0), create=True) as shelf:
        shelf.write([entry(p, vectors[sku]) for sku, p in products.items()])
        yield (
            shelf,
            products,
            {sku: [e.vector for e in several] for sku, several in vectors.items()},
        )


def entry(p: Product, vectors: list[Embedding], digest: str = "") -> Entry:
    seen = [
        SeenPicture(Picture(p.sku, n, f"/{p.sku}/{n}", "0" * 64, digest), v)
        for n, v in enumerate(vectors)
    ]
    return Entry(p, tuple(seen))


Test = Callable[[Product], bool]
TERMS: list[tuple[str, Test]] = [
    ("category=bags", lambda p: "Gear/Bags" in p.categories),
    ("category=GEAR", lambda p: any(c.startswith("Gear") for c in p.categories)),
    ("category='Gear/Hats'", lambda p: "Gear/Hats" in p.categories),
    ("category!=New", lambda p: "New" not in p.categories),
    ("color='Navy  Blue'", lambda p: p.colour == "navy blue"),
    ("colour=''", lambda p: p.colour == ""),
    ("colour!='',red", lambda p: p.colour == "navy blue"),
    ("price<50", lambda p: p.price is not None and p.price < 50),
    ("price<=50.00", lambda p: p.price is not None and p.price <= 50),
    ("price>19.98", lambda p: p.price is not None and p.price > 19.98),
    ("price>=100", lambda p: p.price is not None and p.price >= 100),
    ("price=10.00,100", lambda p: p.price in (10, 100)),
    ("price!=10", lambda p: p.price != 10),
    ("stock>0", lambda p: bool(p.stock)),
    ("stock=0", lambda p: p.stock == 0),
    ("size=M", lambda p: "M" in p.size),
    ("size=L,M", lambda p: "M" in p.size or p.size == "L"),
    ("brand!=nike", lambda p: p.brand != "Nike"),
    ("season=fall", lambda p: p.attributes.get("Season") == ("Fall",)),
    ("season=Fall,Winter", lambda p: "Season" in p.attributes),
    ("sku=sku-7,SKU-8,nobody", lambda p: p.sku in ("sku-7", "sku-8")),
]  # fmt: skip


def both(a: tuple[str, Test], b: tuple[str, Test]) -> tuple[str, Test]:
    return f"({a[0]} {b[0]})", lambda p: a[1](p) and b[1](p)


def either(a: tuple[str, Test], b: tuple[str, Test]) -> tuple[str, Test]:
    return f"({a[0]} or {b[0]})", lambda p: a[1](p) or b[1](p)


def nope(a: tuple[str, Test]) -> tuple[str, Test]:
    return f"not {a[0]}", lambda p: not a[1](p)


filters = st.recursive(
    st.sampled_from(TERMS),
    lambda inner: st.builds(both, inner, inner) | st.builds(either, inner, inner)
    | st.builds(nope, inner),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(wanted=filters, top=st.integers(1, 60), seed=st.integers(0, 99), unfold=st.booleans())
def test_a_filtered_search_is_brute_force_over_what_passes(
    stock: Stock, wanted: tuple[str, Test], top: int, seed: int, unfold: bool
) -> None:
    shelf, products, vectors = stock
    query = point(random.Random(seed))
    text, passes = wanted
    best = {
        sku: max(float(v @ query.vector) for v in vectors[sku])
        for sku, p in products.items()
        if passes(p)
    }
    if not unfold:
        by_article: dict[str, str] = {}
        for sku in sorted(best, key=lambda s: -best[s]):
            by_article.setdefault(products[sku].group or sku, sku)
        best = {sku: best[sku] for sku in by_article.values()}
    exact = sorted(best, key=lambda s: -best[s])[:top]
    answer = shelf.search(Query(query, filter=parse_filter(text), top=top, unfold=unfold))
    assert [h.product.sku for h in answer.hits] == exact
    assert np.allclose([h.score for h in answer.hits], [best[s] for s in exact], atol=1e-5)


def test_every_product_of_the_shop_can_be_reached(stock: Stock) -> None:
    shelf, products, _ = stock
    hits = shelf.search(Query(point(random.Random(1)), top=1_000, unfold=True)).hits
    assert {h.product.sku for h in hits} == set(products)
    assert all(h.product == products[h.product.sku] for h in hits)


def test_a_hit_shows_the_other_colours_of_its_article_even_those_filtered_out(stock: Stock) -> None:
    shelf, products, _ = stock
    answer = shelf.search(Query(point(random.Random(2)), filter=parse_filter("colour=red"), top=50))
    grouped = [h for h in answer.hits if h.product.group]
    assert grouped
    for hit in grouped:
        others = {p.sku for p in products.values() if p.group == hit.product.group}
        assert {s.sku for s in hit.swatches} == others - {hit.product.sku}
    assert all(h.swatches == () for h in answer.hits if not h.product.group)


def test_the_product_that_was_asked_about_does_not_answer(stock: Stock) -> None:
    shelf, products, _ = stock
    for sku in list(products)[:5]:
        like = shelf.vector_of(sku)
        assert shelf.search(Query(like, top=1, unfold=True)).hits[0].product.sku == sku
        answer = shelf.search(Query(like, top=1_000, unfold=True, exclude_sku=sku))
        assert {h.product.sku for h in answer.hits} == set(products) - {sku}


def test_an_unknown_field_is_refused_with_those_that_there_are(stock: Stock) -> None:
    shelf, _, _ = stock
    with pytest.raises(BadFilter, match=r"no field 'colr'.*colour.*season"):
        shelf.search(Query(point(random.Random(1)), filter=parse_filter("colr=red")))
    assert shelf.fields()[-1] == "season"


def test_many_pictures_of_few_articles_do_not_crowd_out_the_others(tmp_path: Path) -> None:
    """The first look sees only the crowded group; the search goes deeper until it has enough."""
    draw = random.Random(4)
    near, far = point(draw), point(draw)
    crowd = [entry(Product(f"c{n}", group="crowd"), [near]) for n in range(500)]
    twins = [entry(Product(f"t{n}"), [near], digest="same") for n in range(300)]
    others = [entry(Product(f"o{n}"), [far]) for n in range(9)]
    with Shelf.open(tmp_path, fake_spec(title_weight=0), create=True) as shelf:
        shelf.write([*crowd, *twins, *others])
        hits = shelf.search(Query(near, top=10)).hits
        kinds = [h.product.sku[0] for h in hits]
        assert sorted(kinds[:2]) == ["c", "t"]
        assert kinds[2:] == ["o"] * 8
        assert sorted(len(h.identical) for h in hits) == [0] * 9 + [299]


@pytest.mark.parametrize(("kind", "refused"), [("picture", True), ("words", False), ("both", True)])
def test_nothing_like_this_is_said_by_the_calibration_of_the_kind(
    tmp_path: Path, kind: str, refused: bool
) -> None:
    spec = fake_spec(title_weight=0, calibrations={"picture": Calibration(10.0, -5.0, 0.9)})
    draw = random.Random(5)
    with Shelf.open(tmp_path, spec, create=True) as shelf:
        assert shelf.search(Query(point(draw))).nothing_like_this  # an empty shop has nothing
        here, there = point(draw), point(draw)
        shelf.write([entry(Product("a"), [here])])
        assert not shelf.search(Query(here, kind="picture")).nothing_like_this
        answer = shelf.search(Query(there, kind=kind))  # type: ignore[arg-type] # one of the kinds
        assert answer.nothing_like_this is refused
        assert len(answer.hits) == 1  # they are shown all the same


def test_an_answer_tells_how_long_each_room_took(stock: Stock) -> None:
    took = stock[0].search(Query(point(random.Random(1)))).took_ms
    assert set(took) == {"vectors", "catalogue"}
    assert all(ms > 0 for ms in took.values())
