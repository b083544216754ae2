"""A server asked for five times what it can do: who is served is served soon, the rest is told so.

    python -m benchmarks overload [--seconds 300]

Requests come on time whether or not earlier ones are answered (an open loop), as in a real rush.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.clients import Client, Clients, Reply, picture_post
from benchmarks.memory import family_mb
from benchmarks.pairing import Spread, spread
from benchmarks.rush import rush
from benchmarks.spent import family_spent_s, own_spent_s

PATH = "/v1/search?top=20"
TIMES = 5
MOST_OPEN = 1000
FRESH_S = 3.0  # the server closes a connection that nobody used for five seconds
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
    server_cores: float = 0.0
    asking_cores: float = 0.0

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
            f"{[round(m) for m in self.memory_mb]}; cores busy: server {self.server_cores:.2f}, "
            f"asking {self.asking_cores:.2f}"
        )


def run(port: int, pid: int, photos: Sequence[bytes], seconds: float, warm_s: float) -> Overload:
    """Measure one client, then eight for the capacity, then five times that, then the calm."""
    rush(port, PATH, photos, 1, warm_s / 2)
    quiet = rush(port, PATH, photos, 1, warm_s)
    full = rush(port, PATH, photos, 4, warm_s)
    found = Overload(seconds, quiet.latency, full.per_s, full.per_s * TIMES)
    requests = [picture_post(PATH, photo) for photo in photos]
    crowd = _Crowd(Clients(port), requests, found)
    try:
        return _overload(crowd, pid)
    finally:
        crowd.clients.close()


def _overload(crowd: "_Crowd", pid: int) -> Overload:
    found = crowd.found
    found.memory_mb.append(family_mb(pid))
    spent, own = family_spent_s(pid), own_spent_s()
    start, sent = time.perf_counter(), 0
    look_at = [found.seconds * tenth / 10 for tenth in range(1, 11)]
    while (now := time.perf_counter() - start) < found.seconds:
        while sent < now * found.offered_per_s:
            sent += 1
            crowd.ask(sent)
        if look_at and now >= look_at[0]:
            look_at.pop(0)
            found.memory_mb.append(family_mb(pid))
        crowd.listen(0.002)
    found.server_cores = (family_spent_s(pid) - spent) / found.seconds
    found.asking_cores = (own_spent_s() - own) / found.seconds
    found.recovered_after_s = _recovery(crowd)
    while crowd.asking:
        crowd.listen(1.0)
    found.served = spread(crowd.served_ms or [0.0, 0.0], "ms")
    found.statuses = dict(crowd.statuses)
    found.memory_mb.append(family_mb(pid))
    return found


def _recovery(crowd: "_Crowd") -> float:
    """Seconds until the first of CALM answers in a row that came as soon as in the quiet."""
    ended = since = time.perf_counter()
    calm = 0
    while calm < CALM and time.perf_counter() - ended < 60:
        asked = time.perf_counter()
        reply = crowd.ask_alone()
        if reply.status == 200 and reply.took_ms <= 3 * crowd.found.quiet.p99:
            since = since if calm else asked
            calm += 1
        else:
            calm = 0
    return since - ended


class _Crowd:
    """Everybody who asks, over connections that are kept for the next."""

    def __init__(self, clients: Clients, requests: Sequence[bytes], found: Overload) -> None:
        self.clients, self._requests, self.found = clients, requests, found
        self._idle: list[tuple[float, Client]] = []
        self.asking = 0
        self.served_ms: list[float] = []
        self.statuses: Counter[int] = Counter()

    def ask(self, number: int) -> None:
        """One request, unless too many are open."""
        if self.asking >= MOST_OPEN:
            self.found.not_sent += 1
            return
        try:
            client = self._fresh() or self.clients.connected()
        except OSError:
            self.statuses[0] += 1
            return
        self.asking += 1
        self.clients.ask(client, self._requests[number % len(self._requests)])

    def listen(self, wait_s: float) -> None:
        """Take what answers come meanwhile; status 0 where the connection broke."""
        for client, reply in self.clients.heard(wait_s):
            self._take(client, reply)

    def ask_alone(self) -> Reply:
        """Ask once more and wait for the answer; the others' are taken meanwhile."""
        one = self.clients.connected()
        self.clients.ask(one, self._requests[0])
        while True:
            for client, reply in self.clients.heard(60.0):
                if client is one:
                    self.clients.let_go(one)
                    return reply
                self._take(client, reply)

    def _take(self, client: Client, reply: Reply) -> None:
        if client.idle:  # nobody asked: the server closed a connection that it had no use for
            self._idle = [(since, other) for since, other in self._idle if other is not client]
            self.clients.let_go(client)
            return
        self.asking -= 1
        self.statuses[reply.status] += 1
        if reply.status == 200:
            self.served_ms.append(reply.took_ms)
        without = b"\r\nretry-after:" not in reply.head.lower()
        self.found.without_retry_after += reply.status == 503 and without
        if reply.closes:
            self.clients.let_go(client)
        else:
            client.idle = True
            self._idle.append((time.perf_counter(), client))

    def _fresh(self) -> Client | None:
        """A connection that the server has no reason to have closed yet; others are closed."""
        while self._idle:
            since, client = self._idle.pop()
            if time.perf_counter() - since < FRESH_S:
                return client
            self.clients.let_go(client)
        return None
