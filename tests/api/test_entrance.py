"""The bounded entrance: so many at once, so many in line, the rest are told to come back."""

import asyncio
import contextlib
import threading
from dataclasses import replace

import httpx
import pytest

from api.app import create_app
from api.entrance import Entrance, Intake
from api.errors import Overloaded
from tests.little_shop import drawn, encoded


def test_work_beyond_the_line_is_refused_at_once_and_the_rest_is_served():
    entrance, hold = Entrance(threads=2, waiting=1), threading.Event()

    async def rush():
        served = [asyncio.create_task(entrance.run(lambda: hold.wait(60))) for _ in range(3)]
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


def test_as_many_as_fit_wait_for_each_other_but_a_flood_is_left_soon(monkeypatch):
    monkeypatch.setattr("api.entrance.QUEUE_S", 0.01)
    now, hold = [0.0], threading.Event()
    entrance = Entrance(threads=1, waiting=2, clock=lambda: now[0])

    async def line():
        first = asyncio.create_task(entrance.run(lambda: hold.wait(60)))
        patient = [asyncio.create_task(entrance.run(lambda: "served")) for _ in range(2)]
        await asyncio.sleep(0.03)
        assert not any(task.done() for task in patient)  # longer than in a flood
        with pytest.raises(Overloaded):  # one more than fits: the flood begins
            await entrance.run(lambda: "never")
        patient.pop().cancel()  # a place in the line is free
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await entrance.run(lambda: "left after QUEUE_S")
        assert not patient[0].done()  # who came before it waits on
        now[0] += 1.1  # nobody came for a second: it is over
        again = asyncio.create_task(entrance.run(lambda: "waited for"))
        await asyncio.sleep(0.03)
        assert not again.done()
        hold.set()
        assert await asyncio.gather(first, *patient, again) == [True, "served", "waited for"]

    asyncio.run(line())


def test_a_flood_lasts_as_long_as_somebody_is_turned_away(monkeypatch):
    monkeypatch.setattr("api.entrance.QUEUE_S", 0.01)
    now, hold = [0.0], threading.Event()
    entrance = Entrance(threads=1, waiting=1, clock=lambda: now[0])

    async def line():
        first = asyncio.create_task(entrance.run(lambda: hold.wait(60)))
        second = asyncio.create_task(entrance.run(lambda: True))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            entrance.check()
        second.cancel()
        await asyncio.sleep(0)
        for _ in range(5):  # each finds a place in the line, and none waits out the flood
            now[0] += 0.9
            with pytest.raises(Overloaded):
                await entrance.run(lambda: "never")
        hold.set()
        await first

    asyncio.run(line())


def test_in_a_flood_fewer_work_few_wait_and_the_last_to_come_goes_first(monkeypatch):
    monkeypatch.setattr("api.entrance.QUEUE_S", 60.0)
    held, served = [threading.Event() for _ in range(4)], []
    entrance = Entrance(threads=4, waiting=8, spared=2, clock=lambda: 0.0)

    def asks(name):
        return asyncio.create_task(entrance.run(lambda: served.append(name)))

    async def line():
        working = [asyncio.create_task(entrance.run(lambda e=e: e.wait(60))) for e in held]
        calm = [asks("before the flood") for _ in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):  # the flood begins
            entrance.check()
        for left in calm[1:]:
            left.cancel()
        await asyncio.gather(*calm[1:], return_exceptions=True)
        late = []
        for name in ("came first", "second", "third", "came last"):
            late.append(asks(name))
            await asyncio.sleep(0)
        with pytest.raises(Overloaded):  # no more wait, though there is room
            entrance.check()
        for done in (0, 1):  # as many work on as may in a flood: nobody is begun with
            held[done].set()
            await working[done]
            assert served == []
        held[2].set()
        await asyncio.gather(calm[0], *late)
        held[3].set()
        await asyncio.gather(*working)

    asyncio.run(line())
    assert served == ["before the flood", "came last", "third", "second", "came first"]
    assert entrance.inside == 0


def test_after_a_flood_all_places_are_filled_again():
    now, held = [0.0], [threading.Event() for _ in range(4)]
    entrance, begun = Entrance(threads=3, waiting=3, spared=2, clock=lambda: now[0]), []

    def work(number):
        begun.append(number)
        return held[number].wait(60)

    async def line():
        first = [asyncio.create_task(entrance.run(lambda n=n: work(n))) for n in (0, 0, 0)]
        rest = [asyncio.create_task(entrance.run(lambda n=n: work(n))) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            entrance.check()
        held[0].set()
        await asyncio.gather(*first)
        assert set(begun) <= {0, 1}  # one at a time, as long as the flood lasts
        now[0] += 1.1
        held[1].set()
        async with asyncio.timeout(60):
            while len(begun) < 6:  # the other two work side by side
                await asyncio.sleep(0.01)
        held[2].set(), held[3].set()
        assert await asyncio.gather(*rest) == [True] * 3

    asyncio.run(line())


def test_who_is_called_off_in_line_is_never_worked_on():
    entrance, hold, served = Entrance(threads=1, waiting=2), threading.Event(), []

    async def line():
        first = asyncio.create_task(entrance.run(lambda: hold.wait(60)))
        second = asyncio.create_task(entrance.run(lambda: served.append("second")))
        third = asyncio.create_task(entrance.run(lambda: served.append("third")))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert entrance.inside == 2
        hold.set()
        await asyncio.gather(first, third)

    asyncio.run(line())
    assert served == ["third"]


def test_nobody_waits_without_end(monkeypatch):
    monkeypatch.setattr("api.entrance.WAIT_S", 0.05)
    entrance, hold = Entrance(threads=1, waiting=5), threading.Event()

    async def line():
        first = asyncio.create_task(entrance.run(lambda: hold.wait(60)))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await entrance.run(lambda: "never")
        hold.set()
        await first
        assert await entrance.run(lambda: "the place is free") == "the place is free"

    asyncio.run(line())


@pytest.mark.parametrize("flooded", [False, True])
def test_who_finds_no_thread_is_refused_in_time_and_a_later_one_is_served(monkeypatch, flooded):
    monkeypatch.setattr("api.entrance.WAIT_S", 0.05)
    now = [0.0]
    entrance = Entrance(threads=2, waiting=0, clock=lambda: now[0])

    def no_thread(self, work):
        raise RuntimeError("can't start new thread")

    async def line():
        if flooded:
            hold = threading.Event()
            both = [asyncio.create_task(entrance.run(lambda: hold.wait(60))) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):  # the flood begins
                entrance.check()
            hold.set()
            await asyncio.gather(*both)
        with monkeypatch.context() as short:
            short.setattr("api.hands.Hands.send", no_thread)
            async with asyncio.timeout(60):
                with pytest.raises(Overloaded):
                    await entrance.run(lambda: "never")
        now[0] += 1.1
        assert await entrance.run(lambda: "served") == "served"

    asyncio.run(line())


def test_a_failure_frees_its_place():
    entrance = Entrance(threads=1, waiting=0)

    async def twice():
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await entrance.run(lambda: 1 // 0)

    asyncio.run(twice())


def test_the_bytes_of_all_requests_together_are_bounded():
    intake = Intake(most_bytes=100)
    with intake.hold(60) as first, intake.hold(40) as second:
        first(60)
        second(40)
        with pytest.raises(Overloaded):
            second(1)
        with pytest.raises(Overloaded), intake.hold(1):
            raise AssertionError("it was let in")
        with intake.hold(0) as words:  # words weigh nothing
            words(0)
    with intake.hold(100) as alone:
        alone(100)


def test_a_promise_keeps_nobody_out():
    intake = Intake(most_bytes=100)
    with contextlib.ExitStack() as idle:
        for _ in range(60):
            idle.enter_context(intake.hold(90))
        with intake.hold(90) as arrived:
            arrived(90)


def test_a_lone_request_is_let_in_whatever_its_size():
    with Intake(most_bytes=10).hold(11) as arrived:
        arrived(5)
        arrived(6)


def test_a_failed_request_gives_its_bytes_back():
    intake = Intake(most_bytes=10)
    for _ in range(3):
        with contextlib.suppress(ZeroDivisionError), intake.hold(10) as arrived:
            arrived(10)
            raise ZeroDivisionError
    with intake.hold(5) as first, intake.hold(5) as second:
        first(5)
        second(5)


def test_connections_that_promise_pictures_and_send_none_keep_no_search_out(shop):
    """Sixty announce 20 MB each, where all together may hold 50 MB, and then fall silent."""
    app = create_app(replace(shop, intake=Intake(most_bytes=50_000_000)))
    photo = encoded(drawn("red"))

    async def fall_silent():
        await asyncio.Event().wait()

    async def unsaid(message):
        raise AssertionError(f"it was answered: {message}")

    scope = {
        "type": "http", "method": "POST", "path": "/v1/search", "raw_path": b"/v1/search",
        "query_string": b"", "http_version": "1.1", "scheme": "http", "root_path": "",
        "headers": [(b"content-type", b"image/jpeg"), (b"content-length", b"20000000")],
    }  # fmt: skip

    async def search():
        idle = [asyncio.create_task(app(dict(scope), fall_silent, unsaid)) for _ in range(60)]
        await asyncio.sleep(0.05)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            headers = {"content-type": "image/jpeg"}
            answer = await client.post("/v1/search", content=photo, headers=headers)
        assert not any(task.done() for task in idle)
        for task in idle:
            task.cancel()
        await asyncio.gather(*idle, return_exceptions=True)
        return answer

    assert asyncio.run(search()).status_code == 200


def test_a_rush_over_http_is_answered_503_by_code_and_the_rest_is_served(shop, monkeypatch):
    """Forty searches at once where two work and three may wait."""
    monkeypatch.setattr("api.entrance.WAIT_S", 60.0)  # however slow this machine is
    narrow = replace(shop, entrance=Entrance(threads=2, waiting=3))
    photo = encoded(drawn("red", size=(1500, 2000)), "PNG")

    async def rush():
        transport = httpx.ASGITransport(create_app(narrow))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            asked = [
                client.post("/v1/search", content=photo, headers={"content-type": "image/png"})
                for _ in range(40)
            ]
            answers = await asyncio.gather(*asked)
            alone = await client.get("/v1/search", params={"text": "Red bag"})
            return answers, alone

    answers, alone = asyncio.run(rush())
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 5
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.json()["code"] == "overloaded"
    assert refused.headers["retry-after"] == "1"
    assert alone.status_code == 200
