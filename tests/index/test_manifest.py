"""The sign on a shop's folder."""

import json
from pathlib import Path

import pytest

from index.errors import NoShop, ShopBroken
from index.manifest import MANIFEST_NAME, Manifest, read_manifest, write_atomically, write_manifest
from tests.fakes import fake_spec
from vision.errors import WrongSpace

SIGN = Manifest(1, "ab" * 16, "fake", "1", "fake-1", 28)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_manifest(tmp_path, SIGN)
    assert read_manifest(tmp_path) == SIGN
    assert [p.name for p in tmp_path.iterdir()] == [MANIFEST_NAME]


def test_no_manifest_is_no_shop(tmp_path: Path) -> None:
    with pytest.raises(NoShop):
        read_manifest(tmp_path)
    with pytest.raises(NoShop):
        read_manifest(tmp_path / "absent")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', "\udcff"])
def test_a_malformed_manifest_is_a_broken_shop(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ShopBroken):
        read_manifest(tmp_path)


def test_a_later_format_is_refused_with_both_numbers(tmp_path: Path) -> None:
    write_manifest(tmp_path, SIGN)
    facts = json.loads((tmp_path / MANIFEST_NAME).read_text())
    (tmp_path / MANIFEST_NAME).write_text(json.dumps({**facts, "format": 99}))
    with pytest.raises(ShopBroken, match="99"):
        read_manifest(tmp_path)


def test_another_space_or_dimension_is_refused() -> None:
    SIGN.require(fake_spec())
    with pytest.raises(WrongSpace):
        SIGN.require(fake_spec(space="other"))
    with pytest.raises(WrongSpace):
        Manifest(1, "", "fake", "1", "fake-1", 27).require(fake_spec())


def test_a_failed_write_leaves_the_old_content_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
