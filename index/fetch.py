"""One picture from the network: asked for once, at an address that was judged, within bounds.

Promises: no more than `max_bytes` are read and no longer than `total_s` is waited, however slowly a
host drips; every redirect is judged like the link itself; nothing but a picture is handed on; no
cookie, no password and no referrer is ever sent.
"""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from index.address import NOBODY, Allowed, Resolve, Target, join, judge, require_public
from index.errors import BadLink

AGENT = "Vistazo (fetches the pictures that a shop's catalogue names)"
REDIRECTS = frozenset((301, 302, 303, 307, 308))
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))
BLOCK = 1 << 16
RETRY_MOST_S = 3_600.0
PICTURE_STARTS = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*",
)  # fmt: skip
FTYP = re.compile(rb"....ftyp(avif|avis|heic|heix|heim|heis|hevc|hevx|mif1|msf1)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """The bounds of one fetch, redirects included."""

    max_bytes: int = 20_000_000
    total_s: float = 20.0
    redirects: int = 5
    allowed: Allowed = NOBODY


@dataclass(frozen=True, slots=True)
class Fetched:
    """A picture's bytes and what to say when asking again; `data` is None, and nothing else is
    said, if it is still the one that was had before."""

    data: bytes | None
    etag: str = ""
    modified: str = ""


@dataclass(slots=True)
class _Watch:
    """Ends a connection when time is up: per-read time-outs cannot, against a slow drip."""

    until: float
    rung: bool = False
    sockets: list[socket.socket] = field(default_factory=list)

    def ring(self) -> None:
        self.rung = True
        for sock in self.sockets:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def left_s(self) -> float:
        return max(0.001, self.until - time.monotonic())


def fetch_picture(
    url: str,
    limits: FetchLimits,
    *,
    etag: str = "",
    modified: str = "",
    resolve: Resolve | None = None,
) -> Fetched:
    """The picture that `url` leads to; blocks, for `total_s` at most and a name server's patience.

    `etag` and `modified` are of the copy that is there already. Raises BadLink.
    """
    asking = {"If-None-Match": etag, "If-Modified-Since": modified}
    with _watched(url, limits.total_s) as watch:
        for _ in range(limits.redirects + 1):
            target = judge(url, limits.allowed, resolve)
            found = _ask(target, limits, {k: v for k, v in asking.items() if v}, watch)
            if isinstance(found, Fetched):
                return found
            url = found
    raise BadLink(url, "too_many_redirects", f"it redirects more than {limits.redirects} times")


def is_picture(data: bytes) -> bool:
    """Whether these bytes begin like a picture of a kind that can be decoded."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return True
    return data.startswith(PICTURE_STARTS) or FTYP.match(data) is not None


@contextmanager
def _watched(url: str, total_s: float) -> Iterator[_Watch]:
    """Time is taken from here on; what fails after it was up failed for that."""
    watch = _Watch(time.monotonic() + total_s)
    bell = threading.Timer(total_s, watch.ring)
    bell.daemon = True
    bell.start()
    late = BadLink(url, "timeout", f"it took longer than {total_s:.0f} s", passing=True)
    try:
        yield watch
    except BadLink as bad:
        if watch.rung:
            raise late from bad
        raise
    except TimeoutError as slow:
        raise late from slow
    except (OSError, http.client.HTTPException, ValueError) as broken:
        if watch.rung:
            raise late from broken
        what = "tls" if isinstance(broken, ssl.SSLError) else "connection"
        reason = f"the connection failed ({type(broken).__name__}: {str(broken)[:100]})"
        raise BadLink(url, what, reason, passing=what == "connection") from broken
    finally:
        bell.cancel()


def _ask(
    target: Target, limits: FetchLimits, asking: Mapping[str, str], watch: _Watch
) -> Fetched | str:
    """The picture, or where the host sends us instead."""
    with _connected(target, limits.allowed, watch) as connection:
        connection.putrequest("GET", target.target, skip_host=True, skip_accept_encoding=True)
        headers = {"Host": target.authority, "User-Agent": AGENT, "Accept": "image/*",
                   "Accept-Encoding": "identity", "Connection": "close", **asking}  # fmt: skip
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        if reply.status in REDIRECTS:
            return join(target, reply.getheader("Location", ""))
        if reply.status == 304 and asking:
            return Fetched(None)
        if reply.status != 200:
            raise _refused(target.url, reply)
        if reply.getheader("Content-Encoding", "identity").casefold() not in ("identity", ""):
            raise BadLink(target.url, "packed", "it comes packed, though that was not asked for")
        data = _read(target.url, reply, limits.max_bytes, watch)
        if not is_picture(data):
            raise BadLink(target.url, "not_a_picture", "what comes from there is no picture")
        return Fetched(data, _plain(reply, "ETag"), _plain(reply, "Last-Modified"))


@contextmanager
def _connected(
    target: Target, allowed: Allowed, watch: _Watch
) -> Iterator[http.client.HTTPConnection]:
    """A connection to one of the judged addresses, whatever the name answers by now."""
    sock = _dial(target, watch)
    watch.sockets.append(sock)
    if watch.rung:
        raise TimeoutError
    connection = http.client.HTTPConnection(target.host, target.port)
    try:
        named = allowed.names_host(target.host, target.port)
        require_public(target.url, sock.getpeername()[0], allowed, named=named)
        if target.scheme == "https":
            context = ssl.create_default_context()
            sock = context.wrap_socket(sock, server_hostname=target.host)
            watch.sockets.append(sock)
        connection.sock = sock
        yield connection
    finally:
        connection.close()
        sock.close()


def _dial(target: Target, watch: _Watch) -> socket.socket:
    failure: OSError | None = None
    for ip in target.ips[:4]:
        try:
            return socket.create_connection((ip, target.port), timeout=watch.left_s())
        except OSError as refused:
            failure = refused
    raise failure or OSError("no address")


def _read(url: str, reply: http.client.HTTPResponse, max_bytes: int, watch: _Watch) -> bytes:
    said = reply.getheader("Content-Length", "")
    too_large = BadLink(url, "too_large", f"it is larger than {max_bytes:,} bytes")
    if re.fullmatch("[0-9]{1,18}", said) and int(said) > max_bytes:
        raise too_large
    data = bytearray()
    while block := reply.read(BLOCK):
        data += block
        if len(data) > max_bytes:
            raise too_large
        if len(data) >= 32 and not is_picture(bytes(data[:32])):
            raise BadLink(url, "not_a_picture", "what comes from there is no picture")
    if watch.rung:  # the bell's end of the connection looks like the host's
        raise TimeoutError
    if re.fullmatch("[0-9]{1,18}", said) and len(data) < int(said):
        raise BadLink(url, "cut_short", "it ended early", passing=True)
    return bytes(data)


def _refused(url: str, reply: http.client.HTTPResponse) -> BadLink:
    wait_s = _retry_after_s(reply.getheader("Retry-After", ""))
    return BadLink(
        url,
        f"http_{reply.status}",
        f"the host answers {reply.status}",
        retry_after_s=wait_s if reply.status in PASSING else None,
        passing=reply.status in PASSING,
    )


def _retry_after_s(said: str) -> float | None:
    """Seconds from now, however it is written; None for nothing sensible."""
    if re.fullmatch("[0-9]{1,6}", said.strip()):
        return min(RETRY_MOST_S, float(said))
    try:
        moment = parsedate_to_datetime(said)
        return min(RETRY_MOST_S, max(0.0, moment.timestamp() - time.time()))
    except (ValueError, TypeError, OverflowError):
        return None


def _plain(reply: http.client.HTTPResponse, name: str) -> str:
    """A header that can be sent back without harm; "" otherwise."""
    value = reply.getheader(name, "") or ""
    return value if len(value) <= 300 and value.isascii() and value.isprintable() else ""
