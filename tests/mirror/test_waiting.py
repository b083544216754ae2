import os
from datetime import timedelta
from pathlib import Path

import pytest

from mirror.clips import Kind
from mirror.errors import UnknownClip
from mirror.finish import Made
from mirror.waiting import Waiting
from tests.drawn_clips import NOON, clip_of


def made(clip_id: str) -> Made:
    files: dict[Kind, bytes] = {"video": b"sealed film", "thumbnail": b"sealed picture"}
    return Made(clip_of(clip_id, files["video"]), files)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_waits_comes_back_after_a_new_start_with_all_its_facts(tmp_path: Path) -> None:
    Waiting(tmp_path).put(made("c1"))
    ((clip, files),) = Waiting(tmp_path).clips()
    assert clip == made("c1").clip
    assert {kind: path.read_bytes() for kind, path in files.items()} == made("c1").files


def test_a_clip_without_its_note_means_nothing_and_is_gone_after_a_new_start(
    tmp_path: Path,
) -> None:
    waiting = Waiting(tmp_path)
    waiting.put(made("c1"))
    (tmp_path / "c1.json").unlink()
    (tmp_path / "c2.video.part").write_bytes(b"half")
    assert list(waiting.clips()) == []
    Waiting(tmp_path)
    assert names(tmp_path) == []


def test_a_clip_is_not_handed_over_while_its_spool_could_make_it_anew(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    waiting.put(made("c1"))
    waiting.spool_path("c1").write_bytes(b"as if the crash came before its removal")
    assert list(waiting.clips()) == []
    again = Waiting(tmp_path)
    assert again.spools() == []
    assert [clip.id for clip, _ in again.clips()] == ["c1"]


def test_a_spool_alone_is_kept_for_recovery(tmp_path: Path) -> None:
    Waiting(tmp_path).spool_path("c1").write_bytes(b"a running clip")
    assert [path.stem for path in Waiting(tmp_path).spools()] == ["c1"]


def test_removing_leaves_nothing_of_it_and_all_of_the_others(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    waiting.put(made("c1"))
    waiting.put(made("c2"))
    waiting.remove("c1")
    waiting.remove("c1")
    assert names(tmp_path) == ["c2.json", "c2.thumbnail", "c2.video"]


def test_age_is_told_by_when_it_began_to_wait(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    waiting.put(made("c1"))
    os.utime(tmp_path / "c1.json", (NOON.timestamp(), NOON.timestamp()))
    assert waiting.older_than(NOON + timedelta(seconds=59), 60) == []
    assert waiting.older_than(NOON + timedelta(seconds=61), 60) == ["c1"]


@pytest.mark.parametrize("clip_id", ["../c1", "a/b", "", "x" * 65, "c1.json"])
def test_an_id_that_is_no_id_reaches_no_file(tmp_path: Path, clip_id: str) -> None:
    with pytest.raises(UnknownClip):
        Waiting(tmp_path).remove(clip_id)
