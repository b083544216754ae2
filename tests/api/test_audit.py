"""The audit log: in order, page by page, for a while."""

from datetime import UTC, datetime, timedelta

from api.audit import KEPT_DAYS, Audit, Note

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def noted(log: Audit, subject: str) -> None:
    log.note(Note("k1", "Ana", "write_product", "PUT", subject, 200))


def test_notes_come_youngest_first_and_page_by_page(tmp_path):
    log = Audit(tmp_path, lambda: NOON)
    for number in range(5):
        noted(log, f"sku-{number}")
    first = log.latest(2)
    assert [note.subject for note in first] == ["sku-4", "sku-3"]
    assert [note.subject for note in log.latest(9, first[-1].id)] == ["sku-2", "sku-1", "sku-0"]
    assert first[0].at == NOON


def test_a_note_survives_the_end_of_the_process_and_goes_after_its_time(tmp_path):
    log = Audit(tmp_path, lambda: NOON)
    noted(log, "a")
    log.close()
    assert len(Audit(tmp_path, lambda: NOON).latest(9)) == 1
    assert Audit(tmp_path, lambda: NOON + timedelta(days=KEPT_DAYS + 1)).latest(9) == []


def test_a_subject_that_no_file_can_hold_is_noted_all_the_same(tmp_path):
    log = Audit(tmp_path)
    noted(log, "half \ud800 " + "x" * 1000)
    (note,) = log.latest(1)
    assert note.subject.startswith("half ? ")
    assert len(note.subject) == 200
