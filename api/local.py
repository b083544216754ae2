"""A page for this machine alone: no other site may speak to it through her browser.

A name of somebody else's that points to 127.0.0.1 (DNS rebinding), and a page of another origin
that opens a WebSocket or posts a form, are both turned away before any route hears of them.
"""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES = ("127.0.0.1", "localhost", "[::1]")
_POLICY_CODE = 1008  # RFC 6455: the message violates the policy


class LocalOnly:
    """ASGI layer: lets pass what is asked under this machine's own name, from its own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 404 (a WebSocket is refused)."""
        if scope["type"] not in ("http", "websocket") or _is_ours(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_CODE, "reason": ""})
        else:
            await PlainTextResponse("Nothing here.\n", 404)(scope, receive, send)


def _is_ours(scope: Scope) -> bool:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    if host.rpartition(":")[0] not in _NAMES and host not in _NAMES:
        return False
    origin = headers.get(b"origin", b"").decode("latin-1")
    if scope["type"] == "websocket":  # a browser always says where its page comes from
        return origin == f"http://{host}"
    return origin in ("", f"http://{host}")
