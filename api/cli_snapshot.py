"""`vistazo snapshot` and `vistazo restore`: a shop in one file, and back."""

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli_options import JsonOption, aside, console, say_json, settings_of
from api.cli_plain import plain

LEFT_OUT_SHOWN = 5


def snapshot(
    shop: Annotated[Path, typer.Argument(help="The folder of the shop.", file_okay=False)],
    file: Annotated[Path, typer.Argument(help="The file to write, such as shop.tar.")],
    pictures: Annotated[
        bool,
        typer.Option("--pictures", help="Take along the pictures that a catalogue names."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Replace the file if it exists.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take a snapshot of a shop into one file, while it is served and changed.

    The file is a plain tar of one moment, with a checksum for every part: the products, the
    vectors, the uploaded pictures, and with --pictures also those that lie elsewhere, so that it
    can be put back on another machine. It appears when it is whole. Of a shop with several models
    the live one is taken.
    """
    from api.progress import named_bar
    from api.snapshots import take

    if file.exists() and not yes:
        typer.confirm(f"{file} exists. Replace it?", abort=True, err=True)
    now = datetime.now(UTC)
    with named_bar(quiet=as_json) as show:
        taken = take(settings_of(shop=shop), file, now, whole=pictures, tell=show)
    if as_json:
        about = taken.about
        say_json({"file": str(file), "bytes": taken.size_bytes, "products": about.products,
                  "pictures": about.pictures, "model": about.model, "taken_at": about.taken_at,
                  "left_out": taken.left_out})  # fmt: skip
        return
    for path in taken.left_out[:LEFT_OUT_SHOWN]:
        aside().print(f"gone or changed since it was indexed: {plain(path)}", style="yellow")
    if (more := len(taken.left_out) - LEFT_OUT_SHOWN) > 0:
        aside().print(f"… and {more:,} more; --json lists them all", style="yellow")
    console().print(
        f"{plain(str(file))}: {taken.about.products:,} products, {taken.size_bytes / 1e6:,.1f} MB, "
        f"of {taken.about.taken_at}",
        soft_wrap=True,
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A snapshot.", dir_okay=False, exists=True)],
    shop: Annotated[Path, typer.Argument(help="The folder to put it in.", file_okay=False)],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Put it in the place of a shop that is there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a shop back from a snapshot; every byte is verified before anything is replaced.

    A shop that is there is not deleted: it is moved beside, to SHOP.before-DATE, so that there is a
    way back, and its keys, audit log, saved things, counts and uploads go on; a snapshot holds none
    of them. Stop the server first; while anybody has the shop open, nothing is done.
    """
    from api.progress import named_bar
    from api.snapshots import put_back

    if shop.exists() and any(shop.iterdir()) and not yes:
        typer.confirm(f"{shop} is not empty. Put the snapshot in its place?", abort=True, err=True)
    now = datetime.now(UTC)
    with named_bar(quiet=as_json) as show:
        about, old = put_back(settings_of(shop=shop), file, now, show)
    keyed = _has_keys(shop)
    if as_json:
        say_json({"shop": str(shop), "products": about.products, "taken_at": about.taken_at,
                  "model": about.model, "before": None if old is None else str(old),
                  "keys": keyed})  # fmt: skip
        return
    out = console()
    out.print(
        f"{plain(str(shop))}: {about.products:,} products of {about.taken_at}", soft_wrap=True
    )
    if old is not None:
        out.print(f"What was there lies in {plain(str(old))}.", soft_wrap=True)
    if not keyed:
        aside().print(
            "No keys came along: until the first is made only this machine may write; "
            f"`vistazo keys create admin --name YOU --shop {shlex.quote(plain(str(shop)))}`",
            style="yellow",
            soft_wrap=True,
        )


def _has_keys(shop: Path) -> bool:
    """Whether the shop has a key, also one that was revoked; nothing is made where none lies."""
    from api.home import DOOR
    from api.keys import Keys

    if not (shop / DOOR / "keys.sqlite3").exists():
        return False
    keys = Keys(shop)
    try:
        return keys.any_made()
    finally:
        keys.close()
