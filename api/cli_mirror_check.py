"""`vistazo mirror check`: prove the clips, and tell what of this machine frames could leak into."""

from pathlib import Path
from typing import Any

import typer

from api.cli_mirror_options import DEFAULT_PEOPLE, PeopleOption
from api.cli_options import JsonOption, say_json
from api.cli_people import mirror_libraries


def check(people: PeopleOption = DEFAULT_PEOPLE, as_json: JsonOption = False) -> None:
    """Prove the clips: every row has its whole file, every file its row. Changes nothing.

    Tells too whether frames in memory could reach a swap, whether memory can be locked here, and
    which encoders are installed under which licence. Only a fault of the clips is a failure.
    """
    fields = _fields(people)
    if as_json:
        say_json(fields)
    else:
        _say(fields)
    if fields["faults"]:
        raise typer.Exit(1)


def _fields(people: Path) -> dict[str, Any]:
    with mirror_libraries():
        from mirror.clips import prove
        from mirror.encoders import available
    from mirror.memory import can_lock, open_swaps

    return {
        "faults": [{"name": f.name, "reason": f.reason} for f in prove(people / "clips")],
        "open_swaps": open_swaps(),
        "memory_can_be_locked": can_lock(),
        "encoders": {choice.name: choice.licence for choice in available()},
    }


def _say(fields: dict[str, Any]) -> None:
    for fault in fields["faults"]:
        typer.echo(f"{fault['name']}: {fault['reason']}")
    for swap in fields["open_swaps"]:
        typer.echo(f"{swap}: frames may be swapped out in the clear; encrypt it or switch it off")
    if not fields["open_swaps"]:
        typer.echo("No frame can reach a swap: there is none, or it is encrypted.")
    elif fields["memory_can_be_locked"]:
        typer.echo("`vistazo mirror run` locks its memory here, so that none is swapped out.")
    said = ", ".join(f"{name} ({licence})" for name, licence in fields["encoders"].items())
    typer.echo(f"Encoders: {said or 'none'}")
    if not fields["faults"]:
        typer.echo("Every clip is whole, and every file belongs to a clip.")
