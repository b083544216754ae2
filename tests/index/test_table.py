"""CSV as people export it, and as accidents leave it."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import BadRow, BadSource
from index.row import require_columns
from index.table import read_table


def demand(path: Path) -> Callable[[list[str]], None]:
    """Refuses a header that no catalogue has."""
    return partial(require_columns, path)


GOOD = "sku,image,title\na,1.jpg,Bag\nb,2.jpg,Hat\n"


def read(path: Path, content: str | bytes) -> tuple[list[str], list[BadRow], list[str]]:
    """The SKUs of good records, the bad records and the notes."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    notes: list[str] = []
    found = list(read_table(path, notes.append, demand(path)))
    bad = [r for r in found if isinstance(r, BadRow)]
    return [r[1]["sku"][0] for r in found if not isinstance(r, BadRow)], bad, notes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(path: Path, delimiter: str) -> None:
    assert read(path, GOOD.replace(",", delimiter))[0] == ["a", "b"]


def test_a_mark_at_the_start_and_excels_hint_are_read_over(path: Path) -> None:
    assert read(path, "\ufeff" + GOOD)[0] == ["a", "b"]
    assert read(path, "sep=;\n" + GOOD.replace(",", ";"))[0] == ["a", "b"]
    assert read(path, "\n\n" + GOOD)[0] == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_encodings_are_told_apart(path: Path, encoding: str) -> None:
    path.write_bytes("sku,image,title\na,1.jpg,Müller – café\n".encode(encoding))
    notes: list[str] = []
    ((_, cells),) = read_table(path, notes.append, demand(path))  # type: ignore[misc] # no bad row here
    assert cells["title"] == ["Müller – café"]
    assert ["Windows-1252" in note for note in notes] == ([True] if encoding == "cp1252" else [])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_numbers_are_those_of_an_editor(path: Path, ending: str) -> None:
    path.write_bytes('sku,image\na,"1\n.jpg"\n\nb,2.jpg\nc,3,4\n'.replace("\n", ending).encode())
    found = list(read_table(path, print, demand(path)))
    lines = [r.line if isinstance(r, BadRow) else r[0] for r in found]
    assert lines == [2, 5, 6]


def test_columns_of_one_name_give_their_values_together(path: Path) -> None:
    path.write_text("sku,image,image\na,1.jpg,2.jpg\n")
    assert list(read_table(path, print, demand(path))) == [
        (2, {"sku": ["a"], "image": ["1.jpg", "2.jpg"]})
    ]


def test_an_open_quote_costs_its_own_line_only(path: Path) -> None:
    skus, bad, _ = read(path, 'sku,image,title\na,1.jpg,x\nb,"2.jpg,y\nc,3.jpg,z\nd,4.jpg,z\n')
    assert skus == ["a", "c", "d"]
    assert [(b.line, b.code) for b in bad] == [(3, "broken_record")]


def test_an_open_quote_that_another_one_closes_far_below_costs_two_lines(path: Path) -> None:
    lines = ["sku,image,title", 'bad,"1.jpg,x', *(f"s{n},2.jpg,y" for n in range(50)), 'bad2,"3,z']
    skus, bad, _ = read(path, "\n".join(lines) + "\n")
    assert skus == [f"s{n}" for n in range(50)]
    assert len(bad) == 2


def test_quotes_that_only_a_strict_reader_minds_are_taken(path: Path) -> None:
    assert read(path, 'sku,image,title\na,1.jpg,"12" display"\nb,2.jpg,y\n')[0] == ["a", "b"]


def test_cells_over_several_lines_are_one_record(path: Path) -> None:
    assert read(path, 'sku,image,title\na,1.jpg,"two\nlines, and ""quotes"""\nb,2,\n')[0] == [
        "a",
        "b",
    ]


def test_too_many_cells_are_refused_and_too_few_are_empty(path: Path) -> None:
    skus, bad, _ = read(path, "sku,image,title\na,1.jpg,x,y\nb,2.jpg\n")
    assert skus == ["b"]
    assert bad[0].code == "too_many_cells"


def test_an_endless_line_costs_itself_only(path: Path) -> None:
    skus, bad, _ = read(path, "sku,image\na,1\nb," + "x" * 3_000_000 + "\nc,2\n")
    assert skus == ["a", "c"]
    assert [b.line for b in bad] == [3]


@pytest.mark.parametrize("content", ["", "\n\n", "name,price\nx,1\n", "\0\0\0", "x" * 500_000])
def test_what_is_no_catalogue_is_refused_as_a_whole(path: Path, content: str) -> None:
    with pytest.raises(BadSource):
        read(path, content)


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_after_the_header_are_records_or_bad_rows(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(GOOD.encode() + tail)
    found = list(read_table(path, lambda note: None, demand(path)))
    assert [r[0] for r in found[:2] if not isinstance(r, BadRow)] == [2, 3]


def test_damage_anywhere_costs_only_the_lines_that_were_damaged(path: Path) -> None:
    draw = random.Random(5)
    lines = [f"s{n},{n}.jpg,Title {n}" for n in range(400)]
    damaged = set(draw.sample(range(400), 40))
    for n in damaged:
        lines[n] = draw.choice([f'"{lines[n]}', f"{lines[n]},,", "\0" + lines[n], f'x,"{n}'])
    skus, _, _ = read(path, "\n".join(["sku,image,title", *lines]) + "\n")
    assert {f"s{n}" for n in range(400) if n not in damaged} <= set(skus)


def test_an_open_quote_before_very_many_lines_takes_no_very_long_time(path: Path) -> None:
    lines = [f"s{n},{n}" for n in range(60_000)]
    skus, bad, _ = read(path, "\n".join(["sku,image", 'x,"open', *lines]))
    assert (len(skus), len(bad)) == (60_001, 0)  # its own line makes a whole record
