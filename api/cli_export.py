"""`vistazo export`: a shop as a table with its pictures beside it."""

from pathlib import Path
from typing import Annotated

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

LEFT_OUT_SHOWN = 5


def export(
    folder: Annotated[
        Path, typer.Argument(help="The new folder to write, such as exported.", file_okay=False)
    ],
    shop: ShopOption = DEFAULT_SHOP,
    as_json: JsonOption = False,
) -> None:
    """Export a shop: FOLDER/catalogue.jsonl, a product a line, and its pictures beside it.

    `vistazo index FOLDER/catalogue.jsonl` makes the same shop again, and `vistazo models adapt
    FOLDER/catalogue.jsonl` learns it. The shop may be served and changed meanwhile. Nothing of any
    person is in it: no visit, no search, no saved thing; what came of searches is counted by the
    shop and never kept, so it cannot be exported. Pictures that are gone are named and left out.
    """
    from api.progress import named_bar
    from index.export import TABLE, export_shop
    from index.manifest import read_manifest

    settings = live_of(settings_of(shop=shop))
    home = settings.shop.resolve()
    read_manifest(home)
    with named_bar(quiet=as_json) as show:
        done = export_shop(home, folder, lambda i, n: show("pictures", i, n))
    if as_json:
        left = [{"sku": sku, "picture": path} for sku, path in done.left_out]
        counts = {"products": done.products, "pictures": done.pictures, "bytes": done.size_bytes}
        say_json({"table": str(folder / TABLE), **counts, "left_out": left})
        return
    for sku, path in done.left_out[:LEFT_OUT_SHOWN]:
        aside().print(f"gone: {plain(sku)}: {plain(path)}", style="yellow", soft_wrap=True)
    if (more := len(done.left_out) - LEFT_OUT_SHOWN) > 0:
        aside().print(f"… and {more:,} more; --json lists them all", style="yellow")
    megabytes = done.size_bytes / 1e6
    console().print(
        f"{plain(str(folder / TABLE))}: {done.products:,} products, {done.pictures:,} pictures, "
        f"{megabytes:,.1f} MB",
        soft_wrap=True,
    )
