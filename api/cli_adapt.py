"""`vistazo models adapt`: a model that knows one shop better, made on its own machine."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli_options import (
    DEFAULT_MODEL,
    JsonOption,
    ModelOption,
    aside,
    console,
    say_json,
    settings_of,
)
from api.cli_plain import plain
from api.cli_workshop import StoreOption, ask_workshop

NEEDED = ("torch", "onnx")
WORK = ".adapting"
"""Within the store: what a run keeps to go on with."""


def adapt(
    table: Annotated[
        Path, typer.Argument(help="A shop's table, as `vistazo export` writes it; or a CSV.")
    ],
    name: Annotated[
        str, typer.Option("--name", help="What the new model is called in the store.")
    ] = "my-shop",
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, max=600, help="How long it may take, about.")
    ] = 10.0,
    rounds: Annotated[
        int | None,
        typer.Option("--rounds", min=1, max=50, help="Exactly so many looks: repeatable."),
    ] = None,
    judgements: Annotated[
        Path | None,
        typer.Option(
            "--judgements",
            help="CSV with image and/or text, and expect (SKUs): what was right or was bought.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the folds and the crops.")] = 0,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of one run.")] = 2,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure what it would give, and publish nothing.")
    ] = False,
    model: ModelOption = DEFAULT_MODEL,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Adapt a model to a shop: learn its products, show the gain, publish under a new name.

    Learned from titles, attributes (category, colour, every further column), several pictures of
    one product, and judgements if there are any; on the CPU, in minutes. The gain is measured on
    products that were not learned from, with 95 % intervals. Where any figure falls, nothing is
    published: exit code 1, `adapt-loss`, and which. The model in use is not touched.

    \b
        vistazo export exported --shop shop
        vistazo models adapt exported/catalogue.jsonl --name my-shop
        vistazo models use my-shop --shop shop      (and back: models use builtin)

    A run that was broken off goes on where it stopped. Needs pip install 'vistazo[workshop]'.
    """
    place = (store if store is not None else settings_of().store).absolute()
    said = ["adapt", str(table), "--model", model, "--name", name, "--store", str(place)]
    said += ["--work", str(place / WORK / Path(name).name), "--minutes", str(minutes)]
    said += ["--seed", str(seed), "--threads", str(threads)]
    said += ["--judgements", str(judgements)] if judgements else []
    said += ["--rounds", str(rounds)] if rounds else []
    said += ["--dry-run"] if dry_run else []
    said += ["--quiet"] if as_json else []
    code, printed = ask_workshop(said, NEEDED)
    if not printed.strip():  # it said on standard error what was wrong
        raise typer.Exit(code or 1)
    told = json.loads(printed)
    if as_json:
        say_json(told)
    else:
        show(told, dry_run=dry_run)
    if code:
        raise typer.Exit(code)


def show(told: dict[str, Any], *, dry_run: bool) -> None:
    """What it gave, for people."""
    from rich.table import Table

    out = console()
    out.print(
        f"{told['products']:,} products, {told['pictures']:,} pictures, {told['rounds']} further "
        f"looks at each; {told['seconds']:.0f} s"
    )
    table = Table("On products not learned from", box=None, pad_edge=False)
    for column in ("Asked", "Before", "After", "Gain", "95 %"):
        table.add_column(column, justify="right")
    for name, figure in told["figures"].items():
        low, high = figure["gain_interval"]
        gain = f"{figure['gain']:+.3f}{' !' if name in told['losses'] else ''}"
        before, after = f"{figure['before']:.3f}", f"{figure['after']:.3f}"
        table.add_row(
            plain(name), f"{figure['queries']:,}", before, after, gain, f"{low:+.3f} to {high:+.3f}"
        )
    out.print(table)
    if told["losses"]:
        which = "; ".join(plain(name) for name in told["losses"])
        aside().print(
            f"Not published (adapt-loss): it would find less in: {which}. More pictures of each "
            "product, or more minutes, may help; the shop's model is untouched.",
            soft_wrap=True,
        )
    elif dry_run:
        out.print("Nothing was published (--dry-run).")
    else:
        out.print(f"Published: {told['published']}. Use it: vistazo models use {told['published']}")
