"""The running clip on the disk, sealed, so that a crash costs at most a fifth of a second.

A spool is a header (as of a sealed file, with no length) and records: batches of packets, each
AES-GCM under the spool's own data key, numbered by its nonce. Its writer lives in a thread of its
own: a slow disk never holds up the camera. After a crash the records up to the first torn one are
whole; only the server can open them, by unwrapping the data key with her private key.
"""

import json
import os
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct, error
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from customers.errors import SealBroken
from customers.files import remove_whole, sync_folder
from customers.keys import KEY_BYTES, wrap
from customers.seal import CHUNK_BYTES, HEADER_BYTES, Header, Unwrap, nonce, read_header
from mirror.hole import HoldReason, Hole, trim
from mirror.packet import Packet, StreamFormat

SUFFIX = ".spool"
SYNC_S = 0.1  # with the sync and a busy machine, a crash costs at most 0.2 s of a running clip
_MAX_WAITING_BYTES = 64 * 1024 * 1024  # half a minute of 1080p30 at 16 Mbit/s
_LENGTH = Struct(">I")
_PACKET = Struct(">BqqI")
_KEY, _ENTRY, _RESUMES, _FORMAT, _ABOUT, _HOLD = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True, slots=True)
class Spooled:
    """What a spool held when it was read: what it is about, and whole packets."""

    about: dict[str, Any]
    packets: list[Packet]
    holes: tuple[Hole, ...] = ()


class SpoolWriter:
    """Writes a spool in its own thread; `broken` says why it gave up ("" while it has not)."""

    def __init__(self, path: Path, public_key: bytes, about: dict[str, Any]) -> None:
        self._path = path
        data_key = os.urandom(KEY_BYTES)
        self._cipher = AESGCM(data_key)
        self._head = Header(wrap(public_key, data_key), CHUNK_BYTES, 0).pack()
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._format: StreamFormat | None = None
        self.broken = ""
        self._discarded = self._ended = False
        text = json.dumps(about).encode()
        self._put(_PACKET.pack(_ABOUT, 0, 0, len(text)) + text)
        self._thread = threading.Thread(target=self._write, name="spool", daemon=True)
        self._thread.start()

    def append(self, packet: Packet) -> None:
        """Hand a packet over; returns at once, whatever the disk does."""
        if packet.format != self._format:
            text = _pack_format(packet.format)
            self._put(_PACKET.pack(_FORMAT, 0, 0, len(text)) + text)
            self._format = packet.format
        flags = packet.key * _KEY | packet.entry * _ENTRY | packet.resumes * _RESUMES
        fields = (flags, packet.shown_tick, packet.decoded_tick, len(packet.data))
        self._put(_PACKET.pack(*fields) + packet.data)

    def hold(self, hole: Hole) -> None:
        """What was shown from a tick on is not to be in the clip, up to the next that resumes."""
        text = hole.reason.encode()
        self._put(_PACKET.pack(_HOLD, hole.from_tick, 0, len(text)) + text)

    def close(self) -> None:
        """Nothing more will come; returns at once, whatever the disk does."""
        self._waiting.put(None)

    def discard(self) -> None:
        """Stop writing and remove the file; returns at once."""
        self._discarded = True
        self.broken = self.broken or "discarded"
        self.close()

    def wait(self) -> None:
        """Wait until all is written and synced, or removed; after `close` or `discard`."""
        self._thread.join()

    def _put(self, record: bytes) -> None:
        with self._lock:
            self._waiting_bytes += len(record)
            if self._waiting_bytes > _MAX_WAITING_BYTES:
                self.broken = self.broken or "slow_disk"
        if not self.broken:
            self._waiting.put(record)

    def _write(self) -> None:
        try:
            with self._path.open("xb", buffering=0) as file:
                file.write(self._head)
                sync_folder(self._path.parent)
                for i, batch in enumerate(self._batches()):
                    sealed = self._cipher.encrypt(nonce(i), batch, self._head)
                    _write_all(file, _LENGTH.pack(len(sealed)) + sealed)
                    os.fsync(file.fileno())
        except OSError as cause:
            self.broken = self.broken or f"disk: {cause.strerror}"
            # Its end may have come already, with the batch that failed: then nothing more does.
            while not self._ended and self._waiting.get() is not None:
                pass
        if self._discarded:
            remove_whole(self._path)

    def _batches(self) -> Iterator[bytes]:
        """What came in within SYNC_S of each other, until the end."""
        pause = threading.Event()
        while not self._ended:
            records = [self._waiting.get()]
            if records[0] is not None:
                pause.wait(SYNC_S)
            while not self._waiting.empty():
                records.append(self._waiting.get())
            self._ended = None in records
            batch = b"".join(record for record in records if record is not None)
            with self._lock:
                self._waiting_bytes -= len(batch)
            if batch and not self.broken:
                yield batch


def read_spool(path: Path, unwrap: Unwrap) -> Spooled:
    """The whole part of a spool; raises SealBroken where not even its first record is whole."""
    sealed = path.read_bytes()
    head = sealed[:HEADER_BYTES]
    cipher = AESGCM(unwrap(read_header(head, str(path)).wrapped))
    plain, at, i = b"", HEADER_BYTES, 0
    while at + _LENGTH.size <= len(sealed):
        (length,) = _LENGTH.unpack_from(sealed, at)
        record = sealed[at + _LENGTH.size : at + _LENGTH.size + length]
        try:
            plain += cipher.decrypt(nonce(i), record, head)
        except InvalidTag:
            break  # torn by the crash: what follows was never promised
        at, i = at + _LENGTH.size + length, i + 1
    try:
        return _read_records(plain)
    except (error, ValueError) as cause:
        raise SealBroken(str(path), "its first record is torn") from cause


def _read_records(plain: bytes) -> Spooled:
    about: dict[str, Any] | None = None
    stream: StreamFormat | None = None
    packets: list[Packet] = []
    holes: list[Hole] = []
    at = 0
    while at < len(plain):
        flags, shown, decoded, length = _PACKET.unpack_from(plain, at)
        data = plain[at + _PACKET.size : at + _PACKET.size + length]
        at += _PACKET.size + length
        if flags == _ABOUT:
            about = json.loads(data)
        elif flags == _FORMAT:
            stream = _unpack_format(data)
        elif flags == _HOLD:
            trim(packets, shown)
            reason: HoldReason = "unwatched" if data == b"unwatched" else "second_person"
            holes.append(Hole(shown, reason))
        elif stream is not None:
            key, entry = bool(flags & _KEY), bool(flags & _ENTRY)
            resumes = bool(flags & _RESUMES)
            packets.append(Packet(data, shown, decoded, key, entry, stream, resumes))
    if about is None:
        raise ValueError("no record says what this is")
    return Spooled(about, packets, tuple(holes))


def _pack_format(stream: StreamFormat) -> bytes:
    fields = {
        "width_px": stream.width_px,
        "height_px": stream.height_px,
        "sps": [unit.hex() for unit in stream.sps],
        "pps": [unit.hex() for unit in stream.pps],
        "codec": stream.codec,
    }
    return json.dumps(fields).encode()


def _unpack_format(data: bytes) -> StreamFormat:
    fields = json.loads(data)
    sps = tuple(bytes.fromhex(unit) for unit in fields["sps"])
    pps = tuple(bytes.fromhex(unit) for unit in fields["pps"])
    codec = fields.get("codec", "h264")  # spools of version 0.1 knew no other
    return StreamFormat(fields["width_px"], fields["height_px"], sps, pps, codec)


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:  # an unbuffered write may be short
        view = view[file.write(view) :]
