"""Scrubbing along a clip in a real Chromium: ranges of a sealed file, opened as they are asked."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

import av
import numpy as np

from api.callers import COOKIE
from api.mirror_door import serving
from api.people import people_app
from tests.drawn_camera import BITS, BLOCK_PX, draw
from tests.little_mirror import listener
from tests.little_studio import LittleStudio

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
SECONDS, FPS = 20, 15
SCRUB = """
async ({address, seconds, bits, block}) => {
  const video = document.createElement('video');
  video.muted = true;
  video.preload = 'metadata';
  document.documentElement.append(video);
  const canvas = new OffscreenCanvas(bits * block, 2 * block);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  await new Promise((done, fail) => {
    video.onloadedmetadata = done;
    video.onerror = () => fail(new Error(video.error.message));
    video.src = address;
  });
  const found = [];
  for (const at of seconds) {
    const seeked = new Promise(done => video.addEventListener('seeked', done, {once: true}));
    const shown = new Promise(done => video.requestVideoFrameCallback(done));
    video.currentTime = at;
    await Promise.all([seeked, shown]);  // a frame of before may still be shown late: two ticks
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    context.drawImage(video, 0, 0);
    let number = 0;
    for (let bit = 0; bit < bits; bit++) {
      const x = bit * block + block / 2;
      const above = context.getImageData(x, block / 2, 1, 1).data[1];
      const below = context.getImageData(x, block * 1.5, 1, 1).data[1];
      if (above > below) number |= 1 << bit;
    }
    found.push(number);
  }
  return {found, duration: video.duration};
}"""


def grainy_film(path: Path) -> bytes:
    """An MP4 too large for a browser to fetch as a whole before it plays."""
    grain = np.random.default_rng(2).integers(0, 90, (288, 384, 3), np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 384, 288, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "18", "x264-params": "keyint=15"}
        for number in range(SECONDS * FPS):
            picture = draw(number, 384, 288)
            picture[2 * BLOCK_PX :] += np.roll(grain, number * 31, axis=1)[2 * BLOCK_PX :] // 2
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LittleStudio, str, bytes]]:
    folder = tmp_path_factory.mktemp("studio")
    little = LittleStudio(folder / "people")
    with serving(people_app(little.studio), listener()) as url:
        yield little, url.rstrip("/"), grainy_film(folder / "film.mp4")
    little.studio.close()


def test_every_place_in_a_clip_is_reached_by_its_range(
    shop: tuple[LittleStudio, str, bytes], chromium: "Browser"
) -> None:
    little, url, film = shop
    assert len(film) > 6_000_000
    clip, sealed = little.made("ana", little.asked("ana"), film)
    assert little.deliver("room-1", clip, sealed).status_code == 201
    context = chromium.new_context()
    context.add_cookies(
        [{"name": COOKIE, "value": little.tokens["ana"], "url": url, "sameSite": "Strict"}]
    )
    page = context.new_page()
    asked: list[tuple[str, int]] = []
    page.on("response", lambda r: asked.append((r.request.headers.get("range", ""), r.status)))
    page.goto(url + "/v1/openapi.json")  # any document of the same origin
    asked.clear()
    seconds = [18.5, 2.5, 11.1, 19.9, 0.0, 7.77]
    said = page.evaluate(
        SCRUB,
        {
            "address": f"/v1/clips/{clip.id}/video", "seconds": seconds,
            "bits": BITS, "block": BLOCK_PX,
        },
    )  # fmt: skip
    assert abs(said["duration"] - SECONDS) < 0.1
    assert said["found"] == [int(at * FPS + 1e-6) for at in seconds]
    assert {status for _, status in asked} == {206}
    starts = [int(re.findall(r"bytes=(\d+)-", span)[0]) for span, _ in asked]
    assert len(set(starts)) >= 3  # it jumped, and did not read all that lies between
    log = little.studio.customers.log_of(little.visits["ana"].customer_id)
    watched = [entry for entry in log if entry.act == "watch_clip" and entry.thing == clip.id]
    assert 1 <= len(watched) <= starts.count(0) + 1
    context.close()


def test_without_her_pass_a_film_stays_shut(
    shop: tuple[LittleStudio, str, bytes], chromium: "Browser"
) -> None:
    little, url, _ = shop
    context = chromium.new_context()
    context.add_cookies(
        [{"name": COOKIE, "value": little.tokens["berta"], "url": url, "sameSite": "Strict"}]
    )
    page = context.new_page()
    answer = page.goto(f"{url}/v1/clips/{little.clips['ana'].id}/video")
    assert answer is not None
    assert answer.status == 403
    context.close()
