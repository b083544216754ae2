"""Joins the frozen towers and the trained heads to the two graphs that ship (torch and onnx)."""

from pathlib import Path

import onnx
import torch
from onnx import compose, helper
from torch import nn

from models.features import THUMB
from models.front import add_thumb, fold_stem, prefer_products
from models.heads import (
    Gaze,
    KindPull,
    PictureHead,
    Seen,
    WordsHead,
    picture_vector,
    unit,
    words_vector,
)
from models.towers import OPSET

IR_VERSION = 9  # read by ONNX Runtime >= 1.16
MAPS = ("texture", "place", "thing", "thumb")


class PictureTail(nn.Module):
    """What follows the tower: its three maps and the thumb (models/front.py) → `vector`."""

    def __init__(self, gaze: Gaze, head: PictureHead | KindPull, shares: dict[str, float]) -> None:
        super().__init__()
        self.gaze, self.head, self.shares = gaze, head, shares

    def forward(
        self,
        texture: torch.Tensor,
        place: torch.Tensor,
        thing: torch.Tensor,
        thumb: torch.Tensor,
    ) -> torch.Tensor:
        means = texture.mean((2, 3)), thing.mean((2, 3))
        seen = self.gaze(means[0], place, means[1], thumb)
        kind, instance, colour = self.head(Seen(seen.features, seen.histogram))
        return unit(picture_vector(kind, instance, colour, self.shares))


class WordsTail(nn.Module):
    """What follows MiniLM: token states and mask → `vector`."""

    def __init__(self, head: WordsHead, shares: dict[str, float]) -> None:
        super().__init__()
        self.head, self.shares = head, shares

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        counted = mask.float()[..., None]
        mean = (states * counted).sum(1) / counted.sum(1).clamp_min(1.0)
        kind, colour, say = self.head(unit(mean))
        return words_vector(kind, colour, say, self.shares)


def join_picture(tower: Path, tail: PictureTail, size_px: int, out: Path, work: Path) -> None:
    """Write the image graph: `pixels` uint8 (N, S, S, 3) → `vector`."""
    grid, last, small = -(-size_px // 16), -(-size_px // 32), size_px // THUMB
    example = (
        torch.rand(2, 88, grid, grid), torch.rand(2, 120, grid, grid),
        torch.rand(2, 1280, last, last), torch.rand(2, small, small, 3),
    )  # fmt: skip
    path = work / "picture-tail.onnx"
    _export(tail, example, path, list(MAPS))
    front = add_thumb(_aligned(onnx.load(str(tower))), size_px, THUMB)
    back = _aligned(onnx.load(str(path)))
    back = compose.add_prefix(back, "tail_", rename_inputs=False, rename_outputs=False)
    joined = compose.merge_models(front, back, io_map=[(n, n) for n in MAPS], outputs=["vector"])
    _save(prefer_products(fold_stem(joined)), out)


def join_words(minilm: Path, tail: WordsTail, out: Path, work: Path) -> None:
    """Write the words graph: `ids`, `mask` int64 (N, L) → `vector`."""
    path = work / "words-tail.onnx"
    example = (torch.rand(2, 5, 384), torch.ones(2, 5, dtype=torch.int64))
    _export(tail, example, path, ["states", "tail_mask"], {1: "length"})
    front, back = _aligned(onnx.load(str(minilm))), _aligned(onnx.load(str(path)))
    back = compose.add_prefix(back, "tail_", rename_inputs=False, rename_outputs=False)
    joined = compose.merge_models(
        front, back, io_map=[("last_hidden_state", "states")], outputs=["vector"]
    )
    renamed = {"input_ids": "ids", "attention_mask": "mask", "tail_mask": "mask"}
    for node in joined.graph.node:
        node.input[:] = [renamed.get(n, n) for n in node.input]
    # MiniLM's third input, the token types, is all zero for a single sentence
    zeros = helper.make_node("Sub", ["ids", "ids"], ["token_type_ids"], name="no_token_types")
    joined.graph.node.insert(0, zeros)
    del joined.graph.input[:]
    for name in ("ids", "mask"):
        joined.graph.input.append(
            helper.make_tensor_value_info(name, onnx.TensorProto.INT64, ["n", "length"])
        )
    _save(joined, out)


def _export(
    module: nn.Module,
    example: tuple[torch.Tensor, ...],
    path: Path,
    names: list[str],
    more: dict[int, str] | None = None,
) -> None:
    axes = {n: {0: "n", **(more or {})} for n in names} | {"vector": {0: "n"}}
    torch.onnx.export(
        module.eval(), example, str(path), input_names=names, output_names=["vector"],
        dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )  # fmt: skip


def _aligned(model: onnx.ModelProto) -> onnx.ModelProto:
    """Both halves must name the same opset and IR to be merged."""
    used = {n.domain for n in model.graph.node}
    kept = [o for o in model.opset_import if o.domain in used or o.domain == ""]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    model.ir_version = IR_VERSION
    return model


def _save(model: onnx.ModelProto, out: Path) -> None:
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(out))
