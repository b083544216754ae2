"""What the doctor says of the vectors."""

from pathlib import Path

import pytest

from api import doctor_index
from api.doctor_index import index_findings
from index.choice import Wish
from index.shelf import Shelf
from tests.fakes import fake_spec
from tests.index.test_founding import entries, make_base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Shelf.open(tmp_path, fake_spec(), create=True) as shelf:
        shelf.write(entries(1_200))
    return tmp_path


def told(shelf: Shelf) -> dict[str, tuple[bool, str]]:
    return {finding.what: (finding.ok, finding.detail) for finding in index_findings(shelf)}


def test_the_doctor_says_which_index_it_is_and_why_with_recall_time_and_memory(
    folder: Path,
) -> None:
    with Shelf.open(folder, fake_spec()) as shelf:
        found = told(shelf)
        assert "compares all: 1,200 pictures" in found["index"][1]
        assert "recall@10 1.000" in found["index answers"][1]
    with Shelf.open(folder, fake_spec(), wish=Wish("lists")) as shelf:
        assert "would suit: it was set; a serving process makes" in told(shelf)["index"][1]
        make_base(shelf)
        shelf.delete("p1")
        with shelf.database.reading() as connection:
            shelf._replica.catch_up(connection)
        found = told(shelf)
        assert "inverted lists" in found["index"][1]
        assert "1 gone ones still in them" in found["index"][1]
        assert "mapped" in found["index memory"][1]
        assert all(ok for ok, _ in found.values())


def test_too_little_memory_and_bad_answers_are_findings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Shelf.open(folder, fake_spec(), wish=Wish("flat", 1_000_000)) as shelf:
        shelf.write(entries(9_000, seed=3, first=5_000))
        monkeypatch.setattr(doctor_index, "LEAST_RECALL", 1.1)
        with shelf.database.reading() as connection:
            shelf._replica.catch_up(connection)
        wrong = {f.what: f.cure for f in index_findings(shelf) if not f.ok}
        assert "VISTAZO_INDEX_MEMORY_MB" in wrong["index memory"]
        assert "vectors.json" in wrong["index answers"]
