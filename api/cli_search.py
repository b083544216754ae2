"""`vistazo search`: find products from the command line, through the same line as over HTTP."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from api.cropping import Meant
    from api.line import Found
    from api.rooms import Rooms
    from api.shop import Shop
    from api.wanted import Wanted
    from index.hit import Hit

OTHERS_WIDTH = 40
VERY = 0.7
"""From here on it is told as the very product: as on the page (api/pages/words.js)."""
LIKELY = ((0.75, "very likely"), (0.5, "likely"), (0.25, "perhaps"), (0.0, "unlikely"))


def search(
    picture: Annotated[
        str | None,
        typer.Argument(help="A picture: a file, - for standard input, or its https:// address."),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option("--image", help="A picture file to search with; - for standard input."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", help="Words; beside --image they refine it: 'but in green'."),
    ] = None,
    like: Annotated[str | None, typer.Option("--like", help="More like this SKU.")] = None,
    only: Annotated[
        str | None,
        typer.Option("--filter", help="For example: 'category=Bags price<100 stock>0'."),
    ] = None,
    box: Annotated[
        str | None,
        typer.Option("--box", help="x,y,w,h: search for this part of the upright picture."),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Search the whole picture, not the most prominent thing."),
    ] = False,
    top: Annotated[int, typer.Option("--top", min=1, max=100, help="How many hits.")] = 10,
    unfold: Annotated[
        bool, typer.Option("--unfold", help="A hit for every product, not one for each group.")
    ] = False,
    shop: ShopOption = DEFAULT_SHOP,
    model: ModelOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Find the shop's most similar products by picture, words, both, or SKU.

    Of a picture that shows several things the most prominent is searched, as on the page, and which
    it was is said; --whole searches all of it, --box a part of your choice.
    """
    from api.errors import BadParameter
    from api.line import walk
    from api.picture_file import read_picture
    from api.regions import region_json
    from api.rooms import Rooms
    from api.shop import open_shop
    from api.wanted import read_wanted

    image, url = picture_or_address(picture, image)
    said = {"text": text, "like": like, "filter": only, "box": box, "top": top, "unfold": unfold}
    wanted = read_wanted(said | {"url": url})
    wanted.check_complete(with_picture=image is not None)
    if whole and wanted.box is not None:
        raise BadParameter("whole", "a box names a part; say one of the two")
    settings = settings_of(shop=shop, model=model, decoders=0)  # your own picture
    most_bytes = settings.max_upload_bytes
    data = None if image is None else read_picture(image, most_bytes, sys.stdin.buffer)
    opened = open_shop(live_of(settings))
    try:
        rooms = Rooms()
        if url is not None:
            with rooms.room("fetch"):
                data = opened.courier.bring(url)
        meant = None
        if data is not None and wanted.box is None and not whole:
            meant = _meant(opened, data, rooms)
        if meant is not None:
            wanted = wanted.model_copy(update={"box": meant.region.box})
        found = walk(opened, wanted, data, rooms)
        if as_json:
            told = _json(opened, wanted, found, rooms.took_ms(), with_picture=data is not None)
            told["query"]["thing"] = None if meant is None else region_json(meant.region)
            say_json(told)
        else:
            _show(wanted, found, rooms.took_ms(), meant)
    finally:
        opened.close()


def _meant(shop: "Shop", picture: bytes, rooms: "Rooms") -> "Meant | None":
    """The thing to search for; a finder that is broken is told of, and costs no search."""
    from api.cropping import meant_in
    from vision.errors import BadModel

    try:
        return meant_in(shop, picture, rooms)
    except BadModel as error:
        told = f"The whole picture was searched: {plain(str(error))}"
        aside().print(told, style="yellow", soft_wrap=True)
        return None


def picture_or_address(picture: str | None, image: Path | None) -> "tuple[Path | None, str | None]":
    """The file and the address that were meant, at most one of them. Raises BadParameter."""
    from api.errors import BadParameter

    if picture is None:
        return image, None
    if image is not None:
        raise BadParameter("image", "the picture was named twice")
    if picture.casefold().startswith(("http://", "https://")):
        return None, picture
    return Path(picture), None


def _json(
    shop: "Shop", wanted: "Wanted", found: "Found", took_ms: dict[str, float], *, with_picture: bool
) -> dict[str, Any]:
    """What the service would answer, with files on this machine in place of addresses."""
    from api.search import query_json

    return {
        "query": query_json(wanted, found, with_picture=with_picture),
        "hits": [_hit_json(shop, hit) for hit in found.answer.hits],
        "nothing_like_this": found.answer.nothing_like_this,
        "model": shop.model_json(),
        "took_ms": took_ms,
    }


def _hit_json(shop: "Shop", hit: "Hit") -> dict[str, Any]:
    from api.replies import hit_json

    told = hit_json(hit) | {"image": _main_picture(shop, hit.product.sku)}
    for swatch in told["swatches"]:
        swatch["image"] = _main_picture(shop, swatch["sku"])
    return told


def _main_picture(shop: "Shop", sku: str) -> str | None:
    """The file of the product's first picture on this machine."""
    pictures = shop.shelf.pictures(sku)
    return pictures[0].path if pictures else None


def _show(
    wanted: "Wanted", found: "Found", took_ms: dict[str, float], meant: "Meant | None"
) -> None:
    out = console()
    if meant is not None:
        out.print(_searched(meant), style="dim", soft_wrap=True)
    if not found.answer.hits:
        out.print(why_empty(wanted, found))
    elif found.answer.nothing_like_this:
        out.print("Nothing like this in the shop. The nearest there is:")
    if found.answer.hits:
        out.print(table_of(found.answer.hits, out.width))
    out.print(f"{took_ms['total']:.0f} ms", style="dim")


def _searched(meant: "Meant") -> str:
    """Which part of the picture was searched, in words."""
    region, box = meant.region, meant.region.box
    return (
        f"Searched for the {region.kind} at {box.x},{box.y},{box.w},{box.h} "
        f"({region.confidence:.0%} sure), the most prominent of {meant.of} things; "
        "--whole searches the whole picture."
    )


def why_empty(wanted: "Wanted", found: "Found") -> str:
    """Why not a single product came: a search without conditions returns the nearest ones."""
    conditions = [wanted.filter] if wanted.filter else []
    if (reading := found.reading) is not None:
        conditions += [
            f"price {sign} {bound:,.2f}"
            for sign, bound in (("≤", reading.price_below), ("≥", reading.price_above))
            if bound is not None
        ]
    if conditions:
        return f"No product of this shop meets the filter: {plain(' and '.join(conditions))}"
    return "There is no other product in this shop." if wanted.like else "This shop is empty."


def table_of(hits: "Sequence[Hit]", width: int) -> "Table":
    """The hits as a table for a screen of `width` columns.

    SKUs are what --like takes, so they stay whole while the other columns give way, and are folded,
    not cut, where one is longer than the screen.
    """
    from rich.table import Table

    longest = max((len(plain(hit.product.sku)) for hit in hits), default=0)
    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("SKU", width=max(3, min(longest, width - OTHERS_WIDTH)), overflow="fold")
    table.add_column("Title", overflow="ellipsis")
    table.add_column("Price", justify="right")
    table.add_column("Colour", overflow="ellipsis")
    table.add_column("Match")
    for place, hit in enumerate(hits, start=1):
        product = hit.product
        price = "" if product.price is None else f"{product.price:,.2f} {product.currency}".strip()
        match = f"{likely(hit.probability)} ({hit.probability:.0%})"
        if hit.exact is not None and hit.exact >= VERY:
            match = f"this very product ({hit.exact:.0%})"
        said = (product.sku, product.title, price, product.colour, match)
        table.add_row(str(place), *(plain(cell) for cell in said))
    return table


def likely(probability: float) -> str:
    """`probability` in words."""
    return next(word for least, word in LIKELY if probability >= least)
