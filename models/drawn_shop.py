"""Draw a whole shop: a catalogue, its pictures, shoppers' snaps of them and a yardstick.

    python -m models.drawn_shop FOLDER [--seed N] [--products N]

writes FOLDER/catalogue.csv, images/, snaps/ and queries.csv (the format of `vistazo eval`).
The folder appears whole or not at all: everything is written into FOLDER.part-PID and renamed.
"""

import argparse
import csv
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from models.drawn_fields import rng_of
from models.drawn_product import draw_cutout, draw_product, stock
from models.drawn_queries import Query, queries, softness
from models.drawn_range import Article, articles
from models.drawn_snap import snap
from vision.photo import Pixels

PRODUCTS = 300
PICTURE_QUALITY = 87
COLUMNS = (
    "sku", "title", "description", "price", "currency", "brand", "category", "colour", "size",
    "group", "stock", "material", "pattern", "gender", "image",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnShop:
    """Where a drawn shop lies, and how much of it there is."""

    folder: Path
    catalogue: Path
    queries: Path
    products: int
    pictures: int
    snaps: int


def draw_shop(
    folder: Path,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    products: int = PRODUCTS,
    threads: int = 2,
) -> DrawnShop:
    """Draw `products` products into `folder`, which must not exist or be empty.

    `on_progress(done, total)` is called after each picture, from the calling thread.
    Raises FileExistsError if something lies in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is not empty: name a new folder for the drawn shop")
    part = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    sold = articles(seed, products)
    asked = queries(seed, sold)
    jobs = _jobs(part, seed, sold, asked)
    try:
        (part / "images").mkdir(parents=True)
        (part / "snaps").mkdir()
        _work(jobs, on_progress, threads)
        _write_csv(part / "catalogue.csv", COLUMNS, _catalogue(sold))
        _write_csv(part / "queries.csv", ("image", "text", "expect"), [q.row() for q in asked])
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    snaps = sum(1 for q in asked if q.image)
    pictures = sum(len(a.views) for a in sold)
    return DrawnShop(
        folder, folder / "catalogue.csv", folder / "queries.csv", len(sold), pictures, snaps
    )


def _jobs(
    part: Path, seed: int, sold: Sequence[Article], asked: Sequence[Query]
) -> list[Callable[[], None]]:
    pictures = [
        partial(_picture, part, article, view) for article in sold for view in article.views
    ]
    return [*pictures, *(partial(_snap, part, seed, query) for query in asked if query.image)]


def _work(
    jobs: Sequence[Callable[[], None]], on_progress: Callable[[int, int], None], threads: int
) -> None:
    """Do all jobs on `threads` threads (OpenCV and NumPy let go of the interpreter lock)."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(job) for job in jobs]
        try:
            for done, finished in enumerate(as_completed(waiting), 1):
                finished.result()
                on_progress(done, len(jobs))
        except BaseException:
            for job in waiting:
                job.cancel()
            raise


def _picture(part: Path, article: Article, view: str) -> None:
    path = part / "images" / f"{article.sku}-{view}.jpg"
    _save(path, draw_product(article.spec, view), PICTURE_QUALITY)


def _snap(part: Path, seed: int, query: Query) -> None:
    if query.spec is None:
        return
    rng = rng_of("snap", seed, query.image)
    cutout = draw_cutout(query.spec)
    seen = snap(cutout.pixels, cutout.alpha, rng, softness=softness(query.spec.kind))
    _save(part / query.image, seen, int(rng.integers(58, 88)))


def _save(path: Path, pixels: Pixels, quality: int) -> None:
    done, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise OSError(f"OpenCV could not encode {path.name}")
    path.write_bytes(data.tobytes())


def _catalogue(sold: Sequence[Article]) -> list[dict[str, str]]:
    """One row a picture: the rows of a product differ in `image` alone."""
    return [
        {**article.row, "image": f"images/{article.sku}-{view}.jpg"}
        for article in sold
        for view in article.views
    ]


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """The command line: draw a shop with a progress bar. Interrupted or terminated it leaves
    nothing behind and ends with 130."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _draw_as_told()
    except KeyboardInterrupt:
        sys.exit(130)


def _draw_as_told() -> None:
    from rich.progress import Progress

    parser = argparse.ArgumentParser(
        prog="python -m models.drawn_shop", description="Draw a small shop."
    )
    parser.add_argument("folder", type=Path, help="where to write it; must be new or empty")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another shop")
    parser.add_argument(
        "--products", type=int, default=PRODUCTS, help=f"how many (default {PRODUCTS})"
    )
    wanted = parser.parse_args()
    with Progress() as bar:
        task = bar.add_task("Drawing the shop", total=None)
        shop = draw_shop(
            wanted.folder,
            wanted.seed,
            lambda done, total: bar.update(task, completed=done, total=total),
            products=wanted.products,
        )
    print(
        f"{shop.products} products with {shop.pictures} pictures and {shop.snaps} snaps "
        f"in {shop.folder}; prices in {stock()['currency']}."
    )


if __name__ == "__main__":
    main()
