"""The command line's entrance: one clear line for every error, and an exit code that is true.

Exit codes: 0 done; 1 it failed: what the command names is absent or broken, or the shop or model
cannot answer; 2 it was misused: an option, filter, box or words without sense; 130 interrupted.
"""

import sys
from collections.abc import Sequence

import typer

from api.cli import build_cli
from api.cli_plain import plain

ERROR_MOST_CHARS = 1_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `vistazo` with `arguments` (the process's own by default) and exit."""
    said = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in said
    sys.exit(run([word for word in said if word != "--debug"], debug=debug))


def run(arguments: Sequence[str], *, debug: bool = False) -> int:
    """Run one command; its exit code. With `debug`, errors keep their traceback."""
    try:
        build_cli()(list(arguments), prog_name="vistazo")
    except SystemExit as finished:  # the command line's own way to end, misuse included
        return finished.code if isinstance(finished.code, int) else int(finished.code is not None)
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        return 130
    except _foreseen() as error:
        if debug:
            raise
        typer.echo(f"vistazo: {plain(_told(error), ERROR_MOST_CHARS)}", err=True)
        return 2 if _misused(error) else 1
    return 0


def _foreseen() -> tuple[type[BaseException], ...]:
    """What a command may fail with; evaluated only once something was raised."""
    from pydantic import ValidationError

    from api.errors import DoorError
    from customers.errors import CustomerError
    from index.errors import CatalogueError
    from mirror.errors import MirrorError
    from vision.errors import VisionError

    ours = (DoorError, CatalogueError, VisionError, MirrorError, CustomerError)
    return (*ours, ValidationError, OSError)


def _told(error: BaseException) -> str:
    """One line; the system's own errors with the file first and without their number, a setting out
    of range by its name."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        name = "_".join(str(part) for part in fault["loc"]).upper()
        return f"VISTAZO_{name} cannot be {fault['input']!r}: {fault['msg']}."
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _misused(error: BaseException) -> bool:
    from api.errors import BadParameter, NothingToSearch
    from index.errors import BadFilter, BadMapping, BadRule
    from vision.errors import BoxOutside, NotWords

    misused = BadParameter | NothingToSearch | BadFilter | BadRule | BadMapping
    return isinstance(error, misused | BoxOutside | NotWords)


if __name__ == "__main__":
    main()
