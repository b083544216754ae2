"""`vistazo regions`: the things in a picture, each ready to be searched for."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_options import JsonOption, console, say_json, settings_of
from api.cli_plain import plain

if TYPE_CHECKING:
    from api.regions import Spotted

STANDARD_INPUT = "-"
MOST_PATH_CHARS = 4_096


def regions(
    image: Annotated[Path, typer.Argument(help="A picture file; - for standard input.")],
    as_json: JsonOption = False,
) -> None:
    """Find the garments, shoes, bags and more in a picture: where each is, its kind, how sure.

    Each box can be given to `vistazo search --box`. No shop is needed. The finder is a file of its
    own (regions.onnx in the folder VISTAZO_REGIONS); where it was left out, this command says so.
    """
    from api.picture_file import read_picture
    from api.regions import regions_json, spot
    from api.rooms import Rooms
    from api.spotting import Spotter
    from vision.decode import Limits
    from vision.decoder import InPlace

    settings = settings_of()
    limits = Limits(max_bytes=settings.max_upload_bytes, max_pixels=settings.max_pixels)
    data = read_picture(image, settings.max_upload_bytes, sys.stdin.buffer)
    spotter = Spotter(settings.regions, threads=settings.threads, max_waiting=0)
    rooms = Rooms()
    found = spot(InPlace(limits), spotter, data, rooms)
    told = regions_json(found, rooms)
    if as_json:
        say_json(told)
    else:
        _show(found, image, told["prominent"])


def _show(found: "Spotted", image: Path, prominent: int | None) -> None:
    from rich.table import Table

    out = console()
    if not found.regions:
        out.print("Nothing was found in this picture that a shop of fashion would name.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Kind", "Sure", "Box (x,y,w,h)", ""):
        table.add_column(title)
    for number, region in enumerate(found.regions):
        box = f"{region.box.x},{region.box.y},{region.box.w},{region.box.h}"
        mark = "the most prominent" if number == prominent else ""
        table.add_row(region.kind, f"{region.confidence:.0%}", box, mark)
    out.print(table)
    if str(image) == STANDARD_INPUT:
        return  # it was read, and cannot be searched for any more
    first = found.regions[prominent or 0].box
    box = f"{first.x},{first.y},{first.w},{first.h}"
    name = plain(shlex.quote(str(image)), MOST_PATH_CHARS)
    told = f"Search for one: vistazo search --image {name} --box {box}"
    out.print(told, style="dim", soft_wrap=True)
