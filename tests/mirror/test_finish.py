import json
from datetime import timedelta

import pytest

from customers.consent import AgeStatement, Consent, Purpose
from customers.keys import Keys
from customers.seal import HEADER_BYTES
from mirror.clip import Note
from mirror.clock import Timeline, seconds
from mirror.encode import X264
from mirror.errors import NothingRecorded
from mirror.finish import About, finish, recover
from mirror.session import Session
from mirror.spool import Spooled
from mirror.take import Take
from tests.drawn_camera import Drawing, packets
from tests.drawn_clips import NOON

START, STEP = 900_000, 3000


@pytest.fixture
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    public = Keys(tmp_path_factory.mktemp("keys")).make("ana")
    consent = Consent(
        "co1", "ana", "v1", "m1", frozenset({Purpose.RECORD}), "I agree.", "en", NOON,
        NOON + timedelta(hours=1), "Ana", AgeStatement.OF_AGE,
    )  # fmt: skip
    session = Session("m1", "v1", "ana", public, (consent,))
    timeline = Timeline(NOON, seconds(START))
    stream = packets(60, Drawing(gop=15))
    return Take("c1", session, "co1", timeline, NOON, START + 10 * STEP, stream)


def test_a_clip_knows_whose_it_is_and_when_it_was_seen(take: Take) -> None:
    take.until_tick = START + 49 * STEP
    made = finish(take, (Note("timestamps_jumped", 1, "…"),), X264)
    clip = made.clip
    assert (clip.id, clip.customer_id, clip.visit_id, clip.mirror_id, clip.consent_id) == (
        "c1", "ana", "v1", "m1", "co1",
    )  # fmt: skip
    assert clip.started_at == NOON + timedelta(seconds=10 / 30)
    assert clip.frames == 40
    assert abs((clip.ended_at - clip.started_at).total_seconds() - 40 / 30) < 0.002
    assert [note.code for note in clip.notes] == ["timestamps_jumped"]
    assert clip.size_bytes == len(made.files["video"]) > HEADER_BYTES
    assert set(made.files) == {"video", "thumbnail", "sprite"}


def test_what_a_crash_left_becomes_a_clip_that_says_so(take: Take) -> None:
    about = json.loads(json.dumps(About.of(take).fields()))
    made = recover(Spooled(about, take.packets[:35]), X264)
    assert made.clip.frames == 25
    assert made.clip.started_at == NOON + timedelta(seconds=10 / 30)
    assert [note.code for note in made.clip.notes] == ["interrupted"]


def test_about_survives_json(take: Take) -> None:
    about = About.of(take)
    assert About.read(json.loads(json.dumps(about.fields()))) == about


@pytest.mark.parametrize("count", [0, 5])
def test_a_crash_before_the_first_asked_frame_leaves_nothing_to_make(
    take: Take, count: int
) -> None:
    with pytest.raises(NothingRecorded):
        recover(Spooled(About.of(take).fields(), take.packets[:count]), X264)
