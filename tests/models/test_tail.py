"""An eye whose end was tuned: what it saw is kept, and takes the frozen end's place alone."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.corpus import Pictures  # noqa: E402  # after the skip
from models.examples import Example  # noqa: E402
from models.folds import eye_of  # noqa: E402
from models.prepare import Bench  # noqa: E402
from models.tail import Eye  # noqa: E402

pytestmark = pytest.mark.workshop
ROUNDS, COUNT, THING, REST = 2, 5, 7, 3


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "no-photos", tmp_path, 1)


def pictures() -> Pictures:
    sources = ["snaps", "snaps", "luma", "luma", "luma"]
    examples = [Example(s, Path(f"{i}.jpg"), "", f"g{i}") for i, s in enumerate(sources)]
    features = torch.rand(ROUNDS, COUNT, THING + REST)
    return Pictures(examples, features, torch.rand(ROUNDS, COUNT, 4), np.zeros(COUNT, np.int64))


def test_what_the_tuned_end_saw_stands_where_the_frozen_end_s_was(bench: Bench) -> None:
    things = np.random.default_rng(0).random((ROUNDS, COUNT, THING)).astype(np.float32)
    for round_, seen in enumerate(things):
        np.save(bench.work / f"things-1-snaps-luma-{round_}.npy", seen)
    before = pictures()
    after = Eye(bench, "1").seen(before)
    np.testing.assert_array_equal(after.features[:, :, :THING].numpy(), things)
    assert bool((after.features[:, :, THING:] == before.features[:, :, THING:]).all())
    assert bool((after.histograms == before.histograms).all())
    assert after.examples == before.examples


def test_each_fold_has_an_eye_of_its_own_and_so_have_all(bench: Bench) -> None:
    eyes = [eye_of(bench, fold) for fold in (0, 1, None)]
    assert [eye.name for eye in eyes] == ["0", "1", "all"]
    for kind in ("trained", "fp32", "int8"):
        assert len({getattr(eye, kind) for eye in eyes}) == len(eyes)


def test_maps_of_sources_are_joined_once_and_kept(bench: Bench) -> None:
    held = np.random.default_rng(1).random((4, 2, 8, 8)).astype(np.float16)
    np.save(bench.work / "deep-snaps-luma-0.npy", held)
    np.testing.assert_array_equal(bench.maps(("snaps", "luma"), 0), held)
