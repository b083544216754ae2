"""One hit for each article: products by their best picture, groups by their best product."""

from hypothesis import given
from hypothesis import strategies as st

from index.fold import Candidate, fold


def at(
    score: float, product: int, group: str = "", digest: str = "", picture: int = 0
) -> Candidate:
    return Candidate(picture or product, product, f"p{product}", group, digest, score)


def skus(*candidates: Candidate, unfold: bool = False) -> list[str]:
    return [s.candidate.sku for s in fold(candidates, unfold=unfold)]


def test_a_product_counts_by_its_best_picture() -> None:
    (standing,) = fold([at(0.2, 1, picture=10), at(0.9, 1, picture=11)], unfold=False)
    assert standing.candidate.score == 0.9


def test_the_best_matching_product_stands_for_its_group() -> None:
    assert skus(at(0.5, 1, "g"), at(0.9, 2, "g"), at(0.7, 3)) == ["p2", "p3"]


def test_products_without_a_group_do_not_make_one() -> None:
    assert skus(at(0.5, 1), at(0.4, 2)) == ["p1", "p2"]


def test_a_product_with_a_better_hits_very_picture_is_folded_into_it() -> None:
    standings = fold([at(0.9, 1, "g", "d"), at(0.8, 2, "", "d"), at(0.7, 3, "", "e")], unfold=False)
    assert [(s.candidate.sku, s.identical) for s in standings] == [("p1", ["p2"]), ("p3", [])]


def test_pictures_of_unknown_pixels_are_not_proven_to_be_the_same() -> None:
    assert skus(at(0.9, 1), at(0.9, 2)) == ["p1", "p2"]


def test_unfolded_every_product_has_its_hit() -> None:
    several = (at(0.9, 1, "g", "d"), at(0.8, 2, "g", "d"), at(0.95, 3, "", "d"))
    assert skus(*several, unfold=True) == ["p3", "p1", "p2"]


candidates = st.lists(
    st.builds(
        Candidate,
        picture_id=st.integers(1, 10_000),
        product_id=st.integers(1, 8),
        sku=st.just(""),
        group=st.sampled_from(["", "g", "h"]),
        pixel_digest=st.sampled_from(["", "d", "e"]),
        score=st.floats(-1, 1),
        shift=st.just(0.0),
    ),
    unique_by=lambda c: c.picture_id,
)


@given(candidates, st.randoms())
def test_the_order_in_which_candidates_come_does_not_matter(found, draw) -> None:  # type: ignore[no-untyped-def] # by hypothesis
    # one product has one group
    found = [c for c in found if (c.group == "") == (c.product_id % 2 == 0)]
    mixed = list(found)
    draw.shuffle(mixed)
    assert fold(found, unfold=False) == fold(mixed, unfold=False)
    scores = [s.candidate.score for s in fold(found, unfold=False)]
    assert scores == sorted(scores, reverse=True)
