"""Which product each picture belongs to."""

import numpy as np

from index.owners import NOBODY, Owners


def ids(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_pictures_come_and_go() -> None:
    owners = NOBODY.plus(ids(1, 2, 5), ids(7, 7, 9)).without(ids(2, 99)).plus(ids(6), ids(7))
    assert owners.pictures.tolist() == [1, 5, 6]
    assert owners.products.tolist() == [7, 9, 7]
    assert owners.highest_product == 9
    assert NOBODY.highest_product == 0


def test_the_pictures_of_chosen_products_are_all_of_theirs() -> None:
    owners = Owners(ids(1, 5, 6), ids(7, 9, 7))
    chosen = np.zeros(10, dtype=bool)
    chosen[7] = True
    assert owners.pictures_of(chosen).tolist() == [1, 6]
    assert owners.pictures_of(np.ones(10, dtype=bool)).tolist() == [1, 5, 6]
