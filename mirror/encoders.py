"""Which encoders there are, under which licence, and the one that an operator chose."""

from dataclasses import dataclass

import av

from mirror.encode import X264, EncoderMaker
from mirror.errors import NoEncoder
from mirror.vp9 import Vp9


@dataclass(frozen=True, slots=True)
class Choice:
    """An encoder by its setting's name: the library's own name, its licence, and what makes one."""

    name: str
    library: str
    licence: str
    make: EncoderMaker


CHOICES = (
    Choice("x264", "libx264", "GPL-2.0-or-later", X264),
    Choice("vp9", "libvpx-vp9", "BSD-3-Clause", Vp9),
)
NAMES = tuple(choice.name for choice in CHOICES)
DEFAULT = NAMES[0]


def choose(name: str) -> Choice:
    """The encoder of that name; raises NoEncoder where it is unknown or not in this build."""
    for choice in CHOICES:
        if choice.name == name:
            if choice.library not in av.codec.codecs_available:
                raise NoEncoder(name, f"this installation's FFmpeg was built without {name}", NAMES)
            return choice
    raise NoEncoder(name, "there is none of this name", NAMES)


def available() -> tuple[Choice, ...]:
    """Every encoder that this installation has."""
    return tuple(choice for choice in CHOICES if choice.library in av.codec.codecs_available)
