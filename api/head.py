"""HEAD at every address that takes GET: the same answer without its body.

Monitors and load balancers ask so; the routes below know of GET only.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """ASGI layer: passes a HEAD on as a GET and keeps the body of the answer back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the answer's headers, Content-Length too, stay a GET's."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_body)
