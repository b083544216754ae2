"""Which thing a shopper most likely means, and when it is the whole picture."""

from vision.photo import Box
from vision.prominence import prominent
from vision.regions import Region

COAT = Region(Box(200, 200, 300, 400), "outer", 0.9)
BAG = Region(Box(100, 500, 80, 100), "bag", 0.95)
HAT = Region(Box(300, 50, 90, 80), "hat", 0.4)


def test_of_several_things_the_large_one_in_the_middle_is_meant() -> None:
    assert prominent([BAG, COAT, HAT], 700, 900) is COAT


def test_a_picture_of_one_garment_is_searched_as_a_whole() -> None:
    assert prominent([COAT], 700, 900) is None
    assert prominent([], 700, 900) is None


def test_things_that_are_unlikely_decide_nothing() -> None:
    assert prominent([COAT, HAT], 700, 900) is None


def test_at_the_edge_a_thing_is_less_likely_meant() -> None:
    aside = Region(Box(0, 200, 300, 400), "dress", 0.9)
    assert prominent([aside, COAT], 700, 900) is COAT
