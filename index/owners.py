"""Which product each picture belongs to, in memory."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.vectors import Ids

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Owners:
    """Picture ids, ascending, and beside each the id of its product."""

    pictures: Ids
    products: Ids

    def after(self, gone: Ids, pictures: Ids, products: Ids) -> "Owners":
        """Without the pictures that went, with those that came (their ids are higher)."""
        if len(gone):
            stays = ~np.isin(self.pictures, gone, assume_unique=True)
            self = Owners(self.pictures[stays], self.products[stays])
        if not len(pictures):
            return self
        return Owners(
            np.concatenate((self.pictures, pictures)), np.concatenate((self.products, products))
        )

    @property
    def highest_product(self) -> int:
        """The highest product id; 0 if there is none."""
        return int(self.products.max(initial=0))

    def pictures_of(self, chosen: Mask) -> Ids:
        """The pictures of products whose id is True in `chosen`, ascending."""
        return self.pictures[chosen[self.products]]


NOBODY = Owners(np.empty(0, np.int64), np.empty(0, np.int64))
