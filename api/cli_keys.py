"""`vistazo keys` and `vistazo audit`: who may do what, and who has written what."""

import csv
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli_options import DEFAULT_SHOP, JsonOption, ShopOption, aside, console, say_json
from api.cli_plain import plain
from api.roles import LAW, Act, Role

if TYPE_CHECKING:
    from pathlib import Path

    from api.audit import Audit
    from api.keys import Key, Keys

HELP = """Keys: who may do what. Until the first is made, only the shop's own machine may write.

\b
    vistazo keys create admin --name Olga
    vistazo keys create merchandiser --name Ana
    vistazo keys create shopper --name "Web shop" --origin https://shop.example
    vistazo keys rotate ID
"""
IdArgument = Annotated[str, typer.Argument(help="The key's id, as `vistazo keys list` shows it.")]


def keys_cli() -> typer.Typer:
    """The sub-command `keys` with its commands."""
    cli = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    cli.command("create")(create)
    cli.command("list")(list_keys)
    cli.command("rotate")(rotate)
    cli.command("revoke")(revoke)
    return cli


def create(
    role: Annotated[Role, typer.Argument(help="What its holder may do.")],
    name: Annotated[str, typer.Option(help="Whose key it is.")],
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Publish it on pages of this origin (shopper's keys; may be repeated)."),
    ] = None,
    days: Annotated[float, typer.Option(min=0, help="Its life; 0 for no end.")] = 365,
    shop: ShopOption = DEFAULT_SHOP,
    as_json: JsonOption = False,
) -> None:
    """Make a key. It is shown this once: only its SHA-256 is kept."""
    keys, audit = _open(shop)
    made, secret = keys.create(role, name, origins=origin or (), lifetime_days=days or None)
    _note(audit, f"create {made.id} {role}")
    _show_secret(made, secret, as_json=as_json)


def list_keys(shop: ShopOption = DEFAULT_SHOP, as_json: JsonOption = False) -> None:
    """List every key: role, name, state, when it was last used. No secret is kept to be shown."""
    keys, _ = _open(shop)
    rows = keys.all()
    if as_json:
        say_json({"keys": [_row(key) for key in rows]})
        return
    for key in rows:
        said = f"{key.id}  {key.role:12}  {plain(key.name, 40):20}  {_state(key)}"
        pages = f"  on {', '.join(key.origins)}" if key.origins else ""
        console().print(said + pages, soft_wrap=True)
    if not rows:
        aside().print("No key yet: only the shop's own machine may write.")


def rotate(
    key_id: IdArgument,
    grace_days: Annotated[
        float, typer.Option(min=0, max=365, help="So long the old one still works.")
    ] = 7,
    shop: ShopOption = DEFAULT_SHOP,
    as_json: JsonOption = False,
) -> None:
    """Give a key a new secret; until the grace ends both work, so nothing has to stop."""
    keys, audit = _open(shop)
    made, secret = keys.rotate(key_id, grace_days)
    _note(audit, f"rotate {key_id} {made.id}")
    _show_secret(made, secret, as_json=as_json)
    if not as_json:
        ends = keys.get(key_id).expires_at
        aside().print(f"The old one ({key_id}) works until {ends:%Y-%m-%d %H:%M} UTC.")


def revoke(
    key_id: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    shop: ShopOption = DEFAULT_SHOP,
    as_json: JsonOption = False,
) -> None:
    """End a key at once, in every server of the shop."""
    keys, audit = _open(shop)
    key = keys.get(key_id)
    if not yes and sys.stdin.isatty():
        typer.confirm(f"End the {key.role}'s key of {plain(key.name)!r} now?", abort=True)
    key = keys.revoke(key_id)
    _note(audit, f"revoke {key_id}")
    if as_json:
        say_json(_row(key))
    else:
        console().print(f"{key.id} ({plain(key.name)}) opens nothing any more.", soft_wrap=True)


def audit_command(
    shop: ShopOption = DEFAULT_SHOP,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="The latest so many.")] = 50,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV on standard output.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show who wrote what, and when: the latest first. No picture and no person stands in it."""
    from api.audit_log import note_json
    from index.formulas import defuse

    rows = [note_json(note) for note in _open(shop)[1].latest(limit)]
    if as_json:
        say_json({"notes": rows})
    elif as_csv:
        columns = ["at", "who", "name", "act", "method", "subject", "status"]
        table = csv.DictWriter(sys.stdout, columns, extrasaction="ignore")
        table.writeheader()
        for row in rows:
            table.writerow({k: defuse(v) if isinstance(v, str) else v for k, v in row.items()})
    else:
        for row in rows:
            who = plain(row["name"] or row["who"], 24)
            said = f"{row['at'][:19]}  {who:20}  {row['act']:15}  {plain(row['subject'], 60)}"
            console().print(said, soft_wrap=True)


def _open(shop: "Path") -> "tuple[Keys, Audit]":
    """The keys and the audit log of a shop that is there; raises NoShop."""
    from api.audit import Audit
    from api.home import home_of
    from api.keys import Keys
    from index.manifest import read_manifest

    read_manifest(shop)  # a mistyped name must not become a folder with keys in it
    home = home_of(shop.resolve())
    return Keys(home), Audit(home)


def _note(audit: "Audit", subject: str) -> None:
    from api.audit import Note
    from api.cli_noted import who_here

    audit.note(Note(who_here(), "", Act.MANAGE_KEYS, "", subject, 0))


def _show_secret(key: "Key", secret: str, *, as_json: bool) -> None:
    if as_json:
        say_json(_row(key) | {"key": secret})
        return
    console().print(secret, soft_wrap=True)
    acts = ", ".join(sorted(LAW[key.role]))
    aside().print(f"Key {key.id} of {plain(key.name)}: {key.role} ({acts}).", soft_wrap=True)
    if key.origins:
        aside().print(
            "It is shown this once. It may be public: it works on the pages of "
            f"{', '.join(key.origins)} alone, and opens what any shopper may do.",
            soft_wrap=True,
        )
    else:
        aside().print("It is shown this once. Keep it where passwords are kept.")


def _row(key: "Key") -> "dict[str, Any]":
    from api.signing_in import key_json

    return key_json(key)


def _state(key: "Key") -> str:
    fault = key.fault(datetime.now(UTC))
    ends = "without end" if key.expires_at is None else f"until {key.expires_at:%Y-%m-%d}"
    used = f"used on {key.used_on}" if key.used_on else "never used"
    return f"{fault or ends}, {used}"
