"""The thing in a picture that is meant where nobody framed one: it is searched, not the street.

The page asks `/v1/regions` for it; the command line and the yardstick ask here, and get the same.
"""

from dataclasses import dataclass

from api.regions import spot
from api.rooms import Rooms
from api.shop import Shop
from vision.errors import NoRegions
from vision.prominence import prominent
from vision.regions import Region


@dataclass(frozen=True, slots=True)
class Meant:
    """The thing that is searched instead of the whole picture, and of how many it was chosen."""

    region: Region
    of: int

    def __post_init__(self) -> None:
        if self.of < 1:
            raise ValueError("what is meant is one of the things that were found")


def meant_in(shop: Shop, picture: bytes, rooms: Rooms) -> Meant | None:
    """The most prominent thing of a picture's bytes; None where the whole is searched with better
    luck, or where the finder was left out.

    Raises NotAPicture, PictureTooLarge, DecodingStopped, DecoderBusy, DecoderBroken, BadModel,
    EncoderBusy, EncoderBroken.
    """
    if not shop.spotter.present:
        return None
    try:
        found = spot(shop.decoder, shop.spotter, picture, rooms)
    except NoRegions:  # it was taken away this moment
        return None
    square = found.square
    region = prominent(found.regions, square.width_px, square.height_px)
    return None if region is None else Meant(region, len(found.regions))
