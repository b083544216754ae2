"""Makes torchvision importable beside a CPU-only torch (torch; workshop only).

There is no CPU build of torchvision everywhere: its wheel then fails at import with `operator
torchvision::nms does not exist`, and open_clip imports it. We need its picture transforms, never
its operators, so the two missing schemas are declared; `torchvision.ops.nms` itself stays unusable.
"""

import importlib.util
from pathlib import Path
from typing import Any

import torch

MISSING = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def declare_missing_operators() -> Any:
    """Declare torchvision's operators where its library cannot be loaded.

    Call it before importing torchvision or open_clip, and keep what it returns alive: the
    declarations die with it. None when there was nothing to do.
    """
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None or _library_loads(Path(found.origin).parent):
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]  # untyped
    for name in MISSING:
        if not hasattr(torch.ops.torchvision, name):
            library.define(name + SCHEMA)  # type: ignore[no-untyped-call]  # untyped in torch
    return library


def _library_loads(folder: Path) -> bool:
    for path in folder.glob("_C*.so"):
        try:
            torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]  # untyped in torch
        except OSError:
            return False
    return True
