"""Sealed files: chunks of AES-256-GCM under a data key that only one customer's key unwraps.

A range is read by opening just the chunks that hold it. Every chunk is bound to the header (and by
it to the file's length) and to its place: a file that was cut, grown, reordered or mixed with
another one is noticed, as SealBroken.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct, error
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from customers.errors import SealBroken
from customers.keys import KEY_BYTES, WRAPPED_BYTES, wrap

CHUNK_BYTES = 64 * 1024  # a scrubbing player asks for about this much
TAG_BYTES = 16
_MAGIC = b"VSEAL\x001\n"
_HEADER = Struct(f">8s{WRAPPED_BYTES}sIQ")

Unwrap = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in the clear before the chunks."""

    wrapped: bytes
    chunk_bytes: int
    plain_bytes: int

    def pack(self) -> bytes:
        """The header as it stands in the file."""
        return _HEADER.pack(_MAGIC, self.wrapped, self.chunk_bytes, self.plain_bytes)

    @property
    def sealed_bytes(self) -> int:
        """The whole length of the sealed file."""
        chunks = -(-self.plain_bytes // self.chunk_bytes)
        return HEADER_BYTES + self.plain_bytes + chunks * TAG_BYTES


HEADER_BYTES = _HEADER.size


def seal(plain: bytes, public: bytes) -> bytes:
    """`plain`, sealed for the holder of `public`: a whole file."""
    data_key = os.urandom(KEY_BYTES)
    header = Header(wrap(public, data_key), CHUNK_BYTES, len(plain))
    head, cipher = header.pack(), AESGCM(data_key)
    chunks = [
        cipher.encrypt(nonce(i), plain[at : at + CHUNK_BYTES], head)
        for i, at in enumerate(range(0, len(plain), CHUNK_BYTES))
    ]
    return b"".join([head, *chunks])


class SealedFile:
    """A sealed file, open for reading ranges; `unwrap` turns its wrapped key into the data key."""

    def __init__(self, path: Path, unwrap: Unwrap) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                self._head = file.read(HEADER_BYTES)
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError as cause:
            raise SealBroken(str(path), "it is missing") from cause
        self._header = read_header(self._head, str(path))
        if size != self._header.sealed_bytes:
            raise SealBroken(str(path), f"it has {size} bytes, not {self._header.sealed_bytes}")
        self._cipher = AESGCM(unwrap(self._header.wrapped))

    @property
    def plain_bytes(self) -> int:
        """The length of what is inside."""
        return self._header.plain_bytes

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes [start, stop) of what is inside."""
        return b"".join(self.stream(start, stop))

    def stream(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes [start, stop) of what is inside, chunk by chunk; raises SealBroken."""
        stop = self.plain_bytes if stop is None else min(stop, self.plain_bytes)
        if start >= stop:
            return
        size = self._header.chunk_bytes
        with self._path.open("rb") as file:
            for i in range(start // size, (stop - 1) // size + 1):
                chunk = self._chunk(file, i)
                yield chunk[max(0, start - i * size) : stop - i * size]

    def _chunk(self, file: BinaryIO, i: int) -> bytes:
        size = self._header.chunk_bytes
        file.seek(HEADER_BYTES + i * (size + TAG_BYTES))
        sealed = file.read(min(size, self.plain_bytes - i * size) + TAG_BYTES)
        try:
            return self._cipher.decrypt(nonce(i), sealed, self._head)
        except InvalidTag as cause:
            raise SealBroken(str(self._path), f"its chunk {i} was altered") from cause


def read_header(head: bytes, name: str) -> Header:
    """The header in the first HEADER_BYTES of a sealed file; raises SealBroken."""
    try:
        magic, wrapped, chunk_bytes, plain_bytes = _HEADER.unpack(head)
    except error as cause:
        raise SealBroken(name, "its header is torn") from cause
    if magic != _MAGIC or not 0 < chunk_bytes <= 1 << 24:
        raise SealBroken(name, "it is no sealed file")
    return Header(wrapped, chunk_bytes, plain_bytes)


def nonce(i: int) -> bytes:
    """The nonce of the i-th chunk: each data key seals one file, each place once."""
    return i.to_bytes(12, "big")


def seal_text(text: str, public: bytes) -> bytes:
    """A short text, sealed for the holder of `public`."""
    return seal(text.encode(), public)


def open_text(sealed: bytes, unwrap: Unwrap) -> str:
    """The text inside; raises SealBroken, or what `unwrap` raises."""
    head = sealed[:HEADER_BYTES]
    header = read_header(head, "text")
    cipher = AESGCM(unwrap(header.wrapped))
    if len(sealed) != header.sealed_bytes or header.plain_bytes > header.chunk_bytes:
        raise SealBroken("text", "it is torn")
    if not header.plain_bytes:
        return ""
    try:
        return cipher.decrypt(nonce(0), sealed[HEADER_BYTES:], head).decode()
    except InvalidTag as cause:
        raise SealBroken("text", "it was altered") from cause
