"""Options that several commands share, and how they speak to people and to programs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from api.settings import Settings

DEFAULT_SHOP = Path("shop")
DEFAULT_MODEL = "builtin"
PIPED_WIDTH = 1_000
"""Columns where nobody looks at a screen: a table grows only as wide as its cells."""

ShopOption = Annotated[
    Path,
    typer.Option("--shop", envvar="VISTAZO_SHOP", help="The folder of the shop.", file_okay=False),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON object on standard output.")
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model", envvar="VISTAZO_MODEL", help="A model's name, or the folder of its card."
    ),
]


def settings_of(**said: Any) -> "Settings":
    """The operator's settings, with what was said on the command line over the environment."""
    from api.settings import Settings

    return Settings(**said)


def live_of(settings: "Settings") -> "Settings":
    """`settings`, following the shop's pointer to its live space unless a model was named."""
    from api.live import follow

    return follow(settings) if settings.model == DEFAULT_MODEL else settings


def say_json(value: object) -> None:
    """Print `value` as JSON, readable and stable."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def console() -> "Console":
    """Where tables and summaries go: standard output.

    Square brackets and colons are text, not markup: they stand in titles. Piped, no line is wrapped
    or cut.
    """
    from rich.console import Console

    out = Console(highlight=False, markup=False, emoji=False)
    if not out.is_terminal:
        out.width = PIPED_WIDTH
    return out


def aside() -> "Console":
    """Where progress and warnings go: standard error, so that pipes stay clean. No markup."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)
