"""Packed sets of slots against Python's own sets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index import bits

slots = st.sets(st.integers(0, 159), max_size=60)


def made(members: set[int]) -> bits.Bits:
    found = bits.none_of(20)
    bits.add_to(found, np.array(sorted(members), np.int64))
    return found


@given(slots, slots)
def test_sets_do_what_sets_do(one: set[int], other: set[int]) -> None:
    a, b = made(one), made(other)
    assert set(bits.slots_in(a & b).tolist()) == one & other
    assert set(bits.slots_in(a | b).tolist()) == one | other
    assert bits.slots_in(~a).tolist() == sorted(set(range(160)) - one)
    assert bits.count(a) == len(one)
    assert bits.holds(a, np.arange(160)).tolist() == [n in one for n in range(160)]
    bits.take_from(a, np.array(sorted(other), np.int64))
    assert set(bits.slots_in(a).tolist()) == one - other


@given(st.lists(st.booleans(), max_size=150), st.integers(19, 40))
def test_truth_values_are_packed_and_growing_changes_no_member(
    chosen: list[bool], size: int
) -> None:
    packed = bits.packed(np.array(chosen, bool), 19)
    members = [n for n, is_in in enumerate(chosen) if is_in]
    assert bits.slots_in(packed).tolist() == members
    larger = bits.grown(packed, size)
    assert len(larger) == size
    assert bits.slots_in(larger).tolist() == members


def test_a_slot_named_twice_is_one_member() -> None:
    found = bits.none_of(2)
    bits.add_to(found, np.array([9, 9, 10]))
    assert bits.count(found) == 2


@given(slots, st.lists(st.integers(0, 160), max_size=20))
def test_what_lies_before_a_slot_is_counted(members: set[int], asked: list[int]) -> None:
    found = bits.count_before(made(members), np.array(asked, np.int64))
    assert found.tolist() == [sum(m < slot for m in members) for slot in asked]
