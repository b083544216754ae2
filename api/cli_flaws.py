"""`vistazo flaws`: what is wrong with a shop's pictures."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli_options import (
    DEFAULT_SHOP,
    JsonOption,
    ShopOption,
    aside,
    console,
    live_of,
    say_json,
    settings_of,
)
from api.cli_plain import plain

SHOWN = 20
NAMES = {
    "duplicate": "show the same picture as another product",
    "broken": "cannot be decoded any more",
    "missing": "have lost their file",
    "tiny": "are too small to be recognised well",
    "blank": "show one even colour",
    "dead_link": "lie behind a link that is dead",
}


def flaws(
    shop: ShopOption = DEFAULT_SHOP,
    kind: Annotated[str | None, typer.Option("--kind", help=f"Only {', '.join(NAMES)}.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=f"List all, not the first {SHOWN} of each kind.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List pictures that are duplicate, blank, tiny, broken or missing, and links that are dead.

    Pictures that nobody has looked at yet are looked at first (about 100 a second); what was seen
    is kept with the shop. Nothing else is changed. Exit code 1 when anything is wrong.
    """
    from api.errors import BadParameter
    from api.progress import named_bar
    from index.database import Database
    from index.flaws import KINDS, find_flaws, scan
    from index.manifest import read_manifest
    from vision.decode import Limits

    if kind is not None and kind not in KINDS:
        raise BadParameter("kind", f"it is one of {', '.join(KINDS)}")
    settings = live_of(settings_of(shop=shop))
    folder: Path = settings.shop.resolve()
    read_manifest(folder)
    database = Database(folder)
    try:
        limits = Limits(max_bytes=settings.max_upload_bytes, max_pixels=settings.max_pixels)
        with named_bar(quiet=as_json) as show:
            scan(database, folder, limits, lambda i, n: show("pictures", i, n))
        found = find_flaws(database, folder)
    finally:
        database.close()
    wanted = [flaw for flaw in found.all if kind is None or flaw.kind == kind]
    if as_json:
        say_json({"flaws": [_json(flaw) for flaw in wanted], "counts": found.counts})
    else:
        _show(wanted, everything=everything)
    if wanted:
        raise typer.Exit(1)


def _json(flaw: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(flaw)


def _show(wanted: list[Any], *, everything: bool) -> None:
    out = console()
    for kind, what in NAMES.items():
        of_kind = [flaw for flaw in wanted if flaw.kind == kind]
        if not of_kind:
            continue
        out.print(f"{len(of_kind):,} pictures {what}:", style="bold")
        for flaw in of_kind if everything else of_kind[:SHOWN]:
            out.print(f"  {plain(flaw.sku)}: {plain(flaw.detail)}", soft_wrap=True)
        if not everything and len(of_kind) > SHOWN:
            out.print(f"  … and {len(of_kind) - SHOWN:,} more; --all lists them")
    if not wanted:
        aside().print("Nothing is wrong with the pictures.")
