"""The mirror's figures on this machine: `python -m benchmarks.mirror [PART …] [--seconds 60]`.

Prints and adds to benchmarks/results/mirror.json: what recording by copy costs and whether a frame
was lost, what encoding a raw camera costs, how soon a clip can be played after the stop, how long
forgetting takes. Without a PART all are measured.
"""

import argparse
import json
import platform
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import av

from customers.consent import AgeStatement, Consent, Purpose
from customers.keys import Keys
from customers.seal import seal
from mirror.camera import VideoSource
from mirror.clock import TICKS_PER_S, SystemClock, Timeline
from mirror.encode import X264, Picture, decode
from mirror.encoders import available
from mirror.finish import About, finish
from mirror.h264 import split_lengths
from mirror.packet import Packet
from mirror.persons import HeadCounter
from mirror.recorder import Recorder
from mirror.session import Session
from mirror.spool import SpoolWriter
from mirror.studio import open_studio
from mirror.take import RecorderLimits
from mirror.watcher import EVERY_TICKS
from models.registry import BUILTIN
from tests.drawn_camera import Drawing, packets
from tests.drawn_clips import HandClock, clip_of
from tests.drawn_network import rtsp

RESULTS = Path(__file__).parent / "results" / "mirror.json"
MAX_HELD = 20_000
FULL_HD = Drawing(width_px=1920, height_px=1080, gop=30)


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", help="copy, raw, watch, stop, forget", default=[])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to record by copy")
    parser.add_argument(
        "--real", type=Path, help="a 1080p video to encode instead of drawn pictures"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    asked = parser.parse_args()
    stream = packets(300, FULL_HD)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "copy": lambda: record_by_copy(stream, asked.seconds, place),
            "raw": lambda: encode_raw(stream, asked.real),
            "watch": lambda: watch_company(stream, asked.real),
            "stop": lambda: play_after_stop(stream, place),
            "forget": lambda: forget_many(place, 1000),
        }
        for part in asked.part or parts:
            _keep(asked.results, parts[part]())


def _keep(results: Path, found: dict[str, Any]) -> None:
    """Print a part's figures and put them among the others, so that a long run loses none."""
    for name, value in found.items():
        print(f"{name:<44} {value}", flush=True)
    kept = json.loads(results.read_text("utf-8")) if results.exists() else {}
    kept |= {"machine": platform.processor() or platform.machine()} | found
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


def record_by_copy(stream: list[Packet], seconds: float, place: Path) -> dict[str, Any]:
    """CPU of reading RTSP 1080p30, ring, sealed spool and its syncs; the test camera's left out."""
    server = rtsp(stream)
    clock = SystemClock()
    source = VideoSource(f"rtsp://127.0.0.1:{server.port}/live", clock)
    recorder = Recorder(
        RecorderLimits(clip_s=10**6, clip_bytes=10**12, camera_delay_s=0.0),
        Timeline.start(clock),
        lambda take: SpoolWriter(place / "copy.spool", _keys(place), About.of(take).fields()),
    )
    recorder.meet(_session(place), clock.monotonic_s())
    received, cpu_s, start_s = 0, 0.0, 0.0
    sent = [_picture_of(packet.data) for packet in stream]
    last, missing = -1, 0
    for packet in source.packets(threading.Event()):
        last = (last + 1) % len(sent)
        while sent[last] != _picture_of(packet.data):  # for ever, where it is none of ours
            last, missing = (last + 1) % len(sent), missing + 1
        recorder.add(packet)
        if not recorder.recording and recorder.ring.span_ticks > TICKS_PER_S:
            take = recorder.start("copy", 0.5, clock.monotonic_s())
            missing = 0
            start_s, cpu_s = time.monotonic(), _thread_cpu_s()
        if recorder.recording:
            received += 1
            if len(take.packets) > MAX_HELD:
                take.packets.clear()  # half an hour: what is measured is not this list
            if time.monotonic() - start_s >= seconds:
                break
    wall_s, cpu_s = time.monotonic() - start_s, _thread_cpu_s() - cpu_s
    writer_s = _writer_cpu_s(stream, place)
    recorder.stop(clock.monotonic_s())
    recorder.check(clock.monotonic_s() + 1)
    server.kill()
    return {
        "copy_seconds": round(wall_s, 1),
        "copy_share_of_a_core": round(cpu_s / wall_s + writer_s, 4),
        "copy_frames_lost_or_altered": missing,
        "copy_frames_received": received,
        "copy_frames_due": round(wall_s * 30),
    }


def _picture_of(data: bytes) -> bytes:
    """What of a packet no camera library touches: its picture, without what may stand before."""
    return split_lengths(data)[-1]


def encode_raw(stream: list[Packet], real: Path | None) -> dict[str, Any]:
    """CPU of encoding decoded 1080p30 pictures, as a raw camera sends, with every encoder."""
    frames = _frames(stream, real, 90)
    found: dict[str, Any] = {"raw_pictures": "real" if real else "drawn"}
    for choice in available():
        encoder = choice.make(frames[0], 100, 0)
        samples = []
        start_s = time.process_time()
        for number, frame in enumerate(frames):
            samples += encoder.encode(Picture(number * TICKS_PER_S // 30, frame))
        cpu_s = time.process_time() - start_s
        found |= {
            f"raw_1080p30_{choice.name}_share_of_a_core": round(cpu_s / (len(frames) / 30), 3),
            f"raw_1080p30_{choice.name}_mbit_s": round(
                sum(len(sample.data) for sample in samples) * 8e-6 / (len(frames) / 30), 1
            ),
            f"raw_1080p30_{choice.name}_frames_lost": len(frames) - len(samples),
        }
    return found


def watch_company(stream: list[Packet], real: Path | None) -> dict[str, Any]:
    """CPU of the watch for a second person: every 1080p frame decoded, four a second counted."""
    counter = HeadCounter(BUILTIN / "persons.onnx")
    if real:
        frames = _frames(stream, real, 90)
        encoder = X264(frames[0], 100, 0)
        samples = [
            sample
            for number, frame in enumerate(frames)
            for sample in encoder.encode(Picture(number * TICKS_PER_S // 30, frame))
        ]
        stream = [
            Packet(s.data, s.shown_tick, s.shown_tick, s.key, s.key, encoder.format)
            for s in samples
        ]
    start_s, due_tick = time.process_time(), -(2**62)
    for picture in decode(stream):
        if picture.tick >= due_tick:
            counter.count(picture.frame)
            due_tick = picture.tick + EVERY_TICKS
    cpu_s = time.process_time() - start_s
    return {"watch_1080p30_share_of_a_core": round(cpu_s / (len(stream) / 30), 3)}


def _frames(stream: list[Packet], real: Path | None, count: int) -> list[av.VideoFrame]:
    """Decoded 1080p pictures: of a real video where one is given, else drawn."""
    if real is None:
        return [picture.frame for picture in decode(stream[:count])]
    with av.open(str(real)) as container:
        decoded = islice(container.decode(video=0), count)
        return [f.reformat(width=1920, height=1080, format="yuv420p") for f in decoded]


def play_after_stop(stream: list[Packet], place: Path) -> dict[str, Any]:
    """Seconds from the stop to a sealed clip with its previews, ten seconds of 1080p30."""
    clock = SystemClock()
    took_s = []
    for _ in range(3):
        recorder = Recorder(RecorderLimits(camera_delay_s=0.0), Timeline.start(clock), None)
        now_s = clock.monotonic_s()
        recorder.meet(_session(place), now_s - 60)
        shift = round((now_s - 10) * TICKS_PER_S) - stream[0].shown_tick
        for p in stream:
            recorder.add(
                Packet(
                    p.data, p.shown_tick + shift, p.decoded_tick + shift, p.key, p.entry, p.format
                )
            )
        take = recorder.start("clip", 9.5, now_s)
        recorder.stop(now_s)
        recorder.check(now_s + 10)
        start_s = time.monotonic()
        finish(take, (), X264)
        took_s.append(time.monotonic() - start_s)
    return {"stop_to_sealed_clip_s": round(median(took_s), 3)}


def forget_many(place: Path, count: int) -> dict[str, Any]:
    """Seconds to forget a customer with `count` clips of 100 kB."""
    studio = open_studio(place / "studio", HandClock())
    customer = studio.customers.welcome(studio.clock.now())
    sealed = seal(bytes(100_000), studio.keys.public(customer.id))
    for i in range(count):
        clip = clip_of(f"c{i}", sealed, customer=customer.id)
        studio.clips.keep(clip, [studio.clips.receive(clip.id, "video", [sealed])])
    start_s = time.monotonic()
    receipt = studio.forget(customer.id)
    took_s = time.monotonic() - start_s
    studio.close()
    return {"forget_clips": len(receipt.files), "forget_s": round(took_s, 3)}


def _writer_cpu_s(stream: list[Packet], place: Path) -> float:
    """CPU a second of video costs the spool's thread: sealing and writing, measured by itself."""
    start_s = time.process_time()
    writer = SpoolWriter(place / "writer.spool", _keys(place), {})
    for packet in stream:
        writer.append(packet)
    writer.close()
    writer.wait()
    return (time.process_time() - start_s) / (len(stream) / 30)


def _thread_cpu_s() -> float:
    return time.thread_time()


def _keys(place: Path) -> bytes:
    return Keys(place / "keys").make("ana")


def _session(place: Path) -> Session:
    now = datetime.now(UTC)
    consent = Consent(
        "co1", "ana", "v1", "m1", frozenset({Purpose.RECORD}), "I agree.", "en",
        now - timedelta(hours=1), now + timedelta(hours=9), "Ana", AgeStatement.OF_AGE,
    )  # fmt: skip
    return Session("m1", "v1", "ana", _keys(place), (consent,))


if __name__ == "__main__":
    main()
