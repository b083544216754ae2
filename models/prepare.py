"""Everything before the heads: the tower, what it saw, where it looks, which colours it tells."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from models.captions import Wordings, read_wordings
from models.colour import SoftBins, palette
from models.corpus import Pictures, Texts, read_texts
from models.errors import NoData
from models.examples import READERS, Example
from models.features import THUMB, Features, compute_features, picture
from models.heads import COLOUR, Gaze
from models.quantise import quantise_tower
from models.saliency import Foreground, Saliency
from models.sentences import read_sentences
from models.towers import export_tower, first_nodes
from models.train_saliency import cut_targets, mask_targets, train_saliency
from vision.photo import Pixels

SIZE_PX = 240  # 260, Lite2's own, cost a sixth more time and found nothing more
CONTEXT = 48
SHIPPABLE = ("snaps", "street", "luma", "retail")
ROUNDS = 6  # clean, four phone-like, one studio-like


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the material lies and where work in progress is kept (resumable)."""

    shared: Path
    work: Path
    threads: int

    @property
    def fp32(self) -> Path:
        """The exported tower."""
        return self.work / "tower.onnx"

    @property
    def int8(self) -> Path:
        """The same in integers: the frozen tower, on whose maps everything is trained."""
        return self.work / "tower-int8.onnx"

    def features(self, source: str, round_: int) -> Features:
        """What the int8 tower sees in a source's pictures."""
        examples = READERS[source](self.shared)
        return compute_features(
            examples, self.int8, SIZE_PX, "squash", round_, self.work / "features"
        )

    def maps(self, sources: tuple[str, ...], round_: int) -> npt.NDArray[np.float16]:
        """(N, 208, 8, 8): what stage 6 gives for the sources' pictures, one after another."""
        path = self.work / f"deep-{'-'.join(sources)}-{round_}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, np.concatenate([self.features(s, round_).deep for s in sources]))
            part.replace(path)
        return np.asarray(np.load(path, mmap_mode="r"))

    def sentences(self, texts: list[str]) -> torch.Tensor:
        """What MiniLM reads in texts."""
        found = read_sentences(texts, CONTEXT, self.work / "features", self.threads)
        return torch.from_numpy(found)


def prepare_tower(bench: Bench) -> None:
    """Export and quantise, unless that was done before."""
    bench.work.mkdir(parents=True, exist_ok=True)
    if not bench.fp32.exists():
        export_tower(bench.fp32, SIZE_PX)
    if not bench.int8.exists():
        part = bench.work / "tower-int8.part.onnx"
        photos = calibration_photos(bench.shared)
        quantise_tower(bench.fp32, part, photos, kept_float=first_nodes(bench.fp32))
        part.replace(bench.int8)


def calibration_photos(shared: Path) -> Pixels:
    """103 photos, snaps and studio: more moved the ranges by nothing that retrieval felt."""
    return np.stack([_squashed(path) for path in calibration_paths(shared)])


def calibration_paths(shared: Path) -> list[Path]:
    """Where they lie: what judges a quantised tower must be none of them."""
    paths = []
    for folder, table, every in (
        ("snaps", "snaps.csv", 20),
        ("catalogues/luma", "catalogue.csv", 6),
    ):
        with (shared / folder / table).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[::every]
        inside = "images/" if folder == "snaps" else ""
        paths += [shared / folder / f"{inside}{r['image']}" for r in rows]
    return paths[::2]


def _squashed(path: Path) -> Pixels:
    whole = cv2.imread(str(path))
    if whole is None:
        raise NoData(path)
    bgr = cv2.resize(whole, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def prepare_gaze(bench: Bench, wordings: Wordings) -> Gaze:
    """Saliency from street masks and cut-out snaps, palette from garments and named shades."""
    path = bench.work / "gaze.pt"
    named = [shade for shades in wordings.colours.values() for shade in shades]
    lines = (bench.shared / "street" / "garments.jsonl").read_text(encoding="utf-8").splitlines()
    centres = palette([json.loads(line)["rgb"] for line in lines], named, COLOUR)
    if path.exists():
        saliency = Saliency(120, -(-SIZE_PX // 16))
        saliency.load_state_dict(torch.load(path))
    else:
        saliency = _train_saliency(bench)
        torch.save(saliency.state_dict(), path)
    grid = len(saliency.prior)
    return Gaze(saliency.eval(), Foreground(grid, SIZE_PX // THUMB), SoftBins(centres)).eval()


def _train_saliency(bench: Bench) -> Saliency:
    street, snaps = bench.features("street", 0), bench.features("snaps", 0)
    grid = street.place.shape[-1]
    drawn = mask_targets(READERS["street"](bench.shared), bench.shared / "street", grid)
    pictures = (picture(e, SIZE_PX, "squash", 0) for e in READERS["snaps"](bench.shared))
    cut, believed = cut_targets(pictures, grid)
    places = np.concatenate([street.place, snaps.place[believed]])
    return train_saliency(places, np.concatenate([drawn, cut[believed]]), seed=0)


def prepare_pictures(
    bench: Bench, gaze: Gaze, wordings: Wordings, sources: tuple[str, ...], rounds: int
) -> Pictures:
    """All renditions of the sources' pictures, as the gaze saw them."""
    examples: list[Example] = [e for s in sources for e in READERS[s](bench.shared)]
    path = bench.work / f"seen-{'-'.join(sources)}-{rounds}.pt"
    if not path.exists():
        torch.save(_seen(bench, gaze, sources, rounds), path)
    features, histograms = torch.load(path)
    kinds = sorted(wordings.kinds)
    named = [wordings.kind_of(e) for e in examples]
    numbers = np.array([kinds.index(k) if k else -1 for k in named])
    return Pictures(examples, features, histograms, numbers)


def _seen(
    bench: Bench, gaze: Gaze, sources: tuple[str, ...], rounds: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(R, N, D) features and (R, N, K) root histograms."""
    features, histograms = [], []
    for round_ in range(rounds):
        seen = [gaze_at(gaze, bench.features(s, round_)) for s in sources]
        features.append(torch.cat([f for f, _ in seen]))
        histograms.append(torch.cat([h for _, h in seen]))
    return torch.stack(features), torch.stack(histograms)


@torch.inference_mode()
def gaze_at(gaze: Gaze, features: Features) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, D) features and (N, K) root histograms."""
    found = []
    for start in range(0, len(features.thumb), 256):
        part = slice(start, start + 256)
        found.append(
            gaze(
                torch.from_numpy(features.texture[part]),
                torch.from_numpy(features.place[part]).float(),
                torch.from_numpy(features.thing[part]),
                torch.from_numpy(features.thumb[part]).float() / 255.0,
            )
        )
    return torch.cat([s.features for s in found]), torch.cat([s.histogram for s in found])


def prepare_texts(bench: Bench, gaze: Gaze, wordings: Wordings) -> Texts:
    """Every caption, read."""
    captions = wordings.all_captions()
    vectors = bench.sentences([c.text for c in captions]).numpy()
    return read_texts(captions, vectors, wordings, gaze.bins)


def prepare(bench: Bench) -> tuple[Gaze, Wordings, Pictures, Texts]:
    """The tower, the gaze, and the training material."""
    prepare_tower(bench)
    wordings = read_wordings()
    gaze = prepare_gaze(bench, wordings)
    pictures = prepare_pictures(bench, gaze, wordings, SHIPPABLE, ROUNDS)
    return gaze, wordings, pictures, prepare_texts(bench, gaze, wordings)
