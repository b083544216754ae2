"""Real embeddings to make a large shop of: pictures and titles as the built-in encoder sees them.

Products: the catalogues at hand, each picture whole and as a closer view (its middle 80 %), and
garments cut from street photos, each with its title. Queries:
phone snaps and pictures of held-out products, bare; and held-out titles. Where there are no real
photos the drawn shop is encoded instead. Encoded once, then read from the cache.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.photos import shared_folder
from vision.decode import Limits, decode
from vision.embedding import Embedding
from vision.encoder import Encoder
from vision.errors import VisionError
from vision.photo import Box
from vision.preprocess import preprocess

Points = npt.NDArray[np.float32]
HELD_OUT_EVERY = 20  # products of the catalogues that only ask
CLOSER = 0.1  # cut from each side for the closer view
AT_ONCE = 16
NAMES = ("own", "titles", "pictures", "words")


@dataclass(frozen=True, slots=True)
class View:
    """One picture, or a box of it, with the words that belong to it."""

    path: Path
    words: str
    box: Box | None = None
    closer: bool = False
    asks: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RealPoints:
    """Unit vectors, float32 (N, dimension): `own` and `titles` are of the same products."""

    own: Points
    titles: Points
    picture_queries: Points
    words_queries: Points


def real_points(encoder: Encoder, space: str, cache: Path, drawn: Path) -> RealPoints:
    """Those of `space` that are in `cache`, or encoded now (some minutes) and kept there.

    Raises ValueError for another model's space of which nothing is kept.
    """
    kept = cache / f"real-{space}.npz"
    if kept.exists():
        with np.load(kept) as found:
            return RealPoints(*(found[name] for name in NAMES))
    if space != encoder.spec.space:
        raise ValueError(f"no embeddings of {space} are kept in {cache}")
    shared = shared_folder()
    views = list(_shared_views(shared) if shared else _catalogue_views(drawn / "catalogue.csv"))
    points = _encode(encoder, views)
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part.npz")
    arrays = (points.own, points.titles, points.picture_queries, points.words_queries)
    np.savez(part, **dict(zip(NAMES, arrays, strict=True)))
    part.replace(kept)
    return points


def _encode(encoder: Encoder, views: Sequence[View]) -> RealPoints:
    own: list[npt.NDArray[np.float32]] = []
    titles: list[npt.NDArray[np.float32]] = []
    pictures: list[npt.NDArray[np.float32]] = []
    words: dict[str, npt.NDArray[np.float32]] = {}
    for start in range(0, len(views), AT_ONCE):
        some = views[start : start + AT_ONCE]
        seen = _pictures(encoder, some)
        said = _words(encoder, [view.words for view in some])
        for view, picture, title in zip(some, seen, said, strict=True):
            if picture is None:
                continue
            if not view.asks:
                if title is not None:
                    own.append(picture.vector)
                    titles.append(title.vector)
                continue
            pictures.append(picture.vector)
            if title is not None:
                words[view.words] = title.vector
        if start % (100 * AT_ONCE) == 0:
            print(f"encoded {start:,} of {len(views):,} real pictures", flush=True)
    return RealPoints(*(np.stack(some) for some in (own, titles, pictures, list(words.values()))))


def _pictures(encoder: Encoder, views: Sequence[View]) -> list[Embedding | None]:
    side, limits = encoder.spec.size_px, Limits()
    squares, at = [], []
    for n, view in enumerate(views):
        try:
            photo = decode(view.path.read_bytes(), box=view.box, side_px=side, limits=limits)
        except (OSError, VisionError):
            continue
        pixels = photo.pixels
        if view.closer:
            dy, dx = (int(CLOSER * length) for length in pixels.shape[:2])
            pixels = pixels[dy : pixels.shape[0] - dy, dx : pixels.shape[1] - dx]
            photo = type(photo)(np.ascontiguousarray(pixels), photo.width_px, photo.height_px)
        squares.append(preprocess(photo, side, encoder.spec.resize))
        at.append(n)
    found: list[Embedding | None] = [None] * len(views)
    if squares:
        for n, embedding in zip(at, encoder.pictures(np.stack(squares)), strict=True):
            found[n] = embedding
    return found


def _words(encoder: Encoder, texts: Sequence[str]) -> list[Embedding | None]:
    asked = [n for n, text in enumerate(texts) if text]
    found: list[Embedding | None] = [None] * len(texts)
    if asked:
        for n, embedding in zip(asked, encoder.words([texts[n] for n in asked]), strict=True):
            found[n] = embedding
    return found


def _shared_views(shared: Path) -> Iterator[View]:
    for name in ("myntra", "luma", "retail_demo"):
        yield from _catalogue_views(shared / "catalogues" / name / "catalogue.csv")
    for row in _rows(shared / "snaps" / "snaps.csv"):
        yield View(shared / "snaps" / "images" / row["image"], "", asks=True)
    with (shared / "street" / "garments.jsonl").open(encoding="utf-8") as file:
        for garment in map(json.loads, file):
            photo = shared / "street" / "photos" / garment["photo"]
            yield View(photo, garment["label"], Box(*garment["box"]))


def _catalogue_views(catalogue: Path) -> Iterator[View]:
    for n, row in enumerate(_rows(catalogue)):
        path = catalogue.parent / row["image"].split("|")[0]
        if n % HELD_OUT_EVERY == 0:
            yield View(path, row["title"], asks=True)
            continue
        yield View(path, row["title"])
        yield View(path, row["title"], closer=True)


def _rows(table: Path) -> Iterator[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
