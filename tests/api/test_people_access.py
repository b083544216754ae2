"""Role × route × own and others': the law of customers/access, found again at every address."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

pytest.importorskip("av", reason="the mirror's extra is not installed")

from customers.access import Act, Caller, Thing, allowed
from tests.little_studio import LittleStudio
from tests.route_table import routes_of


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
    "GET /v1/mirrors/{mirror_id}/picture": Address(Act.LOOK_LIVE, room("/picture")),
    "POST /v1/mirrors/{mirror_id}/report": Address(Act.TEND_MIRROR, room("/report"), STATE),
    "GET /v1/visits/{visit_id}": Address(Act.SEE_VISIT, visit("")),
    "POST /v1/visits/{visit_id}/end": Address(Act.END_VISIT, visit("/end")),
    "POST /v1/visits/{visit_id}/company": Address(Act.CONFIRM_COMPANY, visit("/company")),
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
    "GET /v1/visits/{visit_id}/live": "tests/api/test_visit_live.py",
    "PUT /v1/clips/{clip_id}": "tests/api/test_clips.py",
    "POST /v1/clips/{clip_id}/unwrap": "tests/api/test_clips.py",
}
# These change nothing that another case needs.
HARMLESS = {
    "POST /v1/mirrors/{mirror_id}/report", "POST /v1/visits/{visit_id}/consents",
    "POST /v1/recordings/{clip_id}/stop", "POST /v1/clips/{clip_id}/keep",
}  # fmt: skip
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


def test_every_route_of_the_application_stands_in_the_matrix(little: LittleStudio) -> None:
    app = little.client.app
    assert isinstance(app, FastAPI)
    assert set(routes_of(app)) == set(ADDRESSES) | set(ELSEWHERE)


def cases() -> list[tuple[str, str, str]]:
    """Route × caller × whose thing: all of them, none left out by hand."""
    return list(product(ADDRESSES, WHO, ROOM))


def may(little: LittleStudio, route: str, who: str, name: str) -> bool:
    """What the law says of a case."""
    address = ADDRESSES[route]
    thing = Thing(little.visits[name].customer_id, ROOM[name])
    caller = caller_of(little, who)
    return caller is not None and allowed(
        caller, address.act, Thing() if address.nobodys else thing
    )


def ask(little: LittleStudio, route: str, who: str, name: str) -> Any:
    address = ADDRESSES[route]
    return little.call(who, route.split()[0], address.path(little, name), json=address.body)


def test_whom_the_law_closes_a_route_it_is_closed(little: LittleStudio) -> None:
    refused = [case for case in cases() if not may(little, *case)]
    assert len(refused) > len(cases()) / 2
    for route, who, name in refused:
        answer = ask(little, route, who, name)
        case = (route, who, name, answer.text)
        assert answer.status_code == (401 if who == "nobody" else 403), case
        assert answer.json()["code"] == ("not-known" if who == "nobody" else "not-allowed"), case


def test_whom_the_law_opens_a_route_it_is_open(tmp_path: Path) -> None:
    """What changes things is asked of a studio of its own; what only looks shares one."""
    shared = LittleStudio(tmp_path / "shared")
    open_ = [case for case in cases() if may(shared, *case)]
    assert {route for route, _, _ in open_} == set(ADDRESSES)  # no row is closed to everybody
    twin_of = LittleStudio(tmp_path / "twin_of")
    for n, (route, who, name) in enumerate(open_):
        looks = route.startswith("GET") or route in HARMLESS
        little = shared if looks else LittleStudio(tmp_path / str(n), like=twin_of)
        answer = ask(little, route, who, name)
        assert answer.is_success, (route, who, name, answer.text)
        if little is not shared:
            little.studio.close()


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
