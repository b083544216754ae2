from pathlib import Path

import pytest

from customers.errors import KeyDestroyed, PeopleBroken, SealBroken
from customers.keys import Keys, wrap


def test_only_her_key_unwraps_what_was_wrapped_for_her(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    hers, _ = keys.make("ana"), keys.make("berta")
    wrapped = wrap(hers, b"k" * 32)
    assert keys.unwrap("ana", wrapped) == b"k" * 32
    with pytest.raises(SealBroken):
        keys.unwrap("berta", wrapped)


def test_making_a_key_twice_keeps_the_first(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    assert keys.make("ana") == keys.make("ana")


def test_a_destroyed_key_is_gone_for_good_and_may_be_destroyed_again(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    wrapped = wrap(keys.make("ana"), b"k" * 32)
    keys.destroy("ana")
    keys.destroy("ana")
    assert not keys.exists("ana")
    assert list((tmp_path / "keys").iterdir()) == []
    with pytest.raises(KeyDestroyed):
        keys.unwrap("ana", wrapped)


def test_the_key_s_own_bytes_are_overwritten_before_the_file_goes(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.make("ana")
    path = tmp_path / "keys" / "ana.key"
    before = path.read_bytes()
    twin = tmp_path / "twin"
    twin.hardlink_to(path)  # stands for the disk's blocks
    keys.destroy("ana")
    assert len(twin.read_bytes()) == 32
    assert twin.read_bytes() != before


def test_a_torn_key_is_said_to_be_damaged_and_not_destroyed(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.make("ana")
    (tmp_path / "keys" / "ana.key").write_bytes(b"torn")
    with pytest.raises(PeopleBroken):
        keys.public("ana")


@pytest.mark.parametrize("name", ["../ana", "", "a/b", "ana.key", "x" * 65])
def test_an_id_that_we_never_gave_out_reaches_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyDestroyed):
        Keys(tmp_path / "keys").public(name)
