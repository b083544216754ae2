"""The attendant's own service: who sees the picture, what a page may ask, who is turned away."""

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")
pytest.importorskip("websockets", reason="the mirror's extra is not installed")

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from api.mirror_forms import read_state
from api.mirror_live import MOST_UNDER_WAY
from api.mirror_relay import Relay
from customers.access import Caller, Role
from mirror.camera import VideoSource
from mirror.clock import SystemClock
from mirror.errors import DeskAway
from tests.drawn_camera import Drawing, film
from tests.little_mirror import PAGE_PASS, LittleMirror, little_mirror
from tests.paper_desk import until

FORM = {
    "purposes": ["record"], "words": "I agree.", "language": "en", "name": "N", "age": "of_age",
}  # fmt: skip


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LittleMirror]:
    folder = tmp_path_factory.mktemp("mirror")
    address = film(folder / "film.mp4", range(300), Drawing(gop=10))
    with little_mirror(folder, VideoSource(str(address), SystemClock())) as found:
        until(lambda: found.attendant.state().frames_per_s > 10)
        yield found


@contextmanager
def look(
    mirror: LittleMirror, pass_: object, *, origin: str = "", first: str | None = None
) -> Iterator[Any]:
    """A WebSocket to the live picture that has said its pass."""
    host = mirror.url.removeprefix("http://").rstrip("/")
    how: dict[str, Any] = {"origin": origin or f"http://{host}", "max_queue": None}
    with connect(f"ws://{host}/live", **how) as line:
        line.send(json.dumps({"pass": pass_}) if first is None else first)
        yield line


def closed(line: Any) -> int:
    """The code with which a line is closed, whatever comes before."""
    try:
        while True:
            line.recv(timeout=60)
    except ConnectionClosed as ended:
        return int(ended.rcvd.code) if ended.rcvd else 0


def ask(mirror: LittleMirror, method: str, path: str, pass_: str, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {pass_}"} | more.pop("headers", {})
    return httpx.request(method, mirror.url.rstrip("/") + path, headers=headers, timeout=60, **more)


@pytest.fixture
def visit(mirror: LittleMirror) -> Iterator[dict[str, Any]]:
    begun = ask(mirror, "POST", "/v1/visits", PAGE_PASS, json={})
    assert begun.status_code == 201
    until(lambda: mirror.attendant.visit_id == begun.json()["id"])
    yield begun.json()
    ask(mirror, "POST", f"/v1/visits/{begun.json()['id']}/end", PAGE_PASS)
    until(lambda: mirror.attendant.visit_id == "")


def test_the_mirror_s_own_page_hears_format_then_key_then_all_that_follows(
    mirror: LittleMirror,
) -> None:
    with look(mirror, PAGE_PASS) as line:
        texts: list[dict[str, Any]] = []
        packets: list[bytes] = []
        while len(packets) < 40:
            said = line.recv(timeout=60)
            if isinstance(said, bytes):
                packets.append(said)
                line.send("1")
            else:
                texts.append(json.loads(said))
    (config,) = [said["format"] for said in texts if "format" in said]
    assert config["codec"].startswith("avc1.")
    assert (config["codedWidth"], config["codedHeight"]) == (384, 288)
    assert packets[0][0] & 1
    assert [int.from_bytes(p[4:8], "big") for p in packets] == list(range(1, 41))
    ticks = [int.from_bytes(p[8:16], "big", signed=True) for p in packets]
    assert ticks == sorted(ticks)
    states = [read_state(said["state"]) for said in texts if "state" in said]
    assert states[0].camera_ok


@pytest.mark.parametrize(
    ("pass_", "code"), [("", 4401), ("guessed", 4403), (5, 4401), ("ñ", 4401), ("x" * 9999, 4401)]
)
def test_without_the_right_pass_nothing_is_shown(
    mirror: LittleMirror, pass_: object, code: int
) -> None:
    with look(mirror, pass_) as line:
        assert closed(line) == code
    until(lambda: mirror.attendant.live.viewers == 0)  # who looked before may still be leaving


@pytest.mark.parametrize("said", ["", "no JSON", "[" * 100_000, "5", '{"pass": null}'])
def test_a_first_message_that_says_nothing_opens_nothing(mirror: LittleMirror, said: str) -> None:
    with look(mirror, "", first=said) as line:
        assert closed(line) == 4401


def test_a_page_of_another_site_is_not_even_heard(mirror: LittleMirror) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        with pytest.raises(InvalidStatus), look(mirror, PAGE_PASS, origin=origin):
            pass


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Host": "evil.example"}),
        ("GET", {"Host": "127.0.0.1.evil.example:80"}),
        ("POST", {"Origin": "https://evil.example"}),
    ],
)
def test_another_name_or_origin_finds_nothing(
    mirror: LittleMirror, method: str, headers: dict[str, str]
) -> None:
    for path in ("/status.json", "/", "/v1/visits", "/pages/base.css"):
        answer = ask(mirror, method, path, PAGE_PASS, headers=headers)
        assert answer.status_code == 404
    assert mirror.attendant.visit_id == ""


def test_she_looks_as_long_as_her_visit_lasts(mirror: LittleMirror, visit: dict[str, Any]) -> None:
    stranger = mirror.studio.passes.issue(
        Caller(Role.CUSTOMER, "somebody"), mirror.studio.clock.now(), 60
    )
    staff = mirror.studio.passes.issue(Caller(Role.STAFF, "sam"), mirror.studio.clock.now(), 60)
    for pass_ in (stranger, staff):
        with look(mirror, pass_) as line:
            assert closed(line) == 4403
    with look(mirror, visit["pass"]) as line:
        while not isinstance(line.recv(timeout=60), bytes):
            pass
        ask(mirror, "POST", f"/v1/visits/{visit['id']}/end", PAGE_PASS)
        assert closed(line) == 4403


def test_a_page_that_does_not_answer_is_sent_little_and_goes_on_with_a_key(
    mirror: LittleMirror,
) -> None:
    with look(mirror, PAGE_PASS) as line, look(mirror, PAGE_PASS) as other:
        seen = 0
        while seen < 140:  # longer than the line holds: nobody else waits for it
            if isinstance(other.recv(timeout=60), bytes):
                other.send("1")
                seen += 1
        got = 0
        with contextlib.suppress(TimeoutError):
            while True:
                got += isinstance(line.recv(timeout=0.0 if got == MOST_UNDER_WAY else 60), bytes)
        assert got == MOST_UNDER_WAY
        line.send(str(got))
        while not isinstance(said := line.recv(timeout=60), bytes):
            pass
        assert said[0] & 1


@pytest.mark.parametrize("said", ["-1", "0", "7", "many", "9" * 5000])
def test_an_answer_that_cannot_be_true_ends_the_line(mirror: LittleMirror, said: str) -> None:
    with look(mirror, PAGE_PASS) as line:
        line.send(said)
        assert closed(line) == 1008
    until(lambda: mirror.attendant.live.viewers == 0)


def test_the_status_for_programs_is_the_mirror_s_state(mirror: LittleMirror) -> None:
    state = read_state(httpx.get(mirror.url + "status.json", timeout=60).json())
    assert state.camera_ok
    assert state.camera.endswith("film.mp4")
    for path in ("", "mirror"):
        page = httpx.get(mirror.url + path, timeout=60)
        assert page.headers["content-type"].startswith("text/html")
        assert "connect-src 'self'" in page.headers["content-security-policy"]


def test_the_page_s_pass_begins_and_ends_visits_and_opens_nothing_of_hers(
    mirror: LittleMirror, visit: dict[str, Any]
) -> None:
    assert visit["mirror_id"] == "room-3"
    for method, path in (
        ("POST", f"/v1/visits/{visit['id']}/consents"),
        ("POST", f"/v1/visits/{visit['id']}/recordings"),
        ("GET", "/v1/clips"),
        ("POST", "/v1/mirrors/room-3/report"),
        ("PUT", "/v1/mirrors/room-3"),
    ):
        answer = ask(mirror, method, path, PAGE_PASS, json={})
        assert answer.status_code in (404, 405), (method, path)


def test_with_her_own_pass_the_page_asks_what_she_may(
    mirror: LittleMirror, visit: dict[str, Any]
) -> None:
    path = f"/v1/visits/{visit['id']}"
    assert ask(mirror, "POST", path + "/consents", visit["pass"], json=FORM).status_code == 201
    assert ask(mirror, "GET", "/v1/clips", visit["pass"]).json() == {"clips": []}
    refused = ask(mirror, "POST", path + "/consents", "guessed", json=FORM)
    assert (refused.status_code, refused.json()["code"]) == (401, "not-known")
    for method, closed_ in (("GET", "/v1/mirrors"), ("POST", "/v1/customers/c/forget")):
        assert ask(mirror, method, closed_, visit["pass"]).status_code == 404


def test_what_the_page_sends_is_bounded(mirror: LittleMirror) -> None:
    answer = ask(mirror, "POST", "/v1/visits", PAGE_PASS, content=b" " * 300_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_server_that_is_away_lets_nobody_look_and_says_so() -> None:
    relay = Relay("http://127.0.0.1:1", "room-3", "token")
    with pytest.raises(DeskAway):
        relay.may_look("hers")
    with pytest.raises(DeskAway):
        relay.forward("POST", "/v1/visits", "", b"{}", as_mirror=True)
