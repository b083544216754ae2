"""`vistazo rules`: what a merchandiser pins, boosts and buries, from the command line."""

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
    console,
    live_of,
    say_json,
    settings_of,
)
from api.cli_plain import plain
from api.roles import Act

if TYPE_CHECKING:
    from index.database import Database
    from index.preview import Preview
    from index.rule import Rule

HELP = """What stands first and last: rules that pin, boost and bury products.

\b
    vistazo rules add 'in stock' --boost 'stock>0'
    vistazo rules add 'sold out' --bury 'stock=0'
    vistazo rules add gala --pin dress-7 --pin dress-2 --words 'red dress'
    vistazo rules preview --text 'red dress'
    vistazo rules list
    vistazo rules remove gala

A rule changes the place of a product, never its score or probability, and every answer says which
hits were moved. It acts from the next search on, also in a service that is running.
"""
NameArgument = Annotated[str, typer.Argument(help="The rule's name, up to 80 characters.")]


def rules_cli() -> typer.Typer:
    """The sub-command `rules` with its commands."""
    cli = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    cli.command("list")(list_rules)
    cli.command("add")(add)
    cli.command("remove")(remove)
    cli.command("preview")(preview_rules)
    return cli


def list_rules(shop: ShopOption = DEFAULT_SHOP, as_json: JsonOption = False) -> None:
    """List every rule in its order, with what it does and when."""
    from index.rules import Rules, rule_json

    database = _database(shop)
    try:
        found = Rules(database).all()
    finally:
        database.close()
    if as_json:
        say_json({"rules": [rule_json(rule) for rule in found]})
        return
    for rule in found:
        console().print(plain(told(rule)), soft_wrap=True)
    if not found:
        console().print("This shop has no rules: the most similar products stand first.")


def add(
    name: NameArgument,
    pin: Annotated[
        list[str] | None, typer.Option("--pin", help="A SKU to put first; say it again for more.")
    ] = None,
    boost: Annotated[
        str | None, typer.Option("--boost", help="A filter: products to lift, as 'stock>0'.")
    ] = None,
    bury: Annotated[
        str | None, typer.Option("--bury", help="A filter: products to sink, as 'stock=0'.")
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(help="How far, in pieces of cosine: 0.02 a nudge, 0.1 far, 2 before all."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Only searches by picture, words, both or like."),
    ] = None,
    words: Annotated[
        list[str] | None, typer.Option("--words", help="Only searches that hold these words.")
    ] = None,
    when: Annotated[
        str, typer.Option("--when", help="Only searches whose filter demands this.")
    ] = "",
    from_at: Annotated[
        str | None, typer.Option("--from", help="From this moment: 2026-12-01T00:00:00Z.")
    ] = None,
    until_at: Annotated[
        str | None, typer.Option("--until", help="Until before this moment.")
    ] = None,
    place: Annotated[int, typer.Option("--place", help="Its place among rules.")] = 0,
    disabled: Annotated[
        bool, typer.Option("--disabled", help="Keep it, but switched off.")
    ] = False,
    shop: ShopOption = DEFAULT_SHOP,
    as_json: JsonOption = False,
) -> None:
    """Add a rule, or put it in the place of the one with its name."""
    from index.rules import Rules, rule_json, rule_of

    said: dict[str, Any] = {
        "name": name,
        **_act(pin, boost, bury),
        "strength": strength,
        "kinds": kind,
        "words": words,
        "when": when,
        "from_at": from_at,
        "until_at": until_at,
        "place": place,
        "enabled": not disabled,
    }
    rule = rule_of(said)
    database = _database(shop)
    try:
        is_new = Rules(database).put(rule)
    finally:
        database.close()
    note_write(shop, Act.WRITE_RULES, name)
    if as_json:
        say_json(rule_json(rule) | {"new": is_new})
    else:
        console().print(f"{'added' if is_new else 'replaced'}: {plain(told(rule))}", soft_wrap=True)


def remove(name: NameArgument, shop: ShopOption = DEFAULT_SHOP) -> None:
    """Delete a rule."""
    from index.rules import Rules

    database = _database(shop)
    try:
        Rules(database).delete(name)
    finally:
        database.close()
    note_write(shop, Act.WRITE_RULES, f"remove {name}")
    console().print(f"deleted: {plain(name)}")


def preview_rules(
    image: Annotated[Path | None, typer.Option("--image", help="A picture to search with.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Words to search for.")] = None,
    like: Annotated[str | None, typer.Option("--like", help="More like this SKU.")] = None,
    only: Annotated[str | None, typer.Option("--filter", help="Conditions.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=100)] = 10,
    at: Annotated[
        str | None, typer.Option("--at", help="As of this moment, for rules with dates.")
    ] = None,
    shop: ShopOption = DEFAULT_SHOP,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Show a search without rules and with them, and why each moved hit moved."""
    import sys

    from api.picture_file import read_picture
    from api.rules import moment_of, preview_json, previewed
    from api.shop import open_shop
    from api.wanted import read_wanted

    said = {"text": text, "like": like, "filter": only, "top": top}
    wanted = read_wanted(said)
    wanted.check_complete(with_picture=image is not None)
    settings = settings_of(shop=shop, model=model, decoders=0)
    most_bytes = settings.max_upload_bytes
    picture = None if image is None else read_picture(image, most_bytes, sys.stdin.buffer)
    opened = open_shop(live_of(settings))
    try:
        shown = previewed(opened, wanted, picture, None, moment_of(at))
    finally:
        opened.close()
    if as_json:
        say_json(preview_json(shown))
    else:
        _show(shown)


def told(rule: "Rule") -> str:
    """The rule on one line."""
    far = f"by {abs(rule.shift):g}"
    if rule.act == "bury" and rule.strength is None:
        far = "behind everything"
    what = ", ".join(rule.skus) if rule.act == "pin" else f"{rule.products} {far}"
    bounds = [
        f"for {' or '.join(rule.kinds)}" if rule.kinds else "",
        f"when asked for {' or '.join(map(repr, rule.words))}" if rule.words else "",
        f"when filtered by {rule.when}" if rule.when else "",
        f"from {rule.from_at.isoformat()}" if rule.from_at else "",
        f"until {rule.until_at.isoformat()}" if rule.until_at else "",
        "" if rule.enabled else "(switched off)",
    ]
    return " ".join([f"{rule.name}:", rule.act, what, *filter(None, bounds)])


def _show(shown: "Preview") -> None:
    out = console()
    for place, hit in enumerate(shown.after.hits, start=1):
        before = shown.place_before(hit.product.sku)
        stood = "was below" if before is None else "" if before == place else f"was {before}"
        why = ", ".join(f"{moved.act} by {moved.rule!r}" for moved in hit.moved)
        likely = f"{hit.probability:.0%}"
        line = f"{place:3}  {hit.product.sku}  {likely}  {stood}  {why}"
        out.print(plain(line.rstrip()), soft_wrap=True)
    for name, note in shown.notes.items():
        out.print(plain(f"{name}: {note}"), style="yellow", soft_wrap=True)
    if not shown.acted:
        out.print("No rule acts on this search.")


def _act(pin: list[str] | None, boost: str | None, bury: str | None) -> dict[str, Any]:
    """What the rule does; raises BadRule unless exactly one thing was said."""
    from index.errors import BadRule

    acts: list[dict[str, Any]] = []
    if pin:
        acts.append({"act": "pin", "skus": pin})
    acts += [
        {"act": act, "products": products}
        for act, products in (("boost", boost), ("bury", bury))
        if products is not None
    ]
    if len(acts) != 1:
        raise BadRule("act", "say one of --pin SKU, --boost FILTER and --bury FILTER")
    return acts[0]


def _database(shop: Path) -> "Database":
    """The database of the shop's live space; no model is needed to keep rules. Raises NoShop."""
    from index.database import Database
    from index.manifest import read_manifest

    folder = live_of(settings_of(shop=shop)).shop
    read_manifest(folder)
    return Database(folder)
