"""Hostile input at every route of people and mirrors: always an answer, never a fault of ours.

Generated from the application's own routes: one that is added is tried without anybody's doing.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

pytest.importorskip("av", reason="the mirror's extra is not installed")

from fastapi.testclient import TestClient

from api.bounded import MOST_BYTES
from tests.little_studio import LittleStudio, delivery
from tests.route_table import routes_of

IDS = (
    "x", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a" * 5000, "%00", "%ff%fe", "%F0%9F%92%A9",
    "'; DROP TABLE clips;--", "-1", "9" * 400, "%2525", "NaN",
)  # fmt: skip
BODIES = (
    b"", b"{", b"null", b"[]", b"5", b'"x"', b"\xff\xfe", b"NaN", b'{"mirror_id": NaN}',
    b'{"pre_roll_s": 1e999}', b'{"pre_roll_s": -1e308}', b'{"pre_roll_s": null}',
    b'{"pre_roll_s": "Infinity"}', b'{"frames_per_s": NaN}', b'{"ring_bytes": %s}' % (b"9" * 5000),
    b'{"ring_bytes": %s}' % (b"9" * 400), b'{"mirror_id": "\\ud800"}', b'{"name": "\\udfff"}',
    b'{"pin": "\\ud800"}', b'{"wrapped": "zz"}', b'{"wrapped": ""}', b"[" * 50_000,
    b'{"a":' * 20_000, b'{"refused": {"a": {"b": []}}}', b'{"waiting": [[[]]]}',
    b'{"waiting": ["\\u0000"]}', b'{"last_gap_at": "9999-99-99"}', b'{"indicator": "on fire"}',
    b'{"purposes": ["everything"], "words": "w", "language": "en", "name": "n", "age": "of_age"}',
    b'{"purposes": ["record"], "words": "w", "language": "en", "name": "n", "age": "of_age", '
    b'"minutes": 1e400}',
    b'{"purposes": ["record"], "words": "", "language": "", "name": "", "age": "minor"}',
    json.dumps({"mirror_id": ["room-1"]}).encode(), json.dumps({"name": "x" * 100_000}).encode(),
)  # fmt: skip


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LittleStudio]:
    studio = LittleStudio(tmp_path_factory.mktemp("studio"))
    app = studio.client.app
    studio.client = TestClient(app, raise_server_exceptions=False)
    yield studio
    studio.studio.close()


def sound(answer: Any, said: object) -> None:
    """An answer that is no fault of ours, and says in our words what was wrong."""
    assert answer.status_code < 500, (said, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", said
        problem = answer.json()
        assert problem["code"], said
        assert "Traceback" not in answer.text


def routes(little: LittleStudio) -> list[tuple[str, str]]:
    app = little.client.app
    assert isinstance(app, FastAPI)
    return [(name.split()[0], name.split()[1]) for name in routes_of(app)]


def test_strange_ids_find_nothing_and_break_nothing(little: LittleStudio) -> None:
    for method, path in routes(little):
        names = [part for part in path.split("/") if part.startswith("{")]
        for id_ in IDS if names else ():
            asked = path
            for name in names:
                asked = asked.replace(name, "video" if name == "{kind}" else id_)
            for who in ("operator", "ana", "room-1"):
                sound(little.call(who, method, asked), (method, id_[:40], path))


def test_strange_bodies_are_told_and_break_nothing(little: LittleStudio) -> None:
    """To every route that takes a body, from everybody, with real ids of theirs."""
    ids = {
        "{mirror_id}": "room-1", "{visit_id}": little.visits["ana"].id,
        "{clip_id}": little.clips["ana"].id, "{consent_id}": little.consents["ana"].id,
    }  # fmt: skip
    tried = 0
    for method, path in routes(little):
        if method not in ("POST", "PUT") or path.endswith(("forget", "/end", "/pass")):
            continue
        asked = path.replace("{mirror_id}", "room-9") if method == "PUT" else path
        for name, id_ in ids.items():
            asked = asked.replace(name, id_)
        for body in BODIES:
            for who in ("operator", "ana", "room-1"):
                headers = {"Content-Type": "application/json"}
                answer = little.call(who, method, asked, content=body, headers=headers)
                sound(answer, (method, path, body[:60], who))
                tried += 1
    assert tried > 500
    assert little.call("operator", "GET", "/v1/mirrors").status_code == 200  # and no word sticks


def test_a_pin_is_tried_with_words_only(little: LittleStudio) -> None:
    path = f"/v1/visits/{little.visits['berta'].id}/pass"
    for body in (*BODIES, b'{"pin": {"$gt": ""}}', b'{"pin": "0000000000000000000000"}'):
        headers = {"Content-Type": "application/json"}
        answer = little.call("nobody", "POST", path, content=body, headers=headers)
        sound(answer, body[:60])
        assert answer.status_code in (400, 401, 413, 422, 429)


@pytest.mark.parametrize("who", ["nobody", "room-1"])
def test_a_body_without_end_is_cut_off_before_anybody_is_known(
    little: LittleStudio, who: str
) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50 * MOST_BYTES:
            sent += 65_536
            yield b" " * 65_536

    for method, path in (("POST", "/v1/visits"), ("POST", "/v1/mirrors/room-1/report")):
        sent = 0
        headers = {"Content-Type": "application/json"}
        answer = little.call(who, method, path, content=endless(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    announced = little.call(who, "POST", "/v1/visits", content=b" " * (MOST_BYTES + 1))
    assert announced.status_code == 413


@pytest.mark.parametrize(
    "query", ["?customer_id=%00", "?customer_id=" + "a" * 5000, "?customer_id"]
)
def test_a_strange_question_for_clips_lists_nobody_s(little: LittleStudio, query: str) -> None:
    for who in ("nobody", "ana", "operator", "room-1"):
        answer = little.call(who, "GET", f"/v1/clips{query}")
        sound(answer, query)
        if answer.status_code == 200:
            assert {c["customer_id"] for c in answer.json()["clips"]} <= {
                little.visits["ana"].customer_id
            }


@pytest.mark.parametrize(
    "lie",
    [
        {"frames": "many"}, {"frames": 0}, {"frames": -1}, {"frames": 10**30}, {"frames": True},
        {"started_at": 5}, {"started_at": "2026-03-01T12:00:00"}, {"ended_at": "yesterday"},
        {"ended_at": "2026-03-01T12:00:10"}, {"making": "dreamt"}, {"size_bytes": 2**70},
        {"sha256": 5}, {"sha256": "../../x"}, {"gaps": "none"}, {"gaps": [{"from_ms": []}]},
        {"notes": {"a": 1}}, {"width_px": None}, {"customer_id": ["ana"]},
        {"id": "../escape"}, {"mirror_id": "\ud800"}, {"why_encoded": "x" * 300_000},
    ],
    ids=str,
)  # fmt: skip
def test_a_mirror_that_lies_about_a_clip_is_told_and_nothing_of_it_is_kept(
    little: LittleStudio, lie: dict[str, object]
) -> None:
    if little.studio.mirrors.wanted(little.visits["ana"].id) is None:
        little.asked("ana")
    wanted = little.studio.mirrors.wanted(little.visits["ana"].id)
    assert wanted is not None
    clip, sealed = little.made("ana", wanted.clip_id)
    body = delivery(clip, sealed)
    length = int.from_bytes(body[:4], "big")
    head = json.loads(body[4 : 4 + length])
    head["clip"] |= lie
    said = json.dumps(head).encode()
    changed = len(said).to_bytes(4, "big") + said + body[4 + length :]
    answer = little.call("room-1", "PUT", f"/v1/clips/{clip.id}", content=changed)
    sound(answer, lie)
    assert answer.status_code in (400, 403, 422), answer.text
    assert answer.json()["code"] != "not-known"
    assert clip.id not in {c.id for c in little.studio.clips.of_customer(clip.customer_id)}


@pytest.mark.parametrize(
    "head",
    [b"", b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\4null", b"\0\0\0\1{"],
)
def test_a_torn_delivery_is_no_fault_of_ours(little: LittleStudio, head: bytes) -> None:
    if little.studio.mirrors.wanted(little.visits["ana"].id) is None:
        little.asked("ana")
    wanted = little.studio.mirrors.wanted(little.visits["ana"].id)
    assert wanted is not None
    answer = little.call("room-1", "PUT", f"/v1/clips/{wanted.clip_id}", content=head)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-body")
