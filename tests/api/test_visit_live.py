"""She hears from her own hand whether she is recorded; nobody else's business comes along."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from api.mirror_door import serving
from api.people import people_app
from api.people_examples import STATE
from api.visit_live import light
from tests.little_mirror import listener
from tests.little_studio import LittleStudio


@pytest.fixture
def little(tmp_path: Path) -> LittleStudio:
    return LittleStudio(tmp_path)


def path(little: LittleStudio, name: str = "ana") -> str:
    return f"/v1/visits/{little.visits[name].id}/live"


def test_others_do_not_hear_it(little: LittleStudio) -> None:
    for who, status in (("nobody", 401), ("berta", 403), ("room-2", 403)):
        assert little.call(who, "GET", path(little)).status_code == status
    assert little.call("ana", "GET", "/v1/visits/none/live").status_code == 404


def test_she_hears_the_light_change_and_the_end(little: LittleStudio) -> None:
    def report(**more: Any) -> None:
        state = STATE | more
        little.call("room-1", "POST", "/v1/mirrors/room-1/report", json=state)

    def heard(lines: Iterator[str]) -> dict[str, Any]:
        found: dict[str, Any] = next(json.loads(x[6:]) for x in lines if x.startswith("data: "))
        return found

    headers = {"Authorization": f"Bearer {little.tokens['ana']}"}
    with serving(people_app(little.studio), listener()) as url:
        address = url.rstrip("/") + path(little)
        with httpx.stream("GET", address, headers=headers, timeout=60) as said:
            assert said.headers["content-type"].startswith("text/event-stream")
            lines = said.iter_lines()
            assert heard(lines)["indicator"] == "unknown"  # its mirror has not said a word
            report()
            told = heard(lines)
            assert told["indicator"] == "recording"
            assert not {"camera", "refused", "waiting"} & told.keys()
            report(indicator="paused", held="second_person")
            assert heard(lines)["held"] == "second_person"
            little.call("ana", "POST", f"/v1/visits/{little.visits['ana'].id}/end")
            assert not [x for x in lines if x.startswith("data: ")]


def test_a_mirror_that_is_not_heard_any_more_is_never_said_to_rest(little: LittleStudio) -> None:
    little.call("room-1", "POST", "/v1/mirrors/room-1/report", json=STATE | {"indicator": "ready"})
    found = light(little.studio, little.visits["ana"].id)
    assert found is not None
    assert found["indicator"] == "ready"
    little.clock.move(60)
    later = light(little.studio, little.visits["ana"].id)
    assert later is not None
    assert later["indicator"] == "unknown"
    little.studio.forget(little.visits["ana"].customer_id)
    assert light(little.studio, little.visits["ana"].id) is None
