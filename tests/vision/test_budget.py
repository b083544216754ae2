"""Few bytes cannot claim all memory."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.budget import LARGE_PIXELS, PixelBudget, give_back_memory
from vision.errors import DecoderBusy


def test_one_picture_alone_always_has_room() -> None:
    with PixelBudget(10).hold(1_000):
        pass


def test_what_does_not_fit_beside_the_others_is_refused_at_once() -> None:
    budget = PixelBudget(100)
    with budget.hold(60):
        with budget.hold(40):
            pass
        with pytest.raises(DecoderBusy) as refused, budget.hold(41):
            pytest.fail("there was no room")
    assert refused.value.pixels == 60
    assert refused.value.retry_after_s > 0


def test_room_comes_back_when_decoding_fails() -> None:
    budget = PixelBudget(LARGE_PIXELS)
    with pytest.raises(ZeroDivisionError), budget.hold(LARGE_PIXELS):
        raise ZeroDivisionError
    with budget.hold(LARGE_PIXELS):
        pass


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_no_more_than_the_capacity_is_held_unless_by_one(sizes: list[int]) -> None:
    budget, held, lock = PixelBudget(60), [0, 0], threading.Lock()

    def decode(pixels: int) -> None:
        try:
            with budget.hold(pixels), lock:
                held[0] += pixels
                held[1] = max(held[1], held[0])
                held[0] -= pixels
        except DecoderBusy:
            return

    threads = [threading.Thread(target=decode, args=(s,)) for s in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held[1] <= 60
    with budget.hold(60):
        pass


def test_giving_back_memory_is_harmless() -> None:
    give_back_memory()
