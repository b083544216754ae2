"""A product of the catalogue, as its merchandiser describes it."""

from dataclasses import dataclass, field

from index.errors import BadProduct

SKU_MAX_CHARS = 200
TEXT_MAX_CHARS = 20_000
STANDARD_FIELDS = (
    "sku", "title", "description", "price", "currency", "brand", "category", "colour",
    "size", "group", "stock", "store", "url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """What a shop sells under one SKU.

    `price` is in units of `currency` (ISO 4217, may be empty); `stock` counts pieces; `group`
    joins the colours or sizes of one article. `categories`, `colour`, `size`, `store` and the
    free `attributes` (name → values) can all be filtered. Absent numbers are None, absent texts "".
    """

    sku: str
    title: str = ""
    description: str = ""
    price: float | None = None
    currency: str = ""
    brand: str = ""
    categories: tuple[str, ...] = ()
    colour: str = ""
    size: str = ""
    group: str = ""
    stock: int | None = None
    store: str = ""
    url: str = ""
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.sku or self.sku != self.sku.strip() or len(self.sku) > SKU_MAX_CHARS:
            raise BadProduct(
                "sku", f"it must hold 1 to {SKU_MAX_CHARS} characters, no outer blanks"
            )
        if any(ord(c) < 32 or ord(c) == 127 for c in self.sku):
            raise BadProduct("sku", "it holds control characters")
        if self.price is not None and not 0 <= self.price < 1e12:
            raise BadProduct("price", f"{self.price} is not a price")
        if self.stock is not None and not 0 <= self.stock < 2**53:
            raise BadProduct("stock", f"{self.stock} is not a number of pieces")
        if len(self.title) > TEXT_MAX_CHARS or len(self.description) > TEXT_MAX_CHARS:
            raise BadProduct(
                "text", f"title and description hold at most {TEXT_MAX_CHARS:,} characters"
            )


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a product: `path` on this machine, `sha256` of its bytes (hex),
    `pixel_digest` of what the encoder saw (equal digests prove identical pictures)."""

    sku: str
    ordinal: int
    path: str
    sha256: str
    pixel_digest: str
