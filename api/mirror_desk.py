"""The attendant's line to its server, over HTTP."""

import http.client
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.mirror_forms import clip_facts, read_orders, state_json
from mirror.clip import Clip
from mirror.clips import Kind
from mirror.desk import MirrorState, Orders
from mirror.errors import BadSource, DeskAway, DeskRefused

_TIMEOUT_S = 5.0
_PIECE_BYTES = 1 << 20


class HttpDesk:
    """The server at `url` (http or https), spoken to with the mirror's pass.

    Every call opens its own connection: a call that hangs holds up none of the others. Raises
    DeskAway where there is no answer or a 5xx one, DeskRefused with the server's code elsewhere.
    """

    def __init__(self, url: str, mirror_id: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadSource(url, "a server's address is http://host:port or https://host")
        self._url, self._mirror_id = url, mirror_id
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._token = token

    def report(self, state: MirrorState) -> Orders:
        """Tell how the mirror is, hear what is wanted."""
        answer = self._json("POST", f"/v1/mirrors/{self._mirror_id}/report", state_json(state))
        try:
            return read_orders(answer)
        except (KeyError, TypeError, ValueError) as cause:
            raise DeskAway(self._url, "its answer is no orders") from cause

    def deliver(self, clip: Clip, files: Mapping[Kind, Path]) -> None:
        """Hand a clip over; returns once it is kept."""
        sizes = [(kind, path.stat().st_size) for kind, path in files.items()]
        head = json.dumps({"clip": clip_facts(clip), "files": sizes}).encode()
        total = 4 + len(head) + sum(size for _, size in sizes)
        body = _delivery(head, list(files.values()))
        self._call("PUT", f"/v1/clips/{clip.id}", body, "application/octet-stream", total)

    def unwrap(self, clip_id: str, wrapped: bytes) -> bytes:
        """The data key of a spool that a crash left."""
        answer = self._json("POST", f"/v1/clips/{clip_id}/unwrap", {"wrapped": wrapped.hex()})
        return bytes.fromhex(str(answer.get("data_key", "")))

    def _json(self, method: str, path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps(fields).encode()
        return self._call(method, path, iter([body]), "application/json", len(body))

    def _call(
        self, method: str, path: str, body: Iterator[bytes], media_type: str, length: int
    ) -> dict[str, Any]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=_TIMEOUT_S)
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": media_type,
            "Content-Length": str(length),
        }
        try:
            connection.request(method, self._path + path, body, headers)
            response = connection.getresponse()
            status, said = response.status, response.read()
        except (OSError, http.client.HTTPException) as cause:
            raise DeskAway(self._url, str(cause) or type(cause).__name__) from cause
        finally:
            connection.close()
        return self._answer(status, said)

    def _answer(self, status: int, said: bytes) -> dict[str, Any]:
        try:
            fields = json.loads(said)
        except ValueError:
            fields = {}
        if status >= 500 or not isinstance(fields, dict):
            raise DeskAway(self._url, f"it answered {status}, and nothing that a server says")
        if status >= 400:
            code, detail = str(fields.get("code", status)), str(fields.get("detail", ""))
            raise DeskRefused(code, detail)
        return fields


def _delivery(head: bytes, paths: list[Path]) -> Iterator[bytes]:
    yield len(head).to_bytes(4, "big") + head
    for path in paths:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
