"""`vistazo check`: prove a shop's promises on the shop itself, and mend what can be mended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_options import DEFAULT_SHOP, JsonOption, console, say_json, settings_of
from api.cli_plain import plain

if TYPE_CHECKING:
    from api.checking import Verdict

ShopArgument = Annotated[
    Path, typer.Argument(envvar="VISTAZO_SHOP", help="The folder of the shop.", file_okay=False)
]


def check(
    shop: ShopArgument = DEFAULT_SHOP,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Mend what can be made again; nothing of yours is removed."),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave the bytes of uploaded pictures unread.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that a shop keeps its promises: no product lost, stale, doubled or swapped.

    Rows, pictures, vectors, filters, files and the cache are held against one another, checksums
    included, while others search and change the shop. Every fault has a stable code, says what is
    wrong and what to do. --repair mends what can be made again (filters' terms, vectors, the cache,
    thumbnails, needless files); what only a snapshot can bring back is told.
    Exit code 1 when something is wrong, or with --repair when something is still wrong.
    """
    from api.checking import check_spaces
    from api.progress import named_bar

    with named_bar(quiet=as_json) as show:
        verdict = check_spaces(settings_of(shop=shop), show, repair=repair, read=not quick)
    if as_json:
        say_json(verdict.as_json())
    else:
        show_verdict(verdict)
    if not verdict.ok:
        raise typer.Exit(1)


def show_verdict(verdict: "Verdict") -> None:
    """The verdict for people."""
    out = console()
    for space in verdict.spaces:
        looked = f"{space.products:,} products, {space.pictures:,} pictures"
        out.print(f"{plain(str(space.folder))}: {looked}", soft_wrap=True)
        for fault in space.faults:
            style = "green" if fault.mended else "red"
            out.print("mended" if fault.mended else "wrong ", end=" ", style=style)
            many = f" ({fault.count:,} times)" if fault.count > 1 else ""
            out.print(f"{fault.code}: {fault.says}{many}", soft_wrap=True)
            for subject in fault.examples:
                out.print("      ", plain(subject), soft_wrap=True)
            if not fault.mended:
                out.print("      →", fault.cure, soft_wrap=True)
    left = sum(not fault.mended for space in verdict.spaces for fault in space.faults)
    out.print("All is well." if verdict.ok else f"{left} kinds of faults to mend.")
