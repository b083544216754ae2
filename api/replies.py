"""What callers read: the JSON of a product, a hit, a search and the shop, with examples."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from index.hit import Hit
from index.product import Product

FACET_VALUES = 12
"""As many values of a facet as a page can offer."""


class ProductReply(BaseModel):
    """A product as its merchandiser describes it."""

    sku: str = Field(examples=["mb01-blue"])
    title: str = Field(examples=["Joust Duffle Bag"])
    description: str = ""
    price: float | None = Field(None, examples=[34.0])
    currency: str = Field("", examples=["EUR"])
    brand: str = ""
    categories: list[str] = Field(default_factory=list, examples=[["Gear/Bags"]])
    colour: str = Field("", examples=["blue"])
    size: str = ""
    group: str = ""
    stock: int | None = None
    store: str = ""
    url: str = ""
    attributes: dict[str, list[str]] = Field(default_factory=dict, examples=[{"season": ["Fall"]}])


class OneProductReply(ProductReply):
    """A product with the addresses of its pictures."""

    pictures: list[str] = Field(examples=[["/v1/products/mb01-blue/pictures/0"]])


class StockRowReply(BaseModel):
    """What became of one line: `ok`, or why not."""

    line: int
    sku: str | None
    ok: bool
    changed: bool | None = None
    etag: str | None = None
    code: str | None = Field(None, examples=["unknown-product"])
    detail: str | None = None


class StockReply(BaseModel):
    """What became of many new prices and stocks."""

    changed: int
    unchanged: int
    failed: int
    results: list[StockRowReply]


class SwatchReply(BaseModel):
    """Another colour of the same group."""

    sku: str = Field(examples=["mb01-red"])
    colour: str = Field(examples=["red"])
    price: float | None = None
    image: str | None = Field(None, examples=["/v1/products/mb01-red/pictures/0"])


class HitReply(ProductReply):
    """A product in answer to a search.

    `score` is a cosine in [-1, 1].
    """

    image: str | None = Field(examples=["/v1/products/mb01-blue/pictures/0"])
    score: float = Field(examples=[0.8312])
    probability: float = Field(
        ge=0,
        le=1,
        examples=[0.91],
        description="How likely a shopper calls it the same kind and colour. Never under `exact`: "
        "the very product is of the same kind and colour. It may rise from hit to hit",
    )
    exact: float | None = Field(
        None,
        ge=0,
        le=1,
        examples=[0.88],
        description="How likely it is the very product in the picture, colour and all; at most "
        "`probability`. Null where "
        "that cannot be said: words alone, words that ask for something else than the picture "
        "shows, a model that was not calibrated for it, hits far from the picture",
    )
    swatches: list[SwatchReply] = Field(default_factory=list)
    identical: list[str] = Field(default_factory=list, description="SKUs with the same picture")
    moved: list[str] = Field(
        default_factory=list,
        description="What the shop's rules did to its place: pin, boost, bury. Score and "
        "probability are untouched",
        examples=[["boost"]],
    )


class Understood(BaseModel):
    """What the words were taken to mean."""

    price_below: float | None = Field(None, examples=[50.0])
    price_above: float | None = None
    colours: list[str] = Field(default_factory=list, examples=[["green"]])
    kinds: list[str] = Field(default_factory=list)


class QueryReply(BaseModel):
    """The query as it was understood; the picture's sides are those of the upright original."""

    kind: str = Field(examples=["both"], description="picture, words, both or like")
    text: str | None = Field(None, examples=["but in green, under 50"])
    like: str | None = None
    filter: str | None = None
    box: tuple[int, int, int, int] | None = Field(None, examples=[[0, 0, 900, 1200]])
    width_px: int | None = Field(None, examples=[4000])
    height_px: int | None = Field(None, examples=[3000])
    understood: Understood


class ModelReply(BaseModel):
    """The model that answered."""

    name: str
    version: str


class SuggestedReply(BaseModel):
    """A filter that suggests itself: what most of the likeliest hits are, and not all of them."""

    field: str = Field(examples=["colour"])
    value: str = Field(examples=["blue"])
    share: float = Field(examples=[0.83], description="How much of the likeliest hits have it")


class SearchReply(BaseModel):
    """The answer to a search, best hit first."""

    search_id: str = Field(examples=["6a1f3c052f6c5f0e4c53a1b2c3d4e5f6"])
    query: QueryReply
    hits: list[HitReply]
    nothing_like_this: bool = Field(
        description="True when the shop sells nothing like it; the hits are then the nearest"
    )
    facets: dict[str, list[tuple[str, int]]] = Field(
        description="Values among the hits, most frequent first",
        examples=[{"category": [["Gear/Bags", 12]], "colour": [["blue", 5]]}],
    )
    suggested: list[SuggestedReply] = Field(
        default_factory=list, description="Filters that suggest themselves, likeliest first"
    )
    model: ModelReply
    took_ms: dict[str, float] = Field(examples=[{"decode": 3.1, "encode": 5.2, "total": 10.1}])


class SavedAnswer(BaseModel):
    """What was found with a snap when it was saved; `hits` only where one snap is asked for."""

    query: QueryReply
    nothing_like_this: bool
    model: ModelReply
    hits: list[HitReply] = Field(default_factory=list)


class SavedReply(BaseModel):
    """A saved thing: a product, as it is now (null when the shop has it no more), or a snap."""

    id: str = Field(examples=["5f0e4c530f8c2f6c5f0e4c53"])
    kind: str = Field(examples=["product"], description="product or snap")
    saved_at: str = Field(examples=["2026-11-22T09:00:00+00:00"])
    sku: str | None = Field(examples=["mb01-blue"])
    product: ProductReply | None
    image: str = Field(examples=["/v1/products/mb01-blue/pictures/0"])
    answer: SavedAnswer | None


class SavedPageReply(BaseModel):
    """A page of what a device has saved, youngest first."""

    items: list[SavedReply]
    next: str | None = Field(description="The cursor of the next page, null at the end")


class ProductPageReply(BaseModel):
    """A page of the catalogue, by SKU."""

    products: list[OneProductReply]
    next: str | None = Field(description="The cursor of the next page, null at the end")


class WindowReply(BaseModel):
    """One of the shop's largest categories, and the picture of a product that stands for it."""

    category: str = Field(examples=["Bags"])
    image: str = Field(examples=["/v1/products/mb01-blue/pictures/0"])


class ShopReply(BaseModel):
    """The shop, for a page that is about to show it."""

    name: str
    products: int = Field(examples=[452])
    model: ModelReply
    currency: str = Field(examples=["EUR"])
    facets: dict[str, list[tuple[str, int]]] = Field(
        examples=[{"category": [["Gear/Bags", 14]], "colour": [["blue", 89]], "brand": []}]
    )
    windows: list[WindowReply] = Field(
        default_factory=list, description="Six at most, for a first page"
    )
    regions: bool = Field(False, description="Whether POST /v1/regions finds things in pictures")


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; further members are the error's facts."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:vistazo:problem:unknown-product"])
    title: str = Field(examples=["No such product"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["unknown-product"])
    detail: str = Field(examples=["There is no product 'x' in this shop."])


def picture_path(sku: str, ordinal: int) -> str:
    """The address of a product's picture, relative to the service."""
    plain = sku.isascii() and sku.isalnum()  # most are: quoting would take them letter by letter
    return f"/v1/products/{sku if plain else quote(sku, safe='')}/pictures/{ordinal}"


def safe_url(url: str) -> str:
    """`url` if a link to it can do nothing but lead somewhere, else "": `javascript:` and the like
    in a catalogue's cell must not run in a shopper's browser."""
    if not url:
        return ""
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        return ""
    if url.lower().startswith(("http://", "https://")):
        return url
    return "" if ":" in url or url.startswith("//") else url


def product_json(product: Product) -> dict[str, Any]:
    """`product` as ProductReply describes it."""
    return {
        "sku": product.sku,
        "title": product.title,
        "description": product.description,
        "price": product.price,
        "currency": product.currency,
        "brand": product.brand,
        "categories": list(product.categories),
        "colour": product.colour,
        "size": product.size,
        "group": product.group,
        "stock": product.stock,
        "store": product.store,
        "url": safe_url(product.url),
        "attributes": {name: list(values) for name, values in product.attributes.items()},
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """`hit` as HitReply describes it."""
    return product_json(hit.product) | {
        "image": picture_path(hit.product.sku, 0),
        "score": round(hit.score, 6),
        "probability": round(hit.probability, 4),
        "exact": None if hit.exact is None else round(hit.exact, 4),
        "swatches": [
            {
                "sku": swatch.sku,
                "colour": swatch.colour,
                "price": swatch.price,
                "image": picture_path(swatch.sku, 0),
            }
            for swatch in hit.swatches
        ],
        "identical": list(hit.identical),
        "moved": [moved.act for moved in hit.moved],
    }


def facets_of(products: Iterable[Product]) -> dict[str, list[list[str | int]]]:
    """How often each category, colour and brand stands among `products`, most frequent first."""
    told = list(products)
    counts = {
        "category": Counter([category for one in told for category in one.categories]),
        "colour": Counter([one.colour for one in told if one.colour]),
        "brand": Counter([one.brand for one in told if one.brand]),
    }
    return {
        name: [[value, n] for value, n in counter.most_common(FACET_VALUES)]
        for name, counter in counts.items()
    }
