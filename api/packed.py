"""The page's files as they travel: compressed once, kept in memory, told apart by their content.

Only files of the package itself are compressed. Answers about a shopper's search are not: their
length would say something about what is in them.
"""

import gzip
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KINDS: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
}
LEAST_BYTES: Final = 1000
"""Under this a file fits into one packet as it is."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One file: as it is, compressed (None where that gains nothing), its tag and kind."""

    plain: bytes
    small: bytes | None
    tag: str
    kind: str
    stamp: tuple[int, int]


class Files:
    """ASGI application: the files of one folder of ours, compressed for who understands gzip."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._packed: dict[Path, Packed] = {}
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET; whatever is no file of a known kind in the folder is not there."""
        mounted = scope.get("root_path", "")
        name = scope["path"].removeprefix(mounted).lstrip("/")
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        await self.send(name, Request(scope))(scope, receive, send)

    def send(self, name: str, request: Request) -> Response:
        """The answer with the file `name`; raises HTTPException (404) if there is none."""
        packed = self.find(name)
        if packed is None:
            raise HTTPException(404)
        return answer(packed, request.headers)

    def find(self, name: str) -> Packed | None:
        """The file `name`, read again only when it has changed; None if there is none."""
        try:
            path = (self._folder / name).resolve()
            kind = KINDS.get(path.suffix)
            if kind is None or not path.is_relative_to(self._folder) or not path.is_file():
                return None
            facts = path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size)
            with self._lock:
                held = self._packed.get(path)  # by its one path: of names there is no end
                if held is None or held.stamp != stamp:
                    held = self._packed[path] = pack(path.read_bytes(), kind, stamp)
        except (OSError, ValueError):  # a name too long, or with a NUL in it
            return None
        return held


def pack(plain: bytes, kind: str, stamp: tuple[int, int]) -> Packed:
    """`plain` with what is sent in its place; the same bytes make the same tag."""
    small = None
    if len(plain) >= LEAST_BYTES and kind != KINDS[".png"]:
        small = gzip.compress(plain, 9, mtime=0)
    return Packed(plain, small, hashlib.sha256(plain).hexdigest()[:24], kind, stamp)


def answer(packed: Packed, headers: Headers) -> Response:
    """What to send to who asks with `headers`: 304, the small or the plain form."""
    accepted = headers.get("accept-encoding", "")
    small = packed.small if "gzip" in accepted else None
    tag = f'"{packed.tag}{"-gz" if small is not None else ""}"'
    told = {"ETag": tag, "Vary": "Accept-Encoding"}
    if packed.tag in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=told)
    if small is None:
        return Response(packed.plain, media_type=packed.kind, headers=told)
    return Response(small, media_type=packed.kind, headers=told | {"Content-Encoding": "gzip"})
