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

    def without(self, gone: Ids) -> "Owners":
        """The same without the pictures that went."""
        if not len(gone):
            return self
        stays = ~np.isin(self.pictures, gone)
        return Owners(self.pictures[stays], self.products[stays])

    def plus(self, pictures: Ids, products: Ids) -> "Owners":
        """The same with pictures that came; their ids are higher than all before."""
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
