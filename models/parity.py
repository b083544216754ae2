"""Proves the exported graphs against their references on real photos, or refuses to publish."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from models.closeness import compare
from models.corpus import Pictures
from models.errors import ParityLost
from models.examples import Example
from models.features import THUMB, picture
from models.gate import require
from models.graphs import PictureTail, join_picture
from models.heads import Gaze
from models.measure import Heads
from models.prepare import CONTEXT, SIZE_PX, Bench, calibration_paths
from models.tail import Eye
from vision.photo import Pixels
from vision.session import open_bare

PHOTOS = 240
SENTENCES = ("a red shirt", "blue jeans", "leather backpack for travel", "green", "watch", "coffee")
EXACT = 0.9999  # graph against the torch heads it was exported from
Floats = npt.NDArray[np.float32]


def prove(eye: Eye, gaze: Gaze, heads: Heads, pictures: Pictures, out: Path) -> dict[str, Any]:
    """Raise ParityLost below the gates; else the figures for the card."""
    bench = eye.bench
    told = set(calibration_paths(bench.shared))
    chosen = judging_examples(pictures.examples, told)
    photos = np.stack([picture(e, SIZE_PX, "squash", 0) for e in chosen])
    shipped = run(out / "image.onnx", {"pixels": photos})
    tail = PictureTail(gaze, heads.picture, heads.shares).eval()
    wanted = _in_torch(eye.int8, tail, photos)
    exact = _gate("the image graph against torch", shipped, wanted, EXACT, np.min)
    words = _gate("the words graph against torch", *_words(bench, heads, out), EXACT, np.min)
    full = bench.work / "image-fp32.onnx"
    join_picture(eye.fp32, tail, SIZE_PX, full, bench.work)
    reference = run(full, {"pixels": photos})
    close = compare(reference, shipped)
    require("the image graph", "int8", close)
    lone = run(out / "image.onnx", {"pixels": photos[:1]})
    _gate("one picture against a batch", lone, shipped[:1], EXACT, np.min)
    cosines = (shipped * reference).sum(1)
    return {
        "photos": PHOTOS,
        "graph_to_torch_cosine_min": round(exact, 6),
        "words_graph_to_torch_cosine_min": round(words, 6),
        "int8_to_fp32_cosine_mean": round(close.mean, 4),
        "int8_to_fp32_cosine_min": round(close.lowest, 4),
        "int8_to_fp32_centred_cosine": round(close.centred, 4),
        "int8_to_fp32_cosine_p05": round(float(np.percentile(cosines, 5)), 4),
        "int8_to_fp32_top_10_agreement": round(close.agreement, 3),
        "int8_to_fp32_same_first_neighbour": round(_same_first(shipped, reference), 3),
    }


def judging_examples(examples: Sequence[Example], told: Collection[Path]) -> list[Example]:
    """PHOTOS of `examples`, spread evenly over those whose photos are not `told`: these calibrated
    the integers."""
    free = [e for e in examples if e.path not in told]
    return [free[i] for i in np.linspace(0, len(free) - 1, PHOTOS).astype(int)]


@torch.inference_mode()
def _in_torch(tower: Path, tail: PictureTail, photos: Pixels) -> Floats:
    """The tower's maps through the heads as they were trained, photo by photo."""
    session = open_bare(tower)
    names = ["texture", "place", "thing"]
    found = []
    for photo in photos:
        maps = session.run(names, {"pixels": photo[None]})
        maps = [torch.from_numpy(m) for m in maps]
        found.append(tail(*maps, averaged(torch.from_numpy(photo[None]), THUMB)).numpy()[0])
    return np.stack(found)


def averaged(pixels: torch.Tensor, by: int) -> torch.Tensor:
    """The thumb of `pixels` (uint8, N × S × S × 3) as the graph must make it: by × by are one."""
    planes = pixels.permute(0, 3, 1, 2).float() / 255.0
    return functional.avg_pool2d(planes, by).permute(0, 2, 3, 1)


def run(graph: Path, feed: dict[str, npt.NDArray[Any]]) -> Floats:
    """`vector` of a graph on one thread."""
    session = open_bare(graph)
    return np.asarray(session.run(["vector"], feed)[0], np.float32)


def _words(bench: Bench, heads: Heads, out: Path) -> tuple[Floats, Floats]:
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    tokenizer.enable_truncation(CONTEXT)
    tokenizer.enable_padding()
    read = tokenizer.encode_batch(list(SENTENCES))
    ids = np.array([r.ids for r in read], np.int64)
    mask = np.array([r.attention_mask for r in read], np.int64)
    wanted: torch.Tensor = heads.say(bench.sentences(list(SENTENCES)))
    return run(out / "words.onnx", {"ids": ids, "mask": mask}), wanted.numpy()


def _gate(what: str, found: Floats, wanted: Floats, least: float, worst: Any) -> float:
    reached = float(worst((found * wanted).sum(1)))
    if not reached >= least:
        raise ParityLost(what, reached, least)
    return reached


def _same_first(found: Floats, reference: Floats) -> float:
    """How often a photo's nearest other photo is the same in both spaces."""
    firsts = []
    for vectors in (found, reference):
        table = vectors @ vectors.T
        np.fill_diagonal(table, -1.0)
        firsts.append(table.argmax(1))
    return float((firsts[0] == firsts[1]).mean())
