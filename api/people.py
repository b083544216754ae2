"""The routes about people and mirrors: joined to the shop's service, or served by themselves."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fastapi import FastAPI

from api import clips, mirrors, visit_live, visits
from api.door import open_door
from customers.errors import CustomerError
from mirror.errors import MirrorError
from mirror.studio import Studio

_log = logging.getLogger("vistazo")
_TIDY_S = 600.0  # a clip outlives its retention by ten minutes at most


def join(app: FastAPI, studio: Studio) -> None:
    """Add the routes to `app`; whoever opened `studio` tends and closes it."""
    for routes in (mirrors.routes, visits.routes, visit_live.routes, clips.routes):
        app.include_router(routes(studio))


def people_app(studio: Studio) -> FastAPI:
    """A service of people and mirrors alone, as a shop may run it on a machine of its own."""
    app = open_door("Vistazo mirrors")
    join(app, studio)
    return app


@contextmanager
def tended(studio: Studio) -> Iterator[Studio]:
    """Tidies `studio` again and again while the block runs (the retention ends while the service
    runs, too), and closes it."""
    stop = threading.Event()
    thread = threading.Thread(target=_tend, args=(studio, stop), daemon=True)
    thread.start()
    try:
        yield studio
    finally:
        stop.set()
        thread.join()
        with suppress(OSError):
            studio.close()


def _tend(studio: Studio, stop: threading.Event) -> None:
    while not stop.wait(_TIDY_S):
        try:
            studio.tidy()
        except (OSError, CustomerError, MirrorError):
            _log.exception("tidying failed; it is tried again")  # the service goes on
