"""The same pictures searched whole, cropped and framed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.crop_trial import Tried, overlap, report_crops
from api.metrics import Judged
from tests.drawn_finder import street, write_finder
from vision.photo import Box

pytestmark = pytest.mark.usefixtures("workplace")
RIGHT = Judged(True, (True,), 1, refused=False, probability=0.5)
WRONG = Judged(True, (False,), 1, refused=False, probability=0.5)
BOXES = st.builds(
    Box, st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50)
)


@pytest.fixture
def asked(catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    """A query of a street with the coat's box, one of a red square, one of words."""
    write_finder(tmp_path / "finder")
    monkeypatch.setenv("VISTAZO_REGIONS", str(tmp_path / "finder"))
    street().save(tmp_path / "street.png")
    queries = tmp_path / "queries.csv"
    queries.write_text(
        "image,text,box,expect\n"
        'street.png,,"150,160,300,400",colour=red\n'
        "red.jpg,,,colour=red\n,red bag,,colour=red\nno.jpg,,,colour=red\n"
    )
    return "eval", "--catalogue", catalogue, "--queries", queries


def test_pictures_are_searched_whole_and_cropped_and_boxes_are_compared(
    call: Callable[..., Any], asked: tuple[Any, ...], red: Path
) -> None:
    code, out, _ = call(*asked, "--regions", "--json")
    told = json.loads(out)["regions"]
    assert code == 0
    assert (told["pictures"], told["cropped"], told["boxes"], told["box_found"]) == (3, 1, 1, 1.0)
    assert told["automatic"]["recall@1"]["value"] == pytest.approx(2 / 3)  # the coat is red
    assert told["framed"]["recall@1"]["value"] == 1.0
    low, high = told["gain"]["interval"]
    assert low <= told["gain"]["recall@1"] <= high
    code, out, _ = call(*asked, "--regions")
    assert code == 0
    assert "3 pictures, of which 1 were cropped" in out
    assert "the thing of the row's box was chosen in 100%" in out


def test_a_rows_box_is_what_is_searched_and_one_that_is_none_is_missed_with_its_line(
    call: Callable[..., Any], asked: tuple[Any, ...], red: Path
) -> None:
    queries = asked[-1]
    queries.write_text('image,box,expect\nstreet.png,"150,160,300,400",colour=red\n')
    code, out, _ = call(*asked, "--json")
    figures = json.loads(out)
    assert (code, figures["recall@1"]) == (0, 1.0)
    assert "regions" not in figures
    queries.write_text("image,box,expect\nstreet.png,here,colour=red\n")
    code, out, err = call(*asked, "--json")
    assert (code, json.loads(out)["recall@1"]) == (0, 0.0)
    assert "line 2: counted as missed" in err


def test_without_the_finder_it_says_so(
    call: Callable[..., Any], asked: tuple[Any, ...], tmp_path: Path
) -> None:
    (tmp_path / "finder" / "regions.onnx").unlink()
    code, _, err = call(*asked, "--regions")
    assert code == 1
    assert "left out" in err


def test_ways_are_compared_in_pairs_and_what_nobody_framed_is_no_figure() -> None:
    told = report_crops(
        [Tried(WRONG, RIGHT, True, None, None), Tried(RIGHT, RIGHT, False, None, None)]
    )
    assert told["gain"]["recall@1"] == 0.5
    assert (told["framed"], told["box_found"], told["cropped"]) == (None, None, 1)
    assert report_crops([])["gain"] is None


@given(BOXES, BOXES)
def test_boxes_overlap_alike_both_ways_and_wholly_only_where_they_are_one(a: Box, b: Box) -> None:
    assert overlap(a, b) == overlap(b, a)
    assert 0 <= overlap(a, b) <= 1
    assert (overlap(a, b) == 1) == (a == b)
