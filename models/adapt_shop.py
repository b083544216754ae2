"""A shop sensed for adapting: its pictures' rows, its texts, and which products they belong to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.adapt_lens import Floats, Lens, Sensed, Speech, fit_lens, fit_speech
from models.adapt_table import Item

Rows = npt.NDArray[np.intp]
MANY = 12
"""Pairs of real pictures under which crops alone say more of how pictures of one product differ."""


@dataclass(frozen=True, slots=True)
class Texts:
    """`said`: (T, D) by the model; `meant[i]`: the products (rows of items) that text i means."""

    said: Floats
    meant: list[Rows]


@dataclass(frozen=True, slots=True)
class Shop:
    """`items` with their pictures: `owner` (N) says whose each is, `first` (M) is each one's first;
    `rounds[0]` is clean. `titles` (M, D) are the model's, zero rows for none. `values` holds for
    each attribute (M) texts, "" for none. `judged` are pictures' rows and their products' rows
    that the shop's own judgements add."""

    items: list[Item]
    owner: Rows
    first: Rows
    rounds: list[Sensed]
    titles: Floats
    texts: Texts
    values: dict[str, npt.NDArray[np.str_]]

    @property
    def groups(self) -> npt.NDArray[np.str_]:
        """The article of each product."""
        return np.array([item.group for item in self.items])

    def others(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """The further pictures of `chosen` products."""
        return np.flatnonzero(
            chosen[self.owner] & (self.first[self.owner] != np.arange(len(self.owner)))
        )


def learn(shop: Shop, chosen: npt.NDArray[np.bool_]) -> tuple[Lens, Speech]:
    """The lens and the speech of the `chosen` products (M): nothing of the others is looked at."""
    clean = shop.rounds[0]
    first = shop.first[chosen]
    pictured = clean.at(first)
    pairs: list[tuple[Sensed, Sensed]] = []
    anew = [r.at(first) for r in shop.rounds[1:]]
    if anew:
        repeated = np.tile(first, len(anew))
        joined = Sensed(*(np.concatenate([getattr(r, n) for r in anew])
                          for n in ("vectors", "features", "colours")))  # fmt: skip
        pairs.append((joined, clean.at(repeated)))
    further = shop.others(chosen)
    if len(further) >= MANY:
        pairs.append((clean.at(further), clean.at(shop.first[shop.owner[further]])))
    lens = fit_lens(pictured, pairs)
    seen = np.zeros((len(shop.items), lens.turn.shape[1]), np.float32)
    seen[chosen] = lens.see(pictured)
    texts, meant = [], []
    for said, rows in zip(shop.texts.said, shop.texts.meant, strict=True):
        known = rows[chosen[rows]]
        if len(known):
            texts.append(said)
            meant.append(seen[known].mean(0))
    speech = fit_speech(np.stack(texts), np.stack(meant))
    return lens, speech
