"""What a caller may want, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadParameter, NothingToSearch
from api.wanted import Wanted, read_wanted
from vision.photo import Box

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def test_nothing_said_is_twenty_folded_hits():
    assert read_wanted({}) == Wanted(top=20, unfold=False)


def test_a_box_is_four_numbers_in_either_writing():
    assert read_wanted({"box": "1,2,30,40"}).box == Box(1, 2, 30, 40)
    assert read_wanted({"box": [1, 2, 30, 40]}).box == Box(1, 2, 30, 40)


def test_later_sources_win():
    assert read_wanted({"top": "3", "text": "a"}, {"top": "5"}) == Wanted(top=5, text="a")


@given(st.dictionaries(st.sampled_from([*Wanted.model_fields, "other"]), anything, max_size=4))
def test_whatever_is_said_is_understood_or_refused_by_name(said):
    try:
        wanted = read_wanted(said)
    except BadParameter as refused:
        known = refused.parameter.split(".")[0] in said
    else:
        known = 1 <= wanted.top <= 100
    assert known


def test_a_query_needs_exactly_one_subject():
    with pytest.raises(NothingToSearch):
        read_wanted({"text": "  "}).check_complete(with_picture=False)
    with pytest.raises(BadParameter):
        read_wanted({"like": "a"}).check_complete(with_picture=True)
    with pytest.raises(BadParameter):
        read_wanted({"text": "a", "box": "0,0,1,1"}).check_complete(with_picture=False)
    read_wanted({"text": "a"}).check_complete(with_picture=True)


@pytest.mark.parametrize(
    ("said", "name"), [({"top": True}, "top"), ({"box": [True, 0, 9, 9]}, "box"), ({"": "x"}, "")]
)
def test_true_is_no_number_and_a_fault_names_its_own_parameter(said, name):
    with pytest.raises(BadParameter) as refused:
        read_wanted({"text": "bag"} | said)
    assert refused.value.parameter == name
