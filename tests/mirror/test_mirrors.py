from datetime import timedelta
from pathlib import Path

import pytest

from mirror.desk import MirrorState
from mirror.errors import BadOrder, UnknownClip, UnknownMirror
from mirror.mirrors import GONE, Mirrors
from tests.drawn_clips import NOON


@pytest.fixture
def mirrors(tmp_path: Path) -> Mirrors:
    mirrors = Mirrors(tmp_path)
    mirrors.add("room-3", "Room 3")
    return mirrors


def test_mirrors_are_named_and_named_anew(mirrors: Mirrors, tmp_path: Path) -> None:
    mirrors.add("room-3", " The large one ")
    mirrors.add("room-1", "Room 1")
    assert [(m.id, m.name) for m in Mirrors(tmp_path).all()] == [
        ("room-1", "Room 1"), ("room-3", "The large one"),
    ]  # fmt: skip
    with pytest.raises(UnknownMirror):
        mirrors.get("room-9")


@pytest.mark.parametrize(
    ("mirror_id", "name"), [("", "x"), ("Room 3", "x"), ("../x", "x"), ("x" * 41, "x"), ("x", " ")]
)
def test_an_id_that_is_no_address_is_refused(mirrors: Mirrors, mirror_id: str, name: str) -> None:
    with pytest.raises(BadOrder):
        mirrors.add(mirror_id, name)


def test_one_clip_at_a_time_is_asked_for_in_a_visit(mirrors: Mirrors) -> None:
    first = mirrors.ask("room-3", "v1", "ana", 8.0, NOON)
    with pytest.raises(BadOrder):
        mirrors.ask("room-3", "v1", "ana", 8.0, NOON)
    stopped = mirrors.stop(first.clip_id, NOON + timedelta(seconds=5))
    assert stopped.stopped_at == NOON + timedelta(seconds=5)
    assert mirrors.stop(first.clip_id, NOON + timedelta(seconds=9)) == stopped
    assert mirrors.wanted("v1") is None
    assert mirrors.latest("v1") == stopped  # the mirror has to hear that it is stopped
    second = mirrors.ask("room-3", "v1", "ana", 0.0, NOON)
    assert mirrors.latest("v1") == second


def test_a_mirror_settles_only_clips_that_it_was_asked_for(mirrors: Mirrors) -> None:
    mirrors.add("room-1", "Room 1")
    asked = mirrors.ask("room-3", "v1", "ana", 0.0, NOON)
    mirrors.hear("room-1", MirrorState(refused={asked.clip_id: "mine!"}), NOON)
    assert mirrors.order(asked.clip_id).outcome == ""
    mirrors.hear("room-3", MirrorState(refused={asked.clip_id: "no room"}), NOON)
    mirrors.hear("room-3", MirrorState(refused={asked.clip_id: "later"}), NOON)
    assert mirrors.order(asked.clip_id).outcome == "no room"
    word = mirrors.last_word("room-3")
    assert word is not None
    assert word[1] == NOON


def test_after_forgetting_only_ids_are_left_to_destroy_what_waits(
    mirrors: Mirrors, tmp_path: Path
) -> None:
    hers = mirrors.ask("room-3", "visit-of-ana", "ana-the-customer", 0.0, NOON)
    other = mirrors.ask("room-3", "v2", "berta", 0.0, NOON)
    mirrors.forget("ana-the-customer")
    assert mirrors.gone((hers.clip_id, other.clip_id, "unknown")) == (hers.clip_id,)
    assert mirrors.order(hers.clip_id).outcome == GONE
    for path in tmp_path.iterdir():
        assert b"ana-the-customer" not in path.read_bytes()
        assert b"visit-of-ana" not in path.read_bytes()


def test_what_was_never_asked_for_is_unknown(mirrors: Mirrors) -> None:
    with pytest.raises(UnknownClip):
        mirrors.order("none")
    with pytest.raises(UnknownClip):
        mirrors.stop("none", NOON)
    assert mirrors.gone(()) == ()


def test_a_clip_that_its_mirror_has_nothing_of_is_settled(mirrors: Mirrors) -> None:
    lost, made, held, kept = [_stopped(mirrors) for _ in range(4)]
    running = mirrors.ask("room-3", "v1", "ana", 0.0, NOON)
    state = MirrorState(making=(made,), waiting=(held,), recording_clip=kept)
    mirrors.miss("room-3", MirrorState(), running)  # an older mirror does not say what it makes
    assert mirrors.order(lost).outcome == ""
    mirrors.miss("room-3", state, mirrors.latest("v1"))
    assert "nothing of it" in mirrors.order(lost).outcome
    for clip_id in (made, held, kept, running.clip_id):
        assert mirrors.order(clip_id).outcome == ""
    last = mirrors.stop(running.clip_id, NOON)
    mirrors.miss("room-3", state, last)  # she may still be told of it: the ring may hold it
    assert mirrors.order(running.clip_id).outcome == ""
    mirrors.miss("room-3", state, None)  # the visit has ended
    assert "nothing of it" in mirrors.order(running.clip_id).outcome


def test_a_refusal_without_words_settles_too(mirrors: Mirrors) -> None:
    asked = mirrors.ask("room-3", "v1", "ana", 0.0, NOON)
    mirrors.hear("room-3", MirrorState(refused={asked.clip_id: ""}), NOON)
    assert mirrors.order(asked.clip_id).outcome != ""


def _stopped(mirrors: Mirrors) -> str:
    asked = mirrors.ask("room-3", "v1", "ana", 0.0, NOON)
    return mirrors.stop(asked.clip_id, NOON).clip_id
