"""One search, at one moment of the shop: vectors first, then the catalogue.

The filter's pictures are handed to the vector index, so a filter never thins out an answer:
whatever passes competes for all places.
"""

import sqlite3
import time

from index.conditions import allowed_pictures
from index.fold import Candidate, Standing, fold
from index.hit import Answer
from index.hits import candidates_of, hits_of, refuses
from index.query import Query
from index.replica import Replica
from index.vectors import Ids
from vision.spec import Calibration, EncoderSpec

FIRST_LOOK = 4  # pictures looked at for each wanted hit before looking deeper
FIRST_LOOK_MORE = 16


def answer_in(
    connection: sqlite3.Connection, replica: Replica, spec: EncoderSpec, query: Query
) -> Answer | None:
    """The answer at this transaction's moment; None if the vectors were already ahead of it.

    Raises BadFilter.
    """
    started = time.perf_counter()
    sequence = replica.catch_up(connection)
    allowed = None
    if query.filter is not None:
        owners = replica.owners(sequence)
        if owners is None:
            return None
        allowed = allowed_pictures(connection, query.filter, owners)
    look = _Look(replica, connection, sequence, allowed)
    standings = look.standings(query)
    if standings is None:
        return None
    calibration = _calibration(spec, query.kind)
    hits = hits_of(connection, standings, calibration)
    total_s = time.perf_counter() - started
    return Answer(
        hits,
        refuses(hits, calibration),
        {"vectors": 1e3 * look.vectors_s, "catalogue": 1e3 * (total_s - look.vectors_s)},
    )


def _calibration(spec: EncoderSpec, kind: str) -> Calibration | None:
    """Of this kind of query; a picture with words ("both") falls back on a picture's."""
    known = spec.calibrations
    return known.get(kind) or (known.get("picture") if kind == "both" else None)


class _Look:
    """Looks among the vectors, deeper and deeper until enough articles are found."""

    def __init__(
        self, replica: Replica, connection: sqlite3.Connection, sequence: int, allowed: Ids | None
    ) -> None:
        self._replica = replica
        self._connection = connection
        self._sequence = sequence
        self._allowed = allowed
        self.vectors_s = 0.0

    def standings(self, query: Query) -> list[Standing] | None:
        """The best `query.top` standings; None if the vectors went ahead of the transaction."""
        k = FIRST_LOOK * query.top + FIRST_LOOK_MORE
        while True:
            candidates = self._candidates(query, k)
            if candidates is None:
                return None
            others = [c for c in candidates if c.sku != query.exclude_sku]
            standings = fold(others, unfold=query.unfold)
            if len(standings) >= query.top or len(candidates) < k:
                return standings[: query.top]
            k *= 4

    def _candidates(self, query: Query, k: int) -> list[Candidate] | None:
        started = time.perf_counter()
        found = self._replica.search(query.embedding.vector, k, self._allowed, self._sequence)
        self.vectors_s += time.perf_counter() - started
        return None if found is None else candidates_of(self._connection, *found)
