"""Options that the commands of `vistazo mirror` share."""

from pathlib import Path
from typing import Annotated

import typer

from mirror.guard import Watch

DEFAULT_PEOPLE = Path("people")
DEFAULT_PLACE = Path("mirror-state")

PeopleOption = Annotated[
    Path,
    typer.Option(
        "--people", envvar="VISTAZO_PEOPLE", help="The folder of people, clips and their keys."
    ),
]
PlaceOption = Annotated[
    Path,
    typer.Option("--state", help="Where this mirror keeps sealed clips until they are delivered."),
]
EncoderOption = Annotated[
    str,
    typer.Option(
        "--encoder",
        envvar="VISTAZO_MIRROR_ENCODER",
        help="x264 (GPL; plays everywhere) or vp9 (BSD). A camera's own H.264 is copied as it is.",
    ),
]
WatchOption = Annotated[
    Watch,
    typer.Option(
        "--second-person",
        envvar="VISTAZO_MIRROR_SECOND_PERSON",
        help="When somebody else comes into the picture: `pause` the recording until it is "
        "confirmed, and also while nobody can be counted; `lenient`: record while nobody can be "
        "counted; `off`: count nobody.",
    ),
]
