"""The straight line's own decisions: what words narrow, what is aimed at."""

from dataclasses import replace

import pytest

from api.line import filter_text, narrowed, read_words, walk
from api.rooms import Rooms, server_timing
from api.wanted import Wanted
from index.errors import BadFilter
from index.filters import All, Filter, Term, number_of, parse_filter
from tests.little_shop import drawn, encoded
from vision.errors import NotWords
from vision.lexicon import Lexicon, Reading, Tongue


def reading(words="bag", below=None, above=None):
    return Reading(words, below, above, (), ())


def price(operator, number):
    return Term("price", operator, (number,))


def test_prices_in_words_narrow_the_filter_that_was_asked():
    asked = parse_filter("a=1 or b=2")
    assert narrowed("a=1 or b=2", reading(below=50.0)) == Filter(
        "a=1 or b=2", All((asked.root, price("<=", "50.00")))
    )
    both = narrowed(None, reading(below=50.0, above=9.5))
    assert both == Filter("", All((price("<=", "50.00"), price(">=", "9.50"))))
    assert narrowed("a=1", None) == Filter("a=1", All((Term("a", "=", ("1",)),)))
    assert narrowed(None, reading()) is None
    assert narrowed(None, None) is None


SILENT = Lexicon(
    Tongue({}, {}, colours_first=True), (), frozenset(), frozenset(), frozenset(), {}, 1
)


def under_25(shop, asked):
    said = replace(shop, lexicon=SILENT)
    wanted = Wanted(text="under 25", filter=asked)
    return walk(said, wanted, encoded(drawn("red")), Rooms()).answer.hits


def test_no_filter_widens_the_price_that_the_words_name(shop):
    hits = under_25(shop, "price>60 or price<20 or colour=black")
    assert {hit.product.price for hit in hits} == {10.0, 15.0}
    for asked in ("price>60) or (price<20", ") or (", "(colour=red"):
        with pytest.raises(BadFilter) as refused:
            under_25(shop, asked)
        assert refused.value.text == asked


def test_people_are_shown_what_was_typed_and_what_the_words_name():
    assert filter_text("a=1 or b=2", reading(below=50.0)) == "(a=1 or b=2) price<=50.00"
    assert filter_text(None, reading(below=50.0, above=9.5)) == "price<=50.00 price>=9.50"
    assert filter_text(None, reading()) == ""


def test_a_filter_that_cannot_be_understood_is_quoted_as_it_was_typed():
    with pytest.raises(BadFilter) as refused:
        narrowed("price>60) or (price<20", reading(below=50.0))
    assert refused.value.text == "price>60) or (price<20"


@pytest.mark.parametrize("number", [0.0, 0.01, 19.99, 1e6, 999_999_999.0])
def test_every_price_that_words_can_name_is_a_filter(number):
    only = narrowed("colour='a b'", reading(below=number, above=number))
    assert isinstance(only.root, All)
    for term in only.root.parts[1:]:
        assert number_of(term.values[0]) == pytest.approx(number)


def test_without_a_lexicon_words_pass_as_they_are(shop):
    assert read_words(shop, "Bolso") == Reading("Bolso", None, None, (), ())
    assert read_words(shop, None) is None


def test_a_price_alone_is_nothing_to_look_for(shop):
    said = replace(shop, lexicon=SILENT)
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


def test_words_beside_a_sku_refine_it(shop):
    blue = walk(shop, Wanted(like="bag-red", text="blue"), None, Rooms()).answer.hits
    alone = walk(shop, Wanted(like="bag-red"), None, Rooms()).answer.hits
    assert "bag-red" not in {hit.product.sku for hit in (*blue, *alone)}
    assert {h.product.sku: h.score for h in blue} != {h.product.sku: h.score for h in alone}
    under_25 = walk(shop, Wanted(like="bag-red", text="under 25"), None, Rooms())
    assert under_25.answer.hits  # a price alone is no words: the SKU is query enough
