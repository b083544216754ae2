"""Joins the integer tower and the trained head to the one graph that ships, and proves the join."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import compose

from models.errors import ParityLost
from models.front import fold_stem, prefer_products
from models.regions_net import Votes
from models.regions_stock import Picture
from models.regions_tower import TAPS, opened
from models.towers import OPSET
from vision.regions import SIDE_PX
from vision.session import open_session

IR_VERSION = 9  # read by ONNX Runtime >= 1.16
FARTHEST = 0.02
"""The most that 99 % of the votes may differ from torch's: the tower's integers are the same, but a
faster kernel may round one of them the other way."""


def join(tower: Path, head: Votes, out: Path, work: Path) -> None:
    """Write `out`: `pixels` uint8 (1, S, S, 3) → `votes` float32 (1, cells, K + 4)."""
    path = work / "regions-head.onnx"
    example = tuple(
        torch.rand(1, width, SIDE_PX // step, SIDE_PX // step) for _, width, step in TAPS.values()
    )
    torch.onnx.export(
        head.eval(), example, str(path), input_names=list(TAPS), output_names=["votes"],
        opset_version=OPSET, dynamo=False,
    )  # fmt: skip
    front, back = _aligned(onnx.load(str(tower))), _aligned(onnx.load(str(path)))
    back = compose.add_prefix(back, "head_", rename_inputs=False, rename_outputs=False)
    joined = compose.merge_models(front, back, io_map=[(n, n) for n in TAPS], outputs=["votes"])
    joined = prefer_products(fold_stem(joined))
    del joined.graph.value_info[:]
    onnx.checker.check_model(joined)
    onnx.save(joined, str(out))


def prove(out: Path, tower: Path, head: Votes, pictures: list[Picture]) -> float:
    """The difference that 99 % of votes stay under, between `out` and tower and head apart, on the
    worst of `pictures`; raises ParityLost over FARTHEST."""
    run, see = open_session(out, output="votes", threads=1), opened(tower, 1)
    worst = 0.0
    for pixels in pictures:
        maps = [torch.from_numpy(m) for m in see(pixels)]
        with torch.inference_mode():
            wanted = head(*maps).numpy()
        worst = max(worst, float(np.quantile(np.abs(run({"pixels": pixels[None]}) - wanted), 0.99)))
    if worst > FARTHEST:
        raise ParityLost(out.name, 1 - worst, 1 - FARTHEST)
    return worst


def _aligned(model: onnx.ModelProto) -> onnx.ModelProto:
    """Both halves must name the same opset and IR to be merged."""
    used = {n.domain for n in model.graph.node}
    kept = [o for o in model.opset_import if o.domain in used or o.domain == ""]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    model.ir_version = IR_VERSION
    return model
