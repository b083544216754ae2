"""Writes the query files that `vistazo eval` measures the built-in encoder with.

    python -m benchmarks.query_sets SHARED OUT

SHARED is the folder of real photos, OUT receives a CSV per question. None of it is committed.
"""

import argparse
import csv
import html
import json
import random
from collections.abc import Iterable
from pathlib import Path

KINDS_FILE = Path(__file__).with_name("kinds.json")
SEED = 20261122
Row = tuple[str, str, str]


def snaps_by_kind(shared: Path) -> list[Row]:
    """Each phone snap of ten kinds; expected: any product of the same kind."""
    kinds: dict[str, list[str]] = json.loads(KINDS_FILE.read_text("utf-8"))["kinds"]
    folder = shared / "snaps"
    return [
        (str(folder / "images" / row["image"]), "", any_of("type", kinds[row["label"]]))
        for row in rows(folder / "snaps.csv")
        if row["label"] in kinds
    ]


def other_views(shared: Path) -> list[Row]:
    """Another view of a product; expected: exactly that product."""
    folder = shared / "catalogues" / "luma"
    return [(str(folder / row["image"]), "", row["sku"]) for row in rows(folder / "views.csv")]


def titles(shared: Path, count: int) -> list[Row]:
    """Titles of the large catalogue; expected: that product."""
    found = rows(shared / "catalogues" / "myntra" / "catalogue.csv")
    chosen = random.Random(SEED).sample(list(found), count)
    return [("", html.unescape(row["title"]), row["sku"]) for row in chosen]


def absent_things(shared: Path) -> list[Row]:
    """Pictures from departments that a fashion shop lacks; expected: nothing like this."""
    wanted = json.loads(KINDS_FILE.read_text("utf-8"))["absent"]["categories"]
    folder = shared / "catalogues" / "retail_demo"
    return [
        (str(folder / row["image"]), "", "none")
        for row in rows(folder / "catalogue.csv")
        if row["category"] in wanted
    ]


def kind_and_colour_words(shared: Path) -> list[Row]:
    """`red shirt` and the like, where the large catalogue has at least ten; expected: the kind."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows(shared / "catalogues" / "myntra" / "catalogue.csv"):
        pair = (row["colour"], row["type"])
        counts[pair] = counts.get(pair, 0) + 1
    return [
        ("", f"{colour} {kind}".lower(), any_of("type", [kind]))
        for (colour, kind), count in sorted(counts.items())
        if count >= 10 and colour not in ("NA", "Multi")
    ]


def any_of(column: str, values: Iterable[str]) -> str:
    """The expectation that any of the values in `column` is right."""
    return "|".join(f"{column}={value}" for value in values)


def rows(path: Path) -> Iterable[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def write(path: Path, found: list[Row]) -> None:
    """Write a query file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("image", "text", "expect"))
        out.writerows(found)
    print(f"{path}: {len(found)} queries")


def main() -> None:
    """Write every query file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("shared", type=Path, help="the folder of real photos")
    parser.add_argument("out", type=Path, help="where the query files go")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    shared = args.shared.resolve()  # query files name pictures by absolute path
    snaps = snaps_by_kind(shared)
    absent = absent_things(shared)
    write(args.out / "snaps_by_kind.csv", snaps)
    write(args.out / "snaps_and_absent.csv", snaps + absent)
    write(args.out / "other_views.csv", other_views(shared))
    write(args.out / "titles.csv", titles(shared, 1000))
    write(args.out / "kind_and_colour_words.csv", kind_and_colour_words(shared))


if __name__ == "__main__":
    main()
