"""Which of the things in a picture a shopper most likely means, when she has not said."""

import math
from collections.abc import Sequence

from vision.regions import Region

SURE = 0.5
"""Less likely things decide nothing."""


def prominent(regions: Sequence[Region], width_px: int, height_px: int) -> Region | None:
    """The thing to search for instead of the whole picture, or None where the whole is better.

    None unless at least two things are likelier than not: a picture of one garment is the garment,
    and its surroundings were in the pictures that the encoder learned from. Else the largest, one
    in the middle before one at the edge, weighed by how sure it is.
    """
    sure = [region for region in regions if region.confidence >= SURE]
    if len(sure) < 2:
        return None
    return max(sure, key=lambda region: _weight(region, width_px, height_px))


def _weight(region: Region, width_px: int, height_px: int) -> float:
    box = region.box
    share = (box.w / width_px) * (box.h / height_px)
    aside = abs((box.x + box.w / 2) / width_px - 0.5) * 2  # 0 in the middle, 1 at the edge
    return region.confidence * math.sqrt(share) * (1 - 0.5 * aside)
