"""What the document shows of people and mirrors is what the routes answer."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from api import people_examples
from api.mirror_forms import read_clip, read_orders, read_state
from customers.keys import wrap
from tests.little_studio import LittleStudio

FORM = {
    "purposes": ["record"], "words": "I agree.", "language": "en", "name": "N", "age": "of_age",
}  # fmt: skip


@pytest.fixture
def little(tmp_path: Path) -> LittleStudio:
    return LittleStudio(tmp_path)


def shape(value: Any) -> Any:
    """The names in a value, all the way down; the kinds of what stands at their ends.

    The framework leaves null out of its document, so it is left out of both.
    """
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def document(little: LittleStudio) -> dict[str, Any]:
    answer: dict[str, Any] = little.client.get("/v1/openapi.json").json()
    return answer


def example_of(little: LittleStudio, method: str, path: str) -> Any:
    answers = document(little)["paths"][path][method.lower()]["responses"]
    found = [a["content"] for status, a in answers.items() if status[0] == "2" and "content" in a]
    return found[0]["application/json"]["example"]


def test_every_route_shows_an_answer_and_a_body_where_it_takes_one(little: LittleStudio) -> None:
    whole = document(little)
    for path, methods in whole["paths"].items():
        for method, told in methods.items():
            where = f"{method} {path}"
            assert told.get("description") or told.get("summary"), where
            contents = [
                kind
                for status, answer in told["responses"].items()
                if status[0] == "2"
                for kind in answer.get("content", {}).values()
            ]
            assert all("example" in kind or "format" in str(kind) for kind in contents), where
            assert contents or "204" in told["responses"], where
            body = told.get("requestBody")
            if body:
                schema = body["content"]["application/json"]["schema"]
                named = schema.get("$ref", "").rpartition("/")[2]
                fields = whole["components"]["schemas"].get(named, schema)
                assert "examples" in str(fields), where


def test_what_is_shown_is_what_is_answered(little: LittleStudio) -> None:
    ana, clip = little.visits["ana"], little.clips["ana"]
    little.call("room-1", "POST", "/v1/mirrors/room-1/report", json=people_examples.STATE)
    visit, consent = f"/v1/visits/{ana.id}", f"/v1/consents/{little.consents['ana'].id}"
    log = f"/v1/customers/{ana.customer_id}/log"
    asked: list[tuple[str, str, str, str, Any]] = [
        ("operator", "GET", "/v1/mirrors", "/v1/mirrors", None),
        ("operator", "GET", "/v1/mirrors/room-1", "/v1/mirrors/{mirror_id}", None),
        ("operator", "PUT", "/v1/mirrors/room-9", "/v1/mirrors/{mirror_id}", {"name": "9"}),
        ("staff", "POST", "/v1/visits", "/v1/visits", {"mirror_id": "room-9"}),
        ("ana", "POST", visit + "/consents", "/v1/visits/{visit_id}/consents", FORM),
        ("ana", "GET", consent, "/v1/consents/{consent_id}", None),
        ("ana", "POST", visit + "/recordings", "/v1/visits/{visit_id}/recordings", {}),
        ("ana", "GET", visit, "/v1/visits/{visit_id}", None),
        ("ana", "GET", f"/v1/recordings/{clip.id}", "/v1/recordings/{clip_id}", None),
        ("ana", "POST", f"/v1/recordings/{clip.id}/stop", "/v1/recordings/{clip_id}/stop", None),
        ("ana", "GET", "/v1/clips", "/v1/clips", None),
        ("ana", "GET", f"/v1/clips/{clip.id}", "/v1/clips/{clip_id}", None),
        ("ana", "POST", f"/v1/clips/{clip.id}/keep", "/v1/clips/{clip_id}/keep", None),
        ("ana", "GET", log, "/v1/customers/{customer_id}/log", None),
        ("ana", "POST", visit + "/end", "/v1/visits/{visit_id}/end", None),
    ]  # fmt: skip
    for who, method, path, route, body in asked:
        answer = little.call(who, method, path, **({} if body is None else {"json": body}))
        assert answer.is_success, (path, answer.text)
        found, said = shape(answer.json()), shape(example_of(little, method, route))
        if route.startswith("/v1/clips"):  # a drawn clip has no gap; the shown one has
            for one in (found, said):
                (one["clips"][0] if "clips" in one else one).pop("gaps")
        assert found == said, path


def test_the_rarer_answers_are_shown_as_they_are(little: LittleStudio) -> None:
    clip, sealed = little.made("ana", little.asked("ana"))
    wrapped = wrap(little.studio.keys.public(clip.customer_id), bytes(32))
    key = little.call(
        "room-1", "POST", f"/v1/clips/{clip.id}/unwrap", json={"wrapped": wrapped.hex()}
    )
    assert shape(key.json()) == shape(people_examples.DATA_KEY)
    assert shape(little.deliver("room-1", clip, sealed).json()) == shape(people_examples.DELIVERED)
    orders = little.call(
        "room-1", "POST", "/v1/mirrors/room-1/report", json=people_examples.STATE
    ).json()
    assert orders["session"]
    assert shape(orders["session"]) == shape(people_examples.ORDERS["session"])
    assert orders.keys() == people_examples.ORDERS.keys()
    path = f"/v1/visits/{little.visits['ana'].id}/pass"
    pin = little.studio.passes.give_pin(little.visits["ana"].id, clip.customer_id)
    assert shape(little.call("nobody", "POST", path, json={"pin": pin}).json()) == shape(
        people_examples.PASS
    )
    receipt = little.call("ana", "POST", f"/v1/customers/{clip.customer_id}/forget").json()
    assert receipt.keys() == people_examples.RECEIPT.keys()
    assert receipt["form"] == people_examples.RECEIPT["form"]


def test_the_shown_values_can_be_read_back() -> None:
    assert read_state(people_examples.STATE).indicator == "recording"
    assert read_clip(people_examples.CLIP).gaps[0].reason == "camera_lost"
    orders = people_examples.ORDERS
    session = orders["session"] | {"public_key": "9f2c"}
    assert read_orders(orders | {"session": session}).recording is not None
