"""The encoder's door is narrow, bounded and honest."""

import threading

import pytest

from vision.errors import EncoderBusy
from vision.turnstile import Turnstile


class Ticks:
    """A clock that moves one second at each look."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1.0
        return self.now_s


def hold(turnstile: Turnstile, inside: threading.Event, leave: threading.Event) -> None:
    with turnstile.run():
        inside.set()
        assert leave.wait(60)


def test_who_comes_after_the_queue_is_full_is_told_to_come_back() -> None:
    turnstile = Turnstile(lanes=1, max_waiting=0, clock=Ticks())
    inside, leave = threading.Event(), threading.Event()
    runner = threading.Thread(target=hold, args=(turnstile, inside, leave))
    runner.start()
    assert inside.wait(60)
    with pytest.raises(EncoderBusy), turnstile.run():
        pytest.fail("the lane was taken")
    leave.set()
    runner.join()
    with turnstile.run():
        pass


def test_no_more_runs_than_lanes_go_on_at_once() -> None:
    turnstile = Turnstile(lanes=2, max_waiting=100, clock=Ticks())
    lock, inside, most = threading.Lock(), 0, 0

    def visit() -> None:
        nonlocal inside, most
        with turnstile.run():
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.002)
            with lock:
                inside -= 1

    runners = [threading.Thread(target=visit) for _ in range(20)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert most == 2
    assert turnstile.pulse().waiting == 0


def test_the_pulse_tells_success_failure_and_who_is_still_in() -> None:
    turnstile = Turnstile(lanes=1, max_waiting=1, clock=Ticks())
    assert turnstile.pulse().ok_at is None
    with turnstile.run():
        assert turnstile.pulse().oldest_started_at == 1.0
    assert turnstile.pulse().oldest_started_at is None
    assert turnstile.pulse().ok_at == 2.0
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), turnstile.run():
            raise ZeroDivisionError
    assert turnstile.pulse().failures == 2
    with turnstile.run():
        pass
    assert turnstile.pulse().failures == 0


def test_a_run_is_told_whether_another_is_under_way() -> None:
    turnstile = Turnstile(lanes=2, max_waiting=0, clock=Ticks())
    with turnstile.run() as first, turnstile.run() as second:
        assert (first, second) == (True, False)
    with turnstile.run() as again:
        assert again
