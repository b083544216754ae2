"""What each kind of job does. Runs in the job's own process; nothing here knows of HTTP."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from api.before_after import before_after
from api.indexing import Outcome, demand_products, index_source, plan_source
from api.job import Job, Kind
from api.live import follow
from api.reindexing import compare, foresee, reindex
from api.settings import Settings
from api.shown_paths import relative
from api.stockroom import Stockroom
from api.told import Told
from index.archive import ArchiveLimits, is_archive, unpack
from index.build import Progress
from index.database import DATABASE_NAME, Database
from index.errors import BadRow
from index.formulas import defuse
from index.mapping import NOTHING_SAID, ColumnMap
from index.mappings import SavedMappings, column_map
from index.source import Mappings, find_table, read_records
from index.trial import try_source

REASON_COLUMNS = ("vistazo reason", "vistazo line")
"""In the file of rejected rows; a later run of that file leaves them out."""
REJECTS_TOLD = 200
SAMPLE = 300


def work(job: Job, settings: Settings, told: Told) -> dict[str, Any]:
    """Do what `job` wishes; its report. Raises what the wings raise, and JobCancelled."""
    acts: dict[Kind, Callable[[Job, Settings, Told], dict[str, Any]]] = {
        Kind.INDEX: _index,
        Kind.UNPACK: _unpack_only,
        Kind.REINDEX: _reindex,
        Kind.COMPARE: _compare,
    }
    return acts[job.kind](job, settings, told)


def _index(job: Job, settings: Settings, told: Told) -> dict[str, Any]:
    wish = job.wish
    stockroom = Stockroom(settings.shop, most_bytes=0)
    source, report = stockroom.find(str(wish["source"])), {"source": wish["source"]}
    if is_archive(source):
        source, unpacked = _unpack(source, settings, told)
        report |= unpacked | {"source": stockroom.name_of(source)}
    said, live = column_map(wish.get("mapping") or {}), follow(settings)
    mapping = mapping_of(live, said)
    report |= {"columns": _columns(source, said, mapping)}
    options: dict[str, Any] = {
        "allow_removals": bool(wish.get("allow_removals")),
        "pictures_only": bool(wish.get("pictures_only")),
        "keep_unnamed": not wish.get("whole"),
        "mapping": mapping,
        "within": stockroom.folder,
    }
    if wish.get("dry_run"):
        told.step("comparing", 0, 0)
        outcome = plan_source(live, source, **options)
    else:
        on_progress = _heard(told)
        outcome = index_source(live, source, **options, on_progress=on_progress, quiet=True)
        _remember(live, source, said)
    outcome = _from_upload(outcome, (source.parent, stockroom.folder, settings.shop))
    write_rejected(job.folder / "rejected.csv", source, outcome.rejected)
    if not wish.get("dry_run"):
        demand_products(outcome, source)
    return report | outcome_json(outcome)


def _from_upload(outcome: Outcome, roots: Sequence[Path]) -> Outcome:
    """The same with reasons that name files as the upload does: its reader has no other folder."""
    bads = [
        BadRow(bad.line, bad.sku, bad.code, relative(bad.reason, roots)) for bad in outcome.rejected
    ]
    return replace(outcome, rejected=bads)


def _unpack_only(job: Job, settings: Settings, told: Told) -> dict[str, Any]:
    stockroom = Stockroom(settings.shop, most_bytes=0)
    source, report = _unpack(stockroom.find(str(job.wish["source"])), settings, told)
    return report | {"source": stockroom.name_of(source)}


def _reindex(job: Job, settings: Settings, told: Told) -> dict[str, Any]:
    name = str(job.wish["model"])
    if job.wish.get("dry_run"):
        told.step("comparing", 0, 0)
        return foresee(settings, name) | {"dry_run": True}
    return reindex(settings, name, told.step, flip=bool(job.wish.get("flip")))


def _compare(job: Job, settings: Settings, told: Told) -> dict[str, Any]:
    sample = int(job.wish.get("sample") or SAMPLE)
    name = str(job.wish["model"])
    report = compare(settings, name, sample, told.step)
    if job.wish.get("queries"):
        queries = Path(str(job.wish["queries"]))
        report["eval"] = before_after(settings, name, queries, told.step)
    return report


def _unpack(archive: Path, settings: Settings, told: Told) -> tuple[Path, dict[str, Any]]:
    """Unpack a zip into the delivery that it is; the catalogue in it."""
    limits = ArchiveLimits(picture_bytes=settings.max_upload_bytes)
    into = archive.parent
    found = unpack(archive, into, limits, lambda done, total: told.step("unpacking", done, total))
    return found.source, {
        "unpacked": found.pictures,
        "passed_over": list(found.passed_over[:50]),
    }


def _heard(told: Told) -> Callable[[Progress], None]:
    return lambda progress: told.step(progress.stage, progress.done, progress.total)


def mapping_of(settings: Settings, said: ColumnMap) -> Mappings:
    """What was said of the columns now and, for a shop that is there, earlier."""

    def of(header: Sequence[str]) -> tuple[ColumnMap, ColumnMap]:
        ours = {name: "-" for name in header if name.strip() in REASON_COLUMNS}
        return ColumnMap(ours).over(said), _saved(settings, header)

    return of


def _saved(settings: Settings, header: Sequence[str]) -> ColumnMap:
    if not (settings.shop / DATABASE_NAME).is_file():
        return NOTHING_SAID
    database = Database(settings.shop)
    try:
        return SavedMappings(database).find(header)
    finally:
        database.close()


def _remember(settings: Settings, source: Path, said: ColumnMap) -> None:
    """The next table with these columns is read the same way."""
    if not said.fields or find_table(source) is None:
        return
    header = [column.name for column in try_source(source, said, most=1).columns]
    database = Database(settings.shop)
    try:
        SavedMappings(database).keep(header, said)
    finally:
        database.close()


def _columns(source: Path, said: ColumnMap, mapping: Mappings) -> list[dict[str, Any]]:
    trial = try_source(source, said, mapping)
    return [asdict(column) for column in trial.columns]


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What an index run did, or would do; the first rejected rows, and how many for each reason."""
    reasons: dict[str, int] = {}
    for bad in outcome.rejected:
        reasons[bad.code] = reasons.get(bad.code, 0) + 1
    return {
        "added": outcome.added,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "removed": outcome.removed,
        "rejected": len(outcome.rejected),
        "reasons": dict(sorted(reasons.items(), key=lambda item: -item[1])),
        "rows": [
            {"line": bad.line, "sku": bad.sku, "code": bad.code, "reason": bad.reason}
            for bad in outcome.rejected[:REJECTS_TOLD]
        ],
        "notes": outcome.notes,
        "pictures_encoded": outcome.pictures_encoded,
        "seconds": round(outcome.seconds, 3),
        "dry_run": outcome.dry_run,
        "would_refuse": None if outcome.refusal is None else str(outcome.refusal),
    }


def write_rejected(path: Path, source: Path, rejected: Sequence[BadRow]) -> None:
    """The rejected rows as they stood, each with its reason: mend them in a spreadsheet and upload
    the file as it is. Of a folder of pictures, their names and reasons."""
    by_line: dict[int, list[BadRow]] = {}
    for bad in rejected:
        by_line.setdefault(bad.line, []).append(bad)
    header: list[str] = []
    rows: list[dict[str, str]] = []
    table = find_table(source) if rejected else None
    if table is not None:
        for record in read_records(table, lambda note: None, header.extend):
            if not isinstance(record, BadRow) and record[0] in by_line:
                cells = {name: "|".join(values) for name, values in record[1].items()}
                header = header or list(cells)
                rows.append(cells | _reasons(by_line.pop(record[0])))
    for bads in by_line.values():
        rows.append({"sku": bads[0].sku or ""} | _reasons(bads))
    columns = [c for c in dict.fromkeys(header or ["sku"]) if c.strip() not in REASON_COLUMNS]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        names = [*REASON_COLUMNS, *columns]
        out = csv.writer(file)
        out.writerow(defuse(name) for name in names)
        out.writerows([defuse(row.get(name, "")) for name in names] for row in rows)


def _reasons(bads: Sequence[BadRow]) -> dict[str, str]:
    reason = "; ".join(dict.fromkeys(bad.reason for bad in bads))
    return dict(zip(REASON_COLUMNS, (reason, str(bads[0].line)), strict=True))
