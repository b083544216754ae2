"""`vistazo regions`, and what the doctor says of the finder."""

import json
import shlex
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from tests.drawn_finder import GRAPH, street, write_finder

pytestmark = pytest.mark.usefixtures("workplace")


@pytest.fixture
def finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a finder, named to the command."""
    folder = tmp_path / "finder"
    write_finder(folder)
    monkeypatch.setenv("VISTAZO_REGIONS", str(folder))
    return folder


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "street.jpg"
    street().save(path)
    return path


def test_programs_read_what_the_service_would_answer(call: Any, finder: Path, photo: Path) -> None:
    code, out, _ = call("regions", photo, "--json")
    told = json.loads(out)
    assert code == 0
    assert [thing["kind"] for thing in told["regions"]] == ["outer", "bag"]
    assert (told["prominent"], told["width_px"], told["height_px"]) == (0, 600, 800)


def test_people_read_a_table_and_how_to_search_for_one(
    call: Any, finder: Path, photo: Path
) -> None:
    code, out, _ = call("regions", photo)
    assert code == 0
    assert "outer" in out
    assert "the most prominent" in out
    assert "--box 150,160,300,400" in out


@pytest.mark.parametrize("name", ["[red]a b[bold].jpg", "it's $(touch x) [link=x].jpg"])
def test_the_search_it_suggests_is_one_to_paste_whatever_the_file_is_called(
    call: Any, finder: Path, photo: Path, tmp_path: Path, name: str
) -> None:
    odd = tmp_path / name
    photo.rename(odd)
    code, out, _ = call("regions", odd)
    (told,) = [line for line in out.splitlines() if "vistazo search" in line]
    words = shlex.split(told.partition("Search for one: ")[2])
    assert code == 0
    assert words == ["vistazo", "search", "--image", str(odd), "--box", "150,160,300,400"]


def test_what_came_by_standard_input_is_not_suggested_to_be_searched_for_by_name(
    call: Any, finder: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with photo.open("rb") as given:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(given))
        code, out, _ = call("regions", "-")
    assert code == 0
    assert "the most prominent" in out
    assert "vistazo search" not in out


def test_a_picture_without_things_is_said(call: Any, finder: Path, red: Path) -> None:
    code, out, _ = call("regions", red)
    assert code == 0
    assert "Nothing was found" in out


def test_left_out_it_says_so_and_the_doctor_finds_nothing_wrong(
    call: Any, finder: Path, photo: Path
) -> None:
    (finder / GRAPH).unlink()
    code, _, err = call("regions", photo)
    assert code == 1
    assert "regions.onnx was left out" in err
    told = json.loads(call("doctor", "--json")[1])
    (found,) = [f for f in told["findings"] if f["what"] == "regions"]
    assert found["ok"]
    assert "left out" in found["detail"]


def test_the_doctor_times_it_and_knows_a_broken_one(call: Any, finder: Path) -> None:
    (found,) = [
        f for f in json.loads(call("doctor", "--json")[1])["findings"] if f["what"] == "regions"
    ]
    assert found["ok"]
    assert "ms a picture" in found["detail"]
    (finder / GRAPH).write_bytes(b"torn")
    (found,) = [
        f for f in json.loads(call("doctor", "--json")[1])["findings"] if f["what"] == "regions"
    ]
    assert not found["ok"]
    assert found["cure"]
