"""An application on a real, free port of this machine, in a thread, until the block ends."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from api.cli_serve import listen

PATIENCE_S = 60.0


@contextmanager
def served_app(app: ASGIApp, *, in_haste: bool = False, **options: Any) -> Iterator[int]:
    """The port at which uvicorn, with `options`, serves `app`.

    At the end, however the block ends, the server finishes what it answers and its thread is waited
    for; `in_haste` it waits for no answer, for streams that never end. A server that cannot start
    fails the test at once.
    """
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(app, **({"log_level": "warning"} | options))
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server ended before it served"
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.force_exit, server.should_exit = in_haste, True
            thread.join(PATIENCE_S)
            server.force_exit = True
            thread.join(PATIENCE_S)
