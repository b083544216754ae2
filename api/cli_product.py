"""`vistazo product`: look at one product, change it, delete it."""

from collections.abc import Iterator
from contextlib import contextmanager
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
    from pathlib import Path

    from index.shelf import Shelf

HELP = """One product: show it, change fields, delete it.

\b
    vistazo product show mb01-blue
    vistazo product set mb01-blue price=29.90 stock=0
    vistazo product set mb01-blue title='Duffle bag' season=Fall,Winter url=
    vistazo product delete mb01-blue

A change is seen by the next search, also in a service that is running. Price and stock need no
model; a new title moves the product's vectors, so the model is opened.
"""
SkuArgument = Annotated[str, typer.Argument(help="The product's SKU.")]


def product_cli() -> typer.Typer:
    """The sub-command `product` with its commands."""
    cli = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    cli.command("show")(show)
    cli.command("set")(set_fields)
    cli.command("delete")(delete)
    return cli


def show(
    sku: SkuArgument,
    shop: ShopOption = DEFAULT_SHOP,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Show a product with its pictures. Exit code 1 if there is none."""
    with _shelf(shop, model) as (shelf, _):
        found = _described(shelf, sku)
    if as_json:
        say_json(found)
        return
    _print(found)


def set_fields(
    sku: SkuArgument,
    changes: Annotated[
        list[str],
        typer.Argument(metavar="FIELD=VALUE…", help="New values; an empty one takes it away."),
    ],
    shop: ShopOption = DEFAULT_SHOP,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Change fields of a product that is there; all others stay.

    title, description, price, currency, brand, category, colour, size, group, stock, store and url
    are fields; any other name is an attribute, which filters find. Several categories or values of
    an attribute go with | or commas between.
    """
    from api.eye import open_encoder
    from api.product_patch import apply_patch, find_flip, read_patch
    from index.errors import UnknownProduct
    from index.product import Product
    from vision.embedding import Embedding

    patch = read_patch(read_changes(changes))
    with _shelf(shop, model) as (shelf, settings):

        def merge(present: Product | None) -> Product:
            if present is None:
                raise UnknownProduct(sku)
            return apply_patch(sku, present, patch)

        def embed(words: str) -> Embedding:
            return open_encoder(settings, threads=settings.threads, lanes=1).words([words])[0]

        flip = find_flip(sku, patch)
        if flip is not None:
            shelf.flip(flip)
        else:
            shelf.revise(sku, merge, embed)
        note_write(shop, Act.WRITE_PRODUCT, sku)
        found = _described(shelf, sku)
    if as_json:
        say_json(found)
    else:
        _print(found)


def delete(
    sku: SkuArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    shop: ShopOption = DEFAULT_SHOP,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Delete a product, with the uploaded pictures that no other product shows."""
    with _shelf(shop, model) as (shelf, _):
        product = shelf.get(sku)
        if not yes:
            typer.confirm(
                f"Delete {plain(sku)} ({plain(product.title, 60)})?", abort=True, err=True
            )
        shelf.delete(sku)
    note_write(shop, Act.DELETE_PRODUCT, sku)
    if as_json:
        say_json({"deleted": sku})
    else:
        console().print(f"deleted: {plain(sku)}")


def read_changes(said: list[str]) -> dict[str, Any]:
    """`FIELD=VALUE` as a merge patch; raises BadParameter, BadProduct for a price that is none."""
    from api.errors import BadParameter
    from index.cells import read_price, read_stock, split_list
    from index.filters import fold_field
    from index.product import STANDARD_FIELDS

    patch: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for one in said:
        name, equals, value = one.partition("=")
        field = fold_field(name)
        if not equals or not field:
            raise BadParameter(one[:60], "write it as FIELD=VALUE")
        if field == "price":
            patch["price"], currency = read_price(value)
            patch |= {"currency": currency} if currency else {}
        elif field == "stock":
            patch["stock"] = read_stock(value)
        elif field == "category":
            patch["categories"] = list(split_list(value)) or None
        elif field in STANDARD_FIELDS:
            patch[field] = value.strip() or None
        else:
            attributes[name.strip()] = list(split_list(value)) or None
    return patch | ({"attributes": attributes} if attributes else {})


@contextmanager
def _shelf(shop: "Path", model: str) -> "Iterator[tuple[Shelf, Any]]":
    """The live space, open, and its settings."""
    from api.eye import card_of
    from index.shelf import Shelf

    settings = live_of(settings_of(shop=shop, model=model))
    with Shelf.open(settings.shop, card_of(settings.model, settings.store).spec) as shelf:
        yield shelf, settings


def _described(shelf: "Shelf", sku: str) -> dict[str, Any]:
    from dataclasses import asdict

    product, pictures, version = shelf.product_with_pictures(sku)
    paths = [str(shelf.folder / picture.path) for picture in pictures]
    return asdict(product) | {"pictures": paths, "version": version}


def _print(found: dict[str, Any]) -> None:
    out = console()
    attributes = found.pop("attributes")
    for name, value in (found | attributes).items():
        shown = value if isinstance(value, list | tuple) else [value]
        text = ", ".join(plain(str(one)) for one in shown if one not in (None, ""))
        if text:
            out.print(f"{plain(name):14} {text}", soft_wrap=True)
