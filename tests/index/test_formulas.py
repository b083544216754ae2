"""No cell of ours acts in a spreadsheet, and what was made harmless comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.formulas import defuse, restore

texts = st.text(max_size=12) | st.text(alphabet="'=+-@\t\r1,.a", max_size=8)


@given(texts)
def test_every_text_comes_back_as_it_was(text):
    assert restore(defuse(text)) == text


@given(texts)
def test_nothing_but_a_number_begins_as_a_formula(text):
    safe = defuse(text)
    assert safe[:1] not in tuple("=+-@\t\r") or safe[1:2].isdigit() or safe[1:2] in ".,"


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1+1", "-1+cmd", "@SUM(A1)", "\t=1"])
def test_a_formula_is_text(text):
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-3", "+3.50", "-1,299.00", "-5 %", "1e-9", "'tis", "Bag", ""])
def test_numbers_and_words_stay(text):
    assert defuse(text) == restore(text) == text
