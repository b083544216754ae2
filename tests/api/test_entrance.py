"""The bounded entrance: so many at once, so many in line, the rest are told to come back."""

import asyncio
import threading

import pytest

from api.entrance import Entrance
from api.errors import Overloaded


def test_work_beyond_the_line_is_refused_at_once_and_the_rest_is_served():
    entrance, hold = Entrance(threads=2, waiting=1), threading.Event()

    async def rush():
        served = [asyncio.create_task(entrance.run(lambda: hold.wait(10))) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await entrance.run(lambda: True)
        hold.set()
        assert await asyncio.gather(*served) == [True] * 3
        assert await entrance.run(lambda: "again") == "again"
        return refused.value

    refused = asyncio.run(rush())
    assert refused.waiting == 3
    assert refused.retry_after_s == 1.0


def test_no_more_than_its_threads_work_at_once():
    entrance, lock = Entrance(threads=2, waiting=20), threading.Lock()
    inside, most = 0, 0

    def work():
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.01)
        with lock:
            inside -= 1

    async def rush():
        await asyncio.gather(*(entrance.run(work) for _ in range(12)))

    asyncio.run(rush())
    assert most == 2


def test_a_failure_frees_its_place():
    entrance = Entrance(threads=1, waiting=0)

    async def twice():
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await entrance.run(lambda: 1 // 0)

    asyncio.run(twice())
