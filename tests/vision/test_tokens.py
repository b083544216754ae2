"""Words become ids without torch, and bad words are refused before any work."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.registry import find_card
from tests.tiny_model import tiny_spec
from vision.errors import BadModel, NotWords
from vision.tokens import MAX_CHARACTERS, Tokens


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens(find_card("builtin").spec)


def test_a_sentence_starts_and_ends_as_the_model_was_taught(tokens: Tokens) -> None:
    ids, mask = tokens.encode(["a red shirt"])
    assert ids.dtype == mask.dtype == np.int64
    # [CLS] a red shirt [SEP] of BERT's uncased vocabulary
    assert ids.tolist() == [[101, 1037, 2417, 3797, 102]]
    assert mask.tolist() == [[1] * 5]


def test_the_shorter_text_of_a_batch_is_padded_and_masked(tokens: Tokens) -> None:
    ids, mask = tokens.encode(["red", "a red shirt"])
    assert ids.shape == mask.shape == (2, 5)
    assert mask.sum(1).tolist() == [3, 5]


def test_a_long_text_is_cut_to_the_models_context(tokens: Tokens) -> None:
    ids, _ = tokens.encode(["shirt " * 150])
    assert ids.shape[1] == find_card("builtin").spec.context_length


@pytest.mark.parametrize("texts", [[], [""], ["  \n"], ["fine", ""], ["x" * (MAX_CHARACTERS + 1)]])
def test_empty_and_endless_words_are_refused(tokens: Tokens, texts: list[str]) -> None:
    with pytest.raises(NotWords):
        tokens.encode(texts)


@given(st.text(st.characters(), min_size=1, max_size=60).filter(str.strip))
@settings(max_examples=200, deadline=None)
def test_any_text_whatever_becomes_ids(tokens: Tokens, text: str) -> None:
    ids, mask = tokens.encode([text, "red"])
    assert ids.shape == mask.shape
    assert set(np.unique(mask)) <= {0, 1}
    assert (ids >= 0).all()


def test_a_missing_or_garbled_vocabulary_is_a_bad_model(tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path)
    (tmp_path / "vocabulary.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadModel, match="vocabulary"):
        Tokens(spec)
    with pytest.raises(BadModel, match="vocabulary"):
        Tokens(replace(spec, vocabulary=tmp_path / "nowhere.json"))
