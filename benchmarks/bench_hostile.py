"""A server under hostile uploads: what it answers, how late, how a neighbour fares, what it keeps.

python -m benchmarks hostile [--size 20000] [--clients 1]
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.hostile import Upload, corpus
from benchmarks.memory import family_mb
from benchmarks.pairing import Spread, spread
from benchmarks.rush import post

QUIET_S = 8.0
NEIGHBOUR_RESTS_S = 0.1  # a shopper looks at what she found; some ten searches a second


@dataclass(slots=True)
class Hostile:
    """What became of the uploads. `slowest` are the five latest answers: ms, kind, status."""

    uploads: int
    clients: int
    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    late: int = 0
    slowest: list[tuple[float, str, int]] = field(default_factory=list)
    quiet: Spread | None = None
    attacked: Spread | None = None
    memory_mb: list[float] = field(default_factory=list)

    def line(self) -> str:
        """The numbers that count, in a few lines."""
        assert self.quiet
        assert self.attacked
        ratio = self.attacked.p99 / self.quiet.p99
        return (
            f"{self.uploads} hostile uploads, {self.clients} at once, in {self.seconds:.0f} s: "
            f"statuses {self.statuses}, {len(self.faults)} of 5xx, {self.late} later than 2 s\n"
            f"  slowest: {self.slowest}\n"
            f"  a neighbour's search: p99 {self.quiet.p99:.0f} ms quiet, "
            f"{self.attacked.p99:.0f} ms attacked, ratio {ratio:.2f} (medians "
            f"{self.quiet.median:.0f}, {self.attacked.median:.0f})\n"
            f"  memory of all processes, MB: {[round(m) for m in self.memory_mb]}"
        )


def run(
    port: int, pid: int, photos: Sequence[bytes], size: int, clients: int, real: Sequence[bytes]
) -> Hostile:
    """Send `size` uploads; the neighbour searches with `photos` meanwhile."""
    return asyncio.run(_run(port, pid, photos, Hostile(size, clients), real))


async def _run(
    port: int, pid: int, photos: Sequence[bytes], found: Hostile, real: Sequence[bytes]
) -> Hostile:
    quiet_until = time.perf_counter() + QUIET_S
    await _neighbour(port, photos, lambda: time.perf_counter() < quiet_until)
    quiet_until = time.perf_counter() + QUIET_S
    times = await _neighbour(port, photos, lambda: time.perf_counter() < quiet_until)
    found.quiet = spread(times, "ms")
    found.memory_mb.append(family_mb(pid))
    started, under_way = time.perf_counter(), True
    uploads = corpus(found.uploads, real)
    neighbour = asyncio.create_task(_neighbour(port, photos, lambda: under_way))
    attackers = [_attacker(port, pid, uploads, found) for _ in range(found.clients)]
    await asyncio.gather(*attackers)
    under_way = False
    found.attacked = spread(await neighbour, "ms")
    found.seconds = time.perf_counter() - started
    found.memory_mb.append(family_mb(pid))
    return found


async def _neighbour(
    port: int, photos: Sequence[bytes], going_on: Callable[[], bool]
) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    while going_on():
        asked = time.perf_counter()
        status = await post(reader, writer, "/v1/search?top=20", photos[len(times) % len(photos)])
        if status != 200:
            raise RuntimeError(f"the neighbour was answered {status}")
        times.append((time.perf_counter() - asked) * 1000)
        await asyncio.sleep(NEIGHBOUR_RESTS_S)
    writer.close()
    return times


async def _attacker(port: int, pid: int, uploads: Iterator[Upload], found: Hostile) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    statuses = Counter(found.statuses)
    while (upload := await asyncio.to_thread(next, uploads, None)) is not None:
        asked = time.perf_counter()
        status = await post(reader, writer, "/v1/search", upload.data)
        took_ms = (time.perf_counter() - asked) * 1000
        statuses[status] = statuses[status] + 1
        if status >= 500:
            found.faults.append(f"{upload.number} {upload.kind}: {status}")
        found.late += took_ms > 2000
        found.slowest.append((round(took_ms), upload.kind, status))
        found.slowest = sorted(found.slowest, reverse=True)[:5]
        if upload.number and upload.number % max(100, found.uploads // 10) == 0:
            found.memory_mb.append(family_mb(pid))
    writer.close()
    for status, count in statuses.items():
        found.statuses[status] = found.statuses.get(status, 0) + count
