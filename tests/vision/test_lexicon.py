"""A shopper's words are read as a person would read them, in Spanish and English."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.registry import find_card
from vision.errors import BadModel
from vision.lexicon import Lexicon, Reading, Tongue


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    path = find_card("builtin").spec.lexicon
    assert path is not None
    return Lexicon.load(path)


@pytest.mark.parametrize(
    ("text", "words", "colours", "kinds"),
    [
        ("camisa roja de rayas", "red shirt striped", ("red",), ("shirt",)),
        ("CAMISETAS NEGRAS", "black t-shirt", ("black",), ("t-shirt",)),
        ("pantalón corto azul marino", "navy blue shorts", ("navy blue",), ("shorts",)),
        ("pantalones cortos", "shorts", (), ("shorts",)),
        ("sudaderas con capucha grises", "grey hoodie", ("grey",), ("hoodie",)),
        ("bolso de cuero marrón", "bag leather brown", ("brown",), ("bag",)),
        ("vestidos de flores", "dress floral", (), ("dress",)),
        ("pero en verde", "but in green", ("green",), ()),
        ("gafas de sol", "sunglasses", (), ("sunglasses",)),
        ("light blue shirt", "light blue shirt", ("light blue",), ("shirt",)),
        ("polo shirt", "polo shirt", (), ("polo shirt",)),
        ("cap", "cap", (), ("hat",)),
        ("robe rouge à fleurs", "red dress floral", ("red",), ("dress",)),
        ("pull gris", "grey sweater", ("grey",), ("sweater",)),
        ("veste en jean", "denim jacket", (), ("jacket",)),
        ("sacs à dos noirs", "black backpack", ("black",), ("backpack",)),
        ("schwarze Turnschuhe", "black sneakers", ("black",), ("sneakers",)),
        ("Röcke mit Streifen", "skirt striped", (), ("skirt",)),
        ("Sommerkleid", "summer dress", (), ("dress",)),
        ("Damenhose", "women's pants", (), ("pants",)),
        ("pantyhose", "pantyhose", (), ("stockings",)),
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
        ("chemise moins de 50 €", "shirt", 50, None),
        ("à moins de 30 euros", "", 30, None),
        ("de 20 à 40 euros", "", 40, 20),
        ("chaussures à partir de 30", "shoes", None, 30),
        ("Kleid unter 50 Euro", "dress", 50, None),
        ("Schuhe zwischen 20 und 40", "shoes", 40, 20),
        ("Taschen über 100", "bag", None, 100),
        ("höchstens 25,50 €", "", 25.5, None),
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
     "under 5 cm", "más de 2 colores", "more than 3 pockets", "air max 90", "ab 18 Jahren",
     "plus de 3 poches", "moins de 5 ans", "mehr als 2 Farben"],
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


@pytest.mark.parametrize("text", ["but without sleeves", "pero sin mangas", "mais sans manches",
                                  "aber ohne Ärmel"])  # fmt: skip
def test_what_is_not_wanted_is_said_by_what_is(lexicon: Lexicon, text: str) -> None:
    assert lexicon.read(text).words == "but sleeveless"


@pytest.mark.parametrize(
    "text",
    ["rock t-shirt", "red rose dress", "silk or satin dress", "blue large shirt", "gold ring",
     "short skirt", "long dress", "court shoes", "uni t-shirt"],
)  # fmt: skip
def test_english_is_not_taken_for_french_or_german(lexicon: Lexicon, text: str) -> None:
    assert lexicon.read(text).words == text


@pytest.mark.parametrize(("text", "words"), [("Rock", "skirt"), ("schwarzer Rock", "black skirt")])
def test_a_word_of_two_languages_is_read_by_its_company(
    lexicon: Lexicon, text: str, words: str
) -> None:
    assert lexicon.read(text).words == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dress black belt", "dress black belt"),
        ("bag red shoes", "bag red shoes"),
        ("white shirt blue jeans", "white shirt blue jeans"),
        ("dress black", "black dress"),
        ("vestido negro cinturón", "black dress belt"),
        ("robe noire ceinture", "black dress belt"),
        ("Kleid schwarzer Gürtel", "dress black belt"),
    ],
)
def test_a_colour_goes_to_the_thing_that_its_language_means(
    lexicon: Lexicon, text: str, words: str
) -> None:
    assert lexicon.read(text).words == words


def test_a_tongue_is_asked_once_for_each_run_however_often_it_comes(
    lexicon: Lexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    find = Tongue.find

    def noting(tongue: Tongue, run: str) -> tuple[str, float] | None:
        asked.append(run)
        return find(tongue, run)

    monkeypatch.setattr(Tongue, "find", noting)
    lexicon.read("zq " * 166)
    tongues = 1 + len(lexicon.others)
    assert len(asked) <= tongues * lexicon.longest


def test_the_longest_ending_closes_a_compound(lexicon: Lexicon) -> None:
    for tongue in lexicon.others:
        lengths = [len(ending) for ending in tongue.endings]
        assert lengths == sorted(lengths, reverse=True)


SAME = [
    ("red shirt", "camisa roja", "chemise rouge", "rotes Hemd"),
    ("black dress", "vestido negro", "robe noire", "schwarzes Kleid"),
    ("white sneakers", "zapatillas blancas", "baskets blanches", "weiße Turnschuhe"),
    ("blue skirt", "falda azul", "jupe bleue", "blauer Rock"),
    ("brown bag", "bolso marrón", "sac marron", "braune Tasche"),
    ("green jacket", "chaqueta verde", "veste verte", "grüne Jacke"),
    ("grey hat", "sombrero gris", "chapeau gris", "grauer Hut"),
    ("yellow scarf", "bufanda amarilla", "écharpe jaune", "gelber Schal"),
]


@pytest.mark.parametrize("same", SAME)
def test_four_languages_name_the_same_kind_and_colour(
    lexicon: Lexicon, same: tuple[str, ...]
) -> None:
    found = {(r.kinds, r.colours) for r in map(lexicon.read, same)}
    assert len(found) == 1
    assert all(found.pop())


def test_a_garbled_lexicon_is_a_bad_model(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.json"
    path.write_text('{"phrases": []}', encoding="utf-8")
    with pytest.raises(BadModel, match="lexicon"):
        Lexicon.load(path)
