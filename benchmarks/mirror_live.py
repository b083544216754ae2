"""From the camera to the page: `python -m benchmarks.mirror_live [--seconds 60] [--browser PATH]`.

A drawn network camera sends 1080p30 H.264 at a real camera's bit rate (grain is drawn, too) over
RTSP; `vistazo mirror run` reads it as in a shop; a real Chromium shows the mirror's page. Every
frame carries its number; the camera notes when it sends it, the page when it has drawn it, both by
this machine's clock. Prints the delay and the frames a second, beside what is asked, and writes
benchmarks/results/mirror_live.json. Not in it: what a camera itself and a screen take.
"""

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import av
import numpy as np

from mirror.clock import TICKS_PER_S
from mirror.h264 import Reader
from mirror.packet import Packet
from tests.drawn_camera import BITS, BLOCK_PX, draw
from tests.drawn_network import rtsp

RESULTS = Path(__file__).parent / "results" / "mirror_live.json"
WIDTH_PX, HEIGHT_PX, FPS, BITS_PER_S = 1920, 1080, 30, 6_000_000
ASKED_MS, ASKED_FPS = 150.0, 25.0
WARM_S = 3.0
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
# Reads the number off the picture each time the page has drawn one.
WATCH = f"""() => {{
  const picture = document.getElementById('picture');
  const copy = new OffscreenCanvas({BITS * BLOCK_PX}, {2 * BLOCK_PX});
  const context = copy.getContext('2d', {{willReadFrequently: true}});
  window.seen = [];
  new MutationObserver(() => {{
    const now = Date.now();
    context.drawImage(picture, 0, 0, copy.width, copy.height, 0, 0, copy.width, copy.height);
    const data = context.getImageData(0, 0, copy.width, copy.height).data;
    let number = 0;
    for (let bit = 0; bit < {BITS}; bit++) {{
      const x = bit * {BLOCK_PX} + {BLOCK_PX // 2};
      const above = data[4 * ({BLOCK_PX // 2} * copy.width + x) + 1];
      const below = data[4 * ({BLOCK_PX * 3 // 2} * copy.width + x) + 1];
      if (above > below) number |= 1 << bit;
    }}
    window.seen.push([now, number]);
  }}).observe(picture, {{attributes: true, attributeFilter: ['data-shown']}});
}}"""


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to look")
    parser.add_argument("--browser", default="/usr/bin/chromium", help="which Chromium")
    args = parser.parse_args()
    stream = grainy(10 * FPS)
    sent_s: dict[int, float] = {}
    camera = rtsp(stream, fps=FPS, sends=lambda n: sent_s.__setitem__(n, time.time()))
    with tempfile.TemporaryDirectory() as folder:
        address = f"rtsp://127.0.0.1:{camera.port}/live"
        with attendant(address, Path(folder)) as (page, pid):
            seen, share = look(page, args.browser, args.seconds, pid)
    camera.kill()
    found = figures(seen, sent_s, len(stream), args.seconds)
    found["attendant_share_of_a_core"] = share
    found["megabits_a_second"] = round(sum(len(p.data) for p in stream) * 8 / 10 / 1e6, 1)
    report(found)


def grainy(count: int) -> list[Packet]:
    """`count` frames with a camera's grain, encoded at a camera's bit rate, a key every second."""
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    context.time_base, context.framerate = Fraction(1, FPS), Fraction(FPS)
    context.bit_rate = BITS_PER_S
    context.flags |= av.codec.context.Flags.global_header
    context.options = {
        "preset": "superfast", "tune": "zerolatency",
        "x264-params": f"keyint={FPS}:min-keyint={FPS}:scenecut=0:bframes=0:annexb=1",
    }  # fmt: skip
    context.open()
    reader = Reader(bytes(context.extradata))
    grain = np.random.default_rng(1).normal(0, 6, (HEIGHT_PX, WIDTH_PX, 1)).astype(np.int16)
    packets: list[Packet] = []
    for number in range(count):
        drawn = draw(number, WIDTH_PX, HEIGHT_PX).astype(np.int16)
        drawn[2 * BLOCK_PX :] += np.roll(grain, number * 37, axis=1)[2 * BLOCK_PX :]
        frame = av.VideoFrame.from_ndarray(drawn.clip(0, 255).astype(np.uint8), "bgr24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += (_packet(encoded, reader) for encoded in context.encode(frame))
    return packets + [_packet(encoded, reader) for encoded in context.encode(None)]


def _packet(encoded: Any, reader: Reader) -> Packet:
    unit = reader.read(bytes(encoded))
    tick = encoded.pts * TICKS_PER_S // FPS
    return Packet(unit.data, tick, tick, unit.key, unit.entry, unit.format)


@contextmanager
def attendant(camera: str, folder: Path) -> Iterator[tuple[str, int]]:
    """`vistazo mirror run` before `camera`, whose server is away; its page and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [
        sys.executable, "-m", "api", "mirror", "run", "--camera", camera, "--id", "room-3",
        "--server", "http://127.0.0.1:1", "--state", str(folder), "--status-port", str(port),
    ]  # fmt: skip
    process = subprocess.Popen(words, env=os.environ | {"VISTAZO_MIRROR_PASS": "unused"})
    pass_ = folder / "page.pass"
    try:
        while not pass_.exists():
            if process.poll() is not None:
                raise SystemExit("vistazo mirror run ended by itself")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mirror#{pass_.read_text()}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def look(
    page: str, browser: str, seconds: float, pid: int
) -> tuple[list[tuple[float, int]], float]:
    """When the page had drawn which frame (milliseconds of the wall's clock, number), and the share
    of a core that the attendant used meanwhile."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=browser, args=FLAGS)
        window = chromium.new_page(viewport={"width": 1280, "height": 800})
        for _ in range(50):
            try:
                window.goto(page)
                break
            except Error:  # the attendant is still starting
                time.sleep(0.2)
        window.wait_for_selector("#picture[data-shown]:not([hidden])", timeout=60_000)
        time.sleep(WARM_S)
        window.evaluate(WATCH)
        cpu_s = cpu_of(pid)
        time.sleep(seconds)
        share = round((cpu_of(pid) - cpu_s) / seconds, 3)
        seen: list[tuple[float, int]] = window.evaluate("() => window.seen")
        chromium.close()
    return seen, share


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures(
    seen: list[tuple[float, int]], sent_s: dict[int, float], period: int, seconds: float
) -> dict[str, Any]:
    """Delays and rate; a number comes again every `period` frames, so the last sending counts."""
    delays, last = [], -1
    for shown_ms, number in seen:
        if number == last:
            continue
        last = number
        times = [s * 1000 for n, s in sent_s.items() if n % period == number]
        before = [t for t in times if t <= shown_ms + 1]
        if before:
            delays.append(shown_ms - max(before))
    return {
        "delay_median_ms": round(median(delays), 1),
        "delay_p95_ms": round(quantiles(delays, n=20)[-1], 1),
        "delay_most_ms": round(max(delays), 1),
        "frames_a_second": round(len(delays) / seconds, 1),
        "frames_shown": len(delays),
        "seconds": seconds,
    }


def report(found: dict[str, Any]) -> None:
    """Print what was found beside what is asked, and store it."""
    for name, value in found.items():
        print(f"{name:<24} {value}")
    print(f"delay: {found['delay_median_ms'] / ASKED_MS:.2f} of the {ASKED_MS:.0f} ms asked")
    print(f"rate: {found['frames_a_second'] / ASKED_FPS:.2f} of the {ASKED_FPS:.0f} a second asked")
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    text = json.dumps({"machine": machine, "result": found}, indent=1)
    RESULTS.write_text(text + "\n", "utf-8")


def processor() -> str:
    """The processor's own name, where Linux tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
