"""`vistazo jobs` and `vistazo reindex`: long work in processes of their own."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli_noted import note_write
from api.cli_options import DEFAULT_SHOP, JsonOption, ShopOption, aside, console, say_json
from api.cli_plain import plain
from api.roles import Act

if TYPE_CHECKING:
    from api.back_office import BackOffice
    from api.job import Job

LOOK_S = 0.5
HELP = """Jobs of a shop: what runs, what ran, and what it did.

\b
    vistazo jobs                 (the same as `vistazo jobs list`)
    vistazo jobs show ID
    vistazo jobs pause ID        (resume, cancel)
"""
IdArgument = Annotated[str, typer.Argument(help="The job's id, as `vistazo jobs list` shows it.")]


def jobs_cli() -> typer.Typer:
    """The sub-command `jobs` with its commands."""
    cli = typer.Typer(help=HELP, invoke_without_command=True, rich_markup_mode=None)
    cli.callback()(_jobs)
    cli.command("list")(list_jobs)
    cli.command("show")(show)
    for act, meaning in (
        ("pause", "Let a job rest after its present step."),
        ("resume", "Let a job go on, also one whose process died."),
        ("cancel", "End a job after its present step; what it has written stays."),
    ):
        cli.command(act, help=meaning)(_telling(act))
    return cli


def _jobs(
    context: typer.Context, shop: ShopOption = DEFAULT_SHOP, as_json: JsonOption = False
) -> None:
    command = context.invoked_subcommand
    if command is None:
        list_jobs(shop, as_json)
    elif getattr(context.get_parameter_source("shop"), "name", "") == "COMMANDLINE":
        raise typer.BadParameter(f"say it after the command: vistazo jobs {command} --shop …")


def list_jobs(shop: ShopOption = DEFAULT_SHOP, as_json: JsonOption = False) -> None:
    """List every job, the youngest first."""
    office = _office(shop)
    rows = [_row(office, job) for job in office.jobs.all()]
    if as_json:
        say_json({"jobs": rows})
        return
    for row in rows:
        console().print(_line(row), soft_wrap=True)


def show(job_id: IdArgument, shop: ShopOption = DEFAULT_SHOP, as_json: JsonOption = False) -> None:
    """Show a job and what it did."""
    office = _office(shop)
    job = office.jobs.get(job_id)
    row = _row(office, job) | {"report": job.read_report() or None}
    if as_json:
        say_json(row)
        return
    console().print(_line(row), soft_wrap=True)
    for name, value in (row["report"] or {}).items():
        if isinstance(value, str | int | float):
            console().print(f"  {name:18} {plain(str(value))}", soft_wrap=True)


def reindex(
    model: Annotated[str, typer.Option("--model", help="NAME, NAME@VERSION or a card's folder.")],
    shop: ShopOption = DEFAULT_SHOP,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take, and build nothing.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Say how differently the two spaces answer.")
    ] = False,
    queries: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Also ask these queries with known answers (eval)."
        ),
    ] = None,
    flip: Annotated[
        bool, typer.Option("--flip/--no-flip", help="Make it live once it is whole.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build another model's space beside the live one, in a process of its own.

    Ctrl-C leaves it at work; `vistazo jobs` tells of it. With --flip it becomes live, and the same
    command with the other model's name is the way back.
    """
    from api.job import Kind

    office = _office(shop)
    kind = Kind.COMPARE if compare or queries else Kind.REINDEX
    wish: dict[str, Any] = {"model": model, "dry_run": dry_run, "flip": flip}
    if queries is not None:
        wish["queries"] = str(queries.resolve())
    job = office.jobs.begin(kind, wish, "command line")
    if kind is Kind.REINDEX and not dry_run:
        note_write(shop, Act.RUN_JOBS, f"reindex {model}")
    row = _followed(office, job, quiet=as_json)
    if flip and kind is Kind.REINDEX and not dry_run and row["status"] == "done":
        note_write(shop, Act.SWITCH_SPACE, model)
    if as_json:
        say_json(row)
    else:
        for name, value in (row["report"] or {}).items():
            if name not in ("examples", "eval"):
                console().print(f"{name:18} {plain(str(value))}", soft_wrap=True)
        _show_eval((row["report"] or {}).get("eval"))
    if row["status"] != "done":
        aside().print(f"{row['status']}: {plain(row['said'])}", soft_wrap=True)
        raise typer.Exit(1)


def _show_eval(told: dict[str, Any] | None) -> None:
    """Each figure before and after."""
    for name in told["now"] if told else ():
        now, then = (told[when][name] for when in ("now", "then")) if told else (None, None)
        if isinstance(now, float) and isinstance(then, float):
            console().print(f"{name:18} {now:.3f} → {then:.3f}", soft_wrap=True)


def _followed(office: "BackOffice", job: "Job", *, quiet: bool) -> dict[str, Any]:
    """The job once it has ended, shown meanwhile."""
    from api.job import ENDED, Status
    from api.progress import following

    with following(quiet=quiet) as tell:
        while (state := office.jobs.state(job)).status not in {*ENDED, Status.INTERRUPTED}:
            tell(state.stage or str(state.status), state.done, state.total)
            time.sleep(LOOK_S)
    return _row(office, job) | {"report": job.read_report() or None}


def _telling(act: str) -> Any:
    def tell(job_id: IdArgument, shop: ShopOption = DEFAULT_SHOP) -> None:
        office = _office(shop)
        job = getattr(office.jobs, act)(job_id)
        note_write(shop, Act.RUN_JOBS, f"{act} {job_id}")
        console().print(_line(_row(office, job)), soft_wrap=True)

    return tell


def _office(shop: Path) -> "BackOffice":
    from api.back_office import open_back_office
    from api.cli_options import live_of, settings_of
    from index.manifest import read_manifest

    read_manifest(shop)  # a mistyped name must not become a folder
    return open_back_office(live_of(settings_of(shop=shop)))


def _row(office: "BackOffice", job: "Job") -> dict[str, Any]:
    from api.job_desk import job_json

    return job_json(office, job)


def _line(row: dict[str, Any]) -> str:
    about = row["wish"].get("source") or row["wish"].get("model") or ""
    steps = f"{row['done']:,}/{row['total']:,}" if row["total"] else ""
    said = f"{row['id']}  {row['created_at'][:16]}  {row['kind']:8} {row['status']:11} {steps:>13}"
    return f"{said}  {plain(str(about), 60)}"
