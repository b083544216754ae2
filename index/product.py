"""A product of the catalogue, as its merchandiser describes it."""

import re
from dataclasses import dataclass, field

from index.errors import BadProduct
from index.filters import fold_field

SKU_MAX_CHARS = 200
TEXT_MAX_CHARS = 20_000
ATTRIBUTES_MAX = 500  # values of all attributes together
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
        require_price(self.price)
        require_stock(self.stock)
        if len(self.title) > TEXT_MAX_CHARS or len(self.description) > TEXT_MAX_CHARS:
            raise BadProduct(
                "text", f"title and description hold at most {TEXT_MAX_CHARS:,} characters"
            )
        self._check_attributes()
        self._check_texts()

    def _check_attributes(self) -> None:
        if sum(map(len, self.attributes.values())) > ATTRIBUTES_MAX:
            raise BadProduct("attributes", f"they hold more than {ATTRIBUTES_MAX} values")
        for name in self.attributes:
            field = fold_field(name)
            if not field or field in STANDARD_FIELDS or len(field) > SKU_MAX_CHARS:
                raise BadProduct("attributes", f"{name[:60]!r} cannot be the name of one")

    def _check_texts(self) -> None:
        """No text may hold what SQLite cannot keep or a filter could never find."""
        texts = [self.sku, self.title, self.description, self.currency, self.brand, self.colour]
        texts += [self.size, self.group, self.store, self.url, *self.categories, *self.attributes]
        texts += [value for values in self.attributes.values() for value in values]
        whole = "\n".join(texts)
        if len(whole) > 4 * TEXT_MAX_CHARS:
            raise BadProduct("text", f"all texts together exceed {4 * TEXT_MAX_CHARS:,} characters")
        if "\0" in whole:
            raise BadProduct("text", "it holds NUL characters")
        try:
            whole.encode()
        except UnicodeEncodeError as broken:
            raise BadProduct("text", "it holds half a Unicode character") from broken


def require_price(price: float | None) -> None:
    """Raise BadProduct unless `price` can be one, or is none."""
    if price is not None and not 0 <= price < 1e12:
        raise BadProduct("price", f"{price} is not a price")


def require_stock(stock: int | None) -> None:
    """Raise BadProduct unless `stock` can be a number of pieces, or is none."""
    if stock is not None and not 0 <= stock < 2**53:
        raise BadProduct("stock", f"{stock} is not a number of pieces")


def require_address(sku: str) -> None:
    """Raise BadProduct for a SKU whose address would be another's: that of a product's pictures,
    or one that browsers and proxies shorten before they send it (RFC 3986, 5.2.4).

    Asked of whoever brings a product; one that is there already can still be read and deleted.
    """
    if re.search(r"/pictures(/[0-9]{1,5})?$", sku):
        raise BadProduct("sku", "its end /pictures is the address of another's pictures; rename it")
    if not {".", ".."}.isdisjoint(sku.split("/")):
        raise BadProduct("sku", "no part of it is . or .., which no address can hold; rename it")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a product: `path` on this machine, `sha256` of its bytes (hex),
    `pixel_digest` of what the encoder saw (equal digests prove identical pictures)."""

    sku: str
    ordinal: int
    path: str
    sha256: str
    pixel_digest: str
