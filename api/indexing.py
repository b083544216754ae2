"""Indexing a catalogue from the command line, with the encoder set for bulk."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from api.eye import SleepingEncoder, card_of
from api.fetching import of_catalogues
from api.progress import stage_bar
from api.settings import Settings
from index.blend import words_of
from index.build import Progress, apply_source
from index.errors import BadRow, BadSource, EmptySource, NoShop
from index.examine import sha256_of
from index.fence import fenced, glance
from index.fetching import copies_of
from index.plan import Held, Plan, gather, make_plan
from index.row import Row
from index.shelf import Shelf
from index.source import Mappings, nothing_said, read_source
from vision.decode import Limits
from vision.spec import EncoderSpec


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did (or, of a dry run, would do). `refusal` is what the real run would raise."""

    added: int
    changed: int
    unchanged: int
    removed: int
    rejected: list[BadRow]
    notes: list[str] = field(default_factory=list)
    pictures_encoded: int = 0
    pictures_fetched: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    refusal: EmptySource | None = None

    @property
    def took_nothing(self) -> bool:
        """Whether the source held no product that could be taken, nor one to remove."""
        return not (self.added or self.changed or self.unchanged or self.removed)


def index_source(
    settings: Settings,
    source: Path,
    *,
    allow_removals: bool,
    pictures_only: bool = False,
    keep_unnamed: bool = False,
    mapping: Mappings = nothing_said,
    within: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    quiet: bool,
) -> Outcome:
    """Make the shop hold what `source` names. Raises CatalogueError, VisionError or OSError.

    One thread for each run of the encoder and as many runs as cores: on bulk work that beats one
    run on all cores, since nothing is handed over between threads. `on_progress` hears where it
    stands, in place of a bar.
    """
    started = perf_counter()
    source.stat()  # a mistyped name must not leave an empty shop behind
    lanes = cores()
    encoder = SleepingEncoder(settings, threads=1, lanes=lanes)
    with (
        stage_bar(quiet=quiet) as show,
        Shelf.open(settings.shop, encoder.spec, create=True) as shelf,
    ):
        report = apply_source(
            shelf,
            encoder,
            source,
            allow_removals=allow_removals,
            pictures_only=pictures_only,
            keep_unnamed=keep_unnamed,
            mapping=mapping,
            within=within,
            fetching=of_catalogues(settings),
            on_progress=on_progress or show,
            threads=lanes,
            limits=Limits(max_bytes=settings.max_upload_bytes, max_pixels=settings.max_pixels),
        )
    return Outcome(
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        removed=report.removed,
        rejected=report.rejected,
        notes=report.notes,
        pictures_encoded=report.pictures_encoded,
        pictures_fetched=report.pictures_fetched,
        seconds=perf_counter() - started,
    )


def plan_source(
    settings: Settings,
    source: Path,
    *,
    allow_removals: bool,
    pictures_only: bool,
    keep_unnamed: bool = False,
    mapping: Mappings = nothing_said,
    within: Path | None = None,
) -> Outcome:
    """What `index_source` would do, found without seeing a picture or writing anything.

    Of new pictures the first bytes are looked at and nothing is decoded, so a row whose picture is
    damaged further on is not told yet.
    """
    started = perf_counter()
    notes: list[str] = []
    copies = copies_of(settings.shop.resolve())
    found = read_source(source, notes.append, mapping, copies)
    found = found if within is None else fenced(found, within)
    rows, bad = gather(found, lambda count: None)
    spec = card_of(settings.model, settings.store).spec
    shelf = _present(settings.shop, spec)
    if shelf is None:
        hopeless, unseen = glance(rows.values())
        took_s, bad = perf_counter() - started, [*bad, *unseen]
        return Outcome(len(rows) - len(hopeless), 0, 0, 0, bad, notes, seconds=took_s, dry_run=True)
    weight = 0.0 if pictures_only else spec.title_weight
    with shelf, shelf.database.reading() as connection:
        plan = make_plan(connection, rows, bad, weight, keep_unnamed=keep_unnamed)
    hopeless, unseen = glance(plan.look)
    bad += unseen
    plan.look = [row for row in plan.look if row.product.sku not in hopeless]
    added = sum(row.product.sku not in plan.held for row in plan.look)
    same = sum(_is_as_held(row, plan.held.get(row.product.sku), weight) for row in plan.look)
    changed = len(plan.look) - added - same + len(plan.rewrite)
    return Outcome(
        added,
        changed,
        plan.unchanged + same,
        len(plan.gone),
        bad,
        notes,
        seconds=perf_counter() - started,
        dry_run=True,
        refusal=None if allow_removals else _refusal(plan),
    )


def demand_products(outcome: Outcome, source: Path) -> None:
    """Raise BadSource if nothing could be taken: an empty shop is hardly what was meant."""
    if outcome.took_nothing:
        rows = len(outcome.rejected)
        reason = f"its rows cannot be taken ({rows:,} rejected)" if rows else "it holds no products"
        raise BadSource(str(source), reason)


def _refusal(plan: Plan) -> EmptySource | None:
    try:
        plan.require_meant()
    except EmptySource as refusal:
        return refusal
    return None


def _is_as_held(row: Row, held: Held | None, title_weight: float) -> bool:
    """Whether a row whose files were touched says and shows the same all the same."""
    if held is None or not held.says(row.product, words_of(row.product, title_weight)):
        return False
    try:
        shown = [(str(path), sha256_of(path.read_bytes())) for path in row.images]
    except OSError:
        return False
    return shown == [(picture.path, picture.sha256) for picture in held.pictures]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _present(folder: Path, spec: EncoderSpec) -> Shelf | None:
    try:
        return Shelf.open(folder, spec)
    except NoShop:
        return None
