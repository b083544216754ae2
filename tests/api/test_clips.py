from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from api.mirror_desk import HttpDesk
from customers.keys import wrap
from mirror.errors import BadSource, DeskAway
from tests.drawn_clips import NOON
from tests.little_studio import FILM, LittleStudio, delivery


@pytest.fixture
def little(tmp_path: Path) -> LittleStudio:
    return LittleStudio(tmp_path)


def files(little: LittleStudio) -> set[str]:
    return {path.name for path in (little.folder / "clips" / "files").iterdir()}


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-", 0, len(FILM)),
        ("bytes=0-99", 0, 100),
        ("bytes=65530-65545", 65530, 65546),
        ("bytes=-10", len(FILM) - 10, len(FILM)),
        ("bytes=100000-99999999", 100_000, len(FILM)),
    ],
)
def test_a_range_is_answered_with_exactly_its_bytes(
    little: LittleStudio, asked: str, start: int, stop: int
) -> None:
    path = f"/v1/clips/{little.clips['ana'].id}/video"
    answer = little.call("ana", "GET", path, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == FILM[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(FILM)}"
    assert answer.headers["content-type"] == "video/mp4"
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize("asked", ["bytes=256000-", "bytes=999999-1000000", "bytes=-0"])
def test_a_range_outside_the_clip_is_refused(little: LittleStudio, asked: str) -> None:
    path = f"/v1/clips/{little.clips['ana'].id}/video"
    answer = little.call("ana", "GET", path, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(FILM)}"


@pytest.mark.parametrize("asked", ["", "bytes=", "bytes=5-2x", "pages=1-2", "bytes=0-1,5-6"])
def test_what_is_no_single_range_is_answered_whole(little: LittleStudio, asked: str) -> None:
    path = f"/v1/clips/{little.clips['ana'].id}/video"
    answer = little.call("ana", "GET", path, headers={"Range": asked} if asked else {})
    assert answer.content == FILM


def test_a_clip_that_is_delivered_twice_is_acknowledged_twice_and_kept_once(
    little: LittleStudio,
) -> None:
    clip, sealed = little.made("ana", little.asked("ana"))
    first, second = (little.deliver("room-1", clip, sealed) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    ids = [c["id"] for c in little.call("ana", "GET", "/v1/clips").json()["clips"]]
    assert ids.count(clip.id) == 1


def test_a_mirror_cannot_keep_a_clip_beyond_the_retention(little: LittleStudio) -> None:
    clip, sealed = little.made("ana", little.asked("ana"))
    assert little.deliver("room-1", replace(clip, kept=True), sealed).status_code == 201
    assert not little.studio.clips.get(clip.id).kept


def test_a_clip_that_was_never_asked_for_is_not_taken(little: LittleStudio) -> None:
    clip, sealed = little.made("ana", "invented")
    answer = little.deliver("room-1", clip, sealed)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-clip")


def test_a_mirror_delivers_only_what_it_was_asked_for_and_only_to_that_visit(
    little: LittleStudio,
) -> None:
    before = files(little)
    clip, sealed = little.made("ana", little.asked("ana"))
    assert little.deliver("room-2", clip, sealed).status_code == 403
    other = little.visits["berta"]
    stolen = replace(clip, customer_id=other.customer_id, visit_id=other.id)
    assert little.deliver("room-1", stolen, sealed).status_code == 403
    assert little.deliver("ana", clip, sealed).status_code == 403
    assert files(little) == before


def test_frames_that_no_consent_covers_are_not_taken(little: LittleStudio) -> None:
    before = files(little)
    clip, sealed = little.made("ana", little.asked("ana"))
    for start_s, end_s in ((-1, 10), (3595, 3605)):
        early = replace(
            clip,
            started_at=NOON + timedelta(seconds=start_s),
            ended_at=NOON + timedelta(seconds=end_s),
        )
        answer = little.deliver("room-1", early, sealed)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-covered")
    assert files(little) == before


def test_a_clip_deleted_before_it_arrived_never_arrives(little: LittleStudio) -> None:
    clip, sealed = little.made("ana", little.asked("ana"))
    assert little.call("ana", "DELETE", f"/v1/clips/{clip.id}").status_code == 204
    answer = little.deliver("room-1", clip, sealed)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-clip")
    report = little.call("room-1", "POST", "/v1/mirrors/room-1/report", json={"waiting": [clip.id]})
    assert report.json()["destroy"] == [clip.id]


def test_a_forgotten_customer_s_clip_is_refused_and_destroyed_on_its_mirror(
    little: LittleStudio,
) -> None:
    clip, sealed = little.made("ana", little.asked("ana"))
    little.studio.forget(little.visits["ana"].customer_id)
    assert little.deliver("room-1", clip, sealed).json()["code"] == "unknown-clip"
    report = little.call("room-1", "POST", "/v1/mirrors/room-1/report", json={"waiting": [clip.id]})
    assert report.json()["destroy"] == [clip.id]
    assert report.json()["session"] is None
    assert files(little) == {f"{little.clips['berta'].id}.video"}


@pytest.mark.parametrize(
    "body", [b"", b"\x00\x00\x00\x02{}", b"\xff\xff\xff\xff", b"\x00\x00\x00\x05junk!"]
)
def test_a_body_that_is_no_delivery_is_refused(little: LittleStudio, body: bytes) -> None:
    clip_id = little.asked("ana")
    answer = little.call("room-1", "PUT", f"/v1/clips/{clip_id}", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-body")


def test_a_torn_delivery_leaves_nothing(little: LittleStudio) -> None:
    before = files(little)
    clip, sealed = little.made("ana", little.asked("ana"))
    for body in (delivery(clip, sealed)[:-5], delivery(clip, sealed, {"video": len(sealed) - 1})):
        answer = little.call("room-1", "PUT", f"/v1/clips/{clip.id}", content=body)
        assert answer.status_code in (400, 422)
        assert files(little) == before


def test_a_spool_s_key_is_given_to_its_mirror_alone_and_not_once_the_clip_is_kept(
    little: LittleStudio,
) -> None:
    public = little.studio.keys.public(little.visits["ana"].customer_id)
    body = {"wrapped": wrap(public, b"k" * 32).hex()}
    clip_id = little.asked("ana")
    path = f"/v1/clips/{clip_id}/unwrap"
    assert little.call("room-1", "POST", path, json=body).json() == {"data_key": (b"k" * 32).hex()}
    assert little.call("room-2", "POST", path, json=body).status_code == 403
    assert little.call("ana", "POST", path, json=body).status_code == 403
    kept = f"/v1/clips/{little.clips['ana'].id}/unwrap"
    assert little.call("room-1", "POST", kept, json=body).status_code == 403


def test_keeping_needs_that_she_agreed_to_it_and_has_not_taken_it_back(
    little: LittleStudio,
) -> None:
    path = f"/v1/clips/{little.clips['ana'].id}/keep"
    assert little.call("ana", "POST", path).json()["kept"]
    consent = little.consents["ana"].id
    little.clock.move(20)
    little.call("ana", "DELETE", f"/v1/consents/{consent}")
    answer = little.call("ana", "POST", path)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-covered")


def test_retention_ends_while_the_service_runs(little: LittleStudio) -> None:
    little.call("ana", "POST", f"/v1/clips/{little.clips['ana'].id}/keep")
    little.clock.move(72 * 3600 + 11)
    assert little.studio.tidy() == [little.clips["berta"].id]
    assert len(little.call("ana", "GET", "/v1/clips").json()["clips"]) == 1
    assert little.call("berta", "GET", "/v1/clips").json()["clips"] == []


def test_an_attendant_without_a_server_says_so(little: LittleStudio) -> None:
    with pytest.raises(BadSource):
        HttpDesk("shop.example", "room-1", "x")
    with pytest.raises(DeskAway):
        HttpDesk("http://127.0.0.1:1", "room-1", "x").unwrap("c1", b"x")


def test_a_clip_whose_consent_is_taken_back_while_it_runs_never_arrives(
    little: LittleStudio,
) -> None:
    clip, sealed = little.made("ana", little.asked("ana"))
    little.clock.move(20)
    assert little.call("ana", "DELETE", f"/v1/consents/{little.consents['ana'].id}").is_success
    answer = little.deliver("room-1", clip, sealed)  # its frames were covered when they were seen
    assert answer.json()["code"] == "unknown-clip"
    wrapped = wrap(little.studio.keys.public(clip.customer_id), b"k" * 32)
    path = f"/v1/clips/{clip.id}/unwrap"
    asked = little.call("room-1", "POST", path, json={"wrapped": wrapped.hex()})
    assert asked.status_code == 404
    assert little.clips["ana"].id in str(little.call("ana", "GET", "/v1/clips").json())
