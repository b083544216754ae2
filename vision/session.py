"""A graph on disk becomes a callable; the only file that knows ONNX Runtime."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# Since 1.29 ONNX Runtime reports its use over the network, from the moment of its import, unless it
# is told before: nothing of ours leaves the machine. An operator may say otherwise.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from vision.errors import BadModel, EncoderBroken

Arrays = Mapping[str, npt.NDArray[Any]]
Run = Callable[[Arrays], npt.NDArray[np.float32]]

SPIN_US = 50
"""A step of the built-in tower takes some 100 µs, and waking a sleeping thread half of that: asleep
between steps, a second thread gave nothing (7.3 ms for 7.3), awake a third (5.0). Where ten other
processes want the same two cores it costs a fifth more of the processor's time and the median is
the same; waiting without end (4.9 ms) made batches there twice as slow."""
KNOWS_SPIN_US = (1, 31)  # an older one might not, and would wait awake for ever

# ONNX Runtime's own errors share no base class but Exception.
ORT_ERRORS = (
    ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.InvalidGraph, ort_errors.NoModel,
    ort_errors.InvalidProtobuf, ort_errors.NoSuchFile, ort_errors.NotImplemented,
    ort_errors.RuntimeException, ort_errors.EPFail, RuntimeError, ValueError, OSError,
)  # fmt: skip


def open_session(graph: Path, *, output: str, threads: int) -> Run:
    """Load `graph` on the CPU; the returned function maps named inputs to the named output.

    Inputs that the graph does not have are left out (CLIP's words need no mask).

    `threads` work on one run. Between two steps of a run they wait awake for SPIN_US, and sleep
    between runs: on a machine shared with FAISS and decoding, a thread that never sleeps steals the
    core that the neighbour needs.

    Raises BadModel when the file cannot be loaded; the function raises EncoderBroken.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL  # 2.4 × faster
    _wait_awake(options, briefly=threads > 1 and _version() >= KNOWS_SPIN_US)
    callers, helpers = _places(threads)
    if helpers:  # processor numbers of ONNX Runtime begin with 1
        places = ";".join(str(core + 1) for core in helpers)
        options.add_session_config_entry("session.intra_op_thread_affinities", places)
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except ORT_ERRORS as cause:
        raise BadModel(graph.name, f"ONNX Runtime cannot load it ({_line(cause)})") from cause
    if output not in {o.name for o in session.get_outputs()}:
        raise BadModel(graph.name, f"it has no output named {output!r}")
    taken = {i.name for i in session.get_inputs()}

    def run(inputs: Arrays) -> npt.NDArray[np.float32]:
        try:
            with _at(callers):
                (result,) = session.run([output], {k: v for k, v in inputs.items() if k in taken})
        except ORT_ERRORS as cause:
            raise EncoderBroken(_line(cause)) from cause
        return np.asarray(result, np.float32)

    return run


def open_bare(
    graph: Path, *, threads: int = 1, basics: bool = False, kept_at: Path | None = None
) -> Any:
    """ONNX Runtime's own session, for the workshop: every output can be had, nothing is
    translated. `basics`: fold constants and no more; `kept_at`: write the graph that runs there.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    if basics:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    if kept_at is not None:
        options.optimized_model_filepath = str(kept_at)
    return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _wait_awake(options: ort.SessionOptions, *, briefly: bool) -> None:
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(briefly)))
    if briefly:
        options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
        options.add_session_config_entry("session.force_spinning_stop", "1")  # with the last run


def _places(threads: int) -> tuple[set[int], list[int]]:
    """The cores of whoever calls and those of the threads that help, one each; empty where each may
    be anywhere.

    A caller who slept (her picture was decoded by another process) wakes on the core of whoever
    woke her, her helper there too, and Linux leaves both on that one core for some milliseconds,
    waiting for each other: 9.4 ms for a picture of a search that takes 5.1 on two cores.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not 1 < threads <= len(cores):
        return set(), []
    helpers = cores[1:threads]
    return set(cores) - set(helpers), helpers


@contextmanager
def _at(cores: set[int]) -> Iterator[None]:
    """Keep this thread on `cores` while the block runs; on any it may be on, for none."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _version() -> tuple[int, int]:
    major, minor, *_ = ort.__version__.split(".")
    return int(major), int(minor)


def _line(cause: BaseException) -> str:
    return (str(cause).splitlines() or [type(cause).__name__])[0][:200]
