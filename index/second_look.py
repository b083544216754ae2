"""Looking again at pictures whose vectors were lost or damaged, with the encoder of their space."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import catalogue, changes
from index.database import Database
from index.entry import SeenPicture
from index.examine import digest_of, read_picture, see
from index.product import Picture
from vision.decode import Limits
from vision.embedding import Embedding
from vision.encoder import Encoder
from vision.errors import NotAPicture, NotWords, PictureTooLarge


@dataclass(frozen=True, slots=True)
class _Lost:
    """A picture that needs another look, and the words that go into its vector."""

    id: int
    product_id: int
    sku: str
    ordinal: int
    path: str
    words: str


def see_again(
    database: Database, folder: Path, encoder: Encoder, picture_ids: Sequence[int], now_ns: int
) -> None:
    """Give each picture new vectors, under a new id; those whose file is gone stay as they are.

    Raises EncoderBroken, ShopBusy, ShopBroken.
    """
    for picture_id in picture_ids:
        with database.reading() as connection:
            lost = _find(connection, picture_id)
        if lost is None:
            continue
        with suppress(NotAPicture, PictureTooLarge):
            seen = _look(folder, encoder, lost, now_ns)
            words = _embed(encoder, lost.words)
            with database.writing() as connection:
                _replace(connection, lost, seen, words)


def _find(connection: sqlite3.Connection, picture_id: int) -> _Lost | None:
    row = connection.execute(
        "SELECT pictures.id, product_id, sku, ordinal, path, words FROM pictures "
        "JOIN products ON products.id = product_id WHERE pictures.id = ?",
        (picture_id,),
    ).fetchone()
    return None if row is None else _Lost(*row)


def _look(folder: Path, encoder: Encoder, lost: _Lost, now_ns: int) -> SeenPicture:
    limits = Limits()
    file = read_picture(folder / lost.path, limits, now_ns)
    pixels = see(file.data, encoder.spec, limits)
    (own,) = encoder.pictures(np.stack([pixels]))
    picture = Picture(lost.sku, lost.ordinal, lost.path, file.sha256, digest_of(pixels))
    return SeenPicture(picture, own, file.stamp)


def _embed(encoder: Encoder, words: str) -> Embedding | None:
    if words in ("", changes.OUTDATED):  # the latter: the next run of `vistazo index` blends it
        return None
    try:
        return encoder.words([words])[0]
    except NotWords:
        return None


def _replace(
    connection: sqlite3.Connection, lost: _Lost, seen: SeenPicture, words: Embedding | None
) -> None:
    if _find(connection, lost.id) != lost:
        return  # changed meanwhile, and so has new vectors
    sequence = changes.next_sequence(connection)
    changes.drop_picture(connection, sequence, lost.id)
    weight = catalogue.title_weight(connection)
    changes.add_picture(connection, sequence, lost.product_id, seen, words, weight)
    connection.execute("UPDATE products SET sequence = ? WHERE id = ?", (sequence, lost.product_id))
