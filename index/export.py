"""A shop as a table with its pictures beside it: what `vistazo index` and the workshop read again.

Promise: the folder appears when it is whole and on the disk; in it are products and their pictures,
and nothing of any person: no visit, no search, no saved thing.
"""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from index.browse import browse
from index.catalogue import get_id, pictures_of
from index.database import Database
from index.manifest import sync_folder
from index.product import STANDARD_FIELDS, Product

TABLE = "catalogue.jsonl"
PICTURES = "pictures"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: products with a picture, pictures, bytes of pictures; `left_out` are SKUs
    with the path of a picture that is gone."""

    products: int
    pictures: int
    size_bytes: int
    left_out: tuple[tuple[str, str], ...]


def export_shop(shop: Path, folder: Path, tell: Callable[[int, int], None]) -> Exported:
    """Write every product of the shop in `shop` into the new `folder`.

    A page of products is of one moment; what is changed meanwhile is written as it was or as it is.
    A product whose pictures are all gone is left out: its row would be no row of a catalogue.
    Raises FileExistsError for a folder that holds something or is the one that this process works
    in (it would be replaced under its user's feet), OSError, ShopBroken.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        told = "it holds something already; name a new folder"
        raise FileExistsError(errno.EEXIST, told, str(folder))
    if folder == Path.cwd():
        raise FileExistsError(errno.EEXIST, "you are in it; name a new folder", str(folder))
    database = Database(shop)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(
            prefix=f".{folder.name}.", suffix=".part", dir=folder.parent, ignore_cleanup_errors=True
        ) as room:
            part = Path(room) / folder.name
            (part / PICTURES).mkdir(parents=True)
            with (part / TABLE).open("w", encoding="utf-8") as table:
                exported = _write(database, shop, part, table, tell)
            os.sync()  # once, instead of a fsync of some ms for each of the pictures
            part.replace(folder)  # an empty folder gives way, a full one does not
            sync_folder(folder.parent)
    finally:
        database.close()
    return exported


def _write(
    database: Database, shop: Path, part: Path, table: IO[str], tell: Callable[[int, int], None]
) -> Exported:
    products = pictures = size = 0
    left_out: list[tuple[str, str]] = []
    for number, (total, product, paths) in enumerate(_products(database, shop), start=1):
        tell(number, total)
        names = []
        for ordinal, path in enumerate(paths):
            copy = part / PICTURES / f"{number:07}-{ordinal}{_suffix(path)}"
            try:
                shutil.copyfile(path, copy)
            except OSError:
                left_out.append((product.sku, str(path)))
                copy.unlink(missing_ok=True)
                continue
            names.append(f"{PICTURES}/{copy.name}")
            size += copy.stat().st_size
        if names:
            table.write(json.dumps(row_of(product, names), ensure_ascii=False) + "\n")
            products, pictures = products + 1, pictures + len(names)
    return Exported(products, pictures, size, tuple(left_out))


def _suffix(path: Path) -> str:
    """That of a picture, without what has a meaning in a table's cell."""
    letters = re.sub(r"[^A-Za-z0-9]", "", path.suffix)
    return f".{letters}" if letters else ""


def _products(database: Database, shop: Path) -> Iterator[tuple[int, Product, list[Path]]]:
    """Of how many, each product with the paths of its pictures, by SKU."""
    after = ""
    while True:
        with database.reading() as connection:
            page = browse(connection, "", None, after, PAGE)
            rows = [
                (
                    product,
                    pictures_of(connection, get_id(connection, product.sku)),
                )
                for product, _ in page.products
            ]
        for product, pictures in rows:
            yield page.total, product, [shop / picture.path for picture in pictures]
        if not page.following:
            return
        after = page.following


def row_of(product: Product, images: list[str]) -> dict[str, Any]:
    """A product as a row that `vistazo index` understands as the same product."""
    fields = (name for name in STANDARD_FIELDS if name != "category")
    row: dict[str, Any] = {
        name: value for name in fields if (value := getattr(product, name)) not in ("", None)
    }
    if product.categories:
        row["category"] = list(product.categories)
    if product.attributes:
        row["attributes"] = {name: list(values) for name, values in product.attributes.items()}
    return row | {"image": images}
