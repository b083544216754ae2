"""The registry vouches for every byte of a model, and needs no torch for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from models.card import ModelCard, write_card
from models.errors import UnknownModel
from models.registry import BUILTIN, find_card, load_card
from tests.tiny_model import tiny_spec
from vision.encoder import OnnxEncoder
from vision.errors import BadModel
from vision.spec import EncoderSpec

LIMIT_BYTES = 60_000_000


def checksums(spec: EncoderSpec) -> dict[str, str]:
    import hashlib

    paths = (spec.image_graph, spec.words_graph, spec.vocabulary)
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    spec = tiny_spec(tmp_path)
    write_card(ModelCard(spec, "here", "none", (), checksums(spec), {}), tmp_path)
    return tmp_path


def test_the_built_in_model_is_found_by_both_its_names() -> None:
    card = find_card("builtin")
    assert find_card(card.name) == card


def test_the_built_in_model_works_and_keeps_to_its_size() -> None:
    card = find_card("builtin")
    encoder = OnnxEncoder(card.spec, threads=1)
    (vector,) = encoder.words(["a red shirt"])
    assert vector.space == card.spec.space
    assert sum(p.stat().st_size for p in BUILTIN.iterdir()) <= LIMIT_BYTES


def test_a_model_is_loaded_from_its_folder(folder: Path) -> None:
    assert load_card(folder).spec.image_graph == folder / "image.onnx"


def test_an_unknown_name_says_which_are_known() -> None:
    with pytest.raises(UnknownModel, match="vistazo-lite"):
        find_card("imaginary")


@pytest.mark.parametrize("name", ["image.onnx", "words.onnx", "vocabulary.json"])
def test_one_altered_byte_is_found(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BadModel, match=name):
        load_card(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "words.onnx").unlink()
    with pytest.raises(BadModel, match=r"words\.onnx is missing"):
        load_card(folder)


def test_a_file_without_a_checksum_is_not_trusted(tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path)
    held = checksums(spec)
    del held["words.onnx"]
    write_card(ModelCard(spec, "here", "none", (), held, {}), tmp_path)
    with pytest.raises(BadModel, match=r"no words\.onnx"):
        load_card(tmp_path)


def test_reading_the_registry_imports_no_torch() -> None:
    code = "import models.registry as r, sys; r.find_card('builtin'); print('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "False"
