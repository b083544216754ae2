"""Clips as a customer sees them: in a real browser, frame by frame, joints included."""

import base64
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mirror.clip import Making
from mirror.cut import cut
from mirror.encode import X264
from tests.drawn_camera import BITS, BLOCK_PX, Drawing, packets

pytestmark = pytest.mark.browser
START, STEP = 900_000, 3000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
# Seeks to the middle of every asked frame and reads the counter that is burnt into it.
SCRIPT = """
async ({mp4, frames, bits, block}) => {
  const bytes = Uint8Array.from(atob(mp4), c => c.charCodeAt(0));
  const video = document.createElement('video');
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'}));
  await new Promise((done, fail) => {
    video.onloadeddata = done;
    video.onerror = () => fail(new Error(video.error.message));
  });
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const read = () => {
    context.drawImage(video, 0, 0);
    let number = 0;
    for (let bit = 0; bit < bits; bit++) {
      const x = bit * block + block / 2;
      const above = context.getImageData(x, block / 2, 1, 1).data[1];
      const below = context.getImageData(x, block * 1.5, 1, 1).data[1];
      if (above > below) number |= 1 << bit;
    }
    return number;
  };
  const found = [];
  for (const frame of frames) {
    await new Promise(done => {
      video.requestVideoFrameCallback(done);
      video.currentTime = (frame + 0.5) / 30;
    });
    found.push(read());
  }
  return {found, duration: video.duration, width: video.videoWidth};
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        bundled = started.chromium.executable_path
        paths = ("/usr/bin/chromium", shutil.which("chromium-browser") or "", bundled)
        path = next((found for found in paths if found and Path(found).exists()), None)
        if path is None:
            pytest.skip("no Chromium: install Debian's chromium or run `playwright install`")
        browser = started.chromium.launch(executable_path=path, args=FLAGS)
        yield browser.new_page()
        browser.close()


def seen(page: Any, mp4: bytes, frames: list[int]) -> dict[str, Any]:
    asked = {
        "mp4": base64.b64encode(mp4).decode(), "frames": frames, "bits": BITS, "block": BLOCK_PX,
    }  # fmt: skip
    answer = page.evaluate(SCRIPT, asked)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("drawing", "making"),
    [
        (Drawing(gop=30), Making.JOINED),
        (Drawing(gop=30, bframes=2, profile="main"), Making.JOINED),
        (Drawing(gop=30, profile="baseline"), Making.JOINED),
        (Drawing(gop=30, bframes=2, open_gop=True), Making.ENCODED),
    ],
    ids=["high", "b-frames", "baseline", "open-gop"],
)
def test_chromium_shows_exactly_the_asked_frames_across_the_joints(
    page: Any, drawing: Drawing, making: Making
) -> None:
    stream = packets(120, drawing)
    rng = random.Random(3)
    for _ in range(2):
        first, last = rng.randrange(5, 28), rng.randrange(62, 118)
        footage = cut(stream, START + first * STEP, START + last * STEP, X264)
        assert footage.making is making
        count = last - first + 1
        # Both ends, both sides of each joint, and some in between.
        frames = sorted({0, 1, *range(28 - first, 34 - first), 40, count - 4, count - 2, count - 1})
        answer = seen(page, footage.mp4, frames)
        assert answer["found"] == [first + frame for frame in frames]
        assert answer["duration"] == pytest.approx(count / 30, abs=0.002)
