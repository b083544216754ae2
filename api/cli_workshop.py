"""The workshop in a process of its own: torch never enters the command line's, nor a server's."""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import aside

WORKSHOP = ("torch", "open_clip", "onnx")
StoreOption = Annotated[
    Path | None, typer.Option("--store", envvar="VISTAZO_STORE", help="The folder of models.")
]


def run_workshop(said: Sequence[str]) -> None:
    """Run a workshop command; raises typer.Exit with its exit code where that is not 0."""
    code, _ = _run(said, WORKSHOP, kept=False)
    if code:
        raise typer.Exit(code)


def ask_workshop(said: Sequence[str], needed: Sequence[str]) -> tuple[int, str]:
    """Run a workshop command that needs the packages `needed`; its exit code and what it printed
    on standard output. Raises typer.Exit where one is not installed."""
    return _run(said, needed, kept=True)


def _run(said: Sequence[str], needed: Sequence[str], *, kept: bool) -> tuple[int, str]:
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        aside().print(
            f"The workshop is not installed (no {', '.join(missing)}). "
            "Install it: pip install 'vistazo[workshop]'",
            markup=False,
        )
        raise typer.Exit(1)
    quiet = ["-W", "ignore::DeprecationWarning", "-W", "ignore::UserWarning"]
    done = subprocess.run(
        [sys.executable, *quiet, "-m", "models", *said],
        check=False,
        stdout=subprocess.PIPE if kept else None,
    )
    return done.returncode, (done.stdout or b"").decode("utf-8", "replace")
