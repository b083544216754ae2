"""The straight line: a query's bytes and words become the shop's answer, each room once.

Promise: the picture of a query lives in memory for as long as its request; it is written to no
disk and named in no log.
"""

from dataclasses import dataclass

from api.rooms import Rooms
from api.shop import Shop
from api.wanted import Wanted
from index.filters import All, Filter, Part, Term, parse_filter
from index.hit import Answer
from index.query import Query, QueryKind
from vision.agreement import contradicts
from vision.compose import compose
from vision.embedding import Embedding
from vision.errors import NotWords
from vision.lexicon import Reading
from vision.photo import Square


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk along the line found. `square` and `reading` are None where none was asked."""

    answer: Answer
    square: Square | None
    reading: Reading | None


def walk(shop: Shop, wanted: Wanted, picture: bytes | None, rooms: Rooms) -> Found:
    """Find what `wanted` and `picture` ask for; blocks, so it belongs on a thread.

    Raises NotAPicture, PictureTooLarge, BoxOutside, NotWords, UnknownProduct, BadFilter,
    DecodingStopped, DecoderBusy, DecoderBroken, EncoderBusy, EncoderBroken or ShopBusy.
    """
    query, square, reading = understand(shop, wanted, picture, rooms)
    answer = shop.shelf.search(query)
    rooms.add(answer.took_ms)
    return Found(answer, square, reading)


def understand(
    shop: Shop, wanted: Wanted, picture: bytes | None, rooms: Rooms
) -> tuple[Query, Square | None, Reading | None]:
    """The query that `wanted` and `picture` ask, before anything is searched; raises as `walk`."""
    reading = read_words(shop, wanted.text)
    only = narrowed(wanted.filter, reading)
    square = pictured = worded = None
    if picture is not None:
        square, pictured = see(shop, picture, wanted, rooms)
    if reading is not None and reading.words:
        with rooms.room("words"):
            worded = shop.encoder.words([reading.words])[0]
    kind, point = aim(shop, wanted, pictured, worded)
    query = Query(
        point, kind, only, wanted.top, wanted.unfold, wanted.like, text=wanted.text or "",
        seen=recognised_in(shop, pictured, worded),
    )  # fmt: skip
    return query, square, reading


def recognised_in(
    shop: Shop, pictured: Embedding | None, worded: Embedding | None
) -> Embedding | None:
    """The picture in which the very product may be recognised: none where words ask for another."""
    if pictured is None or worded is None:
        return pictured
    blocks = shop.encoder.spec.blocks
    return None if contradicts(pictured.vector, worded.vector, blocks) else pictured


def see(shop: Shop, picture: bytes, wanted: Wanted, rooms: Rooms) -> tuple[Square, Embedding]:
    """What the encoder takes of `picture` (of the wanted box in it), and its embedding."""
    spec = shop.encoder.spec
    square = shop.decoder.square(picture, box=wanted.box, side_px=spec.size_px, resize=spec.resize)
    rooms.add(square.took_ms)
    with rooms.room("encode"):
        return square, shop.encoder.pictures(square.pixels[None])[0]


def aim(
    shop: Shop, wanted: Wanted, pictured: Embedding | None, worded: Embedding | None
) -> tuple[QueryKind, Embedding]:
    """The kind of query and the point to search around. Raises NotWords, UnknownProduct."""
    if wanted.like is not None:
        pictured = shop.shelf.vector_of(wanted.like)
    if pictured is not None and worded is not None:
        return "both", compose(pictured, worded, shop.encoder.spec.blocks)
    if pictured is not None:
        return "picture", pictured
    if worded is not None:
        return "words", worded
    raise NotWords("they name a price, but not what you look for")


def read_words(shop: Shop, text: str | None) -> Reading | None:
    """What the shopper's words mean to the model; None where there are none."""
    if text is None:
        return None
    if shop.lexicon is None:
        return Reading(text, None, None, (), ())
    return shop.lexicon.read(text)


def narrowed(asked: str | None, reading: Reading | None) -> Filter | None:
    """The filter that was asked and the prices that the words name, both; None for neither.

    What was asked is understood by itself, so that nothing written in it widens what the words
    say; its text is what was typed. Raises BadFilter.
    """
    parts: list[Part] = []
    text = ""
    if asked:
        typed = parse_filter(asked)
        text = typed.text
        parts.append(typed.root)
    if reading is not None and reading.price_below is not None:
        parts.append(Term("price", "<=", (f"{reading.price_below:.2f}",)))
    if reading is not None and reading.price_above is not None:
        parts.append(Term("price", ">=", (f"{reading.price_above:.2f}",)))
    return Filter(text, All(tuple(parts))) if parts else None


def filter_text(asked: str | None, reading: Reading | None) -> str:
    """The conditions of `narrowed` in one line, to be shown to people; nothing parses it."""
    terms = [f"({asked})"] if asked else []
    if reading is not None and reading.price_below is not None:
        terms.append(f"price<={reading.price_below:.2f}")
    if reading is not None and reading.price_above is not None:
        terms.append(f"price>={reading.price_above:.2f}")
    return " ".join(terms)
