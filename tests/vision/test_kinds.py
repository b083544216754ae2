"""What a vector is probably a picture of is told from the model's own directions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_model import tiny_spec
from vision.errors import BadModel
from vision.kinds import Kinds
from vision.spec import Block

THREE = np.eye(3, dtype=np.float32)


def test_a_vector_is_explained_by_the_kind_it_points_to() -> None:
    kinds = Kinds(THREE, 1, 4)
    shares = kinds.shares(np.array([[9, 0, 0.5, 0, 7], [0, 1, 0, 0, 0]], np.float32))
    assert shares.argmax(1).tolist() == [1, 0]
    assert np.allclose(shares.sum(1), 1)


def test_a_vector_that_says_nothing_is_explained_by_all_alike() -> None:
    shares = Kinds(THREE, 0, 3).shares(np.zeros((1, 3), np.float32))
    assert np.allclose(shares, 1 / 3)


def test_a_model_without_kinds_or_without_their_block_names_none(tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path, title_weight=0.0, calibrations={})
    assert Kinds.find(spec) is None
    np.save(tmp_path / "kinds.npy", THREE)
    assert Kinds.find(replace(spec, kinds=tmp_path / "kinds.npy", blocks=())) is None


@pytest.mark.parametrize(
    "table",
    [THREE.astype(np.float64), THREE[:, :2], THREE * np.float32("nan"), THREE[0], THREE[:0]],
)
def test_a_table_that_does_not_fit_is_a_bad_model(
    tmp_path: Path, table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> None:
    path = tmp_path / "kinds.npy"
    np.save(path, table)
    spec = tiny_spec(tmp_path, title_weight=0.0, calibrations={})
    with pytest.raises(BadModel, match="kinds"):
        Kinds.find(replace(spec, kinds=path, blocks=(Block("kind", 0, 3),)))


@pytest.mark.parametrize("held", [b"", b"no table", None])
def test_a_file_that_cannot_be_read_is_a_bad_model(tmp_path: Path, held: bytes | None) -> None:
    path = tmp_path / "kinds.npy"
    if held is not None:
        path.write_bytes(held)
    spec = tiny_spec(tmp_path, title_weight=0.0, calibrations={})
    with pytest.raises(BadModel, match="kinds"):
        Kinds.find(replace(spec, kinds=path, blocks=(Block("kind", 0, 3),)))
