"""Which engine runs a graph: the one that the model's card names."""

from pathlib import Path

from vision.session import Run, open_session
from vision.session_openvino import open_openvino
from vision.spec import Engine


def open_engine(engine: Engine, graph: Path, *, output: str, threads: int) -> Run:
    """Load `graph` on `engine`; the function maps named inputs to the named output.

    Raises BadModel, also when the engine is not installed here; the function raises EncoderBroken.
    """
    if engine == "onnxruntime":
        return open_session(graph, output=output, threads=threads)
    bf16 = engine == "openvino-bf16"
    return open_openvino(graph, output=output, threads=threads, bf16=bf16)
