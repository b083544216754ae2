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
