"""`vistazo models`: the models on this machine, and the workshop that makes new ones.

What needs torch (export, publish, bench, fetch) runs in a process of its own: it never enters this
one, nor a server.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli_adapt import adapt
from api.cli_options import (
    DEFAULT_SHOP,
    JsonOption,
    ShopOption,
    aside,
    console,
    say_json,
    settings_of,
)
from api.cli_workshop import StoreOption, run_workshop

if TYPE_CHECKING:
    from models.card import ModelCard

HELP = """The models on this machine, and the workshop that makes new ones.

\b
    vistazo models list
    vistazo models fetch hf-hub:Marqo/marqo-fashionSigLIP --out fetched
    vistazo models export ARCH --fetched fetched --out draft --pictures PHOTOS
    vistazo models publish draft --pictures PHOTOS
    vistazo models adapt exported/catalogue.jsonl --name my-shop
    vistazo models use NAME
"""
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
NameArgument = Annotated[str, typer.Argument(help="NAME, NAME@VERSION, or the folder of a card.")]


def build_models_cli() -> typer.Typer:
    """The sub-command `models` with its commands."""
    cli = typer.Typer(name="models", help=HELP, no_args_is_help=True, rich_markup_mode=None)
    cli.command("list")(list_models)
    cli.command("show")(show)
    cli.command("verify")(verify)
    cli.command("bench")(bench)
    cli.command("remove")(remove)
    cli.command("use")(use)
    cli.command("adapt")(adapt)
    for name, act in (("export", export), ("publish", publish), ("fetch", fetch)):
        cli.command(name, context_settings=PASS_ON)(act)
    return cli


def list_models(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List the built-in model and those of the store, the one published last at the end."""
    from models.card import read_card
    from models.registry import BUILTIN, published

    folders = [BUILTIN, *published(_store(store))]
    rows = [_row(read_card(folder), folder) for folder in folders]
    if as_json:
        say_json({"models": rows})
        return
    for row in rows:
        size = f"{row['size_px']} px → {row['dimension']}"
        told = f"{row['name']}@{row['version']}  {size}  {row['licence']}"
        console().print(told, markup=False, soft_wrap=True)


def show(name: NameArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show a model's card: source, licence, what was measured. Its files are verified."""
    from api.eye import card_of

    card = card_of(name, _store(store))
    row = _row(card, card.spec.image_graph.parent) | {"measured": dict(card.measured)}
    if as_json:
        say_json(row)
        return
    for key, value in row.items():
        if key != "measured":
            console().print(f"{key:10} {value}", markup=False, soft_wrap=True)
    _print_bench(card)


def verify(name: NameArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Verify every file of a model against its card's checksums. Exit code 1 when one differs."""
    from api.eye import card_of

    card = card_of(name, _store(store))
    if as_json:
        say_json({"ok": True, "files": sorted(card.checksums)})
    else:
        console().print(f"{card.name}@{card.version}: {len(card.checksums)} files are right")


def bench(
    context: typer.Context,
    name: NameArgument,
    pictures: Annotated[
        Path | None, typer.Option(help="Measure a draft anew, on the photos of this folder.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one run.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds in which all take turns.")] = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how every candidate of a model did when it was published; or measure a draft anew."""
    from api.eye import card_of

    if pictures is not None:
        said = ["bench", name, "--pictures", str(pictures), "--threads", str(threads)]
        run_workshop([*said, "--rounds", str(rounds)])
        return
    card = card_of(name, _store(store))
    if as_json:
        say_json(card.measured.get("bench", {}))
    else:
        _print_bench(card)


def remove(name: NameArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Remove a published model from the store. A shop that serves it needs another one then."""
    from models.registry import remove_model
    from vision.errors import BadModel

    try:
        folder = remove_model(name, _store(store))
    except LookupError as error:
        raise BadModel(name, str(error).rstrip(".")) from error
    if as_json:
        say_json({"removed": str(folder)})
    else:
        console().print(f"removed {folder}", markup=False, soft_wrap=True)


def use(
    name: NameArgument,
    shop: ShopOption = DEFAULT_SHOP,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Switch a shop to another model: fill its space beside the old one, then flip.

    A server that runs goes over within a second, without losing a request. Back again is the same
    command with the other name: what is unchanged is not looked at again.
    """
    from api.switching import switch

    settings = settings_of(shop=shop, store=_store(store))
    switched = switch(settings, name, quiet=as_json)
    if as_json:
        say_json(switched)
        return
    done = ", ".join(f"{switched[key]:,} {key}" for key in ("embedded", "unchanged", "removed"))
    console().print(f"{shop} now lives in {switched['model']}: {done}", soft_wrap=True)
    for sku, reason in switched["lost"].items():
        aside().print(f"left out: {sku}: {reason}", markup=False, soft_wrap=True)


def export(context: typer.Context) -> None:
    """Export an open_clip architecture to a draft: two ONNX graphs that proved themselves.

    ARCH --out FOLDER --pictures PHOTOS
    (--pretrained TAG | --checkpoint FILE | --fetched FOLDER | --random SEED) [--name NAME]
    [--licence LICENCE] [--tokeniser FILE.json] [--config FILE.json]
    """
    run_workshop(["export", *context.args])


def publish(context: typer.Context) -> None:
    """Publish a draft: quantise, gate and time every candidate, store the fastest that passes.

    DRAFT --pictures PHOTOS [--store FOLDER] [--threads N] [--rounds N] [--accept-licence]
    """
    said = list(context.args)
    if "--store" not in said and "--help" not in said:
        said += ["--store", str(_store(None))]
    run_workshop(["publish", *said])


def fetch(context: typer.Context) -> None:
    """Fetch an open_clip model from a hub into a folder, for `export --fetched`.

    hf-hub:ORGANISATION/NAME --out FOLDER [--revision COMMIT]
    """
    run_workshop(["fetch", *context.args])


def _store(said: Path | None) -> Path:
    return said if said is not None else settings_of().store


def _row(card: "ModelCard", folder: Path) -> dict[str, Any]:
    spec = card.spec
    return {
        "name": card.name,
        "version": card.version,
        "source": card.source,
        "licence": card.licence,
        "size_px": spec.size_px,
        "dimension": spec.dimension,
        "engines": f"{spec.image_engine}, {spec.words_engine}",
        "folder": str(folder),
    }


def _print_bench(card: "ModelCard") -> None:
    held = card.measured.get("bench")
    if held is None:
        return
    for tower in ("pictures", "words"):
        console().print(f"\n{tower} ({held['threads']} threads; chosen: {held['chosen'][tower]})")
        for row in held[tower]:
            figures = f"{row['one_ms']:8.2f} ms {row['per_s']:8.1f}/s {row['megabytes']:7.1f} MB"
            verdict = "passed" if row["refused"] is None else row["refused"]
            told = f"  {row['name']:28}{figures}  {verdict}"
            console().print(told, markup=False, soft_wrap=True)
