"""What `doctor` says of a shop's vectors: which index and why, recall, time, memory, upkeep."""

from collections.abc import Iterator

from api.finding import Finding
from index.choice import MEGABYTE
from index.report import IndexReport, SelfTest
from index.shelf import Shelf

LEAST_RECALL = 0.97  # of some 50 questions; the base was made for .995 of 256
NAMES = {"flat": "compares all", "lists": "inverted lists, compared again exactly"}


def index_findings(shelf: Shelf) -> Iterator[Finding]:
    """What the index is, and how well it does."""
    report, doing = shelf.index_report()
    yield _kind(report, doing)
    yield _memory(report)
    tested = shelf.index_test()
    if tested is not None:
        yield _answers(tested)


def _kind(report: IndexReport, doing: str) -> Finding:
    detail = f"{NAMES[report.kind]}: {report.pictures:,} pictures"
    if report.kind == "lists":
        detail += f", {report.beside:,} of them added since the lists were made"
        if report.dead:
            detail += f", {report.dead:,} gone ones still in them"
    if report.kind != report.choice.kind:
        detail += f"; {NAMES[report.choice.kind]} would suit: {report.choice.why}"
    else:
        detail += f"; {report.choice.why}"
    if report.is_upkeep_due:
        detail += "; a serving process makes new lists in the background"
    if doing != "at rest":
        detail += f" ({doing})"
    return Finding("index", True, detail)


def _memory(report: IndexReport) -> Finding:
    held = report.held_bytes + report.masks_bytes
    detail = f"{held / MEGABYTE:,.0f} MB held of {report.budget_bytes / MEGABYTE:,.0f} allowed"
    if report.mapped_bytes:
        detail += f"; {report.mapped_bytes / MEGABYTE:,.0f} MB mapped, kept while there is room"
    if report.choice.kind == "lists":
        detail += f"; {report.upkeep_bytes / MEGABYTE:,.0f} MB more while lists are made"
    if not report.has_room_for_upkeep:
        cure = "Raise VISTAZO_INDEX_MEMORY_MB: until then no new lists are made."
        return Finding("index memory", False, detail, cure)
    if report.is_over_budget:
        cure = "Let a server run for some minutes (it makes lists), or raise "
        return Finding("index memory", False, detail, cure + "VISTAZO_INDEX_MEMORY_MB.")
    return Finding("index memory", True, detail)


def _answers(tested: SelfTest) -> Finding:
    detail = (
        f"recall@10 {tested.recall:.3f} of {tested.queries} questions made of the shop's own "
        f"pictures and titles, {tested.median_ms:.2f} ms in the middle"
    )
    if tested.recall < LEAST_RECALL:
        cure = "Delete vectors.json in the shop's folder and let a server make new lists."
        return Finding("index answers", False, detail, cure)
    return Finding("index answers", True, detail)
