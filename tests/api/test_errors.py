"""The one table of errors: nothing that can go wrong is without a row."""

import importlib
import inspect
import re

import pytest

from api.errors import TABLE, UNFORESEEN, problem_for, retry_after_s, row_of
from index.errors import BadSource, NoShop, ShopBusy, UnknownProduct
from vision.errors import EncoderBusy, NotAPicture

SERVED_WINGS = ("vision", "index", "customers", "mirror", "api")
"""Wings whose errors may reach a caller today. The workshop's never do: api/shop turns a model that
is not found into BadModel."""


def family(wing: str) -> list[type[Exception]]:
    module = importlib.import_module(f"{wing}.errors")
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == module.__name__
    ]


@pytest.mark.parametrize(
    "kind", [kind for wing in SERVED_WINGS for kind in family(wing)], ids=lambda kind: kind.__name__
)
def test_every_error_of_every_wing_has_a_row_of_its_own(kind):
    assert kind in TABLE


def test_codes_are_stable_words_and_each_stands_for_one_thing():
    codes = [row.code for row in TABLE.values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_statuses_are_errors_and_only_503_429_and_one_409_ask_to_come_back():
    assert all(400 <= row.status <= 599 for row in TABLE.values())
    assert {row.status for row in TABLE.values() if row.retry} == {409, 429, 503}
    assert [r.code for r in TABLE.values() if r.retry and r.status == 409] == ["still-under-way"]


def test_a_problem_tells_code_detail_and_facts():
    problem = problem_for(UnknownProduct("a/b"))
    assert problem["status"] == 404
    assert problem["code"] == "unknown-product"
    assert problem["sku"] == "a/b"
    assert "a/b" in str(problem["detail"])
    assert problem["type"] == "urn:vistazo:problem:unknown-product"


def test_a_private_failure_names_no_folder_of_the_server():
    for error in (NoShop("/srv/secret"), ShopBusy("/srv/secret")):
        assert "/srv/secret" not in str(problem_for(error))


def test_a_catalogue_that_cannot_be_read_says_why_and_not_where():
    told = problem_for(BadSource("/srv/secret/a.csv", "its Parquet /srv/secret/x is damaged"))
    assert told["detail"] == "The catalogue cannot be read: its Parquet x is damaged."
    assert "/srv" not in str(told)


def test_a_kind_without_a_row_is_told_as_its_parent_and_a_foreign_one_as_ours():
    class Stranger(NotAPicture):
        pass

    assert row_of(Stranger) is TABLE[NotAPicture]
    assert row_of(ZeroDivisionError) is UNFORESEEN


def test_retry_after_is_whole_seconds_and_only_where_it_helps():
    assert retry_after_s(EncoderBusy(3, 2.4)) == 2
    assert retry_after_s(EncoderBusy(3, 0.1)) == 1
    assert retry_after_s(NotAPicture("x")) is None
