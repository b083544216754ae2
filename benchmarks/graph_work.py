"""How much arithmetic a graph does for one picture: what the machine's pace is held against."""

from math import prod
from pathlib import Path

import onnx
from onnx import shape_inference


def work_gop(graph: Path, size_px: int) -> float:
    """10⁹ operations (a multiplication and an addition are two) of the convolutions and matrix
    products of an image graph, fp32 as exported, on one picture; the rest is small beside them."""
    model = onnx.load(str(graph))
    for place, size in enumerate((1, size_px, size_px, 3)):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = size
    inferred = shape_inference.infer_shapes(model, data_prop=True).graph
    known = [*inferred.value_info, *inferred.output, *inferred.input]
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in known}
    shapes |= {i.name: list(i.dims) for i in inferred.initializer}
    return sum(2 * _products(node, shapes) for node in inferred.node) / 1e9


def _products(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    if node.op_type not in ("Conv", "MatMul", "Gemm"):
        return 0
    out, second = shapes.get(node.output[0], []), shapes.get(node.input[1], [])
    if node.op_type == "Conv":
        return prod(out) * prod(second[1:])
    if node.op_type == "MatMul":
        return prod(max(n, 1) for n in out) * (second[-2] if len(second) > 1 else 0)
    turned = any(a.name == "transB" and a.i for a in node.attribute)
    return prod(out) * second[1 if turned else 0]
