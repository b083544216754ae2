"""The finder of things: where each is in the original, what kind, how sure; or absent."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.drawn_finder import BAG, COAT, street, write_finder
from vision.errors import BadModel
from vision.photo import Box, Square
from vision.regions import CARD, GRAPH, KINDS, SIDE_PX, Belief, OnnxRegions, Region, open_regions


def opened(folder: Path) -> OnnxRegions | None:
    return open_regions(folder, threads=1, lanes=1, max_waiting=0, clock=time.monotonic)


def seen(image: Image.Image) -> Square:
    pixels = np.asarray(image.resize((SIDE_PX, SIDE_PX)), np.uint8)
    return Square(np.ascontiguousarray(pixels), *image.size)


def test_things_are_told_in_pixels_of_the_original_the_likeliest_first(tmp_path: Path) -> None:
    write_finder(tmp_path)
    finder = opened(tmp_path)
    assert finder is not None
    coat, bag = finder.find(seen(street((600, 800))))
    assert (coat.kind, bag.kind) == ("outer", "bag")
    assert coat.confidence > bag.confidence
    for region, (left, top, right, bottom) in ((coat, COAT), (bag, BAG)):
        box = region.box
        found = [box.x, box.y, box.x + box.w, box.y + box.h]
        assert found == pytest.approx([left * 600, top * 800, right * 600, bottom * 800], abs=1)


def test_what_is_less_likely_is_told_of_only_when_asked(tmp_path: Path) -> None:
    write_finder(tmp_path, {kind: [1.0, -9.0 if kind == "bag" else 0.0] for kind in KINDS})
    finder = opened(tmp_path)
    assert finder is not None
    assert [region.kind for region in finder.find(seen(street()))] == ["outer"]
    assert [region.kind for region in finder.find(seen(street()), least=0.0)] == ["outer", "bag"]


def test_a_wall_shows_nothing(tmp_path: Path) -> None:
    write_finder(tmp_path)
    finder = opened(tmp_path)
    assert finder is not None
    assert finder.find(seen(Image.new("RGB", (90, 60), "white"))) == []


def test_a_thing_in_a_tiny_picture_has_a_pixel_and_lies_inside(tmp_path: Path) -> None:
    write_finder(tmp_path)
    finder = opened(tmp_path)
    assert finder is not None
    for region in finder.find(seen(street((1, 3)))):
        assert region.box.w == 1
        assert region.box.y + region.box.h <= 3


def test_where_the_file_was_left_out_there_is_no_finder(tmp_path: Path) -> None:
    assert opened(tmp_path) is None


@pytest.mark.parametrize("told", ["", "{}", '{"beliefs": {"top": 3}}', "[]"])
def test_a_card_that_does_not_tell_its_beliefs_is_a_bad_model(tmp_path: Path, told: str) -> None:
    write_finder(tmp_path)
    (tmp_path / CARD).write_text(told, "utf-8")
    with pytest.raises(BadModel, match=r"regions\.json"):
        opened(tmp_path)


def test_a_damaged_graph_is_a_bad_model(tmp_path: Path) -> None:
    write_finder(tmp_path)
    (tmp_path / GRAPH).write_bytes(b"torn")
    with pytest.raises(BadModel, match=r"regions\.onnx"):
        opened(tmp_path)


@pytest.mark.parametrize("vouched", ["0" * 64, "", None, 7])
def test_a_graph_that_its_card_does_not_vouch_for_is_not_loaded(
    tmp_path: Path, vouched: object
) -> None:
    write_finder(tmp_path)
    card = json.loads((tmp_path / CARD).read_text("utf-8"))
    (tmp_path / CARD).write_text(json.dumps(card | {"sha256": vouched}), "utf-8")
    with pytest.raises(BadModel, match="vouches for"):
        opened(tmp_path)


def test_a_belief_rises_with_the_score_and_stays_a_probability() -> None:
    belief = Belief(1.4, -0.3)
    told = [belief.of(score) for score in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1


@pytest.mark.parametrize(("kind", "sure"), [("sofa", 0.5), ("bag", 1.1), ("bag", float("nan"))])
def test_no_region_has_another_kind_or_an_impossible_confidence(kind: str, sure: float) -> None:
    with pytest.raises(ValueError, match="no region"):
        Region(Box(0, 0, 1, 1), kind, sure)


def test_the_labels_of_the_data_mean_the_ten_kinds_and_none_twice() -> None:
    rules = json.loads((Path("models") / "region_kinds.json").read_text("utf-8"))
    assert tuple(rules["kinds"]) == KINDS
    for source in ("street", "snaps"):
        labels = [label for kind in rules[source].values() for label in kind]
        assert set(rules[source]) <= set(KINDS)
        assert len(labels) == len(set(labels))
    street_labels = {label for kind in rules["street"].values() for label in kind}
    assert not street_labels & set(rules["street_unsure"])
