"""Clips as a customer sees them: in a real browser, frame by frame, joints included."""

import base64
import json
import os
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
  document.body.append(video);  // else it may be collected while it seeks
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
    const seeked = new Promise(done => video.addEventListener('seeked', done, {once: true}));
    const shown = new Promise(done => video.requestVideoFrameCallback(done));
    video.currentTime = (frame + 0.5) / 30;
    await Promise.all([seeked, shown]);  // a frame of before may still be shown late: two ticks
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    found.push(read());
  }
  const facts = {found, duration: video.duration, width: video.videoWidth};
  URL.revokeObjectURL(video.src);
  video.remove();
  return facts;
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
        browser = started.chromium.launch(executable_path=path, args=FLAGS, timeout=180_000)
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


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_chromium_reads_two_hundred_random_clips_back_to_the_frame(page: Any) -> None:
    """Resumable: with VISTAZO_SOAK=folder a clip that was read back is not cut again."""
    clips = int(os.environ.get("VISTAZO_CLIPS", "200"))
    kept = os.environ.get("VISTAZO_SOAK")
    ledger = Path(kept) / "chromium.jsonl" if kept else None
    done = [json.loads(line) for line in ledger.read_text().splitlines()] if _is(ledger) else []
    read = {line["clip"] for line in done}
    shapes = [(gop, bframes) for gop in (30, 120, 300) for bframes in (0, 3)]
    for shape, (gop, bframes) in enumerate(shapes):
        mine = [k for k in range(clips) if k % len(shapes) == shape and k not in read]
        stream = packets(1900, Drawing(gop=gop, bframes=bframes)) if mine else []
        for k in mine:
            rng = random.Random(k)
            first = rng.randrange(0, 1890)
            last = rng.randrange(first, min(1900, first + 1800))
            footage = cut(stream, START + first * STEP, START + last * STEP, X264)
            frames = _worth_a_look(first, last, gop, rng)
            answer = seen(page, footage.mp4, frames)
            assert answer["found"] == [first + frame for frame in frames], (gop, bframes, first)
            assert answer["duration"] == pytest.approx((last - first + 1) / 30, abs=0.002)
            if ledger:
                with ledger.open("a") as file:
                    file.write(json.dumps({"clip": k, "making": footage.making.value}) + "\n")


def _is(ledger: Path | None) -> bool:
    return ledger is not None and ledger.exists()


def _worth_a_look(first: int, last: int, gop: int, rng: random.Random) -> list[int]:
    """Both ends, both sides of the first and the last joint, and eight in between."""
    count = last - first + 1
    joints = [-first % gop, (last // gop) * gop - first]
    looked = {0, 1, count - 3, count - 2, count - 1, *(rng.randrange(count) for _ in range(8))}
    looked |= {joint + step for joint in joints for step in (-2, -1, 0, 1)}
    return sorted(frame for frame in looked if 0 <= frame < count)
