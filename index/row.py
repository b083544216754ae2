"""One row of a catalogue, understood: a product and where its pictures lie."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from index.cells import read_currency, read_price, read_stock, split_list, tidy
from index.errors import BadProduct, BadRow, BadSource
from index.filters import fold_field
from index.links import place_of
from index.product import Product, require_address

IMAGE_COLUMNS = frozenset(("image", "images", "picture", "pictures"))
TEXT_FIELDS = ("title", "description", "brand", "colour", "size", "group", "store", "url")
PROSE = frozenset(("title", "description", "brand"))
LINK = re.compile(r"https?:", re.IGNORECASE)
LINKS_APART = re.compile(r"[|\s]+|,\s*(?=https?:)", re.IGNORECASE)  # a comma may be part of a link
LISTED = "size", "store"  # rows of one SKU may name several


@dataclass(frozen=True, slots=True)
class Row:
    """A product as line `line` of the source has it, with absolute paths of its pictures.

    `links` names the pictures that lie on other machines: where their copies lie or will, and their
    links. `digest` proves an equal row (see recall); None where there is no such proof.
    """

    line: int
    product: Product
    images: tuple[Path, ...]
    links: Mapping[Path, str] = field(default_factory=dict)
    digest: bytes | None = None


def require_columns(source: Path, names: Sequence[str]) -> None:
    """Raise BadSource unless a table with columns of these names can be a catalogue."""
    fields = {fold_field(name) for name in names}
    missing = [what for what, known in (("sku", {"sku"}), ("image", IMAGE_COLUMNS))
               if not fields & known]  # fmt: skip
    if missing:
        found = ", ".join(name.strip()[:30] for name in list(names)[:20]) or "none"
        raise BadSource(
            str(source), f"it needs a column {' and a column '.join(missing)}; it has {found}"
        )


def understand(
    line: int, cells: Mapping[str, Sequence[str]], folder: Path, copies: Path | None = None
) -> Iterator[Row | BadRow]:
    """The row, and a BadRow for whatever of it cannot be taken; relative paths lie in `folder`,
    copies of pictures from other machines in `copies` (None: they cannot be taken).

    `cells` holds the values of each column under its name; a column may hold several.
    """
    by_field: dict[str, list[str]] = {}
    shown: dict[str, str] = {}
    for name, values in cells.items():
        field = fold_field(name)
        field = "image" if field in IMAGE_COLUMNS else field
        shown.setdefault(field, name.strip())
        by_field.setdefault(field, []).extend(values)
    sku = None
    try:
        by_field = {f: [v for v in map(tidy, values) if v] for f, values in by_field.items()}
        sku = next(iter(by_field.get("sku", ())), None)
        if sku is None:
            yield BadRow(line, None, "no_sku", "it has no SKU")
            return
        product = _product(sku, by_field, shown)
    except BadProduct as bad:
        yield BadRow(line, _printable(sku), f"bad_{bad.field}", str(bad))
        return
    images: list[Path] = []
    links: dict[Path, str] = {}
    for name in _image_names(by_field.get("image", ()), folder):
        located = _linked(name, copies) if LINK.match(name) else _locate(name, folder)
        if isinstance(located, Path):
            images.append(located)
            if LINK.match(name):
                links[located] = name
        else:
            yield BadRow(line, sku, *located)
    if images:
        yield Row(line, product, tuple(dict.fromkeys(images)), links)
    elif not by_field.get("image"):
        yield BadRow(line, sku, "no_picture", "it names no picture")


def merge(first: Row, second: Row) -> Row:
    """Two rows of one SKU: pictures, categories, attributes, sizes and stores of both; of
    everything else what the first says, or the second where the first says nothing."""
    a, b = first.product, second.product
    fields = {
        name: getattr(a, name) if getattr(a, name) not in ("", None) else getattr(b, name)
        for name in (*TEXT_FIELDS, "price", "currency", "stock")
    }
    for name in LISTED:
        fields[name] = ",".join(
            dict.fromkeys((*split_list(getattr(a, name)), *split_list(getattr(b, name))))
        )
    attributes = dict(a.attributes)
    for name, values in b.attributes.items():
        attributes[name] = tuple(dict.fromkeys((*attributes.get(name, ()), *values)))
    categories = tuple(dict.fromkeys((*a.categories, *b.categories)))
    product = replace(a, **fields, categories=categories, attributes=attributes)
    images = tuple(dict.fromkeys((*first.images, *second.images)))
    return Row(first.line, product, images, {**first.links, **second.links})


def _product(sku: str, fields: Mapping[str, list[str]], shown: Mapping[str, str]) -> Product:
    def first(field: str) -> str:
        return next(iter(fields.get(field, ())), "")

    require_address(sku)
    price, currency = read_price(first("price"))
    known = {*TEXT_FIELDS, "sku", "image", "price", "currency", "category", "stock", ""}
    attributes = {
        shown[field]: tuple(dict.fromkeys(values))
        for field, values in fields.items()
        if field not in known and values
    }
    return Product(
        sku=sku,
        price=price,
        currency=read_currency(first("currency")) or currency,
        categories=tuple(
            dict.fromkeys(
                part for value in fields.get("category", ()) for part in split_list(value)
            )
        ),
        stock=read_stock(first("stock")),
        attributes=attributes,
        **{name: _without_entities(name, first(name)) for name in TEXT_FIELDS},
    )


def _without_entities(field: str, text: str) -> str:
    """Prose as people read it: exports of web shops write "LumaTech&trade;"."""
    return html.unescape(text) if field in PROSE else text


def _image_names(values: Sequence[str], folder: Path) -> Iterator[str]:
    """The names in image cells; a comma may belong to a file's name, then the file is there."""
    for value in values:
        if LINK.match(value):
            yield from (part.strip() for part in LINKS_APART.split(value) if part.strip())
            continue
        if "|" not in value and "," in value:
            whole = _locate(value, folder)
            if isinstance(whole, Path) and len(value) < 1_000 and whole.is_file():
                yield value
                continue
        yield from split_list(value)


def _linked(link: str, copies: Path | None) -> Path | tuple[str, str]:
    """Where the copy lies or will, or why there can be none."""
    if copies is None:
        return (
            "remote_picture",
            f"{link[:100]} lies on another machine; fetch it first and name the file",
        )
    return place_of(copies, link)


def _locate(name: str, folder: Path) -> Path | tuple[str, str]:
    """The absolute path, or why there is none: a code and a reason."""
    if name.casefold().startswith("file://"):
        return Path(unquote(urlsplit(name).path))
    if "://" in name[:12]:
        return (
            "remote_picture",
            f"{name[:100]} lies on another machine; fetch it first and name the file",
        )
    return folder / name


def _printable(sku: str | None) -> str | None:
    return None if sku is None else "".join(c if c.isprintable() else "�" for c in sku)[:200]
