"""Role × route × own and others': the law of customers/access, found again at every address."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from customers.access import Act, Caller, Thing, allowed
from tests.little_studio import LittleStudio


@dataclass(frozen=True)
class Address:
    """One route: what it does, to whose things, and a request that would be taken."""

    act: Act
    path: Callable[[LittleStudio, str], str]
    body: dict[str, Any] | None = None
    nobodys: bool = False  # it concerns the shop, not a customer


ROOM = {"ana": "room-1", "berta": "room-2"}
STATE: dict[str, Any] = {}
FORM = {
    "purposes": ["record"], "words": "I agree.", "language": "en", "name": "N", "age": "of_age",
}  # fmt: skip


def visit(rest: str) -> Callable[[LittleStudio, str], str]:
    return lambda little, name: f"/v1/visits/{little.visits[name].id}{rest}"


def clip(before: str, rest: str = "") -> Callable[[LittleStudio, str], str]:
    return lambda little, name: f"/v1/{before}/{little.clips[name].id}{rest}"


def room(rest: str) -> Callable[[LittleStudio, str], str]:
    return lambda little, name: f"/v1/mirrors/{ROOM[name]}{rest}"


def customer(rest: str) -> Callable[[LittleStudio, str], str]:
    return lambda little, name: f"/v1/customers/{little.visits[name].customer_id}{rest}"


def consent(little: LittleStudio, name: str) -> str:
    return f"/v1/consents/{little.consents[name].id}"


def her_clips(little: LittleStudio, name: str) -> str:
    return f"/v1/clips?customer_id={little.visits[name].customer_id}"


ADDRESSES = {
    "GET /v1/mirrors": Address(Act.SEE_MIRROR, lambda little, name: "/v1/mirrors", nobodys=True),
    "PUT /v1/mirrors/{mirror_id}": Address(Act.MAKE_MIRROR, room(""), {"name": "R"}),
    "GET /v1/mirrors/{mirror_id}": Address(Act.SEE_MIRROR, room("")),
    "POST /v1/mirrors/{mirror_id}/report": Address(Act.TEND_MIRROR, room("/report"), STATE),
    "GET /v1/visits/{visit_id}": Address(Act.SEE_VISIT, visit("")),
    "POST /v1/visits/{visit_id}/end": Address(Act.END_VISIT, visit("/end")),
    "POST /v1/visits/{visit_id}/consents": Address(Act.GIVE_CONSENT, visit("/consents"), FORM),
    "POST /v1/visits/{visit_id}/recordings": Address(
        Act.RECORD, visit("/recordings"), {"pre_roll_s": 0}
    ),
    "GET /v1/consents/{consent_id}": Address(Act.SEE_CONSENT, consent),
    "DELETE /v1/consents/{consent_id}": Address(Act.REVOKE_CONSENT, consent),
    "POST /v1/recordings/{clip_id}/stop": Address(Act.RECORD, clip("recordings", "/stop")),
    "GET /v1/recordings/{clip_id}": Address(Act.RECORD, clip("recordings")),
    "GET /v1/clips": Address(Act.LIST_CLIPS, her_clips),
    "GET /v1/clips/{clip_id}": Address(Act.WATCH_CLIP, clip("clips")),
    "POST /v1/clips/{clip_id}/keep": Address(Act.KEEP_CLIP, clip("clips", "/keep")),
    "DELETE /v1/clips/{clip_id}": Address(Act.DELETE_CLIP, clip("clips")),
    "GET /v1/clips/{clip_id}/{kind}": Address(Act.WATCH_CLIP, clip("clips", "/video")),
    "GET /v1/customers/{customer_id}/log": Address(Act.READ_LOG, customer("/log")),
    "POST /v1/customers/{customer_id}/forget": Address(Act.FORGET, customer("/forget")),
}
# What cannot be asked like the others, and where it is proved instead.
ELSEWHERE = {
    "POST /v1/visits": "test_only_a_mirror_itself_and_staff_start_a_visit_there",
    "POST /v1/visits/{visit_id}/pass": "anybody may try a PIN",
    "GET /v1/mirrors/{mirror_id}/live": "test_live_state_is_refused_to_whom_the_mirror_is_closed",
    "PUT /v1/clips/{clip_id}": "tests/api/test_clips.py",
    "POST /v1/clips/{clip_id}/unwrap": "tests/api/test_clips.py",
}
WHO = ("nobody", "ana", "berta", "room-1", "room-2", "staff", "operator")


@pytest.fixture
def little(tmp_path: Path) -> LittleStudio:
    return LittleStudio(tmp_path)


def caller_of(little: LittleStudio, who: str) -> Caller | None:
    return (
        little.studio.passes.who(little.tokens[who], little.clock.now())
        if who != "nobody"
        else None
    )


def test_every_route_stands_in_the_matrix(little: LittleStudio) -> None:
    document = little.client.get("/v1/openapi.json").json()
    routes = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert routes == set(ADDRESSES) | set(ELSEWHERE)


@pytest.mark.parametrize("route", ADDRESSES)
def test_a_route_opens_exactly_to_whom_the_law_opens_it(little: LittleStudio, route: str) -> None:
    address, method = ADDRESSES[route], route.split()[0]
    things = {
        name: Thing() if address.nobodys else Thing(little.visits[name].customer_id, ROOM[name])
        for name in ("berta", "ana")
    }
    asked = []
    for who in WHO:
        caller = caller_of(little, who)
        for name, thing in things.items():
            may = caller is not None and allowed(caller, address.act, thing)
            asked.append((may, who, name))
    for may, who, name in sorted(asked):  # the refused first: those allowed change things
        path = address.path(little, name)
        answer = little.call(who, method, path, json=address.body)
        if may:
            assert answer.status_code not in (401, 403), (who, name, answer.text)
            break  # one that is allowed proves the rest of the row; deeds are tested elsewhere
        assert answer.status_code == (401 if who == "nobody" else 403), (who, name, answer.text)
        assert answer.json()["code"] in ("not-known", "not-allowed")


def test_only_a_mirror_itself_and_staff_start_a_visit_there(little: LittleStudio) -> None:
    little.studio.mirrors.add("room-3", "3")
    body = {"mirror_id": "room-3"}
    for who in ("nobody", "ana", "room-1", "operator"):
        answer = little.call(who, "POST", "/v1/visits", json=body)
        assert answer.status_code == (401 if who == "nobody" else 403)
    assert little.call("staff", "POST", "/v1/visits", json=body).status_code == 201


def test_live_state_is_refused_to_whom_the_mirror_is_closed(little: LittleStudio) -> None:
    for who, status in (("nobody", 401), ("ana", 403), ("room-2", 403)):
        assert little.call(who, "GET", "/v1/mirrors/room-1/live").status_code == status


def test_a_pass_that_ran_out_opens_nothing(little: LittleStudio) -> None:
    little.clock.move(86_400 * 31)
    answer = little.call("ana", "GET", "/v1/clips")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-known")
