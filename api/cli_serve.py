"""`vistazo serve`: the service and its page on one address."""

import gc
import socket
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_options import (
    DEFAULT_MODEL,
    DEFAULT_SHOP,
    JsonOption,
    ModelOption,
    ShopOption,
    aside,
    live_of,
    say_json,
    settings_of,
)
from api.cli_people import RETENTION_H, RetentionOption, tended_if_asked

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from api.phone import Certificate
    from api.settings import Settings
    from api.shop import Shop
    from mirror.studio import Studio

GOODBYE_S = 3
"""A live picture and live states never end by themselves: so long are they waited for."""

GARBAGE_AFTER = 20_000
"""Objects that may come before cycles among them are looked for: some ten searches' worth."""

NO_KEYS = "No key yet: only this machine may write. `vistazo keys create admin --name YOU`"

HostOption = Annotated[
    str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for the whole network.")
]
PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes any free one.")
]


def serve(
    shop: ShopOption = DEFAULT_SHOP,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    model: ModelOption = DEFAULT_MODEL,
    people: Annotated[
        Path | None,
        typer.Option(
            envvar="VISTAZO_PEOPLE",
            file_okay=False,
            help="Serve mirrors and their people, too, from this folder (needs vistazo[mirror]).",
        ),
    ] = None,
    retention_h: RetentionOption = RETENTION_H,
    as_json: JsonOption = False,
) -> None:
    """Serve the shop over HTTP, with the shopper's page at /. Stop it with Ctrl-C."""
    from api.shop import open_shop

    started = perf_counter()
    listener = listen(host, port)
    settings = settings_of(shop=shop, model=model)
    with tended_if_asked(people, retention_h) as studio:
        opened = open_shop(live_of(settings))
        ready_after_ms = round((perf_counter() - started) * 1000)
        listener.listen()  # who comes from here on waits instead of being refused
        url = address_of(host, listener)
        if as_json:
            say_json({"url": url, "products": len(opened.shelf), "ready_after_ms": ready_after_ms})
        else:
            aside().print(f"{len(opened.shelf):,} products at {url}  (Ctrl-C stops)")
            if not opened.office.keys.any_made():
                aside().print(NO_KEYS)
        run_server(opened, listener, settings, studio)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that a taken port is told before anything heavy is loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle off only where the protocol is said: else an answer waits 40 ms for an ACK
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with --port."
        ) from error
    return listener


def address_of(host: str, listener: socket.socket) -> str:
    """Where a browser on this machine finds the service."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{listener.getsockname()[1]}"


def run_server(
    shop: "Shop",
    listener: socket.socket,
    settings: "Settings",
    studio: "Studio | None" = None,
    certificate: "Certificate | None" = None,
) -> None:
    """Serve `shop` until interrupted, and whatever `vistazo models use` makes live meanwhile."""
    from api.app import create_app
    from api.live import Follower
    from api.shop import open_shop
    from api.switchboard import Switchboard
    from mirror.memory import forbid_dumps

    forbid_dumps()  # a core of this process would hold shoppers' pictures
    follower = Follower(settings, lambda changed: create_app(open_shop(changed), studio))
    shop.office.jobs.revive()  # what a crash or a restart of the machine interrupted
    first = create_app(shop, studio)
    board = Switchboard(first, follower.changed, lambda error: aside().print(str(error)))
    serve_until_stopped(board, listener, certificate)


def serve_until_stopped(
    app: "ASGIApp", listener: socket.socket, certificate: "Certificate | None" = None
) -> None:
    """Serve `app` until interrupted; over https with a `certificate`.

    There is no access log: addresses hold what shoppers typed, and who they are.
    """
    import uvicorn

    from api.patience import Patient, raise_file_limit

    raise_file_limit()
    _spare_the_collector()
    config = uvicorn.Config(
        app,
        http=Patient,
        log_level="warning",
        access_log=False,
        server_header=False,
        ssl_certfile=certificate.chain if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
        timeout_graceful_shutdown=GOODBYE_S,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _spare_the_collector() -> None:
    """What is loaded by now stays: looking through it again and again for garbage took a
    thirtieth of a search's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
