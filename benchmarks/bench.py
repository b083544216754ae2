"""What the benchmarks share: photos, the model, a shop to search, and each of them by its name."""

import argparse
import csv
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks import (
    bench_bulk,
    bench_decode,
    bench_encode,
    bench_fidelity,
    bench_hostile,
    bench_http,
    bench_index,
    bench_overload,
)
from benchmarks.pairing import Pairing
from benchmarks.photos import as_phone_photo, as_sent_by_the_page, shared_folder, some_photos
from benchmarks.result_files import ROOT, save
from index.shelf import Shelf
from models.registry import load_card
from vision.decode import Limits, decode
from vision.encoder import OnnxEncoder
from vision.photo import Pixels
from vision.preprocess import preprocess
from vision.spec import EncoderSpec

PORT = 8791


class Bench:
    """What the benchmarks share: photos, the model, a shop to search, a folder to work in."""

    def __init__(self, work: Path, quick: bool, args: argparse.Namespace) -> None:
        self.work, self.args = work, args
        self.rounds = 15 if quick else 60
        self.seconds = 4.0 if quick else 20.0
        self.spec: EncoderSpec = load_card(ROOT / "models" / "builtin").spec
        self.cores = os.cpu_count() or 1
        work.mkdir(parents=True, exist_ok=True)
        self.drawn = work / "drawn"
        if shared_folder() is None and not self.drawn.exists():
            subprocess.run([sys.executable, "-m", "models.drawn_shop", str(self.drawn)], check=True)
        self.photos = some_photos(64, self.drawn)

    @property
    def catalogue(self) -> Path:
        """The largest catalogue at hand."""
        shared = shared_folder()
        return (shared / "catalogues" / "myntra" if shared else self.drawn) / "catalogue.csv"

    def squares(self) -> Pixels:
        """The photos as the graph takes them."""
        side, how = self.spec.size_px, self.spec.resize
        limits = Limits()
        photos = [decode(p, box=None, side_px=side, limits=limits) for p in self.photos]
        return np.stack([preprocess(p, side, how) for p in photos])

    def shop(self) -> Path:
        """The catalogue, indexed once by each model and kept."""
        shop = self.work / f"shop-{self.spec.space}"
        bench_bulk.index_s(self.catalogue, shop)
        return shop

    def decode(self) -> list[Pairing]:
        """Decode against Pillow."""
        return bench_decode.run(self.photos, self.spec, self.rounds)

    def fidelity(self) -> list[Pairing]:
        """Quick decode against full decode, as the eye sees them."""
        encoder = OnnxEncoder(self.spec, threads=self.cores)
        photos = some_photos(30 if self.rounds < 60 else 200, self.drawn)
        found = bench_fidelity.run(photos, encoder)
        print(
            f"quick against full decode of {found.photos} photos: cosine median "
            f"{found.median:.4f}, 5th percentile {found.p5:.4f}, worst {found.worst:.4f}"
        )
        save("fidelity", asdict(found))
        return []

    def encode(self) -> list[Pairing]:
        """Encode against torch."""
        from benchmarks.torch_reference import torch_towers

        alone = bench_encode.speeds(
            self.spec, self.squares(), self.rounds, self.seconds, self.cores
        )
        print(alone.line(), flush=True)
        save("encode_alone", asdict(alone))
        return bench_encode.run(self.squares(), self.spec, torch_towers, self.rounds)

    def index(self) -> list[Pairing]:
        """Search against Flat."""
        shop = self.shop()
        print(f"index opens in {bench_index.open_ms(shop, self.spec):.0f} ms")
        queries = bench_index.some_queries(self.spec, 50)
        return bench_index.run(shop, self.spec, queries, self.rounds)

    def http(self) -> list[Pairing]:
        """HTTP against decode + encode."""
        large = [as_phone_photo(p) for p in self.photos[:4]]
        encoder = OnnxEncoder(self.spec, threads=self.cores)
        with bench_http.server(self.shop(), PORT) as start:
            print(f"ready in {start.ready_s:.2f} s, {start.resident_mb:.0f} MB resident")
            pairings = bench_http.run(large, encoder, start.port, self.rounds)
            with Shelf.open(self.shop(), self.spec) as shelf:
                sent = [as_sent_by_the_page(photo) for photo in large]
                for name, photos in (("http_added", large), ("http_added_page", sent)):
                    added = bench_http.added(photos, encoder, shelf, start.port, self.rounds)
                    print(f"{len(photos[0]) / 1e6:.1f} MB: {added.line()}", flush=True)
                    save(name, asdict(added))
            return pairings

    def hostile(self) -> list[Pairing]:
        """Hostile uploads and a neighbour."""
        real = self.photos[:20] if shared_folder() else ()
        kept, found = bench_hostile.kept_in(self.work, self.args.size, self.args.clients)
        with bench_http.server(self.shop(), free_port()) as start:
            bench_hostile.run(start.port, start.pid, self.photos, found, kept, real)
        print(found.line(), flush=True)
        save("hostile", found.summary())
        return []

    def overload(self) -> list[Pairing]:
        """Five times what the server can do."""
        with bench_http.server(self.shop(), PORT) as start:
            found = bench_overload.run(
                start.port, start.pid, self.photos, self.args.seconds, self.seconds
            )
        print(found.line(), flush=True)
        save("overload", asdict(found))
        return []

    def bulk(self) -> list[Pairing]:
        """Bulk indexing against the bare encoder, pictures alone and with titles."""
        with self.catalogue.open(encoding="utf-8", newline="") as file:
            titles = [row["title"] for row in csv.DictReader(file)]
        found = [self._bulk("titles too", titles)]
        if not self.args.products:
            found.insert(0, self._bulk("pictures alone", [], "--pictures-only"))
        save(f"bulk-{self.args.products}" if self.args.products else "bulk", found)
        return []

    def _bulk(self, what: str, titles: list[str], *options: str) -> dict[str, object]:
        squares = self.squares()
        speed = (self.spec, squares, titles, self.seconds, self.cores)
        before = bench_encode.bare_throughput(*speed)
        wanted = self.args.products
        work = self.work / (f"bulk-{wanted}" if wanted else "bulk")
        found = bench_bulk.run(what, self.catalogue, work, before, *options, products=wanted)
        after = bench_encode.bare_throughput(*speed)
        print(
            f"bulk: bare {before:.0f} and {after:.0f} products/s (before, after); full run "
            f"{found.products / found.full.wall_s:.0f} products/s, {found.share_of_bare:.2f} of "
            f"bare; {found.line()}",
            flush=True,
        )
        return {**asdict(found), "bare_after_per_s": after}


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
