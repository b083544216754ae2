"""The questions asked of the drawn shop have answers in it, or say that they have none."""

from models.drawn_queries import queries, softness
from models.drawn_range import articles


def test_every_expected_term_holds_for_a_product_of_the_shop() -> None:
    sold = articles(5, 120)
    skus, categories = {a.sku for a in sold}, {a.row["category"] for a in sold}
    for query in queries(5, sold):
        for term in query.expect.split("|"):
            name, _, value = term.partition("=")
            assert term in skus or term == "none" or (name == "category" and value in categories)


def test_snaps_words_and_strangers_are_all_asked_for() -> None:
    asked = queries(0, articles(0, 120))
    assert sum(bool(q.image) and q.expect != "none" for q in asked) > 30
    assert sum(bool(q.text) and q.expect != "none" for q in asked) > 15
    assert sum(bool(q.image) and q.expect == "none" for q in asked) >= 4
    assert any("camiseta" in q.text or "vestido" in q.text or "gorra" in q.text for q in asked)


def test_a_snap_has_other_folds_than_the_studio_picture() -> None:
    sold = {a.sku: a for a in articles(0, 30)}
    for query in queries(0, tuple(sold.values())):
        if query.spec is not None and query.expect in sold:
            assert query.spec.seed != sold[query.expect].spec.seed


def test_china_does_not_crumple() -> None:
    assert softness("mug") == 0 < softness("boot") < softness("dress")
