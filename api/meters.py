"""What a monitoring system reads at `/metrics`, in Prometheus's text format: counts, no contents.

Nothing here names a shopper, a picture, words or a SKU: requests are counted by what they do (the
act of api/roles) and by status, searches by the room that they spent their time in.
"""

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import Addresses
from api.errors import KeyForbids, KeyNeeded
from api.problems import documented
from api.shop import Shop

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ROOMS: Final = frozenset(
    ("receive", "fetch", "decode", "preprocess", "encode", "words", "vectors", "catalogue", "reply")
)
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Histogram:
    """How long something took, in buckets."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0

    def add(self, took_s: float) -> None:
        """One more."""
        self.counts[sum(took_s > bound for bound in BUCKETS_S)] += 1
        self.sum_s += took_s

    def lines(self, name: str, labels: str) -> Iterator[str]:
        """As Prometheus wants it: every bucket holds those before it."""
        total = 0
        for bound, count in zip((*BUCKETS_S, "+Inf"), self.counts, strict=True):
            total += count
            yield f'{name}_bucket{{{labels},le="{bound}"}} {total}'
        yield f"{name}_sum{{{labels}}} {self.sum_s:.6f}"
        yield f"{name}_count{{{labels}}} {total}"


@dataclass(slots=True)
class Meters:
    """The counts of one application; used by one event loop."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    took: dict[str, Histogram] = field(default_factory=dict)
    rooms: dict[str, Histogram] = field(default_factory=dict)

    def note(self, act: str, status: int, took_s: float, timing: str) -> None:
        """One answered request; `timing` is its Server-Timing header, if it has one."""
        self.requests[act, status] += 1
        self.took.setdefault(act, Histogram()).add(took_s)
        for part in filter(None, timing.split(",")):
            room, _, said = part.strip().partition(";dur=")
            if room in ROOMS:
                self.rooms.setdefault(room, Histogram()).add(float(said) / 1000)

    def lines(self) -> Iterator[str]:
        """Everything that was counted."""
        yield "# TYPE vistazo_requests_total counter"
        for (act, status), count in sorted(self.requests.items()):
            yield f'vistazo_requests_total{{act="{act}",status="{status}"}} {count}'
        yield "# TYPE vistazo_request_seconds histogram"
        for act, histogram in sorted(self.took.items()):
            yield from histogram.lines("vistazo_request_seconds", f'act="{act}"')
        yield "# TYPE vistazo_search_room_seconds histogram"
        for room, histogram in sorted(self.rooms.items()):
            yield from histogram.lines("vistazo_search_room_seconds", f'room="{room}"')


class Metered:
    """ASGI middleware: counts what is answered."""

    def __init__(
        self, app: ASGIApp, meters: Meters, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app, self._meters, self._clock = app, meters, clock
        self._addresses = Addresses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, timing = self._clock(), 500, ""

        async def counted(message: Message) -> None:
            nonlocal status, timing
            if message["type"] == "http.response.start":
                status = message["status"]
                timing = Headers(raw=message["headers"]).get("server-timing", "")
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            place = self._addresses.find(scope["method"], scope["path"])
            act = "nowhere" if place is None else place.act.value
            self._meters.note(act, status, self._clock() - started, timing)


def meter(app: FastAPI, shop: Shop) -> None:
    """Count what `app` answers, and serve the counts at /metrics."""
    meters = Meters()
    app.add_middleware(Metered, meters=meters)
    router = APIRouter(tags=["health"])

    @router.get(
        "/metrics",
        response_class=PlainTextResponse,
        responses=documented(KeyNeeded, KeyForbids),
        summary="Counts for Prometheus",
    )
    async def metrics() -> PlainTextResponse:
        lines = [*meters.lines(), *gauges(shop)]
        return PlainTextResponse("\n".join(lines) + "\n", media_type=MEDIA_TYPE)

    app.include_router(router)


def gauges(shop: Shop) -> Iterator[str]:
    """What is so at this moment."""
    pulse = shop.encoder.pulse()
    now = {
        "vistazo_products": len(shop.shelf),
        "vistazo_requests_inside": shop.entrance.inside,
        "vistazo_held_bytes": shop.intake.held_bytes,
        "vistazo_encoder_waiting": pulse.waiting,
        "vistazo_encoder_failures": pulse.failures,
        "vistazo_decoders_stopped_total": shop.decoder.stopped,
        "process_resident_memory_bytes": resident_bytes(),
    }
    for name, value in now.items():
        yield f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
        yield f"{name} {value}"


def resident_bytes() -> int:
    """The memory of this process, 0 where it cannot be known."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()
