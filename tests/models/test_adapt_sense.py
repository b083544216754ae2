"""What a model sees in a shop is kept for the next run, and never taken for another shop's."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from PIL import Image

from models.adapt_sense import (  # after the skip
    SHARD,
    Senses,
    another_view,
    read_words,
    readable,
)
from tests.tiny_model import DIMENSION, tiny_spec
from vision.encoder import OnnxEncoder
from vision.spec import EncoderSpec

pytestmark = pytest.mark.workshop


def silent(stage: str, done: int, total: int) -> None:
    assert stage
    assert done <= total


def pictures(folder: Path, hue: int, count: int = 6) -> list[Path]:
    """`count` noisy pictures in which one channel is bright."""
    folder.mkdir()
    rng = np.random.default_rng(hue)
    paths = []
    for i in range(count):
        pixels = rng.integers(0, 90, (40, 40, 3), dtype=np.uint8)
        pixels[8:32, 8:32, hue] = 190 + i % 60
        paths.append(folder / f"{i}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def palette(spec: EncoderSpec, paths: list[Path], work: Path) -> np.ndarray:
    return Senses(spec, paths, work, 0, 1).colours.bins.centres.numpy()


def test_a_second_shop_in_the_same_folder_has_its_own_palette_and_rows(tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path)
    red, blue = pictures(tmp_path / "red", 0), pictures(tmp_path / "blue", 2)
    alone = Senses(spec, blue, tmp_path / "alone", 0, 1)
    Senses(spec, red, tmp_path / "work", 0, 1).round(0, silent)
    after = Senses(spec, blue, tmp_path / "work", 0, 1)
    assert np.array_equal(after.colours.bins.centres, alone.colours.bins.centres)
    assert not np.allclose(palette(spec, red, tmp_path / "work"), after.colours.bins.centres)
    assert np.array_equal(after.round(0, silent).colours, alone.round(0, silent).colours)


def test_rows_seen_with_another_palette_are_not_taken(tmp_path: Path) -> None:
    spec, paths = tiny_spec(tmp_path), pictures(tmp_path / "red", 0)
    before = Senses(spec, paths, tmp_path / "work", 0, 1).round(0, silent).colours
    (kept,) = (tmp_path / "work").glob("*palette.npy")
    np.save(kept, np.load(kept)[::-1] + 5)
    after = Senses(spec, paths, tmp_path / "work", 0, 1).round(0, silent).colours
    assert not np.allclose(before, after)


def test_what_was_seen_is_kept_and_nothing_half_written_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, paths = tiny_spec(tmp_path), pictures(tmp_path / "red", 0, SHARD + 2)
    first = Senses(spec, paths, tmp_path / "work", 0, 1).round(1, silent)
    assert not list((tmp_path / "work").glob("*.part"))
    monkeypatch.setattr("models.adapt_sense.open_photo", None)  # nothing is opened again
    again = Senses(spec, paths, tmp_path / "work", 0, 1).round(1, silent)
    assert first.vectors.shape == (SHARD + 2, DIMENSION)
    assert all(
        np.array_equal(getattr(first, name), getattr(again, name))
        for name in ("vectors", "features", "colours")
    )


def test_a_view_is_a_part_of_the_picture_in_other_light() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    views = [another_view(pixels, np.random.default_rng(i)) for i in range(50)]
    assert all(8 <= v.shape[0] <= 60 and 8 <= v.shape[1] <= 90 for v in views)
    assert len({v.shape for v in views}) > 40
    assert all(v.dtype == np.uint8 and v.flags["C_CONTIGUOUS"] for v in views)
    assert np.array_equal(views[3], another_view(pixels, np.random.default_rng(3)))


def test_what_cannot_be_opened_is_left_out(tmp_path: Path) -> None:
    good = pictures(tmp_path / "red", 0, 2)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    paths = [*good, tmp_path / "broken.png", tmp_path / "none.png"]
    assert readable(paths, silent) == set(good)


def test_texts_are_read_as_the_service_reads_them_in_their_order(tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path)
    texts = [f"thing {i}" for i in range(40)]
    encoder = OnnxEncoder(spec, threads=1)
    wanted = np.stack([encoder.words([text])[0].vector for text in texts])
    assert np.allclose(read_words(spec, texts, 1), wanted, atol=1e-5)
