"""What the mirror's own page asks of the server goes through the attendant, so that the page speaks
to one origin only. Each request carries the pass that was shown in the page; the mirror's own pass
never reaches it.
"""

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from mirror.errors import BadSource, DeskAway

_TIMEOUT_S = 10.0
_PIECE_BYTES = 1 << 16
_ID = r"[A-Za-z0-9_-]{1,64}"
# What her page needs; everything else of the server stays out of its reach.
_HERS = tuple(
    (method, re.compile(path))
    for method, path in (
        ("POST", rf"/v1/visits/{_ID}/(pass|consents|recordings|company|end)"),
        ("GET", rf"/v1/visits/{_ID}"),
        ("DELETE", rf"/v1/consents/{_ID}"),
        ("POST", rf"/v1/recordings/{_ID}/stop"),
        ("GET", rf"/v1/recordings/{_ID}"),
        ("GET", r"/v1/clips"),
        ("GET", rf"/v1/clips/{_ID}(/(video|thumbnail|sprite))?"),
        ("POST", rf"/v1/clips/{_ID}/keep"),
        ("DELETE", rf"/v1/clips/{_ID}"),
    )
)
_MIRRORS_OWN = (("POST", re.compile(r"/v1/visits")), ("POST", re.compile(rf"/v1/visits/{_ID}/end")))


@dataclass(frozen=True, slots=True)
class Relayed:
    """The server's answer, its body piece by piece as it comes."""

    status: int
    headers: dict[str, str]
    body: Iterator[bytes]


class Relay:
    """The way from the mirror's page to the server at `url` (http or https)."""

    def __init__(self, url: str, mirror_id: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadSource(url, "a server's address is http://host:port or https://host")
        self._url, self._mirror_id, self._token = url, mirror_id, token
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = parts.path.rstrip("/")

    def may_look(self, pass_: str) -> bool:
        """Whether the server lets the holder of `pass_` see the live picture; raises DeskAway."""
        path = f"/v1/mirrors/{self._mirror_id}/picture"
        answer = self._call("GET", path, pass_, b"")
        for _ in answer.body:
            pass
        if answer.status >= 500:
            raise DeskAway(self._url, f"it answered {answer.status}")
        return answer.status == 204

    def forward(
        self, method: str, path: str, pass_: str, body: bytes, *, as_mirror: bool
    ) -> Relayed | None:
        """The server's answer to one request of the page, None for what it may not ask.

        `as_mirror`: the page showed its own pass; it may start and end visits at this mirror.
        """
        allowed = _MIRRORS_OWN if as_mirror else _HERS
        if not any(m == method and p.fullmatch(path) for m, p in allowed):
            return None
        if as_mirror:
            pass_ = self._token
            body = json.dumps({"mirror_id": self._mirror_id}).encode() if body else b""
        return self._call(method, path, pass_, body)

    def _call(self, method: str, path: str, pass_: str, body: bytes) -> Relayed:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=_TIMEOUT_S)
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if pass_:
            headers["Authorization"] = f"Bearer {pass_}"
        try:
            connection.request(method, self._path + path, body or None, headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as cause:
            connection.close()
            raise DeskAway(self._url, str(cause) or type(cause).__name__) from cause
        told = {"Content-Type": response.getheader("Content-Type", "application/json")}
        if length := response.getheader("Content-Length"):
            told["Content-Length"] = length
        return Relayed(response.status, told, self._pieces(response, connection))

    def _pieces(
        self, response: http.client.HTTPResponse, connection: http.client.HTTPConnection
    ) -> Iterator[bytes]:
        try:
            while piece := response.read(_PIECE_BYTES):
                yield piece
        except (OSError, http.client.HTTPException) as cause:
            raise DeskAway(self._url, str(cause) or type(cause).__name__) from cause
        finally:
            connection.close()
