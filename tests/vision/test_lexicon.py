"""A shopper's words are read as a person would read them, in Spanish and English."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.registry import find_card
from vision.errors import BadModel
from vision.lexicon import Lexicon, Reading


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    path = find_card("builtin").spec.lexicon
    assert path is not None
    return Lexicon.load(path)


@pytest.mark.parametrize(
    ("text", "words", "colours", "kinds"),
    [
        ("camisa roja de rayas", "shirt red striped", ("red",), ("shirt",)),
        ("CAMISETAS NEGRAS", "t-shirt black", ("black",), ("t-shirt",)),
        ("pantalón corto azul marino", "shorts navy blue", ("navy blue",), ("shorts",)),
        ("pantalones cortos", "shorts", (), ("shorts",)),
        ("sudaderas con capucha grises", "hoodie grey", ("grey",), ("hoodie",)),
        ("bolso de cuero marrón", "bag leather brown", ("brown",), ("bag",)),
        ("vestidos de flores", "dress floral", (), ("dress",)),
        ("pero en verde", "but in green", ("green",), ()),
        ("gafas de sol", "sunglasses", (), ("sunglasses",)),
        ("light blue shirt", "light blue shirt", ("light blue",), ("shirt",)),
        ("polo shirt", "polo shirt", (), ("polo shirt",)),
        ("cap", "cap", (), ("hat",)),
        ("something for my desk", "something for my desk", (), ()),
    ],
)
def test_words_are_understood(
    lexicon: Lexicon, text: str, words: str, colours: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    assert lexicon.read(text) == Reading(words, None, None, colours, kinds)


@pytest.mark.parametrize(
    ("text", "words", "below", "above"),
    [
        ("red shirt under 50", "red shirt", 50, None),
        ("menos de 50", "", 50, None),
        ("camisa bajo 50 euros", "shirt", 50, None),
        ("zapatos entre 20 y 40 €", "shoes", 40, 20),
        ("bags between 40 and 20", "bag", 40, 20),
        ("bag over 100 dollars", "bag", None, 100),
        ("más de 30 y menos de 60", "and", 60, 30),
        ("running shoes below $79.99", "running shoes", 79.99, None),
        ("boots 1,200 or less", "boots", 1200, None),
        ("50€ o menos", "", 50, None),
        ("hasta 19,95 €", "", 19.95, None),
    ],
)
def test_prices_are_taken_out_of_the_words(
    lexicon: Lexicon, text: str, words: str, below: float | None, above: float | None
) -> None:
    found = lexicon.read(text)
    assert (found.words, found.price_below, found.price_above) == (words, below, above)


@pytest.mark.parametrize(
    "text",
    ["under armour shoes", "jeans size 40", "levi's 501", "over 18 years", "above the knee",
     "under 5 cm", "más de 2 colores", "more than 3 pockets", "air max 90"],
)  # fmt: skip
def test_a_number_that_is_no_price_is_none(lexicon: Lexicon, text: str) -> None:
    found = lexicon.read(text)
    assert found.price_below is None
    assert found.price_above is None


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_fail(lexicon: Lexicon, text: str) -> None:
    found = lexicon.read(text)
    assert found.words == found.words.strip()


@pytest.mark.parametrize("text", ["uno", "color", "Quiero unos", "colour"])
def test_filler_alone_is_still_something_to_look_for(lexicon: Lexicon, text: str) -> None:
    found = lexicon.read(text)
    assert (found.words, found.price_below, found.price_above) == (text.lower(), None, None)


@given(st.integers(1, 5000))
def test_every_whole_price_is_read_in_both_languages(lexicon: Lexicon, price: int) -> None:
    for text in (f"shirt under {price}", f"camisa por menos de {price} euros"):
        assert lexicon.read(text).price_below == price


@given(st.sampled_from(["camisa", "vestido", "zapato", "bolso", "mochila", "falda", "abrigo"]))
def test_plural_case_and_accents_change_nothing(lexicon: Lexicon, word: str) -> None:
    plain = lexicon.read(word).kinds
    assert plain
    assert lexicon.read(word + "s").kinds == plain
    assert lexicon.read(word.upper()).kinds == plain


def test_every_kind_and_colour_of_the_lexicon_is_read_as_itself(lexicon: Lexicon) -> None:
    for colour in lexicon.colours:
        assert lexicon.read(colour).colours in ((colour,), ("grey",))


def test_a_garbled_lexicon_is_a_bad_model(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.json"
    path.write_text('{"phrases": []}', encoding="utf-8")
    with pytest.raises(BadModel, match="lexicon"):
        Lexicon.load(path)
