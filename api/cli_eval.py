"""`vistazo eval`: how well a catalogue is searched, by queries with known answers."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

REMARKS_SHOWN = 20
ROWS = (
    ("recall@1", "an expected hit comes first"),
    ("recall@5", "among the first 5"),
    ("recall@10", "among the first 10"),
    ("precision@10", "expected hits among the first 10"),
    ("ndcg@10", "order of the first 10"),
    ("mrr", "1 / rank of the first expected hit"),
    ("refused_rightly", "refused, of queries it cannot answer"),
    ("refused_wrongly", "refused, of queries it can answer"),
    ("ece", "calibration error of probabilities"),
    ("exact_ece", "the same of `exact`, where products are expected by name"),
)


def evaluate(
    catalogue: Annotated[Path, typer.Option("--catalogue", help="The catalogue to search.")],
    queries: Annotated[
        Path,
        typer.Option("--queries", help="CSV with `image` and/or `text`, and `expect`."),
    ],
    shop: Annotated[
        Path | None,
        typer.Option("--shop", help="Keep the indexed shop here and use it again next time."),
    ] = None,
    pictures_only: Annotated[
        bool, typer.Option("--pictures-only", help="Leave titles out of the products' vectors.")
    ] = False,
    regions: Annotated[
        bool,
        typer.Option(
            "--regions", help="Also search each picture's most prominent thing, beside the whole."
        ),
    ] = False,
    report_folder: Annotated[
        Path | None,
        typer.Option(
            "--report", help="Draw queries, answers and expectations as a page in this folder."
        ),
    ] = None,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Measure search quality with queries whose right answers are known.

    `expect` holds terms separated by |: a SKU, a field=value on any column of the catalogue, or
    `none` for something that the shop does not sell; a column `box` (x,y,w,h) frames a part of the
    image. Ranking figures run unfolded and ignore
    refusals; a query that cannot be read counts as missed, a row without `expect` is no query.
    --report DIR writes DIR/index.html, worst misses first; it shows the photos, so keep it to
    yourself.
    """
    from api.expectations import read_queries
    from api.yardstick import remarks, report

    if report_folder is not None:
        from api.eval_report import check_folder

        check_folder(report_folder)  # now, and not after an hour's measuring
    asked = read_queries(queries)
    with _folder(shop) as folder:
        measured, products = _measure(
            folder, catalogue, asked.rows, pictures_only, model, quiet=as_json
        )
        figures = report(measured)
        if regions:
            figures["regions"] = _crops(folder, catalogue, asked.rows, model, quiet=as_json)
        _show_remarks(remarks(measured, products, asked.rejected_lines))
        if as_json:
            say_json(figures)
        else:
            _show(figures)
        if report_folder is not None:  # last: where it cannot be drawn, the figures are told
            page = _draw(report_folder, folder, measured, figures, model)
            aside().print(f"the report: {plain(str(page))}", soft_wrap=True)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="vistazo-eval-") as folder:
        yield Path(folder)


def _measure(
    folder: Path,
    catalogue: Path,
    rows: Sequence[Any],
    pictures_only: bool,
    model: str,
    *,
    quiet: bool,
) -> tuple[list[Any], int]:
    from api.expectations import Expectations, read_cells
    from api.indexing import index_source
    from api.progress import steps
    from api.shop import open_shop
    from api.yardstick import judge_all

    settings = settings_of(shop=folder, model=model, decoders=0)
    outcome = index_source(
        settings, catalogue, allow_removals=False, pictures_only=pictures_only, quiet=quiet
    )
    for bad in outcome.rejected[:REMARKS_SHOWN]:
        aside().print(plain(f"catalogue {bad}"), style="yellow", soft_wrap=True)
    opened = open_shop(settings)
    try:
        expectations = Expectations(read_cells(catalogue))
        judged = judge_all(opened, rows, expectations)
        return list(steps("Searching", judged, len(rows), quiet=quiet)), len(opened.shelf)
    finally:
        opened.close()


def _crops(
    folder: Path, catalogue: Path, rows: Sequence[Any], model: str, *, quiet: bool
) -> dict[str, Any]:
    """The pictures searched once more, whole and by their most prominent thing; raises NoRegions
    where the finder was left out."""
    from api.crop_trial import report_crops, try_crops
    from api.expectations import Expectations, read_cells
    from api.progress import steps
    from api.shop import open_shop
    from vision.errors import NoRegions

    opened = open_shop(settings_of(shop=folder, model=model, decoders=0))
    try:
        if not opened.spotter.present:
            raise NoRegions
        tried = try_crops(opened, rows, Expectations(read_cells(catalogue)))
        kept = list(steps("Cropping", tried, len(rows), quiet=quiet))
    finally:
        opened.close()
    return report_crops([one for one in kept if one is not None])


def _draw(
    out: Path, shop: Path, measured: Sequence[Any], figures: dict[str, Any], model: str
) -> Path:
    """The page of a report on what was searched in `shop`."""
    from api.eval_report import Asked, write_report
    from api.eye import card_of
    from index.shelf import Shelf

    settings = settings_of(shop=shop, model=model)
    card = card_of(settings.model, settings.store)
    shown = {sku for m in measured for sku in (*m.hits, *m.expected)}
    titles: dict[str, str] = {}
    pictures: dict[str, Path] = {}
    with Shelf.open(shop, card.spec) as shelf:
        for sku in shown:
            found = shelf.find(sku)
            if found is not None:
                titles[sku] = found.title
                pictures.update((sku, Path(p.path)) for p in shelf.pictures(sku)[:1])
    asked = Asked(measured, figures, titles, pictures, f"{card.name} {card.version}")
    return write_report(asked, out)


def _show_remarks(lines: list[str]) -> None:
    err = aside()
    for line in lines[:REMARKS_SHOWN]:
        err.print(plain(line), style="yellow", soft_wrap=True)
    if len(lines) > REMARKS_SHOWN:
        err.print(f"… and {len(lines) - REMARKS_SHOWN:,} more remarks", style="yellow")


def _show(figures: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("", justify="right")
    table.add_column("95 %")
    table.add_column("", style="dim")
    for name, meaning in ROWS:
        if name not in figures:
            continue
        value, interval = figures[name], figures["intervals"][name]
        shown = "–" if value is None else f"{value:.3f}"
        spread = "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
        table.add_row(name, shown, spread, meaning)
    out = console()
    out.print(f"{figures['queries']:,} queries")
    out.print(table)
    latency = figures["latency_ms"]
    if latency["p50"] is not None:
        out.print(
            f"{latency['p50']:.1f} ms a search at the median, {latency['p95']:.1f} at p95, "
            f"{latency['p99']:.1f} at p99"
        )
    if "regions" in figures:
        _show_crops(figures["regions"])


def _show_crops(told: dict[str, Any]) -> None:
    from rich.table import Table

    out = console()
    ways = {"whole": "the whole picture", "automatic": "its most prominent thing, if it has one"}
    if told["framed"] is not None:
        ways["framed"] = "the box that its row tells"
    table = Table(box=None, pad_edge=False)
    table.add_column("searched")
    for name in told["whole"]:
        table.add_column(name, justify="right")
    for way, meaning in ways.items():
        values = [figure["value"] for figure in told[way].values()]
        table.add_row(meaning, *("–" if v is None else f"{v:.3f}" for v in values))
    out.print(f"{told['pictures']:,} pictures, of which {told['cropped']:,} were cropped")
    out.print(table)
    if (gain := told["gain"]) is not None:
        low, high = gain["interval"]
        out.print(f"the crop adds {gain['recall@1']:+.3f} ({low:+.3f} to {high:+.3f}) at recall@1")
    if told["box_found"] is not None:
        out.print(f"the thing of the row's box was chosen in {told['box_found']:.0%}")
