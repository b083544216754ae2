"""Judgements follow the rules, and a figure's interval knows how few people gave it."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.captions import read_wordings  # noqa: E402  # after the skip
from models.examples import Example  # noqa: E402
from models.judge import Judge, Tally, read_judge  # noqa: E402

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def judge() -> Judge:
    return read_judge(read_wordings())


@pytest.mark.parametrize(
    ("colour", "family"),
    [("Navy Blue", "blue"), ("bk", "black"), ("Maroon", "red"), ("Multi", ""), ("Grey", "grey")],
)
def test_a_named_colour_has_a_family(judge: Judge, colour: str, family: str) -> None:
    assert judge.family(Example("x", Path("x"), "", "", colour=colour)) == family


@pytest.mark.parametrize(
    ("rgb", "family"),
    [((20, 20, 22), "black"), ((190, 20, 35), "red"), ((30, 60, 160), "blue"),
     ((60, 150, 70), "green"), ((250, 250, 248), "white")],
)  # fmt: skip
def test_a_measured_colour_has_a_family(
    judge: Judge, rgb: tuple[int, int, int], family: str
) -> None:
    assert judge.family(Example("x", Path("x"), "", "", rgb=rgb)) == family


def test_nothing_known_of_a_colour_is_no_family(judge: Judge) -> None:
    assert judge.family(Example("x", Path("x"), "", "")) == ""


def test_every_kind_that_is_judged_can_be_said(judge: Judge) -> None:
    kinds = read_wordings().kinds
    assert set(judge.rules["kind_types"]) <= set(kinds)
    assert set(judge.rules["ten"].values()) <= set(kinds)


def test_a_hundred_photos_of_one_sender_promise_less_than_of_a_hundred() -> None:
    hits = np.arange(100) % 4 > 0
    many, few = Tally(), Tally()
    many.add("f", hits, [f"sender-{i}" for i in range(100)])
    few.add("f", hits, [f"sender-{i // 25 * (i % 4)}" for i in range(100)])
    wide, narrow = few.figures()["f"], many.figures()["f"]
    assert wide["value"] == narrow["value"] == 0.75
    spans = [f["interval"][1] - f["interval"][0] for f in (wide, narrow)]
    assert spans[0] > spans[1] > 0
