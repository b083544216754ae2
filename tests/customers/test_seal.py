from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.errors import KeyDestroyed, SealBroken
from customers.keys import Keys
from customers.seal import CHUNK_BYTES, HEADER_BYTES, SealedFile, open_text, seal, seal_text


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    keys.make("ana")
    return keys


def opened(path: Path, keys: Keys, plain: bytes) -> SealedFile:
    path.write_bytes(seal(plain, keys.public("ana")))
    return SealedFile(path, lambda wrapped: keys.unwrap("ana", wrapped))


@given(
    size=st.sampled_from(
        [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7]
    ),
    start=st.integers(0, 4 * CHUNK_BYTES),
    length=st.integers(0, 4 * CHUNK_BYTES),
)
def test_any_range_reads_as_a_slice_of_the_plain_bytes(
    tmp_path_factory: pytest.TempPathFactory, keys: Keys, size: int, start: int, length: int
) -> None:
    plain = bytes(i * 31 % 251 for i in range(size))
    file = opened(tmp_path_factory.mktemp("sealed") / "x", keys, plain)
    assert file.plain_bytes == size
    assert file.read(start, start + length) == plain[start : start + length]


def test_no_plain_byte_run_is_found_in_the_sealed_file(tmp_path: Path, keys: Keys) -> None:
    secret = b"a face that nobody else may see"
    opened(tmp_path / "x", keys, secret * 5000)
    assert secret[:8] not in (tmp_path / "x").read_bytes()


@pytest.mark.parametrize("at", [0, 20, HEADER_BYTES - 1, HEADER_BYTES + 5, -1])
def test_a_single_altered_bit_is_noticed(tmp_path: Path, keys: Keys, at: int) -> None:
    sealed = bytearray(seal(b"x" * 1000, keys.public("ana")))
    sealed[at] ^= 1
    (tmp_path / "x").write_bytes(sealed)
    with pytest.raises(SealBroken):
        SealedFile(tmp_path / "x", lambda wrapped: keys.unwrap("ana", wrapped)).read()


def test_a_file_that_was_cut_grown_or_reordered_is_noticed(tmp_path: Path, keys: Keys) -> None:
    sealed = seal(bytes(3 * CHUNK_BYTES), keys.public("ana"))
    step = CHUNK_BYTES + 16
    first, rest = sealed[HEADER_BYTES : HEADER_BYTES + step], sealed[HEADER_BYTES + step :]
    swapped = sealed[:HEADER_BYTES] + rest[:step] + first + rest[step:]
    for bad in (sealed[:-1], sealed[:-step], sealed + b"x", swapped, b"", sealed[:50]):
        (tmp_path / "x").write_bytes(bad)
        with pytest.raises(SealBroken):
            SealedFile(tmp_path / "x", lambda wrapped: keys.unwrap("ana", wrapped)).read()


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path, keys: Keys) -> None:
    with pytest.raises(SealBroken, match="missing"):
        SealedFile(tmp_path / "none", lambda wrapped: keys.unwrap("ana", wrapped))


def test_after_her_key_is_destroyed_a_copy_of_the_file_opens_for_nobody(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.make("ana")
    sealed = seal(b"hers", keys.public("ana"))
    (tmp_path / "backup").write_bytes(sealed)
    keys.destroy("ana")
    with pytest.raises(KeyDestroyed):
        SealedFile(tmp_path / "backup", lambda wrapped: keys.unwrap("ana", wrapped))


def test_an_empty_text_comes_back_empty(keys: Keys) -> None:
    sealed = seal_text("", keys.public("ana"))
    assert open_text(sealed, lambda wrapped: keys.unwrap("ana", wrapped)) == ""


def test_a_sealed_text_comes_back_and_an_altered_one_does_not(keys: Keys) -> None:
    sealed = seal_text("Ana Núñez", keys.public("ana"))
    assert open_text(sealed, lambda wrapped: keys.unwrap("ana", wrapped)) == "Ana Núñez"
    with pytest.raises(SealBroken):
        open_text(sealed[:-1] + b"\x00", lambda wrapped: keys.unwrap("ana", wrapped))
