"""One search, at one moment of the shop: vectors first, then the catalogue.

The filter's pictures are handed to the vector index, so a filter never thins out an answer:
whatever passes competes for all places. Rules move products before anything is cut.
"""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from index.closer import Closer
from index.conditions import allowed_pictures
from index.fold import Candidate, Standing, fold
from index.hit import Answer, Hit
from index.hits import candidates_of, hits_of, refuses
from index.query import Query
from index.replica import Chosen, Replica
from index.rules import rules_in
from index.ruling import Ruling, Segment, acting
from index.vectors import Ids
from vision.census import Census
from vision.spec import Calibration, EncoderSpec

FIRST_LOOK = 4  # pictures looked at for each wanted hit before looking deeper
FIRST_LOOK_MORE = 16
DEEPER = 4  # times as many with each further look


def answer_in(
    connection: sqlite3.Connection,
    replica: Replica,
    spec: EncoderSpec,
    query: Query,
    census: Census | None = None,
) -> Answer | None:
    """The answer at this transaction's moment; None if the vectors were already ahead of it.

    `census` tells which kinds the shop has. Raises BadFilter.
    """
    started = time.perf_counter()
    sequence = replica.catch_up(connection)
    rules = acting(rules_in(connection) if query.rules is None else query.rules, query)
    allowed: Ids | Chosen | None = None
    ruling = None
    if rules:
        owners = replica.owners(sequence)
        if owners is None:
            return None
        among = None
        if query.filter is not None:
            among = allowed_pictures(connection, query.filter, owners)
        ruling = Ruling(connection, rules, owners, among)
    elif query.filter is not None:
        allowed = replica.chosen(connection, query.filter, sequence)
        if allowed is None:
            return None
    calibration = _calibration(spec, query.kind)
    closer = Closer(connection, spec, query, calibration)
    look = _Look(replica, connection, sequence, allowed, ruling, closer)
    standings = look.standings(query)
    if standings is None:
        return None
    found = [s.candidate for s in standings]
    best = None if look.best is None else closer.probabilities([look.best])[0]
    hits = hits_of(
        connection, standings, closer.probabilities(found), [closer.exact(c) for c in found]
    )
    if ruling is not None:
        hits = _told(hits, standings, ruling)
    total_s = time.perf_counter() - started
    strange = refuses(best, calibration) or _is_strange(census, query, calibration)
    return Answer(
        hits,
        strange and not (hits and closer.knows_it),
        {"vectors": 1e3 * look.vectors_s, "catalogue": 1e3 * (total_s - look.vectors_s)},
    )


def _is_strange(census: Census | None, query: Query, calibration: Calibration | None) -> bool:
    """Whether the shop has no such kind of thing. What is like one of its own products has one."""
    if census is None or calibration is None or query.exclude_sku is not None:
        return False
    least = calibration.unfamiliar_below
    return least is not None and census.familiarity(query.embedding.vector) < least


def _told(hits: Sequence[Hit], standings: Sequence[Standing], ruling: Ruling) -> tuple[Hit, ...]:
    return tuple(
        replace(hit, moved=ruling.moved(standing.candidate.picture_id))
        for hit, standing in zip(hits, standings, strict=True)
    )


def _calibration(spec: EncoderSpec, kind: str) -> Calibration | None:
    """Of this kind of query; a picture with words ("both") falls back on a picture's."""
    known = spec.calibrations
    return known.get(kind) or (known.get("picture") if kind == "both" else None)


class _Look:
    """Looks among the vectors, deeper and deeper until enough articles are found.

    Each segment is looked at to a depth of its own. Nothing that was not seen in one can rank above
    its worst seen cosine, moved as the segment is: the answer stands once it lies above that, and
    once all pictures are seen that the closer look is for, so that no more hits mean other hits.
    """

    def __init__(
        self,
        replica: Replica,
        connection: sqlite3.Connection,
        sequence: int,
        allowed: Ids | Chosen | None,
        ruling: Ruling | None,
        closer: Closer,
    ) -> None:
        self._replica = replica
        self._connection = connection
        self._sequence = sequence
        self._ruling = ruling
        self._closer = closer
        segments = [Segment(allowed)] if ruling is None else ruling.segments
        self._views = [_View(segment) for segment in segments]
        self.best: Candidate | None = None
        self.vectors_s = 0.0

    def standings(self, query: Query) -> list[Standing] | None:
        """The best `query.top` standings; None if the vectors went ahead of the transaction."""
        depth = max(FIRST_LOOK * query.top + FIRST_LOOK_MORE, self._closer.least)
        shallow = self._views
        while True:
            for view in shallow:
                if not self._search(view, query, depth):
                    return None
            others = [c for v in self._views for c in v.found if c.sku != query.exclude_sku]
            standings = fold(self._closer.lifted(others), unfold=query.unfold)[: query.top]
            self.best = max(others, key=lambda c: c.score, default=None)
            shallow = [view for view in self._views if not view.is_exhausted]
            if len(standings) == query.top:
                score, rank = self._closer.edges
                rank = min(rank, standings[-1].candidate.rank)
                shallow = [view for view in shallow if view.bound > rank or view.least > score]
            if not shallow:
                return standings
            depth *= DEEPER

    def _search(self, view: "_View", query: Query, depth: int) -> bool:
        """Look at `depth` pictures of the segment; False if the vectors went ahead."""
        allowed = view.segment.allowed
        if view.segment.whole and allowed is not None:
            depth = len(allowed) + 1
        started = time.perf_counter()
        found = self._replica.search(query.embedding.vector, depth, allowed, self._sequence)
        self.vectors_s += time.perf_counter() - started
        if found is None:
            return False
        view.found = candidates_of(self._connection, *found)
        view.is_exhausted = len(view.found) < depth
        view.least = min((c.score for c in view.found), default=-1.0)
        view.bound = view.least + view.segment.shift
        if self._ruling is not None:
            view.found = _shifted(view.found, self._ruling)
        return True


class _View:
    """What has been seen of a segment: the best pictures of it, whether these are all, and what no
    unseen one can score (`least`) or rank (`bound`) above."""

    __slots__ = ("bound", "found", "is_exhausted", "least", "segment")

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.found: list[Candidate] = []
        self.is_exhausted = False
        self.least = self.bound = 0.0


def _shifted(found: Sequence[Candidate], ruling: Ruling) -> list[Candidate]:
    shifts = ruling.shifts_of(np.array([c.picture_id for c in found], np.int64)).tolist()
    return [  # dataclasses.replace takes ten times as long
        Candidate(c.picture_id, c.product_id, c.sku, c.group, c.pixel_digest, c.score, shift)
        for c, shift in zip(found, shifts, strict=True)
    ]
