"""A server asked for five times what it can do: who is served is served soon, the rest is told so.

    python -m benchmarks overload [--seconds 300]

Requests come on time whether or not earlier ones are answered (an open loop), as in a real rush.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.memory import family_mb
from benchmarks.pairing import Spread, spread
from benchmarks.rush import post, rush

PATH = "/v1/search?top=20"
TIMES = 5
MOST_OPEN = 1000
FRESH_S = 3.0  # the server closes a connection that nobody used for five seconds
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CALM = 5  # quick answers in a row that count as recovered


@dataclass(slots=True)
class Overload:
    """`quiet`: one client alone. `served`: answers of 200 while `offered_per_s` were asked."""

    seconds: float
    quiet: Spread
    capacity_per_s: float
    offered_per_s: float
    served: Spread | None = None
    statuses: dict[int, int] = field(default_factory=dict)
    without_retry_after: int = 0
    not_sent: int = 0
    memory_mb: list[float] = field(default_factory=list)
    recovered_after_s: float = 0.0

    def line(self) -> str:
        """The numbers that count."""
        assert self.served
        return (
            f"overload: capacity {self.capacity_per_s:.0f}/s, offered {self.offered_per_s:.0f}/s "
            f"for {self.seconds:.0f} s: answered {self.statuses}, {self.without_retry_after} 503 "
            f"without Retry-After, {self.not_sent} not sent ({MOST_OPEN} were open)\n"
            f"  served: p99 {self.served.p99:.0f} ms, median {self.served.median:.0f} ms; quiet "
            f"p99 {self.quiet.p99:.0f} ms; ratio {self.served.p99 / self.quiet.p99:.2f}\n"
            f"  recovered after {self.recovered_after_s:.2f} s; memory of all processes, MB: "
            f"{[round(m) for m in self.memory_mb]}"
        )


def run(port: int, pid: int, photos: Sequence[bytes], seconds: float, warm_s: float) -> Overload:
    """Measure one client, then eight for the capacity, then five times that, then the calm."""
    rush(port, PATH, photos, 1, warm_s / 2)
    quiet = rush(port, PATH, photos, 1, warm_s)
    full = rush(port, PATH, photos, 4, warm_s)
    found = Overload(seconds, quiet.latency, full.per_s, full.per_s * TIMES)
    return asyncio.run(_overload(port, pid, photos, found))


async def _overload(port: int, pid: int, photos: Sequence[bytes], found: Overload) -> Overload:
    found.memory_mb.append(family_mb(pid))
    crowd = _Crowd(port, photos, found)
    start, sent = time.perf_counter(), 0
    tasks: set[asyncio.Task[None]] = set()
    look_at = [found.seconds * tenth / 10 for tenth in range(1, 11)]
    while (now := time.perf_counter() - start) < found.seconds:
        while sent < now * found.offered_per_s:
            sent += 1
            if len(tasks) >= MOST_OPEN:
                found.not_sent += 1
                continue
            task = asyncio.create_task(crowd.ask(sent))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if look_at and now >= look_at[0]:
            look_at.pop(0)
            found.memory_mb.append(await asyncio.to_thread(family_mb, pid))
        await asyncio.sleep(0.002)
    ended = time.perf_counter()
    found.recovered_after_s = await _recovery(port, photos, found, ended)
    await asyncio.gather(*tasks)
    found.served = spread(crowd.served_ms or [0.0, 0.0], "ms")
    found.statuses = dict(crowd.statuses)
    found.memory_mb.append(family_mb(pid))
    return found


async def _recovery(port: int, photos: Sequence[bytes], found: Overload, ended: float) -> float:
    """Seconds until the first of CALM answers in a row that came as soon as in the quiet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    calm, since = 0, time.perf_counter()
    while calm < CALM and time.perf_counter() - ended < 60:
        asked = time.perf_counter()
        status = await post(reader, writer, PATH, photos[0])
        quick = (time.perf_counter() - asked) * 1000 <= 3 * found.quiet.p99
        if status == 200 and quick:
            since = since if calm else asked
            calm += 1
        else:
            calm = 0
    writer.close()
    return since - ended


class _Crowd:
    """Everybody who asks, over connections that are kept for the next."""

    def __init__(self, port: int, photos: Sequence[bytes], found: Overload) -> None:
        self._port, self._photos, self._found = port, photos, found
        self._idle: list[tuple[float, Pair]] = []
        self.served_ms: list[float] = []
        self.statuses: Counter[int] = Counter()

    async def ask(self, number: int) -> None:
        """One request; status 0 where the connection broke."""
        asked = time.perf_counter()
        headers: dict[str, str] = {}
        photo = self._photos[number % len(self._photos)]
        try:
            pair = self._fresh() or await self._connect()
            status = await post(*pair, PATH, photo, headers)
            self._idle.append((time.perf_counter(), pair))
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        self.statuses[status] += 1
        if status == 200:
            self.served_ms.append((time.perf_counter() - asked) * 1000)
        self._found.without_retry_after += status == 503 and "retry-after" not in headers

    def _fresh(self) -> Pair | None:
        """A connection that the server has no reason to have closed yet; others are closed."""
        while self._idle:
            since, pair = self._idle.pop()
            if time.perf_counter() - since < FRESH_S:
                return pair
            pair[1].close()
        return None

    async def _connect(self) -> Pair:
        return await asyncio.open_connection("127.0.0.1", self._port)
