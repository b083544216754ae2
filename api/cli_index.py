"""`vistazo index`: make the shop hold what a catalogue names."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli_noted import note_write
from api.cli_options import (
    DEFAULT_MODEL,
    DEFAULT_SHOP,
    JsonOption,
    ModelOption,
    ShopOption,
    aside,
    console,
    live_of,
    say_json,
    settings_of,
)
from api.cli_plain import plain
from api.roles import Act

if TYPE_CHECKING:
    from api.indexing import Outcome
    from index.errors import BadRow
    from index.trial import Trial

REJECTS_SHOWN = 10
SKU_SHOWN_CHARS = 60
SAMPLE_SHOWN_CHARS = 80


def index(
    source: Annotated[
        Path,
        typer.Argument(help="A folder or a .zip of pictures, or a .csv, .jsonl or .parquet file."),
    ],
    shop: ShopOption = DEFAULT_SHOP,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Remove products even if they are many.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    pictures_only: Annotated[
        bool, typer.Option("--pictures-only", help="Leave titles out of the products' vectors.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejected", "--rejects", help="Write rows that could not be taken to this CSV."
        ),
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="What a column is: title=Nombre; -=COLUMN leaves it out. Kept with the shop.",
        ),
    ] = None,
    columns: Annotated[
        bool, typer.Option("--columns", help="Show what each column became, and stop.")
    ] = False,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Index a catalogue: add what is new, embed what changed, remove what is gone.

    A table needs a SKU and a picture in each row; title, description, price, currency, brand,
    category, colour, size, group, stock, store and url are known, by many names in English,
    Spanish, French and German; every other column can be filtered too. A picture is a path relative
    to the file, or an https:// address, which is fetched politely. Run it again after every change
    of the catalogue: only what changed is looked at, and a run that was interrupted goes on where
    it stopped.
    Exit code 1 when nothing could be taken, or when a dry run finds that the real one would refuse.
    """
    from api.indexing import demand_products, index_source, plan_source
    from api.opened_source import OpenedSource, read_mapping

    settings = live_of(settings_of(shop=shop, model=model))
    opened = OpenedSource(settings, source, read_mapping(mapped or []))
    with opened.unpacked(quiet=as_json, keep=not (dry_run or columns)) as table:
        if columns:
            show_columns(opened.trial(table), as_json=as_json)
            return
        how: dict[str, Any] = {
            "allow_removals": allow_removals,
            "pictures_only": pictures_only,
            "mapping": opened.mapping,
        }
        if dry_run:
            outcome = plan_source(settings, table, **how)
        else:
            outcome = index_source(settings, table, **how, quiet=as_json)
            opened.remember()
            _note(shop, source, outcome)
    outcome.notes.extend(opened.notes)
    if rejects is not None:
        write_rejects(rejects, outcome.rejected)
    if as_json:
        say_json(outcome_json(outcome))
    else:
        show_outcome(outcome, shop)
    if outcome.refusal is not None:
        raise outcome.refusal
    demand_products(outcome, source)


def _note(shop: Path, source: Path, outcome: "Outcome") -> None:
    counts = (
        f"{outcome.added} added, {outcome.changed} changed, {outcome.removed} removed"
        if outcome.refusal is None
        else "refused"
    )
    note_write(shop, Act.RUN_JOBS, f"index {source.name}: {counts}")


def outcome_json(outcome: "Outcome") -> dict[str, Any]:
    """The outcome for programs; every rejected row with its line, SKU, code and reason."""
    return {
        "added": outcome.added,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "removed": outcome.removed,
        "rejected": [
            {"line": bad.line, "sku": bad.sku, "code": bad.code, "reason": bad.reason}
            for bad in outcome.rejected
        ],
        "notes": outcome.notes,
        "pictures_encoded": outcome.pictures_encoded,
        "pictures_fetched": outcome.pictures_fetched,
        "seconds": round(outcome.seconds, 3),
        "dry_run": outcome.dry_run,
        "would_refuse": None if outcome.refusal is None else str(outcome.refusal),
    }


def show_outcome(outcome: "Outcome", shop: Path) -> None:
    """The outcome for people: a summary, and the first of the rejected rows."""
    out, err = console(), aside()
    for note in outcome.notes:
        err.print(plain(note), style="yellow", soft_wrap=True)
    for bad in outcome.rejected[:REJECTS_SHOWN]:
        err.print(f"not taken: {told(bad)}", style="yellow", soft_wrap=True)
    if (more := len(outcome.rejected) - REJECTS_SHOWN) > 0:
        err.print(f"… and {more:,} more; --rejects FILE lists them all", style="yellow")
    done = "would be" if outcome.dry_run else ""
    counts = (
        (outcome.added, "added"),
        (outcome.changed, "changed"),
        (outcome.unchanged, "unchanged"),
        (outcome.removed, "removed"),
        (len(outcome.rejected), "rejected"),
    )
    said = ", ".join(f"{count:,} {what}" for count, what in counts)
    out.print(
        f"{plain(str(shop))}: {done + ' ' if done else ''}{said}; {outcome.seconds:.1f} s",
        soft_wrap=True,
    )


def show_columns(trial: "Trial", *, as_json: bool) -> None:
    """What each column became, with some of its values."""
    if as_json:
        told_columns = [
            {"column": c.name, "field": c.field, "why": c.why, "samples": trial.samples[c.name]}
            for c in trial.columns
        ]
        say_json({"columns": told_columns, "missing": list(trial.missing)})
        return
    from rich.table import Table

    table = Table("Column", "Became", "Because of", "For example", box=None, pad_edge=False)
    for column in trial.columns:
        became = "(left out)" if column.field == "-" else column.field
        sample = plain(" · ".join(trial.samples[column.name]), SAMPLE_SHOWN_CHARS)
        table.add_row(plain(column.name), plain(became), column.why, sample)
    console().print(table)
    for name in trial.missing:
        aside().print(
            f"No column is the {name}: say which with --map {name}=COLUMN", style="yellow"
        )


def told(bad: "BadRow") -> str:
    """A rejected row on one line; a SKU as long as a page is cut, so that the reason is seen."""
    named = f" ({plain(bad.sku, SKU_SHOWN_CHARS)})" if bad.sku else ""
    return f"line {bad.line}{named}: {plain(bad.reason)}"


def write_rejects(path: Path, rejected: "list[BadRow]") -> None:
    """The rejected rows as a CSV that opens in a spreadsheet."""
    from index.formulas import defuse

    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(("line", "sku", "code", "reason"))
        for bad in rejected:
            table.writerow((bad.line, defuse(bad.sku or ""), bad.code, defuse(bad.reason)))
