"""Indexing a catalogue from the command line, with the encoder set for bulk."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from api.progress import stage_bar
from api.settings import Settings
from api.shop import card_of, open_encoder
from index.blend import words_of
from index.build import apply_source
from index.errors import BadRow, NoShop
from index.examine import sha256_of
from index.plan import Held, gather, make_plan
from index.row import Row
from index.shelf import Shelf
from index.source import read_source
from vision.decode import Limits
from vision.spec import EncoderSpec


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did (or, of a dry run, would do)."""

    added: int
    changed: int
    unchanged: int
    removed: int
    rejected: list[BadRow]
    notes: list[str] = field(default_factory=list)
    pictures_encoded: int = 0
    seconds: float = 0.0
    dry_run: bool = False


def index_source(
    settings: Settings,
    source: Path,
    *,
    allow_removals: bool,
    pictures_only: bool = False,
    quiet: bool,
) -> Outcome:
    """Make the shop hold what `source` names. Raises CatalogueError or VisionError.

    One thread for each run of the encoder and as many runs as cores: on bulk work that beats one
    run on all cores, since nothing is handed over between threads.
    """
    started = perf_counter()
    lanes = cores()
    encoder = open_encoder(settings, threads=1, lanes=lanes)
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
            on_progress=show,
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
        seconds=perf_counter() - started,
    )


def plan_source(settings: Settings, source: Path, *, pictures_only: bool) -> Outcome:
    """What `index_source` would do, found without seeing a picture or writing anything.

    Pictures are compared by their bytes and not decoded, so a row whose picture is damaged is not
    told yet.
    """
    started = perf_counter()
    notes: list[str] = []
    rows, bad = gather(read_source(source, notes.append), lambda count: None)
    spec = card_of(settings.model, settings.store).spec
    shelf = _present(settings.shop, spec)
    if shelf is None:
        return Outcome(
            len(rows), 0, 0, 0, bad, notes, seconds=perf_counter() - started, dry_run=True
        )
    weight = 0.0 if pictures_only else spec.title_weight
    with shelf, shelf.database.reading() as connection:
        plan = make_plan(connection, rows, bad, weight)
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
    )


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
