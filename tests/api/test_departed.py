"""Who goes away while her picture waits costs the encoder nothing."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from api.app import create_app
from api.entrance import Entrance
from api.shop import Shop
from tests.fakes import FakeEncoder
from tests.little_shop import drawn, encoded
from vision.batching import BatchingEncoder
from vision.embedding import Embedding
from vision.photo import Pixels


class Slow(FakeEncoder):
    """Holds its runs until it is let go; counts the pictures that it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go = threading.Event(), threading.Event()
        self.seen: list[int] = []

    def pictures(self, batch: Pixels) -> list[Embedding]:
        self.seen.append(len(batch))
        self.entered.set()
        assert self.go.wait(60)
        return super().pictures(batch)


class Caller:
    """One request by hand, so that it can be given up."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()
        self.statuses: list[int] = []
        self._body = [{"type": "http.request", "body": encoded(drawn("red")), "more_body": False}]

    async def receive(self) -> dict[str, Any]:
        if self._body:
            return self._body.pop()
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])


def scope(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "path": "/v1/search", "raw_path": b"/v1/search", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"here"), *headers], "client": ("127.0.0.1", 5), "root_path": "",
        "server": ("here", 80), "state": {},
    }  # fmt: skip


async def until(true: Any) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


def test_a_picture_whose_caller_left_is_never_encoded(shop: Shop) -> None:
    eye = Slow()
    line = BatchingEncoder(eye)
    three = Entrance(threads=3, waiting=3)  # also on a machine of one core
    app = create_app(replace(shop, encoder=line, entrance=three))
    headers = [(b"content-type", b"image/jpeg")]

    async def story() -> tuple[Caller, Caller, Caller]:
        callers = [Caller() for _ in range(3)]
        tasks = []
        for place, caller in enumerate(callers):
            tasks.append(asyncio.create_task(app(scope(headers), caller.receive, caller.send)))
            await until(eye.entered.is_set)  # the first is with the encoder, the others in line
            await until(lambda place=place: line.pulse().waiting == place)
        callers[1].leaves.set()
        await asyncio.sleep(0.5)
        eye.go.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        return callers[0], callers[1], callers[2]

    stayed, left, also_stayed = asyncio.run(story())
    assert (stayed.statuses, also_stayed.statuses) == ([200], [200])
    assert left.statuses == [503]  # told to nobody
    assert eye.seen == [1, 1]


def test_work_that_begins_too_late_is_not_done(shop: Shop) -> None:
    eye = Slow()
    app = create_app(replace(shop, encoder=eye))
    caller = Caller()
    caller.leaves.set()
    eye.go.set()
    walked = shop.entrance.run

    async def late(work: Any) -> Any:
        await asyncio.sleep(0.5)
        return await walked(work)

    async def story() -> None:
        shop.entrance.run = late  # type: ignore[method-assign]  # a line that moves slowly
        await app(scope([(b"content-type", b"image/jpeg")]), caller.receive, caller.send)

    asyncio.run(story())
    assert caller.statuses == [503]
    assert eye.seen == []
