"""What the doctor looks at of the finder of things: whether its file is there, and runs."""

from time import perf_counter

import numpy as np

from api.finding import Finding
from api.settings import Settings
from api.spotting import Spotter
from vision.errors import VisionError
from vision.photo import Square
from vision.regions import GRAPH, SIDE_PX

RUNS = 5


def regions_finding(settings: Settings) -> Finding:
    """Left out is not wrong: an operator may do so, and everything else works."""
    spotter = Spotter(settings.regions, threads=settings.threads, max_waiting=0)
    if not spotter.present:
        return Finding("regions", True, f"left out ({GRAPH}): pictures are searched as a whole")
    grey = Square(np.full((SIDE_PX, SIDE_PX, 3), 127, np.uint8), SIDE_PX, SIDE_PX)
    times = []
    try:
        for _ in range(RUNS):
            start = perf_counter()
            spotter.find(grey)
            times.append((perf_counter() - start) * 1000)
    except VisionError as error:
        cure = f"Install Vistazo again, or remove {GRAPH} to do without."
        return Finding("regions", False, str(error), cure)
    return Finding("regions", True, f"{sorted(times)[RUNS // 2]:.1f} ms a picture")
