"""The vectors in this process's memory, kept in step with the catalogue.

Promise: after `catch_up` the replica holds every vector that the caller's transaction sees, and its
masks say of every product what that transaction says. The file it is opened from is a cache:
missing, damaged or of another shop, all is made again.
"""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import bits
from index.bits import Bits
from index.catalogue import forgotten_until, removed_since, sequence_of, vectors_since
from index.choice import Choice, Wish, choose
from index.conditions import require_known, set_of
from index.counts import count_values, fetch_values, values_in
from index.facets import Facets
from index.filters import Filter
from index.gate import Gate
from index.kept import NOTE_NAME, Note, find_note, keep_flat, open_kept
from index.masks import Masks, MaskSets, fetch, needs_of
from index.owners import Owners
from index.tiers import Tiered
from index.vectors import Ids, Scores
from vision.embedding import Vector

CACHE_NAME = NOTE_NAME
CACHE_AFTER = 2_000  # changed pictures; fewer are read from the catalogue in 10 ms
CACHE_MOST = 100_000  # vectors without a base: more are not worth a file, upkeep makes a base
NEW_LEAST = 10_000  # vectors beside a base that upkeep leaves alone: 1 ms of each search
NEW_SHARE = 0.02  # or so many for each in the base
KEPT_SETS = 64  # sets of the last filters that a new base has at once


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The pictures that a filter lets through, at one moment; `of` is whose slots these are."""

    among: Bits
    sequence: int
    count: int
    of: object

    def __len__(self) -> int:
        return self.count


class _Moment:
    """Vectors, masks and the sequence number that they have reached."""

    def __init__(self, tiered: Tiered, sequence: int, note: Note | None) -> None:
        self.tiered = tiered
        self.masks = Masks(tiered.slots)
        self.sequence = sequence
        self.note = note
        self.unsaved = 0
        self.owners: Owners | None = None

    def follow(self, connection: sqlite3.Connection, sequence: int) -> None:
        """Take over all changes up to `sequence`, the last that `connection` sees."""
        self.owners = None
        if self.sequence:  # who starts from nothing has nothing to forget
            gone = removed_since(connection, self.sequence)
            self.tiered.remove(gone)
            self.unsaved += len(gone)
        for ids, products, vectors in vectors_since(
            connection, self.sequence, self.tiered.dimension
        ):
            self.tiered.add(ids, products, vectors)
            self.unsaved += len(ids)
        self.masks.take_over(connection, self.sequence)
        if self.tiered.is_wasteful:
            self.tiered = self.tiered.compacted()
            self.masks = Masks(self.tiered.slots)
        self.sequence = sequence

    @property
    def is_merge_due(self) -> bool:
        """Whether so much came or went beside the base that searches feel it."""
        base = self.tiered.base
        beside = self.tiered.added + self.tiered.slots.dead_in_base
        return base is not None and beside > max(NEW_LEAST, NEW_SHARE * len(base))


class Replica:
    """A shop's vectors and masks at the moment they have reached; may be used from any thread."""

    def __init__(
        self,
        folder: Path,
        identity: str,
        dimension: int,
        connection: sqlite3.Connection,
        wish: Wish | None = None,
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._dimension = dimension
        self._wish = wish or Wish()
        self._gate = Gate()
        self._now = self._from_note(connection) or self._from_nothing(connection)

    def __len__(self) -> int:
        return len(self._now.tiered)

    @property
    def tiered(self) -> Tiered:
        """The vectors themselves, to measure and tell of; not for changing."""
        return self._now.tiered

    @property
    def masks_bytes(self) -> int:
        """What the masks take in memory."""
        return self._now.masks.held_bytes

    @property
    def wish(self) -> Wish:
        """What the operator wants of the index."""
        return self._wish

    # Keeping in step

    def catch_up(self, connection: sqlite3.Connection) -> int:
        """Take over all changes that `connection`'s transaction sees; the number of the last."""
        sequence = sequence_of(connection)
        if sequence <= self._now.sequence:
            return sequence
        with self._gate.changing():
            now = self._now
            if sequence <= now.sequence:
                return sequence  # another thread did it meanwhile
            try:
                if now.sequence < forgotten_until(connection):
                    now = _Moment(Tiered(self._dimension), 0, None)
                now.follow(connection, sequence)
            except BaseException:  # half a change is none: start again from nothing
                self._now = _Moment(Tiered(self._dimension), 0, None)
                raise
            self._now = now
        return sequence

    def adopt(self, connection: sqlite3.Connection) -> bool:
        """Take over a base that this or another process has made since; True if there was one.

        It is opened and brought up to date beside the old one, which answers meanwhile. It may
        be behind: the next search catches up.
        """
        note = find_note(self._folder)
        if note is None or note == self._now.note:
            return False
        fresh = self._from_note(connection)
        if fresh is None:
            return False
        recent = self._now.masks.recent(KEPT_SETS)
        again = fetch(connection, fresh.masks, recent.products, recent.numbers)
        for key, products in again.products.items():
            fresh.masks.keep(key, products)
        for field, (owners, numbers) in again.numbers.items():
            fresh.masks.keep_numbers(field, owners, numbers)
        with self._gate.changing():
            self._now = fresh
        return True

    def start_over(self, connection: sqlite3.Connection) -> None:
        """Read all vectors from the catalogue again; the old ones answer meanwhile."""
        fresh = self._from_nothing(connection)
        with self._gate.changing():
            self._now = fresh

    def _from_note(self, connection: sqlite3.Connection) -> _Moment | None:
        """What is kept in the folder, brought up to date; None if it is not this shop's, from its
        future (a shop put back from a backup is older than its cache), damaged or wrong."""
        note, newest = find_note(self._folder), sequence_of(connection)
        if note is None or (note.identity, note.dimension) != (self._identity, self._dimension):
            return None
        if not forgotten_until(connection) <= note.sequence <= newest:
            return None
        tiered = open_kept(self._folder, note)
        if tiered is None:
            return None
        moment = _Moment(tiered, note.sequence, note)
        moment.follow(connection, newest)
        (count,) = connection.execute("SELECT count(*) FROM pictures").fetchone()
        return moment if len(moment.tiered) == count else None

    def _from_nothing(self, connection: sqlite3.Connection) -> _Moment:
        moment = _Moment(Tiered(self._dimension), 0, None)
        moment.follow(connection, sequence_of(connection))
        return moment

    # Searching

    def some_pictures(self, most: int) -> Ids:
        """At most `most` of the pictures that are there, ascending; drawn evenly among them by
        place, as ids may lie far apart."""
        with self._gate.looking():
            slots = self._now.tiered.slots
            living = slots.living()
            if len(living) > most:
                living = np.random.default_rng(0).choice(living, most, replace=False)
            return np.sort(slots.pictures[living])

    def owners(self, sequence: int) -> Owners | None:
        """Which product each picture belongs to at the moment `sequence`; None as with search."""
        with self._gate.looking():
            now = self._now
            if now.sequence != sequence:
                return None
            if now.owners is None:
                now.owners = now.tiered.slots.owners()
            return now.owners

    def chosen(
        self, connection: sqlite3.Connection, wanted: Filter, sequence: int
    ) -> Chosen | None:
        """The pictures of products that pass; None as with search.

        What the masks do not hold yet is read from the catalogue while others go on.
        Raises BadFilter for unknown fields.
        """
        require_known(connection, wanted)
        before = self._now
        fetched = fetch(connection, before.masks, *needs_of(wanted.root))
        with self._gate.looking():
            now = self._now
            if now is not before or now.sequence != sequence:
                return None
            among = set_of(wanted.root, MaskSets(now.masks, now.tiered.slots, fetched))
            among = among & now.tiered.slots.alive
            return Chosen(among, sequence, bits.count(among), now)

    def facets(
        self, connection: sqlite3.Connection, wanted: Filter | None, sequence: int
    ) -> Facets | None:
        """How many of the products that pass (all, if None) carry which value; None as with search.

        What the masks do not hold yet is read from the catalogue while others go on.
        Raises BadFilter for unknown fields.
        """
        chosen = None if wanted is None else self.chosen(connection, wanted, sequence)
        before = self._now
        values = before.masks.values or values_in(connection)
        fetched = fetch_values(connection, before.masks, values)
        with self._gate.looking():
            now = self._now
            if now is not before or now.sequence != sequence:
                return None
            if wanted is not None and (chosen is None or chosen.of is not now):
                return None
            now.masks.values = values
            among = None if chosen is None else chosen.among
            return count_values(now.masks, now.tiered.slots, among, values, fetched)

    def search(
        self, vector: Vector, k: int, allowed: Ids | Chosen | None, sequence: int
    ) -> tuple[Ids, Scores] | None:
        """The nearest pictures, as VectorIndex.search, at the moment `sequence`; None if another
        thread already took the vectors past it."""
        with self._gate.looking():
            now = self._now
            if now.sequence != sequence:
                return None
            if isinstance(allowed, Chosen):
                if allowed.of is not now:  # a new base came between: its slots are others
                    return None
                return now.tiered.search_among(vector, k, allowed.among)
            return now.tiered.search(vector, k, allowed)

    # Keeping

    def choice(self, count: int | None = None) -> Choice:
        """Which kind of index suits this shop (or one of `count` pictures), and why."""
        many = len(self) if count is None else count
        return choose(many, self._dimension, self._wish.budget_bytes, self._wish.kind)

    def is_upkeep_due(self, count: int | None = None) -> bool:
        """Whether a base should be made or made anew, for what is in memory or `count` pictures."""
        lists = self.choice(count).kind == "lists"
        return lists and (self._now.tiered.base is None or self._now.is_merge_due)

    def save_if_worthwhile(self) -> None:
        """Save after so many changes that the next opening would feel them.

        A disk that is full or read-only costs the next opening its speed and nothing else.
        """
        if self._now.unsaved >= CACHE_AFTER and len(self) <= CACHE_MOST:
            with suppress(OSError):
                self.save()

    def save(self) -> None:
        """Keep the vectors for the next opening; a base is kept already. Raises OSError."""
        with self._gate.looking():
            now = self._now
            if now.tiered.base is None:
                now.note = keep_flat(self._folder, self._identity, now.sequence, now.tiered)
                now.unsaved = 0
