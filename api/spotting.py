"""The finder of things as the door holds it: opened when it is first asked, absent where left out.

Loading its graph takes some 0.2 s, which a search from the command line need not wait for.
"""

import threading
import time
from pathlib import Path

from vision.errors import NoRegions
from vision.photo import Square
from vision.regions import GRAPH, LEAST, OnnxRegions, Region, open_regions


class Spotter:
    """A RegionFinder that opens its file when it is first asked; may be used from any thread."""

    def __init__(self, folder: Path, *, threads: int, max_waiting: int) -> None:
        """`folder` holds regions.onnx and regions.json, or does not."""
        self._folder, self._threads, self._max_waiting = folder, threads, max_waiting
        self._opening = threading.Lock()
        self._awake: OnnxRegions | None = None

    @property
    def present(self) -> bool:
        """Whether the finder's file is there."""
        return (self._folder / GRAPH).is_file()

    def find(self, square: Square, least: float = LEAST) -> list[Region]:
        """The things of `square`, likeliest first.

        Raises NoRegions where the file was left out, BadModel where it is broken, EncoderBusy where
        too many wait, EncoderBroken.
        """
        return self._wake().find(square, least)

    def _wake(self) -> OnnxRegions:
        with self._opening:
            if self._awake is None:
                self._awake = open_regions(
                    self._folder, threads=self._threads, lanes=1,
                    max_waiting=self._max_waiting, clock=time.monotonic,
                )  # fmt: skip
            if self._awake is None:
                raise NoRegions
            return self._awake
