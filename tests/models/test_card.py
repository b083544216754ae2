"""A card says the same after a trip to disk, and a garbled one is refused with a reason."""

import json
from pathlib import Path

import pytest

from index.rule import BURY, STRENGTH_MOST
from models.card import ModelCard, read_card, write_card
from models.registry import find_card
from tests.tiny_model import tiny_spec
from vision.agreement import AGREEMENT_LIFT, EXACT_LIFT
from vision.errors import BadModel
from vision.spec import Block, Calibration, Exactness


def card_in(folder: Path) -> ModelCard:
    spec = tiny_spec(
        folder,
        blocks=(Block("colour", 0, 3),),
        calibrations={"picture": Calibration(8.0, -4.0, 0.1, -0.2, {"colour": 3.0})},
        exact=Exactness({"colour": 2.0}, 1.0, 2.0, -3.0),
    )
    return ModelCard(spec, "made here", "Apache-2.0", ("nothing",), {}, {"recall": 0.5})


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    card = card_in(tmp_path)
    write_card(card, tmp_path)
    assert read_card(tmp_path) == card
    assert (read_card(tmp_path).name, read_card(tmp_path).version) == ("tiny", "1")


@pytest.mark.parametrize("lost", ["spec", "source", "licence", "data", "checksums", "measured"])
def test_a_card_that_lacks_a_part_is_refused(tmp_path: Path, lost: str) -> None:
    write_card(card_in(tmp_path), tmp_path)
    path = tmp_path / "card.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    del held[lost]
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(BadModel, match=lost):
        read_card(tmp_path)


def test_a_card_may_name_no_file_outside_its_folder(tmp_path: Path) -> None:
    write_card(card_in(tmp_path), tmp_path)
    path = tmp_path / "card.json"
    text = path.read_text(encoding="utf-8").replace('"image.onnx"', '"../image.onnx"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadModel, match="file name"):
        read_card(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"spec": 3}'])
def test_a_card_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadModel):
        read_card(tmp_path)


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"card\.json"):
        read_card(tmp_path)


def test_the_built_in_card_names_its_space_by_the_first_version_with_its_vectors() -> None:
    spec = find_card("builtin").spec
    name, _, first = spec.space.rpartition("-")
    assert name == spec.name
    assert spec.version == first or spec.version.startswith(f"{first}.")


def test_a_card_written_before_there_were_kinds_names_none(tmp_path: Path) -> None:
    write_card(card_in(tmp_path), tmp_path)
    path = tmp_path / "card.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    del held["spec"]["kinds"]
    del held["spec"]["calibrations"]["picture"]["unfamiliar_below"]
    path.write_text(json.dumps(held), encoding="utf-8")
    spec = read_card(tmp_path).spec
    assert spec.kinds is None
    assert spec.calibrations["picture"].unfamiliar_below is None


def test_no_closer_look_lifts_what_is_buried_before_anything_else() -> None:
    for calibration in find_card("builtin").spec.calibrations.values():
        apart = 2.0 * sum(abs(weight) for weight in calibration.agreement.values())
        assert STRENGTH_MOST + EXACT_LIFT + AGREEMENT_LIFT * apart < BURY
