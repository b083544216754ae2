"""How well a second person is noticed: `python -m benchmarks.company ../shared/data/video`.

The only fixed camera among the real videos (`one-by-one-person-detection.mp4`) shows one person at
a time: six, whose spans were read off by eye (SPANS, seconds). Company is made of it: the camera
stands still, so that a person is cut out against the empty room and walks in beside another one, at
either side. Measured by the very rule of mirror/company on four frames a second: events noticed
within a second, and false pauses a minute on the untouched videos of one person. Writes
benchmarks/results/company.json.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from mirror.clock import TICKS_PER_S
from mirror.company import Company
from mirror.persons import HeadCounter
from models.registry import BUILTIN

RESULTS = Path(__file__).parent / "results" / "company.json"
FIXED = "one-by-one-person-detection.mp4"
SPANS = ((7.5, 19.5), (23.5, 45.0), (51.5, 70.0), (75.0, 87.5), (93.5, 119.0), (123.0, 135.5))
SHIFTS = (-0.32, 0.3)  # of the picture's width
BEFORE_S, LASTS_S, STANDS_S = 2.0, 6.0, 2.5
PRESENT_SHARE = 0.04  # of the picture: head and shoulders of who comes in from below
EVERY_S = 0.25
Count = Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Film:
    """Frames (H × W × 3, RGB) and when each is shown, in seconds."""

    frames: Sequence[Any]
    at_s: Sequence[float]

    def index(self, at_s: float) -> int:
        """The frame that is shown at a moment."""
        return int(np.searchsorted(self.at_s, at_s))


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path)
    parser.add_argument("--net", type=Path, default=BUILTIN / "persons.onnx")
    parser.add_argument("--sure", type=float, default=None, help="the threshold, to try others")
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    counter = HeadCounter(asked.net, *([] if asked.sure is None else [asked.sure]))
    film = read(asked.videos / FIXED)
    count = counting(counter)
    found = arrivals(film, count) | alone(asked.videos, film, count) | cost(film, counter)
    for name, value in found.items():
        print(f"{name:<40} {value}")
    asked.results.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def counting(counter: HeadCounter) -> Count:
    """The counter for arrays."""
    return lambda picture: counter.count(av.VideoFrame.from_ndarray(picture, "rgb24"))


def read(path: Path, most: int = 10**6) -> Film:
    """A video's frames, at most 768 px wide."""
    frames, at_s = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            width = min(768, frame.width)
            height = frame.height * width // frame.width
            frames.append(frame.to_ndarray(format="rgb24", width=width, height=height))
            at_s.append(float(frame.time or 0.0))
            if len(frames) == most:
                break
    return Film(frames, at_s)


def arrivals(film: Film, count: Count) -> dict[str, Any]:
    """Second persons walking in: how many were noticed within a second of being there."""
    empty = np.median(
        np.stack([film.frames[film.index(s)] for s in (0.5, 2, 4, 22, 48, 73, 91)]), 0
    )
    late_s: list[float] = []
    missed = events = before = 0
    for (base, visitor), shift in [(p, s) for p in permutations(SPANS, 2) for s in SHIFTS]:
        outcome = _arrival(film, empty, base, visitor, shift, count)
        if outcome is None:
            continue
        events += 1
        noticed, early = outcome
        before += early
        if noticed is None:
            missed += 1
        else:
            late_s.append(noticed)
    return {
        "arrivals": events,
        "arrivals_noticed_within_1_s": round(sum(s <= 1.0 for s in late_s) / events, 3),
        "arrivals_noticed": round((events - missed) / events, 3),
        "noticed_after_s_median": round(float(np.median(late_s)), 2),
        "noticed_after_s_95th": round(float(np.percentile(late_s, 95)), 2),
        "paused_before_anybody_came": before,
    }


def _arrival(
    film: Film, empty: Any, base: tuple[float, float], visitor: tuple[float, float],
    shift: float, count: Count,
) -> tuple[float | None, int] | None:  # fmt: skip
    """Seconds from being there to being noticed (None: never), and 1 where it paused before."""
    company, there_s = Company(), None
    stand_s = base[0] + STANDS_S
    for k in range(int((BEFORE_S + LASTS_S) / EVERY_S)):
        at_s = k * EVERY_S
        picture = film.frames[film.index(stand_s + at_s % (base[1] - stand_s - 1.5))].copy()
        share = _add(picture, film.frames[film.index(visitor[0] - BEFORE_S + at_s)], empty, shift)
        if there_s is None and share >= PRESENT_SHARE:
            there_s = at_s
        company.see(round(at_s * TICKS_PER_S), count(picture))
        if company.present:
            return (None, 1) if there_s is None else (at_s - there_s, 0)
    return None if there_s is None else (None, 0)


def _add(picture: Any, other: Any, empty: Any, shift: float) -> float:
    """Put who is in `other` beside who is in `picture`; how much of the picture that is."""
    apart = np.abs(other.astype(np.int16) - empty).max(axis=2) > 40
    mask = cv2.morphologyEx(apart.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9)))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5)))
    move = np.float32([[1, 0, shift * picture.shape[1]], [0, 1, 0]])
    size = (picture.shape[1], picture.shape[0])
    mask = cv2.warpAffine(mask, move, size)
    moved = cv2.warpAffine(other, move, size)
    picture[mask > 0] = moved[mask > 0]
    return float(mask.mean())


def alone(videos: Path, fixed: Film, count: Count) -> dict[str, Any]:
    """False pauses on untouched videos of one person (or none)."""
    pauses, watched_s, most = 0, 0.0, {}
    others = [path for path in sorted(videos.iterdir()) if path.name != FIXED]
    for name, film in [(FIXED, fixed), *((path.name, read(path, 300)) for path in others)]:
        found = list(_pauses(film, count))
        pauses, watched_s = pauses + len(found), watched_s + film.at_s[-1]
        most[name] = len(found)
    return {
        "alone_watched_s": round(watched_s, 1),
        "false_pauses": pauses,
        "false_pauses_a_minute": round(pauses * 60 / watched_s, 2),
        "false_pauses_by_video": {name: n for name, n in most.items() if n},
    }


def _pauses(film: Film, count: Count) -> Iterator[float]:
    """Moments at which company would be seen; each is taken as confirmed, and gone again."""
    company, due_s = Company(), 0.0
    for picture, at_s in zip(film.frames, film.at_s, strict=True):
        if at_s < due_s:
            continue
        due_s = at_s + EVERY_S
        company.see(round(at_s * TICKS_PER_S), count(picture))
        if company.present:
            yield at_s
            company = Company()


def cost(film: Film, counter: HeadCounter) -> dict[str, Any]:
    """CPU of one count, and its share of a core at four a second."""
    frame = av.VideoFrame.from_ndarray(film.frames[0], "rgb24")
    counter.count(frame)
    start_s = time.process_time()
    for _ in range(40):
        counter.count(frame)
    took_s = (time.process_time() - start_s) / 40
    return {
        "count_cpu_ms": round(took_s * 1000, 1),
        "counting_share_of_a_core": round(took_s / EVERY_S, 3),
    }


if __name__ == "__main__":
    main()
