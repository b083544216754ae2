"""A server under hostile uploads: what it answers, how late, how a neighbour fares, what it keeps.

python -m benchmarks hostile [--size 20000] [--clients 1] [--work DIR]

The uploads come in stretches, a quiet one of the neighbour's before each, so that a machine that is
busy with other things weighs on both alike. After each stretch the figures so far are kept in DIR;
a run that was broken off goes on there (with a new server), and a whole one begins anew.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.hostile import Upload, corpus
from benchmarks.memory import family_mb
from benchmarks.pairing import Spread, spread
from benchmarks.rush import post

STRETCHES = 40
LEAST_STRETCH = 100
QUIET_S = 4.0
NEIGHBOUR_RESTS_S = 0.1  # a shopper looks at what she found; some ten searches a second
LATE_MS = 2000
LATEST = 20


@dataclass(slots=True)
class Hostile:
    """What became of the `done` first of `uploads`. `latest`: ms, kind, status of the latest
    answers; times of the neighbour's searches in ms; memory in MB, server by server."""

    uploads: int
    clients: int
    done: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    late: int = 0
    latest: list[tuple[float, str, int]] = field(default_factory=list)
    quiet_ms: list[float] = field(default_factory=list)
    attacked_ms: list[float] = field(default_factory=list)
    memory_mb: list[list[float]] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        """The figures, the neighbour's times as quartiles and tail."""
        quiet, attacked = self._spreads()
        told = asdict(self)
        del told["quiet_ms"], told["attacked_ms"]
        return told | {
            "quiet": asdict(quiet),
            "attacked": asdict(attacked),
            "p99_ratio": round(attacked.p99 / quiet.p99, 3),
        }

    def line(self) -> str:
        """The numbers that count, in a few lines."""
        quiet, attacked = self._spreads()
        memory = [[round(m) for m in server] for server in self.memory_mb]
        return (
            f"{self.done} of {self.uploads} hostile uploads, {self.clients} at once, in "
            f"{self.seconds:.0f} s: statuses {self.statuses}, {len(self.faults)} of 5xx, "
            f"{self.late} later than 2 s\n"
            f"  latest: {self.latest[:5]}\n"
            f"  a neighbour's search: p99 {quiet.p99:.0f} ms quiet, {attacked.p99:.0f} ms attacked,"
            f" ratio {attacked.p99 / quiet.p99:.2f} (medians {quiet.median:.0f}, "
            f"{attacked.median:.0f})\n"
            f"  memory of all processes, MB: {memory}"
        )

    def _spreads(self) -> tuple[Spread, Spread]:
        return spread(self.quiet_ms, "ms"), spread(self.attacked_ms, "ms")


def kept_in(work: Path, size: int, clients: int) -> tuple[Path, Hostile]:
    """Where the figures are kept, and those of a run that was broken off, or none yet."""
    path = work / f"hostile-{size}-{clients}.json"
    found = Hostile(size, clients)
    if path.exists():
        kept = json.loads(path.read_text("utf-8"))
        kept["latest"] = [tuple(one) for one in kept["latest"]]
        before = Hostile(**kept)
        found = before if before.done < size else found
    return path, found


def run(
    port: int, pid: int, photos: Sequence[bytes], found: Hostile, kept: Path, real: Sequence[bytes]
) -> Hostile:
    """Send what is left of the uploads; the neighbour searches with `photos` meanwhile."""
    found.memory_mb.append([])
    asyncio.run(_quiet(port, photos))  # what is loaded once is loaded now
    while found.done < found.uploads:
        stretch = max(LEAST_STRETCH, found.uploads // STRETCHES)
        count = min(stretch, found.uploads - found.done)
        found.quiet_ms += asyncio.run(_quiet(port, photos))
        if not found.memory_mb[-1]:
            found.memory_mb[-1].append(family_mb(pid))
        uploads = list(corpus(count, real, found.done))  # a bomb takes longer to make than to send
        asyncio.run(_stretch(port, photos, found, uploads))
        found.done += count
        found.memory_mb[-1].append(family_mb(pid))
        kept.write_text(json.dumps(asdict(found)), "utf-8")
        print(f"{found.done} of {found.uploads}, {found.late} late", flush=True)
    return found


async def _quiet(port: int, photos: Sequence[bytes]) -> list[float]:
    until = time.perf_counter() + QUIET_S
    return await _neighbour(port, photos, lambda: time.perf_counter() < until)


async def _stretch(
    port: int, photos: Sequence[bytes], found: Hostile, uploads: Sequence[Upload]
) -> None:
    started, under_way = time.perf_counter(), True
    neighbour = asyncio.create_task(_neighbour(port, photos, lambda: under_way))
    waiting = iter(uploads)
    await asyncio.gather(*(_attacker(port, waiting, found) for _ in range(found.clients)))
    under_way = False
    found.attacked_ms += await neighbour
    found.seconds += time.perf_counter() - started


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


async def _attacker(port: int, uploads: Iterator[Upload], found: Hostile) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    statuses: Counter[str] = Counter()
    for upload in uploads:
        asked = time.perf_counter()
        status = await post(reader, writer, "/v1/search", upload.data)
        took_ms = (time.perf_counter() - asked) * 1000
        statuses[str(status)] += 1
        if status >= 500:
            found.faults.append(f"{upload.number} {upload.kind}: {status}")
        found.late += took_ms > LATE_MS
        found.latest.append((round(took_ms), f"{upload.number} {upload.kind}", status))
        found.latest = sorted(found.latest, reverse=True)[:LATEST]
    writer.close()
    for status_code, count in statuses.items():
        found.statuses[status_code] = found.statuses.get(status_code, 0) + count
