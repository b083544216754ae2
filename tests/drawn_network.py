"""Network cameras on 127.0.0.1: RTSP over TCP and MJPEG over HTTP, fed with drawn packets.

The RTSP server speaks what a camera speaks (RFC 2326, interleaved; RFC 6184, single units and
FU-A), so that the real client library is tested, and it can be killed and come back.
"""

import contextlib
import io
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from struct import pack

from PIL import Image

from mirror.h264 import split_lengths
from mirror.packet import Packet
from tests.drawn_camera import draw

_FRAGMENT_BYTES = 1300


class Server:
    """A TCP server on a free port; `serve` handles one client in a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None], port: int = 0) -> None:
        self._serve = serve
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def kill(self) -> None:
        """Vanish as a camera does whose plug was pulled."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), client:
            self._serve(client)


def rtsp(
    stream: Sequence[Packet],
    *,
    fps: int = 30,
    port: int = 0,
    mute_after: int = 0,
    sends: Callable[[int], None] = lambda ordinal: None,
) -> Server:
    """A camera at rtsp://127.0.0.1:PORT/live that plays `stream` in real time, again and again.

    `mute_after` packets it keeps the connection and sends nothing more. `sends` hears the ordinal
    of every packet just before it is sent.
    """

    def serve(client: socket.socket) -> None:
        lines = client.makefile("rb")
        while True:
            request = _request(lines)
            if not request:
                return
            method, sequence = request[0].split()[0], _header(request, "cseq")
            extra, body = "", ""
            if method == "DESCRIBE":
                body = _sdp(stream[0])
                extra = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
            elif method == "SETUP":
                extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            elif method == "OPTIONS":
                extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            client.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{extra}\r\n{body}".encode())
            if method == "PLAY":
                _play(client, stream, fps, mute_after, sends)

    return Server(serve, port)


def mjpeg(frames: int, *, fps: int = 30, width_px: int = 384, height_px: int = 288) -> Server:
    """A camera at http://127.0.0.1:PORT/ that sends `frames` drawn JPEG pictures and ends."""

    def serve(client: socket.socket) -> None:
        _request(client.makefile("rb"))
        client.sendall(
            b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=f\r\n\r\n"
        )
        start = time.monotonic()
        for number in range(frames):
            picture = io.BytesIO()
            shown = draw(number, width_px, height_px)[:, :, ::-1]
            Image.fromarray(shown).save(picture, "JPEG", quality=90)
            body = picture.getvalue()
            head = f"--f\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body + b"\r\n")
            time.sleep(max(0.0, start + (number + 1) / fps - time.monotonic()))

    return Server(serve)


def _request(lines: io.BufferedReader) -> list[str]:
    found = []
    while line := lines.readline().decode("latin-1").strip():
        found.append(line)
    return found


def _header(request: Sequence[str], name: str) -> str:
    for line in request[1:]:
        if line.lower().startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    return ""


def _sdp(packet: Packet) -> str:
    sps, pps = packet.format.sps[0], packet.format.pps[0]
    sets = f"{b64encode(sps).decode()},{b64encode(pps).decode()}"
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=drawn\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
        f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets};"
        f"profile-level-id={sps[1:4].hex()}\r\n"
    )


def _play(
    client: socket.socket,
    stream: Sequence[Packet],
    fps: int,
    mute_after: int,
    sends: Callable[[int], None],
) -> None:
    start, number, sent = time.monotonic(), 0, 0
    step = 90_000 // fps
    while True:
        for packet in stream:
            if mute_after and sent >= mute_after:
                time.sleep(3600)
            at = (sent * step + packet.shown_tick - packet.decoded_tick) & 0xFFFFFFFF
            sends(sent)
            for payload, last in _payloads(packet):
                rtp = pack(">BBHII", 0x80, 96 | last << 7, number & 0xFFFF, at, 7) + payload
                client.sendall(pack(">cBH", b"$", 0, len(rtp)) + rtp)
                number += 1
            sent += 1
            time.sleep(max(0.0, start + sent / fps - time.monotonic()))


def _payloads(packet: Packet) -> list[tuple[bytes, int]]:
    """RTP payloads of an access unit, and whether each is its last (RFC 6184)."""
    payloads: list[bytes] = []
    for unit in split_lengths(packet.data):
        if len(unit) <= _FRAGMENT_BYTES:
            payloads.append(unit)
            continue
        indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 31
        for at in range(1, len(unit), _FRAGMENT_BYTES):
            first, last = at == 1, at + _FRAGMENT_BYTES >= len(unit)
            head = bytes([indicator, first << 7 | last << 6 | kind])
            payloads.append(head + unit[at : at + _FRAGMENT_BYTES])
    return [(payload, int(i == len(payloads) - 1)) for i, payload in enumerate(payloads)]
