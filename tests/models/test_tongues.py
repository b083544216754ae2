"""The queries of four languages ask the same, and the lexicon reads them so."""

import pytest

from models.registry import BUILTIN
from models.tongues import spoken
from vision.lexicon import Lexicon


@pytest.mark.parametrize("language", ["es", "fr", "de"])
def test_every_language_asks_for_the_same_kinds_and_colours(language: str) -> None:
    english = [(kind, colour) for _, kind, colour in spoken("en")]
    assert [(kind, colour) for _, kind, colour in spoken(language)] == english
    assert len({text for text, _, _ in spoken(language)}) == len(english)


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_nearly_every_colour_is_read_as_what_was_meant(language: str) -> None:
    lexicon = Lexicon.load(BUILTIN / "lexicon.json")
    asked = list(spoken(language))
    wrong = [text for text, _, colour in asked if lexicon.read(text).colours != (colour,)]
    assert len(wrong) <= 0.05 * len(asked), wrong[:8]
