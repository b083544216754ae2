"""The headers that every answer carries, whatever route made it.

The page loads from this service alone: no script, style, font or picture of another origin runs
in it. Pictures that a shopper has just chosen are shown from memory (blob:).
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ALWAYS: Final = [(name.lower().encode(), value.encode()) for name, value in ALWAYS.items()]
CACHING: Final = b"cache-control"


class Headers:
    """ASGI middleware: adds what is missing, overrules nothing that a route has said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message.get("headers", ())
                names = {name.lower() for name, _ in said}
                more = [header for header in _ALWAYS if header[0] not in names]
                if CACHING not in names:
                    more.append((CACHING, _caching(scope["path"])))
                message = {**message, "headers": [*said, *more]}
            await send(message)

        await self._app(scope, receive, complete)


def _caching(path: str) -> bytes:
    """The page's files are asked for again by ETag; what was searched is kept by nobody."""
    return b"no-cache" if path == "/" or path.startswith("/pages/") else b"no-store"
