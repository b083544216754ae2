"""The file of arrays: what was written is read, or refused."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import mapped
from index.mapped import ArraysWriter, open_arrays


def written(path: Path) -> dict[str, np.ndarray]:
    arrays = {
        "rows": np.arange(600, dtype=np.int16).reshape(60, 10),
        "ids": np.arange(60, dtype=np.int64),
        "nothing": np.empty((0, 4), np.float32),
    }
    writer = ArraysWriter(path)
    parts = iter(np.array_split(arrays["rows"], 7))
    writer.add("rows", parts, "<i2", arrays["rows"].shape)
    writer.add_whole("ids", arrays["ids"])
    writer.add_whole("nothing", arrays["nothing"])
    writer.finish({"kind": "test"})
    return arrays


def test_what_was_written_is_read(tmp_path: Path) -> None:
    arrays = written(tmp_path / "x")
    found = open_arrays(tmp_path / "x")
    assert found.facts == {"kind": "test"}
    assert found.size_bytes == (tmp_path / "x").stat().st_size
    for name, array in arrays.items():
        assert np.array_equal(found.arrays[name], array), name
        assert not found.arrays[name].flags.writeable
    assert list(found.damaged()) == [None, None]


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1), bit=st.integers(0, 7), cut=st.booleans())
def test_a_file_cut_short_or_with_a_bit_turned_is_refused_or_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, share: float, bit: int, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("x") / "x"
    arrays = written(path)
    data = bytearray(path.read_bytes())
    at = min(len(data) - 1, int(share * len(data)))
    if cut:
        os.truncate(path, at)
    else:
        data[at] ^= 1 << bit
        path.write_bytes(data)
    try:
        found = open_arrays(path)
    except ValueError:
        return
    for name, array in arrays.items():  # the turned bit was in no array, only between two
        assert np.array_equal(found.arrays[name], array)


def test_in_a_large_array_damage_is_found_by_looking_at_every_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "BLOCK_BYTES", 64)
    monkeypatch.setattr(mapped, "CHECKED_WHOLE_BYTES", 100)
    monkeypatch.setattr(mapped, "SPREAD_BLOCKS", 1)
    written(tmp_path / "x")
    data = bytearray((tmp_path / "x").read_bytes())
    data[64 * 3] ^= 1
    (tmp_path / "x").write_bytes(data)
    found = open_arrays(tmp_path / "x")
    assert [name for name in found.damaged() if name] == ["rows"]


def test_an_array_of_another_size_than_was_said_is_a_mistake_of_ours(tmp_path: Path) -> None:
    writer = ArraysWriter(tmp_path / "x")
    with pytest.raises(ValueError, match="which is not"):
        writer.add("rows", iter([np.zeros(3)]), "<f8", (4,))
    writer.close()


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"short", b"x" * 500):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(ValueError, match="cut short"):
            open_arrays(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        open_arrays(tmp_path / "absent")
