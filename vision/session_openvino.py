"""A graph on disk becomes a callable on OpenVINO; the only file that knows it, and it is optional.

Why bother: its bfloat16 runs the convolutional MobileCLIP some twice as fast as anything that ONNX
Runtime offers on a CPU. The figures of every model are in its card.
"""

import importlib
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from vision.errors import BadModel, EncoderBroken
from vision.session import Arrays, Run


def open_openvino(graph: Path, *, output: str, threads: int, bf16: bool) -> Run:
    """Load `graph` on the CPU; the returned function maps named inputs to the named output.

    Safe to call from several threads: each run has a request of its own.
    Raises BadModel when OpenVINO is not installed or cannot load the file; the function raises
    EncoderBroken.
    """
    try:
        openvino: Any = importlib.import_module("openvino")
    except ImportError as cause:
        raise BadModel(
            graph.name, "it wants OpenVINO (pip install openvino), or publish it for ONNX Runtime"
        ) from cause
    properties = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
    }
    try:
        compiled = openvino.Core().compile_model(str(graph), "CPU", properties)
        taken = {name for port in compiled.inputs for name in port.names}
        port = compiled.output(output)
    except (RuntimeError, ValueError, OSError) as cause:
        raise BadModel(graph.name, f"OpenVINO cannot load it ({_line(cause)})") from cause
    idle: SimpleQueue[Any] = SimpleQueue()

    def run(inputs: Arrays) -> npt.NDArray[np.float32]:
        if missing := taken - inputs.keys():  # OpenVINO would run on whatever lies in memory
            raise EncoderBroken(f"the graph also wants {', '.join(sorted(missing))}")
        try:
            request = idle.get_nowait()
        except Empty:
            request = compiled.create_infer_request()
        try:
            held = {k: v for k, v in inputs.items() if k in taken}
            return np.array(request.infer(held)[port], np.float32)  # a copy: the buffer is reused
        except (RuntimeError, ValueError, TypeError) as cause:
            raise EncoderBroken(_line(cause)) from cause
        finally:
            idle.put(request)

    return run


def _line(cause: BaseException) -> str:
    return (str(cause).splitlines() or [type(cause).__name__])[0][:200]
