"""Clips without a camera, and a clock that is moved by hand."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from mirror.clip import Clip, Making

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = NOON
        self.s = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.s

    def move(self, seconds: float) -> None:
        """Let both clocks go on together."""
        self.s += seconds
        self.at += timedelta(seconds=seconds)


def clip_of(clip_id: str, sealed: bytes, *, customer: str = "ana", plain_bytes: int = 4) -> Clip:
    """A clip of ten seconds whose sealed video is `sealed`."""
    return Clip(
        clip_id, customer, "v1", "m1", "co1", NOON, NOON + timedelta(seconds=10), 640, 480,
        300, 290, Making.JOINED, len(sealed), plain_bytes, sha256(sealed).hexdigest(),
    )  # fmt: skip
