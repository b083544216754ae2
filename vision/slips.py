"""What the server and its decoding workers say to each other: small JSON slips, never pickles.

A worker may have been taken over by the picture that it decodes, so the server believes nothing
that it cannot check: a slip is a flat object of numbers and short texts, and what it says about the
memory that both share is held against that memory's size.

    to a worker    {"op": "square", "picture": i, "bytes": n, "box": [x, y, w, h] | null,
                    "side_px": s, "resize": "pad", "max_pixels": …, "max_side_px": …,
                    "free_pixels": …, "cpu_s": …}
                   {"op": "jpeg", "side_px": w, …}
    from a worker  {"ask": pixels}, answered by {"go": true | false, "held": pixels}; each of its
                   slips says which "picture" it speaks of
                   {"bytes": n, "width_px": …, "height_px": …, "ms": {"decode": …}, "last": false}
                   {"error": "NotAPicture", "said": [reason]}
"""

import json
from collections.abc import Callable
from typing import Any, Final

from vision.errors import BoxOutside, DecoderBusy, NotAPicture, PictureTooLarge, VisionError

MOST_SLIP_BYTES: Final = 8192
MOST_SAID_CHARS: Final = 300

Slip = dict[str, Any]


def written(slip: Slip) -> bytes:
    """`slip` for the wire."""
    return json.dumps(slip).encode()


def read(data: bytes) -> Slip:
    """The slip in `data`; raises ValueError for anything else."""
    slip = json.loads(data)
    if not isinstance(slip, dict):
        raise ValueError("a slip is an object")
    return slip


def number(slip: Slip, name: str, most: int) -> int:
    """The whole number `name` of a slip, 0 to `most`; raises ValueError for anything else."""
    value = slip.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"a slip says {name} = {str(value)[:40]}")
    return value


def times_ms(slip: Slip) -> dict[str, float]:
    """How long the worker was in its rooms; raises ValueError unless they are a few numbers."""
    said = slip.get("ms", {})
    if not isinstance(said, dict) or not set(said) <= {"decode", "preprocess"}:
        raise ValueError("a slip's times are of other rooms")
    return {name: float(ms) for name, ms in said.items()}


def error_slip(error: VisionError) -> Slip:
    """`error` as a slip; one of another kind than a decoder raises becomes NotAPicture."""
    kinds: tuple[tuple[type[VisionError], Callable[[Any], list[Any]]], ...] = (
        (NotAPicture, lambda e: [e.reason]),
        (PictureTooLarge, lambda e: [e.what, e.found, e.limit]),
        (BoxOutside, lambda e: [list(e.box), e.width_px, e.height_px]),
        (DecoderBusy, lambda e: [e.pixels, e.retry_after_s]),
    )
    for kind, facts in kinds:
        if isinstance(error, kind):
            return {"error": kind.__name__, "said": facts(error)}
    return {"error": "NotAPicture", "said": [str(error)]}


def error_of(slip: Slip) -> VisionError:
    """The error that a slip tells of; raises ValueError, TypeError or KeyError for nonsense."""
    said = slip["said"]
    kinds: dict[str, Callable[[], VisionError]] = {
        "NotAPicture": lambda: NotAPicture(str(said[0])[:MOST_SAID_CHARS]),
        "PictureTooLarge": lambda: PictureTooLarge(str(said[0])[:40], int(said[1]), int(said[2])),
        "BoxOutside": lambda: BoxOutside(_four(said[0]), int(said[1]), int(said[2])),
        "DecoderBusy": lambda: DecoderBusy(int(said[0]), float(said[1])),
    }
    return kinds[slip["error"]]()


def _four(numbers: Any) -> tuple[int, int, int, int]:
    x, y, w, h = (int(n) for n in numbers)
    return x, y, w, h
