"""A browser as the camera: a real Chromium captures, encodes, pushes; a clip is made of it."""

import io
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

pytest.importorskip("av", reason="the mirror's extra is not installed")
pytest.importorskip("websockets", reason="the mirror's extra is not installed")

import av
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mirror.browser_camera import BrowserCamera
from mirror.clock import SystemClock
from tests.api.conftest import FLAGS, chromium_path
from tests.drawn_camera import draw, read_counter
from tests.little_mirror import PAGE_PASS, LittleMirror, little_mirror
from tests.paper_desk import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FRAMES = 150


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[LittleMirror]:
    with little_mirror(tmp_path, BrowserCamera(SystemClock())) as found:
        yield found


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """A Chromium whose camera is a drawn film, MJPEG as its fake device takes it."""
    path = tmp_path_factory.mktemp("fake") / "camera.mjpeg"
    with path.open("wb") as file:
        for number in range(FRAMES):
            picture = Image.fromarray(draw(number, 640, 480)[:, :, ::-1])
            picture.save(file, "JPEG", quality=92)
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        found = chromium_path(started.chromium.executable_path)
        if found is None:
            pytest.skip("no Chromium")
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={path}"]
        browser = started.chromium.launch(executable_path=found, args=flags, timeout=180_000)
        yield browser
        browser.close()


def film_of(mirror: LittleMirror, folder: Path) -> list[int]:
    """The counters of the only clip there is."""
    studio = mirror.studio
    customer = studio.customers.visit(mirror.attendant.visit_id).customer_id
    (clip,) = studio.clips.of_customer(customer)
    assert "browser_camera" in {note.code for note in clip.notes}
    plain = studio.open(clip, "video").read()
    with av.open(io.BytesIO(plain), "r", options={"ignore_editlist": "1"}) as container:
        return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


@pytest.mark.browser
@pytest.mark.parametrize("codec", ["", pytest.param("vp8", marks=pytest.mark.soak), "jpeg"])
def test_a_clip_of_what_the_browser_saw(
    filmed: "Browser", mirror: LittleMirror, tmp_path: Path, codec: str
) -> None:
    context = filmed.new_context(viewport={"width": 820, "height": 700}, locale="en-GB")
    context.set_default_timeout(60_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{mirror.url}mirror?codec={codec}#{PAGE_PASS}")
    page.wait_for_selector("#picture[data-shown]:not([hidden])")
    page.click("#deed")
    page.wait_for_selector("#light[data-is=ready]")
    page.click("#deed")
    page.fill("#consent-name", "Ana")
    page.check("input[value=of_age]")
    page.click("#consent button[type=submit]")
    page.wait_for_selector("#consent", state="hidden")
    page.click("#deed")
    page.wait_for_selector("#light[data-is=recording]")
    page.wait_for_timeout(3000)
    page.click("#deed")
    page.wait_for_selector("#clip[open]")
    found = film_of(mirror, tmp_path)
    steps = {(b - a) % FRAMES for a, b in pairwise(found)}
    assert len(found) >= 5
    assert max(steps) < 120, found  # forwards, with what a busy browser left out
    page.goto("about:blank")
    until(lambda: not mirror.attendant.state().camera_ok)
    context.close()
    assert complaints == []


def push(mirror: LittleMirror, hello: object, *frames: bytes, stays: bool = False) -> int:
    """Push as a page would; the code with which the line was closed, 0 where it `stays` open."""
    host = mirror.url.removeprefix("http://").rstrip("/")
    with connect(f"ws://{host}/camera", origin=f"http://{host}") as line:
        line.send(json.dumps(hello))
        try:
            line.recv(timeout=60)
            for frame in frames:
                line.send(frame)
            line.recv(timeout=0.5 if stays else 60)
        except TimeoutError:
            return 0
        except ConnectionClosed as ended:
            return ended.rcvd.code if ended.rcvd else 0
    return 0


def push_next(mirror: LittleMirror, hello: object, frame: bytes, *, stays: bool = False) -> int:
    """`push`, once the page before is known to have gone."""
    codes = (push(mirror, hello, frame, stays=stays) for _ in range(1000))
    return next(code for code in codes if code != 4409)


def test_only_the_mirror_s_own_page_may_push_and_only_what_is_a_frame(
    mirror: LittleMirror,
) -> None:
    ours: dict[str, Any] = {"pass": PAGE_PASS, "codec": "jpeg"}
    assert push(mirror, {"pass": "guessed", "codec": "jpeg"}) == 4403
    assert push(mirror, {"codec": "jpeg"}) == 4403
    assert push(mirror, {"pass": PAGE_PASS, "codec": "mp3"}) == 4415
    assert push(mirror, {"pass": PAGE_PASS, "codec": ["jpeg"]}) == 4415
    assert push_next(mirror, ours, b"") == 1008
    assert push_next(mirror, ours, b"x" * 16) == 1008
    assert push_next(mirror, ours, pack(">B7xq", 1, -5) + b"x") == 1008
    assert push_next(mirror, ours, pack(">B7xq", 1, 5) + b"no picture", stays=True) == 0
    assert not mirror.attendant.state().camera_ok


def test_a_second_page_is_told_that_there_is_a_camera_already(mirror: LittleMirror) -> None:
    host = mirror.url.removeprefix("http://").rstrip("/")
    with connect(f"ws://{host}/camera", origin=f"http://{host}") as line:
        line.send(json.dumps({"pass": PAGE_PASS, "codec": "jpeg"}))
        assert line.recv(timeout=60) == "go"
        assert push(mirror, {"pass": PAGE_PASS, "codec": "jpeg"}) == 4409
