"""`vistazo`: the commands, put together. Each loads what it needs only when it runs."""

from typing import Annotated

import typer

from api.cli_check import check
from api.cli_demo import demo
from api.cli_doctor import doctor
from api.cli_eval import evaluate
from api.cli_export import export
from api.cli_flaws import flaws
from api.cli_index import index
from api.cli_jobs import jobs_cli, reindex
from api.cli_keys import audit_command, keys_cli
from api.cli_mirror import mirror_cli
from api.cli_models import build_models_cli
from api.cli_product import product_cli
from api.cli_regions import regions
from api.cli_rules import rules_cli
from api.cli_search import search
from api.cli_serve import serve
from api.cli_snapshot import restore, snapshot

HELP = """Photo in, this store's most similar products out.

Start with `vistazo demo`, or with your own catalogue:

\b
    vistazo index catalogue.csv
    vistazo search --image photo.jpg
    vistazo serve

Exit codes: 0 done; 1 it failed, or found something wrong; 2 the command was misused (an option,
filter, box or words that make no sense); 130 interrupted.
"""


def build_cli() -> typer.Typer:
    """The command line with all its commands."""
    cli = typer.Typer(
        name="vistazo",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    cli.callback()(_root)
    cli.command("index")(index)
    cli.command("search")(search)
    cli.command("regions")(regions)
    cli.command("serve")(serve)
    cli.command("demo")(demo)
    cli.command("doctor")(doctor)
    cli.command("check")(check)
    cli.command("snapshot")(snapshot)
    cli.command("restore")(restore)
    cli.command("eval")(evaluate)
    cli.command("export")(export)
    cli.command("flaws")(flaws)
    cli.command("reindex")(reindex)
    cli.command("audit")(audit_command)
    cli.add_typer(jobs_cli(), name="jobs")
    cli.add_typer(build_models_cli())
    cli.add_typer(keys_cli(), name="keys")
    cli.add_typer(mirror_cli(), name="mirror")
    cli.add_typer(product_cli(), name="product")
    cli.add_typer(rules_cli(), name="rules")
    return cli


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback of an error.")
    ] = False,
) -> None:
    if version:
        from api.version import own_version

        typer.echo(own_version())
        raise typer.Exit
