"""A shop of a million made products, as a real folder: catalogue, terms, vectors.

Rows are written in bulk, in the order of the tables' keys; they are what the shop itself would
write (`python -m benchmarks million` lets `check` prove it for a thousand). Every product has a
price, stock, category, colour, brand, size and store drawn by chance, and lies in one of 2, 10, 100
and 1,000 clusters of the space (`c2` … `c1000`), so that filters can be correlated with queries.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.large_vectors import blended, made
from benchmarks.real_points import Points, RealPoints
from index.catalogue import FIELDS
from index.changes import checksum
from index.shelf import Shelf
from vision.spec import EncoderSpec

CLUSTERS = (2, 10, 100, 1_000)
CENTRES_NAME = "centres.npz"
OWN_EVERY = 16  # products whose bare picture is kept too: for measuring, a sample is enough
CHOICES = {
    "category": [f"kind {n}" for n in range(12)],
    "colour": [f"colour {n}" for n in range(14)],
    "brand": [f"brand {n}" for n in range(60)],
    "size": ["xs", "s", "m", "l", "xl"],
    "store": [f"store {n}" for n in range(5)],
}
SEED = 23
AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What the products are, column by column; values by number."""

    prices: npt.NDArray[np.float64]
    stocks: npt.NDArray[np.int64]
    choices: dict[str, npt.NDArray[np.int64]]

    @property
    def count(self) -> int:
        """How many products."""
        return len(self.prices)


def cluster_centres(real: RealPoints, weight: float) -> dict[str, Points]:
    """The middles of the clusters, by field."""
    points = blended(real.own, real.titles, weight)
    found = {}
    for size in CLUSTERS:
        means = faiss.Kmeans(points.shape[1], min(size, len(points) // 8), niter=10, seed=SEED,
                             spherical=True, min_points_per_centroid=1)  # fmt: skip
        means.train(points)
        found[f"c{size}"] = np.asarray(means.centroids, np.float32)
    return found


def draw(count: int, clusters: dict[str, npt.NDArray[np.int64]]) -> Drawn:
    """What `count` products are."""
    chance = np.random.default_rng(SEED)
    prices = np.round(chance.uniform(0, 1_000, count), 4)
    stocks = chance.integers(0, 4, count)
    choices = {name: chance.integers(0, len(all_), count) for name, all_ in CHOICES.items()}
    return Drawn(prices, stocks, choices | clusters)


def make_shop(folder: Path, spec: EncoderSpec, real: RealPoints, count: int) -> Path:
    """The shop of `count` products in `folder`; made once, and found there afterwards."""
    done = folder / "made.json"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():  # of a run that was stopped
        if stale.is_file():
            stale.unlink()
    started = time.monotonic()
    with Shelf.open(folder, spec, create=True) as shelf:
        connection = sqlite3.connect(folder / "catalogue.sqlite3", isolation_level=None)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        connection.execute("BEGIN")
        connection.execute("UPDATE shop SET sequence = 1")
        drawn = draw(count, _write_vectors(connection, spec, real, count, folder))
        _write_products(connection, drawn)
        _write_terms(connection, drawn)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        assert len(shelf) == count
    done.write_text(json.dumps({"products": count, "made_in_s": time.monotonic() - started}))
    return folder


def _write_vectors(
    connection: sqlite3.Connection,
    spec: EncoderSpec,
    real: RealPoints,
    count: int,
    folder: Path,
) -> dict[str, npt.NDArray[np.int64]]:
    centres = cluster_centres(real, spec.title_weight)
    clusters = {name: np.empty(count, np.int64) for name in centres}
    np.savez(folder / CENTRES_NAME, **centres)
    at = 0
    for block in made(real, count, spec.title_weight):
        ids = range(at + 1, at + len(block.vectors) + 1)
        connection.executemany(
            "INSERT INTO pictures "
            "(id, product_id, ordinal, path, sha256, pixel_digest, stamp, sequence) "
            "VALUES (?1, ?1, 0, ?2, ?3, '', '', 1)",
            ((n, f"/nowhere/{n}.jpg", f"{n:064x}") for n in ids),
        )
        connection.executemany(
            "INSERT INTO vectors (picture_id, vector, own, crc) VALUES (?, ?, ?, ?)",
            _vector_rows(at, block.vectors, block.own),
        )
        for name, middles in centres.items():
            clusters[name][at : at + len(block.vectors)] = np.argmax(block.vectors @ middles.T, 1)
        at += len(block.vectors)
        if at % 100_000 < len(block.vectors):
            print(f"{at:,} of {count:,} vectors", flush=True)
    return clusters


def _vector_rows(
    at: int, vectors: Points, own: Points
) -> Iterator[tuple[int, bytes, bytes | None, int]]:
    for n in range(len(vectors)):
        picture, vector = at + n + 1, vectors[n].tobytes()
        bare = own[n].tobytes() if picture % OWN_EVERY == 0 else None
        yield picture, vector, bare, checksum(picture, vector, bare)


def _write_products(connection: sqlite3.Connection, drawn: Drawn) -> None:
    columns = f"id, {FIELDS}, words, sequence, row_digest, from_source"
    connection.executemany(
        f"INSERT INTO products ({columns}) VALUES ({', '.join('?' * 19)})",
        (_product_row(drawn, n) for n in range(drawn.count)),
    )


def _product_row(drawn: Drawn, n: int) -> tuple[object, ...]:
    told = {name: CHOICES[name][drawn.choices[name][n]] for name in CHOICES}
    attributes = {f"c{size}": [f"{drawn.choices[f'c{size}'][n]}"] for size in CLUSTERS}
    return (
        n + 1, f"M{n + 1:07}", "", "", float(drawn.prices[n]), "EUR", told["brand"],
        json.dumps([told["category"]]), told["colour"], told["size"], "", int(drawn.stocks[n]),
        told["store"], "", json.dumps(attributes), "", 1, None, 1,
    )  # fmt: skip


def _write_terms(connection: sqlite3.Connection, drawn: Drawn) -> None:
    """Field by field and value by value: the order of the table's key."""
    for field in sorted((*CLUSTERS_FIELDS, *CHOICES, "currency", "price", "sku", "stock")):
        connection.executemany(
            "INSERT INTO terms (field, value, product_id, number, shown) VALUES (?, ?, ?, ?, ?)",
            _term_rows(field, drawn),
        )
        print(f"terms of {field}", flush=True)


CLUSTERS_FIELDS = tuple(f"c{size}" for size in CLUSTERS)


def _term_rows(
    field: str, drawn: Drawn
) -> Iterator[tuple[str, str, int, float | None, str | None]]:
    ids = range(1, drawn.count + 1)
    if field == "sku":
        yield from (("sku", f"m{n:07}", n, None, f"M{n:07}") for n in ids)
    elif field == "currency":
        yield from (("currency", "eur", n, None, "EUR") for n in ids)
    elif field == "price":
        texts = [f"{price:.15g}" for price in drawn.prices]
        for n in sorted(range(drawn.count), key=texts.__getitem__):
            yield "price", texts[n], n + 1, float(drawn.prices[n]), texts[n]
    elif field == "stock":
        for value in range(4):
            for n in np.flatnonzero(drawn.stocks == value).tolist():
                yield "stock", f"{value}", n + 1, float(value), f"{value}"
    else:
        yield from _chosen_rows(field, drawn.choices[field])


def _chosen_rows(
    field: str, chosen: npt.NDArray[np.int64]
) -> Iterator[tuple[str, str, int, float | None, str | None]]:
    names = CHOICES.get(field) or [f"{n}" for n in range(int(chosen.max(initial=0)) + 1)]
    for number in sorted(range(len(names)), key=names.__getitem__):
        value = names[number]
        as_number = float(value) if value.isdigit() else None
        for n in np.flatnonzero(chosen == number).tolist():
            yield field, value, n + 1, as_number, value
