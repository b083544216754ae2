from hypothesis import given
from hypothesis import strategies as st

from mirror.clock import ticks
from mirror.company import Company


def shown(company: Company, *counts: int, start_s: float = 0.0) -> float:
    """Samples four times a second; when the next one is due."""
    for i, count in enumerate(counts):
        company.see(ticks(start_s + i / 4), count)
    return start_s + len(counts) / 4


def test_one_odd_count_is_no_company_and_two_of_three_are() -> None:
    company = Company()
    at_s = shown(company, 1, 1, 2, 1, 1)
    assert not company.present
    shown(company, 2, 1, 2, start_s=at_s)
    assert company.present


def test_the_last_picture_that_showed_her_alone_is_remembered() -> None:
    company = Company()
    shown(company, 1, 1, 1, 2, 2)
    assert company.last_alone_tick() == ticks(0.5)


def test_company_from_the_first_picture_on_has_no_last_one_alone() -> None:
    company = Company()
    shown(company, 2, 2)
    assert company.present
    assert company.last_alone_tick() is None


def test_who_was_confirmed_may_stay_and_one_more_is_somebody_new() -> None:
    company = Company()
    at_s = shown(company, 1, 2, 2)
    company.accept()
    at_s = shown(company, *[2, 2, 1, 2, 0, 2] * 4, start_s=at_s)
    assert not company.present
    shown(company, 3, 3, start_s=at_s)
    assert company.present


def test_who_left_and_comes_back_has_to_be_confirmed_anew() -> None:
    company = Company()
    at_s = shown(company, 2, 2)
    company.accept()
    at_s = shown(company, *[1] * 14, start_s=at_s)
    shown(company, 2, 2, start_s=at_s)
    assert company.present


def test_company_that_left_before_anything_was_recorded_needs_no_word() -> None:
    company = Company()
    at_s = shown(company, 2, 2, 1, 1)
    assert not company.dismiss()
    shown(company, *[1] * 12, start_s=at_s)
    assert company.dismiss()
    assert not company.present


@given(st.lists(st.integers(0, 1), max_size=60))
def test_a_person_alone_is_never_company(counts: list[int]) -> None:
    company = Company()
    shown(company, *counts)
    assert not company.present
