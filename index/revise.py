"""Revising one product: what is there and what was said become one, and nothing comes between.

Promise: two who change different fields of one product at once both find their change in it.
This works inside a transaction that the caller holds.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index import catalogue, changes
from index.blend import words_of
from index.entry import Entry, SeenPicture
from index.errors import UnknownProduct
from index.product import Picture, Product
from vision.embedding import Embedding

Merge = Callable[[Product | None], Product]
"""Makes the product that shall be of the one that is, None where there is none. It runs while all
other writers wait, and more than once, so it only computes."""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Words and their embedding, None for no words."""

    text: str
    embedding: Embedding | None


@dataclass(frozen=True, slots=True)
class Revised:
    """A product and its pictures as they were written, paths as stored; `new` if it was none; the
    `version` that this made."""

    product: Product
    pictures: tuple[Picture, ...]
    new: bool
    version: str


def revise_in(
    connection: sqlite3.Connection,
    sku: str,
    merge: Merge,
    seen: Sequence[SeenPicture],
    words: Words,
    space: str,
    keep: Callable[[], None],
) -> Revised | str:
    """Write what `merge` makes of the product; the words that are missing if `words` are others.

    In that case nothing was written: embed them outside the transaction and come again. `keep` is
    called before pictures are written: only now is it certain that nobody unlinks their files.
    With no pictures in `seen` the product's own stay; raises UnknownProduct if there is none, and
    whatever `merge` raises.
    """
    known = catalogue.find_id(connection, sku)
    present = None if known is None else catalogue.products_by_id(connection, [known])[known]
    product = merge(present)
    if known is None and not seen:
        raise UnknownProduct(sku)
    weight = catalogue.title_weight(connection)
    wanted = words_of(product, weight)
    in_place = known is not None and not seen and catalogue.words_in(connection, known) == wanted
    if wanted and not in_place and words.text != wanted:
        return wanted
    entry = Entry(product, tuple(seen), wanted, words.embedding if wanted else None)
    sequence = changes.next_sequence(connection)
    if seen or known is None:
        keep()
        changes.write_entry(connection, sequence, entry, weight)
    else:
        changes.change_product(connection, sequence, known, entry, weight, space)
    written = catalogue.get_id(connection, sku)
    pictures = tuple(catalogue.pictures_of(connection, written))
    version = catalogue.version_of(connection, written)
    return Revised(product, pictures, known is None, version)
