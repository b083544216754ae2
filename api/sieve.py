"""What of a request's head the service lets in: its own cookies, and one length.

Other services of this host name send us their cookies, too, and strangers anything: the standard
library's parser, which the framework asks for every request, takes 20 s for 60 kB of backslashes
before Python 3.11.10 (CVE-2024-7592). So of the cookies only ours come in, and of their values only
what we hand out.

A request that says its length twice (Content-Length and Transfer-Encoding) is read by one server as
one request and by another as two: behind a proxy, a stranger could hide a second one in it. It is
refused, and the connection closed, as RFC 9112 (6.1) has it.
"""

import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import BadRequestBody
from api.problems import problem_response

OURS: Final = "vistazo_"
_VALUE: Final = re.compile(rb"[A-Za-z0-9_.~+/=-]{1,400}")
_LENGTHS: Final = {b"content-length", b"transfer-encoding"}


class Sieve:
    """ASGI layer around everything that reads a head."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its sound headers, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        if {name for name, _ in headers} >= _LENGTHS:
            refusal = problem_response(BadRequestBody("it says its length in two ways"))
            refusal.headers["Connection"] = "close"
            await refusal(scope, receive, send)
            return
        if any(name == b"cookie" for name, _ in headers):
            sound = [header for header in headers if header[0] != b"cookie"]
            said = b";".join(value for name, value in headers if name == b"cookie")
            scope = {**scope, "headers": [*sound, *_ours(said)]}
        await self._app(scope, receive, send)


def _ours(said: bytes) -> list[tuple[bytes, bytes]]:
    pairs = (pair.strip().partition(b"=") for pair in said.split(b";"))
    kept = [
        name + b"=" + value
        for name, _, value in pairs
        if name.startswith(OURS.encode()) and _VALUE.fullmatch(value)
    ]
    return [(b"cookie", b"; ".join(kept))] if kept else []
