"""What the drawn shop sells: articles in colours, with titles, prices and stock, from a seed."""

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.drawn_fields import rng_of
from models.drawn_patterns import RGB
from models.drawn_product import Spec, stock
from models.drawn_shapes import Fit

MAX_COLOURS = 4
MODELS_A_ROUND = 6  # a kind with a share of 6 gets a model in each of 6 rounds
SMALL_SHOP = 100
FAR_APART = 110  # RGB distance at which a print stands out from its ground


@dataclass(frozen=True, slots=True)
class Article:
    """One product: what it looks like, which `views` are photographed, and its catalogue `row`."""

    sku: str
    spec: Spec
    views: tuple[str, ...]
    row: dict[str, str]


def articles(seed: int, products: int) -> tuple[Article, ...]:
    """`products` articles (1 or more): every kind's first model before any second one.

    A shop of fewer than SMALL_SHOP products is for tests: two colours a model, and only each
    third product is photographed twice.
    """
    if products < 1:
        raise ValueError("a shop has at least one product")
    small = products < SMALL_SHOP
    sold: list[Article] = []
    for model in itertools.count():
        for kind, row in stock()["kinds"].items():
            if model % MODELS_A_ROUND < row["share"] and len(sold) < products:
                sold.extend(_model(seed, kind, model, 2 if small else MAX_COLOURS))
        if len(sold) >= products:
            break
    if small:
        sold = [a if i % 3 == 0 else replace(a, views=a.views[:1]) for i, a in enumerate(sold)]
    return tuple(sold[:products])


def _model(seed: int, kind: str, model: int, most: int) -> list[Article]:
    """One model of a kind in its colours: they share cut, cloth, print and `group`."""
    rng = rng_of("model", seed, kind, model)
    row = stock()["kinds"][kind]
    options, word = row["variants"][model % len(row["variants"])]
    row = {**row, **row.get("by_variant", {}).get(options, {})}
    material = row["materials"][model % len(row["materials"])]
    pattern = row["patterns"][model % len(row["patterns"])]
    many = int(rng.integers(2, most + 1))
    colours = rng.permutation(row["colours"])[:many]
    fit = Fit(
        float(rng.uniform(0.94, 1.08)), float(rng.uniform(0.93, 1.08)), float(rng.uniform(0, 0.02))
    )
    if "wide" in options.split():
        fit = Fit(fit.width, fit.length, 0.09)
    low, high = row["price"]
    facts = {
        "name": str(rng.choice(stock()["names"])),
        "word": word,
        "brand": str(rng.choice(stock()["brands"])),
        "price": f"{int(rng.uniform(low, high)) + 0.95:.2f}",
        "group": f"{kind}-{model + 1:02d}",
        "size": str(rng.integers(0, 3)),
        "motif": str(rng.choice(stock()["motifs"])),
    }
    base = (kind, tuple(options.split()), material, pattern, fit)
    return [_article(rng, row, base, facts, str(c), seed) for c in colours]


def _article(
    rng: np.random.Generator,
    row: dict[str, Any],
    base: tuple[Any, ...],
    facts: dict[str, str],
    colour: str,
    seed: int,
) -> Article:
    kind, options, material, pattern, fit = base
    spec = Spec(
        kind=kind,
        options=options,
        colours=_trio(rng, colour, pattern),
        material=material,
        pattern=pattern,
        pattern_size=int(facts["size"]),
        motif=facts["motif"] if pattern == "print" else "",
        fit=fit,
        seed=int(rng.integers(0, 2**31)),
    )
    sku = f"{facts['group']}-{colour}"
    return Article(
        sku, spec, _views(row["category"], facts["group"]), _row(sku, spec, row, facts, colour, rng)
    )


def _trio(rng: np.random.Generator, colour: str, pattern: str) -> tuple[RGB, RGB, RGB]:
    """Main colour, a second that stands out on it (prints) or goes with it (plain), an accent."""
    palette = stock()["colours"]
    main = _rgb(palette[colour])
    if pattern != "plain":
        second, third = stock()["inks"][pattern]
        return main, _ink(rng, main, second), _ink(rng, main, third)
    near = [np.multiply(main, 0.72), np.multiply(main, 0.85), palette["cream"], palette["navy"]]
    return main, _rgb(near[int(rng.integers(len(near)))]), _ink(rng, main, ["white", "red", "navy"])


def ink_of(colour: str) -> RGB:
    """The RGB of one of the shop's colours."""
    return _rgb(stock()["colours"][colour])


def _ink(rng: np.random.Generator, main: RGB, names: list[str]) -> RGB:
    """One of the named colours that stands out on `main`, else black or white."""
    palette = stock()["colours"]
    choices = [palette[n] for n in names]
    far = [c for c in choices if np.linalg.norm(np.subtract(c, main)) > FAR_APART]
    if not far:
        return _rgb(palette["black" if sum(main) > 380 else "white"])
    return _rgb(far[int(rng.integers(len(far)))])


def _rgb(values: Any) -> RGB:
    r, g, b = (int(v) for v in values)
    return r, g, b


def _views(category: str, group: str) -> tuple[str, ...]:
    """Each second model is photographed twice: clothes from behind or turned, bags turned, shoes
    from the other side."""
    department, number = category.split("/")[0], int(group[-2:])
    if department == "Clothing":
        other = "back" if number % 2 else "turned"
        return ("front", other) if number % 2 or number % 4 == 0 else ("front",)
    if department == "Bags":
        return ("front", "turned") if number % 2 else ("front",)
    if department == "Shoes":
        return ("front", "mirrored") if number % 2 else ("front",)
    return ("front",)


def _row(
    sku: str,
    spec: Spec,
    row: dict[str, Any],
    facts: dict[str, str],
    colour: str,
    rng: np.random.Generator,
) -> dict[str, str]:
    printed = stock()["words"][spec.pattern]
    what = " ".join(w for w in (printed, facts["word"], row["noun"]) if w)
    return {
        "sku": sku,
        "title": f"{facts['name']} {what} in {colour}",
        "description": (
            f"{what[0].upper()}{what[1:]} by {facts['brand']}, {spec.material}, in {colour}."
        ),
        "price": facts["price"],
        "currency": stock()["currency"],
        "brand": facts["brand"],
        "category": row["category"],
        "colour": colour,
        "size": stock()["sizes"][row["sizes"]],
        "group": facts["group"],
        "stock": str(int(rng.integers(0, 60))),
        "material": spec.material,
        "pattern": spec.pattern,
        "gender": row["gender"],
    }
