"""A rush on a server: many clients at once, each with its next picture once it is answered."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.clients import Clients, picture_post
from benchmarks.pairing import Spread, spread
from benchmarks.spent import family_spent_s, own_spent_s


@dataclass(frozen=True, slots=True)
class Rush:
    """What `clients` saw in `seconds`: answers a second, their latency, how many were no 200.

    In processor time an answer cost the server (with all its processes) `server_ms` and whoever
    asked `asking_ms`; 0 where the server's process was not named.
    """

    clients: int
    seconds: float
    per_s: float
    latency: Spread
    failed: int
    server_ms: float = 0.0
    asking_ms: float = 0.0


def rush(
    port: int, path: str, bodies: Sequence[bytes], clients: int, seconds: float, pid: int = 0
) -> Rush:
    """POST `bodies` in turn from `clients` connections that stay open; `pid` is the server's."""
    requests = [picture_post(path, body) for body in bodies]
    times: list[float] = []
    failed, crowd = 0, Clients(port)
    try:
        everybody = [crowd.connected(number) for number in range(clients)]
        before, own_before = family_spent_s(pid) if pid else 0.0, own_spent_s()
        start = time.perf_counter()
        next_of = list(range(clients))
        for client in everybody:
            crowd.ask(client, requests[client.number % len(requests)])
        asking = clients
        while asking:
            for client, reply in crowd.heard(60.0):
                times.append(reply.took_ms)
                failed += reply.status != 200
                if reply.closes or time.perf_counter() - start >= seconds:
                    crowd.let_go(client)
                    asking -= 1
                    continue
                next_of[client.number] += clients
                crowd.ask(client, requests[next_of[client.number] % len(requests)])
        took = time.perf_counter() - start
    finally:
        crowd.close()
    each_ms = 1000 / max(1, len(times))
    server_ms = (family_spent_s(pid) - before) * each_ms if pid else 0.0
    asking_ms = (own_spent_s() - own_before) * each_ms
    answered = len(times) - failed
    return Rush(
        clients, took, answered / took, spread(times, "ms"), failed,
        round(server_ms, 3), round(asking_ms, 3),
    )  # fmt: skip


async def post(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    path: str,
    body: bytes,
    answered: dict[str, str] | None = None,
) -> int:
    """POST a picture and read the whole answer: its status. `answered` is filled with headers."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
    writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    await reader.readexactly(int(headers["content-length"]))
    if answered is not None:
        answered.update(headers)
    return int(lines[0].split()[1])
