"""From neighbours to hits: what the catalogue knows of the pictures near a query."""

import json
import math
import sqlite3
from collections.abc import Sequence

import numpy as np

from index.catalogue import marks, products_by_id
from index.fold import Candidate, Standing
from index.hit import Hit, Swatch
from index.vectors import Ids, Scores
from vision.spec import Calibration

MAX_SWATCHES = 50  # of one article; more colours and sizes than a shopper can choose from


def candidates_of(connection: sqlite3.Connection, ids: Ids, scores: Scores) -> list[Candidate]:
    """The pictures that this transaction knows; fewer than `ids` if some went or are newer.

    They come as one row: for every row SQLite lets go of the interpreter's lock, and where other
    threads want it a hundred rows are as many turns to wait for.
    """
    score_of = dict(zip(ids.tolist(), np.clip(scores, -1.0, 1.0).tolist(), strict=True))
    (told,) = connection.execute(
        "SELECT json_group_array(json_array(pictures.id, product_id, sku, article, pixel_digest)) "
        "FROM pictures JOIN products ON products.id = product_id "
        "WHERE pictures.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(score_of)),),
    ).fetchone()
    return [
        Candidate(picture, product, sku, group, digest, score_of[picture])
        for picture, product, sku, group, digest in json.loads(told)
    ]


def hits_of(
    connection: sqlite3.Connection,
    standings: Sequence[Standing],
    probabilities: Sequence[float],
    exact: Sequence[float | None],
) -> tuple[Hit, ...]:
    """The hits for `standings`, in their order, with swatches; both sequences go with them."""
    products = products_by_id(connection, [s.candidate.product_id for s in standings])
    groups = {s.candidate.group for s in standings if s.candidate.group}
    swatches = _swatches(connection, sorted(groups))
    return tuple(
        Hit(
            product=products[s.candidate.product_id],
            score=s.candidate.score,
            probability=likely,
            exact=very,
            swatches=tuple(
                w for w in swatches.get(s.candidate.group, ()) if w.sku != s.candidate.sku
            )[:MAX_SWATCHES],
            identical=tuple(s.identical),
        )
        for s, likely, very in zip(standings, probabilities, exact, strict=True)
    )


def probability(score: float, calibration: Calibration | None, agreed: float = 0.0) -> float:
    """How likely a shopper calls a hit of this cosine the same kind and colour; `agreed` is what
    the agreement of its blocks adds (vision/agreement.py).

    Without a calibration for the kind of query the bare cosine stands in, cut to [0, 1]: it ranks
    rightly and is not to be read as a frequency.
    """
    if calibration is None:
        return min(1.0, max(0.0, score))
    x = calibration.slope * score + agreed + calibration.offset
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))  # exp(-x) would overflow


def refuses(best: float | None, calibration: Calibration | None) -> bool:
    """Whether the shop has nothing like what was asked: no hit, or the nearest is too unlikely.

    `best` is the probability of the nearest of whatever may answer, None without any. Without a
    calibration nothing found is refused.
    """
    if best is None:
        return True
    return calibration is not None and best < calibration.refuse_below


def _swatches(connection: sqlite3.Connection, groups: Sequence[str]) -> dict[str, list[Swatch]]:
    """Every product of each group, by colour; filters do not thin them out, so that the shopper
    of a blue bag still learns that it comes in red."""
    found: dict[str, list[Swatch]] = {group: [] for group in groups}
    rows = connection.execute(
        "SELECT article, sku, colour, price FROM products "
        f"WHERE article <> '' AND article IN ({marks(groups)}) ORDER BY colour, sku",
        tuple(groups),
    )
    for group, sku, colour, price in rows:
        found[group].append(Swatch(sku, colour, price))
    return found
