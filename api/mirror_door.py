"""The attendant's own service, on the mirror's machine alone: pages, the live picture, the relay.

`/` says how the mirror is (facts only, never a picture), `/status.json` says it to programs,
`/mirror` is the mirror's page, `/live` the picture it shows, `/v1/…` what it asks of the server,
`/camera` takes what it pushes where the browser is the camera.
"""

import hmac
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET, socket
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from api.body import read_bytes
from api.bounded import MOST_BYTES, WAIT_S
from api.door import open_door
from api.local import LocalOnly
from api.mirror_feed import Feed
from api.mirror_forms import state_json
from api.mirror_live import LiveLine, Watched
from api.mirror_relay import Relay
from mirror.browser_camera import BrowserCamera

PAGES = Path(__file__).parent / "pages"  # not from api.page: it brings the whole shop along
_PAGES = {"/": "status.html", "/mirror": "mirror.html"}
_MOST_IN_SOCKET_BYTES = 512 * 1024
_MOST_PUSHED_BYTES = 8 * 1024 * 1024  # one frame that a browser pushes


def mirror_door(
    watched: Watched, relay: Relay, page_pass: str, feeds: BrowserCamera | None = None
) -> FastAPI:
    """The attendant's routes; `page_pass` opens the mirror's own page, which `feeds` a camera."""
    app = open_door("Vistazo mirror")
    app.add_middleware(LocalOnly)
    _page_routes(app, watched)
    _relay_routes(app, relay, page_pass)
    line = LiveLine(watched, page_pass, relay.may_look)
    app.add_api_websocket_route("/live", line.serve)
    if feeds is not None:
        app.add_api_websocket_route("/camera", Feed(feeds, page_pass).serve)
    return app


def _page_routes(app: FastAPI, watched: Watched) -> None:
    for path, name in _PAGES.items():
        app.add_api_route(path, _page(name), include_in_schema=False)

    @app.get("/status.json", include_in_schema=False)
    def status() -> dict[str, Any]:
        return state_json(watched.state())

    app.router.routes.append(Mount("/pages", StaticFiles(directory=PAGES, check_dir=False)))


def _page(name: str) -> Any:
    async def page() -> FileResponse:
        return FileResponse(PAGES / "mirror" / name, media_type="text/html; charset=utf-8")

    return page


def _relay_routes(app: FastAPI, relay: Relay, page_pass: str) -> None:
    @app.api_route("/v1/{path:path}", methods=["GET", "POST", "DELETE"], include_in_schema=False)
    async def relayed(path: str, request: Request) -> Response:
        body = await read_bytes(request, MOST_BYTES, WAIT_S)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        pass_ = token.strip() if scheme.lower() == "bearer" else ""
        own = hmac.compare_digest(pass_.encode(), page_pass.encode())
        answer = await run_in_threadpool(
            relay.forward, request.method, f"/v1/{path}", pass_, body, as_mirror=own
        )
        if answer is None:
            return JSONResponse({"code": "no-such-address"}, 404)
        return StreamingResponse(answer.body, answer.status, answer.headers)


@contextmanager
def serving(app: FastAPI, listener: socket) -> Iterator[str]:
    """Serve `app` on a thread of its own while the block runs; its address comes out."""
    # Connections inherit it. Left alone the system would hold seconds of video for a slow page.
    listener.setsockopt(SOL_SOCKET, SO_SNDBUF, _MOST_IN_SOCKET_BYTES)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws_max_size=_MOST_PUSHED_BYTES,
        ws_per_message_deflate=False,  # video is compressed already, and a picture must not wait
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()
