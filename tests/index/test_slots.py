"""Slots count every living product once, however its pictures come and go."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index import bits
from index.slots import Slots

PRODUCTS = st.integers(1, 6)
PUTS = st.lists(st.tuples(PRODUCTS, st.integers(0, 3), st.booleans()), max_size=25)


@given(PUTS)
def test_one_living_slot_of_each_product_leads(puts: list[tuple[int, int, bool]]) -> None:
    slots, pictures_of, newest = Slots(None), dict[int, list[int]](), 0
    for product, pictures, in_two in puts:
        slots.forget(np.array(pictures_of.pop(product, []), np.int64))
        ids = list(range(newest + 1, newest + 1 + pictures))
        newest += pictures
        if ids:
            pictures_of[product] = ids
        for part in (ids[:1], ids[1:]) if in_two else (ids,):
            if part:
                slots.append(np.array(part), np.full(len(part), product))
    leading = bits.slots_in(slots.leading & slots.alive)
    assert sorted(slots.products[leading].tolist()) == sorted(pictures_of)
    assert slots.count == sum(map(len, pictures_of.values()))


@given(st.lists(st.tuples(PRODUCTS, st.integers(0, 2)), min_size=1, max_size=20))
def test_a_picture_that_comes_again_alone_counts_its_product_once(
    again: list[tuple[int, int]],
) -> None:
    slots, newest = Slots(None), 18
    pictures = {product: [3 * product - 2, 3 * product - 1, 3 * product] for product in range(1, 7)}
    for product, theirs in pictures.items():
        slots.append(np.array(theirs), np.full(3, product))
    for product, which in again:  # its vector was damaged: it has another id from now on
        newest += 1
        slots.forget(np.array([pictures[product][which]]))
        slots.append(np.array([newest]), np.array([product]))
        pictures[product][which] = newest
    leading = bits.slots_in(slots.leading & slots.alive)
    assert sorted(slots.products[leading].tolist()) == sorted(pictures)
