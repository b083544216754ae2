"""The straight line's own decisions: what words narrow, what is aimed at."""

from types import MappingProxyType

import pytest

from api.line import filter_text, read_words, walk
from api.rooms import Rooms, server_timing
from api.wanted import Wanted
from index.filters import parse_filter
from tests.little_shop import drawn, encoded
from vision.errors import NotWords
from vision.lexicon import Lexicon, Reading


def reading(words="bag", below=None, above=None):
    return Reading(words, below, above, (), ())


def test_prices_in_words_narrow_the_filter_that_was_asked():
    assert filter_text("a=1 or b=2", reading(below=50.0)) == "(a=1 or b=2) price<=50.00"
    assert filter_text(None, reading(below=50.0, above=9.5)) == "price<=50.00 price>=9.50"
    assert filter_text("a=1", None) == "(a=1)"
    assert filter_text(None, reading()) == ""


@pytest.mark.parametrize("price", [0.0, 0.01, 19.99, 1e6, 999_999_999.0])
def test_every_price_that_words_can_name_is_a_filter(price):
    parse_filter(filter_text("colour='a b'", reading(below=price, above=price)))


def test_without_a_lexicon_words_pass_as_they_are(shop):
    assert read_words(shop, "Bolso") == Reading("Bolso", None, None, (), ())
    assert read_words(shop, None) is None


def test_a_price_alone_is_nothing_to_look_for(shop):
    from dataclasses import replace

    said = replace(shop, lexicon=Lexicon(MappingProxyType({}), frozenset(), {}, 1))
    with pytest.raises(NotWords, match="price"):
        walk(said, Wanted(text="under 20"), None, Rooms())
    found = walk(said, Wanted(text="under 20"), encoded(drawn("red")), Rooms())
    assert {hit.product.price for hit in found.answer.hits} <= {10.0, 15.0, 20.0}


def test_rooms_add_up_visits_and_leave_out_others_totals():
    rooms = Rooms()
    for _ in range(2):
        with rooms.room("decode"):
            pass
    rooms.add({"vectors": 1.0, "total": 99.0})
    took_ms = rooms.took_ms()
    assert took_ms.keys() == {"decode", "vectors", "total"}
    assert took_ms["total"] < 99.0
    assert server_timing({"decode": 1.23, "total": 4.0}) == "decode;dur=1.2, total;dur=4.0"
