"""`vistazo doctor`: what is wrong and how to mend it."""

from dataclasses import asdict

import typer

from api.cli_options import (
    DEFAULT_MODEL,
    DEFAULT_SHOP,
    JsonOption,
    ModelOption,
    ShopOption,
    console,
    live_of,
    say_json,
    settings_of,
)
from api.cli_plain import plain

COLOURS = {True: "green", False: "red"}


def doctor(
    context: typer.Context,
    shop: ShopOption = DEFAULT_SHOP,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Look at the installation, the model and the shop. Exit code 1 when something is wrong."""
    from api.doctor import examine

    source = context.get_parameter_source("shop")
    named = source is not None and source.name != "DEFAULT"
    findings = examine(live_of(settings_of(shop=shop, model=model)), shop_named=named)
    wrong = [finding for finding in findings if not finding.ok]
    if as_json:
        say_json({"ok": not wrong, "findings": [asdict(finding) for finding in findings]})
    else:
        out = console()
        for finding in findings:
            out.print("ok   " if finding.ok else "wrong", end=" ", style=COLOURS[finding.ok])
            out.print(f"{finding.what:24}", plain(finding.detail), soft_wrap=True)
            if finding.cure:
                out.print("      →", plain(finding.cure), soft_wrap=True)
        out.print("All is well." if not wrong else f"{len(wrong)} to mend.")
    if wrong:
        raise typer.Exit(1)
