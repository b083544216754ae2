"""Applying a catalogue source to a shop: only what is new or changed is embedded.

Promises: every batch commits as a whole, so a run that was killed is finished by the next one; a
bad row costs itself only; nothing is removed before everything else was written, and never much of
the shop without being told to.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from index import catalogue, changes
from index.blend import words_of
from index.embed import Embedded, Embedder, Known
from index.entry import Entry
from index.errors import BadRow
from index.fence import fenced
from index.fetching import Fetching, copies_of, fetch_pictures, forget_needless, links_in
from index.lanes import by_pictures, on_threads, parts
from index.lock import bulk_writer
from index.plan import Plan, gather, make_plan
from index.product import Product
from index.recall import Recall
from index.row import Row
from index.shelf import Shelf
from index.source import Mappings, nothing_said, read_source
from index.traits import write_traits
from vision.decode import Limits
from vision.encoder import Encoder

Stage = Literal["unpacking", "reading", "fetching", "comparing", "embedding", "removing"]
COMMIT_EVERY = 64  # products; a commit waits for the disk, some milliseconds
PRODUCTS_AT_ONCE = 256  # of those that need no pictures read


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; `total` is 0 while it is not known."""

    stage: Stage
    done: int
    total: int


@dataclass(slots=True)
class Report:
    """What a run did. `rejected` rows were not taken; `seconds` by stage, and `total`."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pictures_encoded: int = 0
    pictures_fetched: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def quiet(_: Progress) -> None:
    """Tell nobody."""


def apply_source(
    shelf: Shelf,
    encoder: Encoder,
    source: Path,
    *,
    allow_removals: bool = False,
    pictures_only: bool = False,
    keep_unnamed: bool = False,
    mapping: Mappings = nothing_said,
    fetching: Fetching | None = None,
    within: Path | None = None,
    on_progress: Callable[[Progress], None] = quiet,
    threads: int = 2,
    limits: Limits | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
) -> Report:
    """Make the shop hold what `source` names; `threads` rows are read, seen and embedded at once.

    `pictures_only` keeps titles out of the product vectors. Products that came through the API and
    that no source ever named stay; with `keep_unnamed` all do that this source does not name.
    `mapping` says what its columns are; pictures on other machines are fetched as `fetching` allows
    (None: they cannot be taken); with `within` no picture outside of that folder is. Raises
    BadSource, BadMapping, EmptySource (nothing was changed then), ShopBusy, EncoderBroken.
    """
    run = _Run(shelf, encoder, on_progress, limits or Limits(), clock_ns)
    with bulk_writer(shelf.folder), run.timed("total"):
        with run.timed("reading"):
            copies = None if fetching is None else copies_of(shelf.folder)
            recall = run.recall()
            notes = run.report.notes.append
            found = read_source(source, notes, mapping, copies, recall.read)
            found = found if within is None else fenced(found, within)
            rows, bad = gather(found, lambda n: on_progress(Progress("reading", n, 0)))
            run.report.rejected += bad
        with run.timed("fetching"):
            bad += run.fetch(rows, fetching)
        with run.timed("comparing"):
            on_progress(Progress("comparing", 0, len(rows)))
            how = {"pictures_only": pictures_only, "keep_unnamed": keep_unnamed}
            plan = run.plan(rows, bad, recall, **how)
            if not allow_removals:
                plan.require_meant()
            run.settle(plan)
        with run.timed("embedding"):
            run.embed(plan, threads)
        with run.timed("removing"):
            run.remove(plan.gone)
            shelf.disposal.run()
            run.forget_copies()
        shelf.save_cache()
    return run.report


class _Run:
    """One run over one source."""

    def __init__(
        self,
        shelf: Shelf,
        encoder: Encoder,
        on_progress: Callable[[Progress], None],
        limits: Limits,
        clock_ns: Callable[[], int],
    ) -> None:
        self.report = Report()
        self._shelf = shelf
        self._database = shelf.database
        self._encoder = encoder
        self._on_progress = on_progress
        self._limits = limits
        self._clock_ns = clock_ns
        self._title_weight = 0.0
        self._named: set[str] = set()

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.report.seconds[stage] = time.perf_counter() - started

    def recall(self) -> Recall:
        """The rows of the last run."""
        with self._database.reading() as connection:
            return Recall(connection)

    def fetch(self, rows: dict[str, Row], fetching: Fetching | None) -> list[BadRow]:
        """Have the pictures of `rows` that lie on other machines; what could not be had."""
        self._named = links_in(rows)
        if fetching is None:
            return []

        def tell(done: int, total: int) -> None:
            self._tell("fetching", done, total)

        tally, bad = fetch_pictures(self._shelf.folder, rows, fetching, tell)
        self.report.pictures_fetched = tally.fetched
        self.report.rejected += bad
        return bad

    def forget_copies(self) -> None:
        """Remove copies of remote pictures that nothing needs any more."""
        with self._database.reading() as connection:
            shown = {path for (path,) in connection.execute("SELECT path FROM pictures")}
        forget_needless(self._shelf.folder, self._named, shown)

    def plan(
        self,
        rows: dict[str, Row],
        bad: list[BadRow],
        recall: Recall,
        *,
        pictures_only: bool,
        keep_unnamed: bool,
    ) -> Plan:
        self._title_weight = 0.0 if pictures_only else self._shelf.spec.title_weight
        with self._database.reading() as connection:
            weight = self._title_weight
            plan = make_plan(
                connection, rows, bad, weight, keep_unnamed=keep_unnamed, recall=recall
            )
        self.report.unchanged = plan.unchanged
        return plan

    def settle(self, plan: Plan) -> None:
        """From here on every vector of the shop is made with this weight of titles; and rows that
        said nothing new are known by their digests."""
        if self._shelf.title_weight != self._title_weight:
            with self._database.writing() as connection:
                changes.set_title_weight(connection, self._title_weight)
        if plan.remember:
            with self._database.writing() as connection:
                changes.remember_rows(connection, plan.remember, plan.sequence)

    def embed(self, plan: Plan, threads: int) -> None:
        """Write everything that is new or changed, the cheap things first."""
        embedder = Embedder(
            self._encoder,
            self._title_weight,
            self._find_known,
            plan.holds,
            limits=self._limits,
            clock_ns=self._clock_ns,
        )
        done, total = 0, len(plan.outdated) + len(plan.rewrite) + len(plan.look)
        for from_source, products in ((False, plan.outdated), (True, plan.rewrite)):
            for part in parts(products, PRODUCTS_AT_ONCE):
                self._rewrite(part, embedder, plan, from_source=from_source)
                done = self._tell("embedding", done + len(part), total)
        waiting: list[Embedded] = []
        for rows, embedded in on_threads(embedder.entries, by_pictures(plan.look), threads):
            waiting.append(embedded)
            if sum(len(some.entries) + len(some.held) for some in waiting) >= COMMIT_EVERY:
                self._take(plan, waiting)
                waiting = []
            done = self._tell("embedding", done + len(rows), total)
        if waiting:
            self._take(plan, waiting)

    def remove(self, skus: Sequence[str]) -> None:
        """Remove what the source no longer names."""
        for part in parts(skus, PRODUCTS_AT_ONCE):
            self._tell("removing", self.report.removed, len(skus))
            with self._database.writing() as connection:
                sequence = changes.next_sequence(connection)
                for sku in part:
                    if (product_id := catalogue.find_id(connection, sku)) is not None:
                        changes.delete_product(connection, sequence, product_id)
            self.report.removed += len(part)

    def _rewrite(
        self, products: Sequence[Product], embedder: Embedder, plan: Plan, *, from_source: bool
    ) -> None:
        """New fields; new vectors only where the title changed, and then from what was seen."""
        weight, space = self._title_weight, self._shelf.spec.space
        bare = [
            Entry(product, (), words_of(product, weight), None, from_source,
                  plan.digests.get(product.sku) if from_source else None)
            for product in products
        ]  # fmt: skip
        with self._database.reading() as connection:
            stale = [e.words for e in bare if not self._is_worded(connection, e)]
        words = embedder.words(stale)
        with self._database.writing() as connection:
            sequence = changes.next_sequence(connection)
            for entry in bare:
                product_id = catalogue.find_id(connection, entry.sku)
                if product_id is None:
                    continue  # the API deleted it a moment ago
                missing = entry.words and entry.words not in words
                if missing and not self._is_worded(connection, entry):
                    continue  # the API gave it another title a moment ago: the next run's work
                whole = replace(entry, words_embedding=words.get(entry.words))
                changes.change_product(connection, sequence, product_id, whole, weight, space)
        self.report.changed += len(products)

    def _is_worded(self, connection: sqlite3.Connection, entry: Entry) -> bool:
        """Whether the words of `entry` are in its vectors already."""
        product_id = catalogue.find_id(connection, entry.sku)
        return product_id is None or catalogue.words_in(connection, product_id) == entry.words

    def _take(self, plan: Plan, embedded: Sequence[Embedded]) -> None:
        """Commit what some threads made."""
        with self._database.writing() as connection:
            sequence = changes.next_sequence(connection)
            for entry in (entry for some in embedded for entry in some.entries):
                new = changes.write_entry(connection, sequence, entry, self._title_weight)
                self.report.added += new
                self.report.changed += not new
            for some in embedded:
                write_traits(connection, some.traits)
            for entry in (entry for some in embedded for entry in some.held):
                stamps = [seen.stamp for seen in entry.pictures]
                known = plan.held[entry.sku].id
                changes.restamp(connection, known, stamps)
                if entry.row_digest is not None:
                    proof = [(entry.row_digest, known)]
                    changes.remember_rows(connection, proof, plan.sequence)
                self.report.unchanged += 1
        for some in embedded:
            self.report.pictures_encoded += some.encoded
            self.report.rejected += some.rejected

    def _find_known(self, sha256: str) -> Known | None:
        with self._database.reading() as connection:
            found = catalogue.find_own_vector(connection, sha256, self._shelf.spec.space)
        return None if found is None else Known(*found)

    def _tell(self, stage: Stage, done: int, total: int) -> int:
        self._on_progress(Progress(stage, done, total))
        return done
