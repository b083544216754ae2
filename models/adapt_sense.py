"""What a model sees in a shop's pictures, clean and as if taken anew; on disk, resumable."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch

from models.adapt_graph import SENSED, Colours, sensing_graph
from models.adapt_lens import Floats, Sensed
from vision.decode import Limits, decode
from vision.encoder import OnnxEncoder
from vision.errors import VisionError
from vision.photo import Photo, Pixels
from vision.preprocess import preprocess
from vision.session import open_session
from vision.spec import EncoderSpec

BINS = 128
"""160 and 256 named luma's colours equally well; 64 found a view five points less often."""
SHARD = 64
BATCH = 8
POINTS = 60  # drawn from each picture for the palette
Told = Callable[[str, int, int], None]


def another_view(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A crop as a closer look would give it, perhaps mirrored, in slightly other light."""
    height, width = pixels.shape[:2]
    share = rng.uniform(0.35, 0.95)
    h = min(height, max(8, round(height * share * rng.uniform(0.85, 1.15))))
    w = min(width, max(8, round(width * share * rng.uniform(0.85, 1.15))))
    top = int(np.clip(rng.normal(0.48, 0.15) * height - h / 2, 0, height - h))
    left = int(np.clip(rng.normal(0.5, 0.12) * width - w / 2, 0, width - w))
    cut = pixels[top : top + h, left : left + w]
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    light = rng.uniform(0.92, 1.08, 3) * rng.uniform(0.9, 1.1)
    return np.ascontiguousarray(np.clip(cut * light, 0, 255).astype(np.uint8))


class Senses:
    """A model's senses over a list of pictures; `broken` are those that cannot be decoded."""

    def __init__(
        self, spec: EncoderSpec, paths: Sequence[Path], work: Path, seed: int, threads: int
    ) -> None:
        self._spec, self._paths, self._seed = spec, list(paths), seed
        work.mkdir(parents=True, exist_ok=True)
        self._work = work
        # of the model and the pictures: what another shop left under the same name is not ours
        told = [hashlib.sha256(spec.image_graph.read_bytes()).hexdigest(), spec.size_px, seed,
                BINS, *map(_stamp, paths)]  # fmt: skip
        self._mark = _short(json.dumps(told).encode())
        palette = self._palette()
        self._mark += f"-{_short(palette.numpy().tobytes())}"
        self.colours = Colours(palette, spec.size_px)
        self.graph = sensing_graph(spec.image_graph, self.colours, spec.size_px, work)
        path = work / "sensing.onnx"
        onnx.save(self.graph, str(path))
        self._run = open_session(path, output=SENSED, threads=threads)

    def round(self, number: int, tell: Told) -> Sensed:
        """Round 0 is clean, each other another view of every picture, the same in every run."""
        parts = []
        for start in range(0, len(self._paths), SHARD):
            tell(f"Looking, round {number + 1}", start, len(self._paths))
            parts.append(self._shard(number, start))
        whole = np.concatenate(parts)
        wide = self._spec.dimension
        edge = whole.shape[1] - BINS
        return Sensed(whole[:, :wide], whole[:, wide:edge], whole[:, edge:])

    def _shard(self, number: int, start: int) -> Floats:
        kept = self._work / f"{self._mark}-{number}-{start}.npy"
        if kept.exists():
            return np.asarray(np.load(kept), np.float32)
        pixels = [
            self._pixels(i, number) for i in range(start, min(start + SHARD, len(self._paths)))
        ]
        rows = [
            self._run({"pixels": np.stack(pixels[i : i + BATCH])})
            for i in range(0, len(pixels), BATCH)
        ]
        found = np.concatenate(rows).astype(np.float32)
        _keep(found, kept)
        return found

    def _pixels(self, row: int, number: int) -> Pixels:
        size = self._spec.size_px
        photo = open_photo(self._paths[row], 2 * size)
        pixels = photo.pixels
        if number:
            pixels = another_view(pixels, np.random.default_rng((self._seed, number, row)))
        return preprocess(Photo(pixels, photo.width_px, photo.height_px), size, self._spec.resize)

    def _palette(self) -> torch.Tensor:
        """The shop's own colours: k-means over pixels of its things."""
        kept = self._work / f"{self._mark}-palette.npy"
        if kept.exists():
            return torch.from_numpy(np.load(kept))
        look = Colours(torch.zeros(1, 3), self._spec.size_px)
        rng = np.random.default_rng(self._seed)
        some = rng.permutation(len(self._paths))[:600]
        points = []
        for row in some:
            pixels = torch.from_numpy(self._pixels(int(row), 0))[None]
            with torch.inference_mode():
                planes = look.planes(pixels)
                chance = look.weights(planes)[0].double().numpy()
            drawn = rng.choice(len(chance), POINTS, p=chance / chance.sum())
            points.append(planes[0].T.numpy()[drawn])
        cv2.setRNGSeed(self._seed)
        enough = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.02)
        cloud = np.concatenate(points).astype(np.float32)
        _, _, centres = cv2.kmeans(
            cloud, BINS, np.empty(0, np.int32), enough, 1, cv2.KMEANS_PP_CENTERS
        )
        found = np.asarray(centres, np.float32)
        _keep(found, kept)
        return torch.from_numpy(found)


def open_photo(path: Path, side_px: int) -> Photo:
    """A picture as the serving path decodes it; raises VisionError, OSError."""
    return decode(path.read_bytes(), box=None, side_px=side_px, limits=Limits())


def readable(paths: Sequence[Path], tell: Told) -> set[Path]:
    """Those of `paths` that can be decoded."""
    found = set()
    for i, path in enumerate(paths):
        tell("Opening pictures", i, len(paths))
        try:
            open_photo(path, 1)
        except (VisionError, OSError):
            continue
        found.add(path)
    return found


def read_words(spec: EncoderSpec, texts: Sequence[str], threads: int) -> Floats:
    """(T, D): what the model makes of texts, through the very path that serves."""
    encoder = OnnxEncoder(spec, threads=threads)
    rows = [
        e.vector for i in range(0, len(texts), 32) for e in encoder.words(list(texts[i : i + 32]))
    ]
    return np.stack(rows).astype(np.float32)


def _keep(found: Floats, kept: Path) -> None:
    """Write `kept` whole or not at all."""
    part = kept.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, found)
    part.replace(kept)


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _stamp(path: Path) -> str:
    held = path.stat()
    return f"{path.name}:{held.st_size}:{held.st_mtime_ns}"
