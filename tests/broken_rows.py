"""A catalogue that is broken on purpose: twenty kinds of bad rows among good ones.

Each kind says with which code a row of it must be rejected. The rows are those that merchants
really send: exported by hand, cut by a mail program, edited in a spreadsheet.
"""

import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fakes import drawn_picture

HEADER = ("sku", "title", "price", "stock", "colour", "image")
FILES = "images"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to be broken: the `code` that tells it, and a line of the table for row `n`."""

    name: str
    code: str
    line: Callable[[int], str]
    told_by_sku: bool = True
    """Whether the rejection names the row's SKU: a line that is no record has none."""


@dataclass(frozen=True, slots=True)
class BrokenCatalogue:
    """The table, the SKUs of its good rows, and of each broken one its SKU, kind and line."""

    table: Path
    good: frozenset[str]
    broken: tuple[tuple[str, Kind, int], ...]


def broken_sku(kind: str, n: int) -> str:
    """The SKU of a broken row."""
    return f"bad-{kind}-{n}"


def _with(kind: str, **cells: str) -> Callable[[int], str]:
    """A row that is good but for these cells."""

    def line(n: int) -> str:
        row = {
            "sku": broken_sku(kind, n), "title": "A bag", "price": "12.50", "stock": "3",
            "colour": "red", "image": f"{FILES}/good.png",
        } | cells  # fmt: skip
        return ",".join(row[name] for name in HEADER)

    return line


def _long_sku(n: int) -> str:
    return f"{broken_sku('long-sku', n)}{'x' * 200},A bag,1,1,red,{FILES}/good.png"


def _like_an_address(n: int) -> str:
    return f"{broken_sku('address', n)}/pictures/{n},A bag,1,1,red,{FILES}/good.png"


def _open_quote(n: int) -> str:
    return f'{broken_sku("open-quote", n)},"A bag of 5" width,1,1,red,{FILES}/good.png,,"'


KINDS: tuple[Kind, ...] = (
    Kind("no-sku", "no_sku", _with("no-sku", sku=" "), told_by_sku=False),
    Kind("price-word", "bad_price", _with("price-word", price="ask us")),
    Kind("price-negative", "bad_price", _with("price-negative", price="-5")),
    Kind("price-absurd", "bad_price", _with("price-absurd", price="10000000000000")),
    Kind("stock-word", "bad_stock", _with("stock-word", stock="plenty")),
    Kind("stock-half", "bad_stock", _with("stock-half", stock="2.5")),
    Kind("no-picture", "no_picture", _with("no-picture", image="")),
    Kind("absent", "missing_picture", _with("absent", image=f"{FILES}/absent.jpg")),
    Kind("folder", "missing_picture", _with("folder", image=FILES)),
    Kind("text-file", "not_a_picture", _with("text-file", image=f"{FILES}/text.jpg")),
    Kind("empty-file", "not_a_picture", _with("empty-file", image=f"{FILES}/empty.jpg")),
    Kind("cut-file", "not_a_picture", _with("cut-file", image=f"{FILES}/cut.png")),
    Kind("bomb", "picture_too_large", _with("bomb", image=f"{FILES}/bomb.png")),
    Kind("ftp", "remote_picture", _with("ftp", image="ftp://host.test/bag.jpg")),
    Kind("long-sku", "bad_sku", _long_sku, told_by_sku=False),
    Kind("address", "bad_sku", _like_an_address, told_by_sku=False),
    Kind("long-title", "bad_text", _with("long-title", title="A bag " * 4_000)),
    Kind("nul", "bad_text", _with("nul", colour="re\0d"), told_by_sku=False),
    Kind("too-many-cells", "too_many_cells", _with("too-many-cells", colour="red,wine,rose"),
         told_by_sku=False),
    Kind("open-quote", "broken_record", _open_quote, told_by_sku=False),
)  # fmt: skip


def broken_catalogue(folder: Path, *, good: int = 300, each: int = 10) -> BrokenCatalogue:
    """Draw the catalogue into `folder`: `good` rows, and `each` of every kind among them."""
    _draw_files(folder / FILES, good)
    lines: list[tuple[str, str, Kind | None]] = [
        (f"good-{n}", f"good-{n},Bag {n},{n}.90,{n % 4},blue,{FILES}/{n % 40}.png", None)
        for n in range(good)
    ]
    lines += [(broken_sku(k.name, n), k.line(n), k) for k in KINDS for n in range(each)]
    random.Random(20).shuffle(lines)
    table = folder / "catalogue.csv"
    table.write_text("\n".join([",".join(HEADER), *(line for _, line, _ in lines), ""]), "utf-8")
    return BrokenCatalogue(
        table,
        frozenset(sku for sku, _, kind in lines if kind is None),
        tuple((sku, kind, n) for n, (sku, _, kind) in enumerate(lines, start=2) if kind),
    )


def _draw_files(folder: Path, good: int) -> None:
    folder.mkdir(parents=True)
    for n in range(min(good, 40)):
        (folder / f"{n}.png").write_bytes(drawn_picture(n))
    (folder / "good.png").write_bytes(drawn_picture(1_000))
    (folder / "text.jpg").write_text("This is the text of a mail, saved as a picture.", "utf-8")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "cut.png").write_bytes(drawn_picture(1_001)[:60])
    (folder / "bomb.png").write_bytes(_bomb())


def _bomb() -> bytes:
    """A PNG of 1.6 gigapixels, by its header, and a few hundred bytes."""
    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
