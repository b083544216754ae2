"""What is learned of a shop draws pictures of one product together, and words to what they mean."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.adapt_lens import Blend, Sensed, fit_lens, fit_speech, unit

Floats = npt.NDArray[np.float32]


def taken(products: Floats, rng: np.random.Generator) -> Sensed:
    """Pictures of products whose pose (the last half of the features) is anything."""
    pose = rng.normal(0, 3, products.shape)
    features = np.concatenate([products, pose], 1).astype(np.float32)
    return Sensed(unit(features), features, np.ones((len(products), 4), np.float32))


def first_hits(queries: Floats, gallery: Floats) -> float:
    return float(((queries @ gallery.T).argmax(1) == np.arange(len(queries))).mean())


def test_the_pose_is_forgotten_and_products_never_seen_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    learned, others = rng.normal(0, 1, (200, 8)), rng.normal(0, 1, (60, 8))
    lens = fit_lens(taken(learned, rng), [(taken(learned, rng), taken(learned, rng))])
    gallery, queries = taken(others, rng), taken(others, rng)
    plain = first_hits(unit(queries.features), unit(gallery.features))
    assert plain < 0.3
    assert first_hits(lens.see(queries), lens.see(gallery)) > plain + 0.3


@given(share=st.floats(0, 1), seed=st.integers(0, 50))
def test_a_blend_is_of_unit_length_and_holds_its_share(share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, seen = (unit(rng.normal(0, 1, (5, d)).astype(np.float32)) for d in (7, 3))
    found = Blend(share, 1.0).pictures(vectors, seen)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert (found[:, 7:] ** 2).sum(1) == pytest.approx(np.full(5, share), abs=1e-5)


def test_one_product_alone_breaks_nothing() -> None:
    rng = np.random.default_rng(0)
    few = rng.normal(0, 1, (4, 8))
    lens = fit_lens(taken(few, rng), [(taken(few, rng), taken(few, rng))])
    assert np.isfinite(lens.see(taken(few, rng))).all()


def test_words_are_sent_to_what_they_mean_at_full_length() -> None:
    rng = np.random.default_rng(2)
    words = unit(rng.normal(0, 1, (80, 16)).astype(np.float32))
    turn = rng.normal(0, 1, (16, 6)).astype(np.float32)
    speech = fit_speech(words[:60], unit(words[:60] @ turn))
    meant, said = unit(words[60:] @ turn), speech.say(words[60:])
    assert (said * meant).sum(1).mean() > 0.8
    assert np.linalg.norm(said, axis=1) == pytest.approx(np.ones(20), abs=1e-5)
