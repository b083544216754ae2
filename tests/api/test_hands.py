"""Threads that do a loop's blocking work: what comes back, in which context, and what ends."""

import asyncio
import gc
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

import pytest

from api.hands import Hands, Piece
from tests.keeper import until

T = TypeVar("T")
said: ContextVar[str] = ContextVar("said", default="nothing")


async def done(hands: Hands, work: Callable[[], T]) -> T:
    piece = Piece(work)
    hands.send(piece.do)
    return await piece.outcome()


def test_what_the_work_gives_or_raises_comes_back() -> None:
    async def both() -> str:
        hands = Hands()
        with pytest.raises(ZeroDivisionError):
            await done(hands, lambda: 1 // 0)
        with pytest.raises(RuntimeError):
            await done(hands, lambda: next(iter(())))
        return await done(hands, lambda: "done")

    assert asyncio.run(both()) == "done"


def test_work_sees_the_callers_context_and_leaves_it_alone() -> None:
    async def asked() -> tuple[str, str]:
        said.set("mine")

        def work() -> str:
            found = said.get()
            said.set("its own")
            return found

        return await done(Hands(), work), said.get()

    assert asyncio.run(asked()) == ("mine", "mine")


def test_who_worked_last_is_asked_again_and_at_once_means_more_threads() -> None:
    async def asked() -> tuple[list[int], list[int]]:
        hands, meeting = Hands(), threading.Barrier(3)

        def met() -> int:
            meeting.wait(60)
            return threading.get_ident()

        together = await asyncio.gather(*(done(hands, met) for _ in range(3)))
        return together, [await done(hands, threading.get_ident) for _ in range(5)]

    together, alone = asyncio.run(asked())
    assert len(set(together)) == 3
    assert len(set(alone)) == 1
    assert alone[0] in together


def test_work_that_was_begun_is_waited_for_though_its_caller_is_cancelled() -> None:
    begun, go, ended = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        assert go.wait(60)
        ended.append(True)

    async def story() -> None:
        task = asyncio.create_task(done(Hands(), work))
        async with asyncio.timeout(60):
            while not begun.is_set():
                await asyncio.sleep(0.01)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended

    asyncio.run(story())


def test_what_work_raises_after_its_caller_was_cancelled_is_no_news_for_the_log() -> None:
    begun, go, complaints = threading.Event(), threading.Event(), list[object]()

    def work() -> None:
        begun.set()
        assert go.wait(60)
        raise ZeroDivisionError

    async def story() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        task = asyncio.create_task(done(Hands(), work))
        async with asyncio.timeout(60):
            while not begun.is_set():
                await asyncio.sleep(0.01)
        task.cancel()
        for _ in range(10):  # until it has heard of it
            await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    gc.collect()
    assert complaints == []


def test_a_thread_that_has_nothing_to_do_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.hands.IDLE_S", 0.05)

    async def one(hands: Hands) -> threading.Thread:
        return await done(hands, threading.current_thread)

    hands = Hands()
    first = asyncio.run(one(hands))
    until(lambda: not first.is_alive())
    assert asyncio.run(one(hands)) is not first


def test_threads_that_end_lose_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.hands.IDLE_S", 0.001)

    async def story() -> list[int]:
        hands, found = Hands(), []
        for number in range(400):
            found.append(await done(hands, lambda number=number: number))
            await asyncio.sleep(0.001)  # about as long as a thread waits
        return found

    assert asyncio.run(story()) == list(range(400))
