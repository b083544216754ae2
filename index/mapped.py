"""One file of named arrays, checked when it is opened and mapped instead of read.

Layout: the arrays one after another, each at a multiple of 64 bytes; then a JSON directory (names,
types, shapes, offsets, a CRC-32 for every 8 MB, and the owner's facts); then its length, its CRC
and a magic word. So it is written in one pass, and a file cut short has no end and is refused.

Promise: what `open_arrays` returns has, except for its largest arrays, the bytes that were written;
of arrays over 64 MB eight spread blocks are checked (a million vectors open in milliseconds), and
`damaged` checks the rest.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
MAGIC = b"VISTAZO1"
END = struct.Struct("<QI8s")  # length and CRC of the directory, the magic word
ALIGNED = 64
BLOCK_BYTES = 8 << 20
CHECKED_WHOLE_BYTES = 64 << 20
SPREAD_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class _Place:
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size_bytes: int
    crcs: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """The arrays of a file by name, read-only and mapped, and the facts written beside them."""

    path: Path
    arrays: Mapping[str, Array]
    facts: dict[str, Any]
    size_bytes: int
    _places: Mapping[str, _Place]

    def damaged(self) -> Iterator[str | None]:
        """Check every block, one each step: the name of an array with a damaged one, else None."""
        for name, place in self._places.items():
            data = self.arrays[name].reshape(-1).view(np.uint8)
            for n in range(len(place.crcs)):
                yield None if _block_is_whole(data, place, n) else name


class ArraysWriter:
    """Writes such a file; it is whole only after `finish`."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._crc32 = 0
        self._places: dict[str, _Place] = {}

    def add(self, name: str, parts: Iterator[Array], dtype: str, shape: tuple[int, ...]) -> None:
        """Write an array that arrives in parts, in C order; raises OSError, ValueError."""
        offset = -(-self._file.tell() // ALIGNED) * ALIGNED
        self._write(bytes(offset - self._file.tell()))
        crcs, crc, room, size = [], 0, BLOCK_BYTES, 0
        for part in parts:
            data = np.ascontiguousarray(part, dtype=dtype).reshape(-1).view(np.uint8).data
            self._write(data)
            size += len(data)
            while len(data):
                piece, data = data[:room], data[room:]
                crc, room = zlib.crc32(piece, crc), room - len(piece)
                if not room:
                    crcs.append(crc)
                    crc, room = 0, BLOCK_BYTES
        if room < BLOCK_BYTES:
            crcs.append(crc)
        if size != int(np.prod(shape)) * np.dtype(dtype).itemsize:
            raise ValueError(f"{name} has {size} bytes, which is not {dtype} {shape}")
        self._places[name] = _Place(dtype, shape, offset, size, tuple(crcs))

    def add_whole(self, name: str, array: Array) -> None:
        """Write an array at once."""
        self.add(name, iter((array,)), array.dtype.str, array.shape)

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._crc32 = zlib.crc32(data, self._crc32)

    def finish(self, facts: Mapping[str, Any]) -> int:
        """Write the directory, and everything to the disk; the CRC-32 of the whole file."""
        places = {
            name: [p.dtype, p.shape, p.offset, p.size_bytes, p.crcs]
            for name, p in self._places.items()
        }
        directory = json.dumps({"places": places, "facts": facts}).encode()
        self._write(directory)
        self._write(END.pack(len(directory), zlib.crc32(directory), MAGIC))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        return self._crc32

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def open_arrays(path: Path) -> Arrays:
    """The arrays in `path`; raises OSError, and ValueError for a file that is not whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - END.size))
        try:
            length, crc, magic = END.unpack(file.read(END.size))
        except struct.error as short:
            raise ValueError(f"{path} is cut short") from short
        if magic != MAGIC or length > size - END.size:
            raise ValueError(f"{path} is cut short or no file of vectors")
        file.seek(size - END.size - length)
        directory = file.read(length)
    if zlib.crc32(directory) != crc:
        raise ValueError(f"the directory of {path} is damaged")
    told = json.loads(directory)
    places = {
        name: _Place(dtype, tuple(shape), offset, length, tuple(crcs))
        for name, (dtype, shape, offset, length, crcs) in told["places"].items()
    }
    data = np.memmap(path, np.uint8, "r") if size else np.empty(0, np.uint8)
    arrays = {name: _checked(np.asarray(data), place, path) for name, place in places.items()}
    return Arrays(path, arrays, told["facts"], size, places)


def _checked(data: Array, place: _Place, path: Path) -> Array:
    found = data[place.offset : place.offset + place.size_bytes]
    blocks = range(len(place.crcs))
    if place.size_bytes > CHECKED_WHOLE_BYTES:
        blocks = range(0, len(place.crcs), max(1, len(place.crcs) // SPREAD_BLOCKS))
    for n in blocks:
        if not _block_is_whole(found, place, n):
            raise ValueError(f"{path} is damaged")
    return found.view(np.dtype(place.dtype)).reshape(place.shape)


def _block_is_whole(data: Array, place: _Place, n: int) -> bool:
    block = data[n * BLOCK_BYTES : (n + 1) * BLOCK_BYTES]
    return zlib.crc32(block.data) == place.crcs[n]
