"""A rush on a server: many clients at once, each with its next picture once it is answered."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.pairing import Spread, spread


@dataclass(frozen=True, slots=True)
class Rush:
    """What `clients` saw in `seconds`: answers a second, their latency, how many were no 200."""

    clients: int
    seconds: float
    per_s: float
    latency: Spread
    failed: int


def rush(port: int, path: str, bodies: Sequence[bytes], clients: int, seconds: float) -> Rush:
    """POST `bodies` in turn from `clients` connections that stay open."""
    return asyncio.run(_rush(port, path, bodies, clients, seconds))


async def _rush(
    port: int, path: str, bodies: Sequence[bytes], clients: int, seconds: float
) -> Rush:
    times: list[float] = []
    failed = 0
    start = time.perf_counter()

    async def client(number: int) -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        i = number
        while time.perf_counter() - start < seconds:
            asked = time.perf_counter()
            status = await post(reader, writer, path, bodies[i % len(bodies)])
            times.append((time.perf_counter() - asked) * 1000)
            failed += status != 200
            i += clients
        writer.close()

    await asyncio.gather(*(client(n) for n in range(clients)))
    took = time.perf_counter() - start
    return Rush(clients, took, (len(times) - failed) / took, spread(times, "ms"), failed)


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
