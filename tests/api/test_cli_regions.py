"""`vistazo regions`, and what the doctor says of the finder."""

import json
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
