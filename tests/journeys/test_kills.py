"""`kill -9` of mirror and server at random moments: no clip twice, none broken, no orphan.

Every round is a shop of its own, and so many kills of each. With VISTAZO_SOAK=folder a round that
passed is written down in kills.jsonl, and a run that was broken off goes on after it.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pytest

av = pytest.importorskip("av", reason="the mirror's extra is not installed")

from tests.drawn_camera import Drawing, packets  # noqa: E402  after the skip
from tests.drawn_network import Server, rtsp  # noqa: E402
from tests.mirror_shop import (  # noqa: E402
    Shop,
    agree,
    come_in,
    counters,
    record,
    settled,
    until,
    vistazo,
)

A_ROUND = 25


@pytest.fixture(scope="module")
def camera() -> Iterator[Server]:
    server = rtsp(packets(450, Drawing(width_px=640, height_px=480, gop=15)))
    yield server
    server.kill()


@dataclass
class Tally:
    """What a round came to."""

    asked: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    lost_ms: list[float] = field(default_factory=list)


def one_round(shop: Shop, kills: int, rng: random.Random) -> Tally:
    tally = Tally()
    visit, hers = come_in(shop)
    agree(shop, visit, "record")
    for turn in range(2 * kills):
        until(lambda: shop.mirror_state()["ring_s"] > 0.3, 120)
        clip_id = record(shop, visit, pre_roll_s=0.2)
        time.sleep(rng.uniform(0.3, 1.5))
        killed_at = kill(shop, turn % 2 == 1, clip_id, hers, rng)
        shop.call("POST", f"/v1/recordings/{clip_id}/stop", hers)
        outcome = settled(shop, clip_id, hers)
        if outcome != "kept":  # killed before a first packet was synced: said, and nothing left
            tally.never.append(outcome)
            continue
        tally.asked.append(clip_id)
        clip = shop.call("GET", f"/v1/clips/{clip_id}", hers)
        codes = [note["code"] for note in clip["notes"]]
        if "interrupted" in codes and "paused" not in codes:  # held: what was unseen is left out
            gone = killed_at - datetime.fromisoformat(clip["ended_at"])
            tally.lost_ms.append(round(gone.total_seconds() * 1000, 1))
    prove(shop, tally, hers)
    return tally


def kill(shop: Shop, mirror: bool, clip_id: str, hers: str, rng: random.Random) -> datetime:
    """Kill one of the two, start it anew; the moment at which it died."""
    if mirror and rng.random() < 0.5:  # while it hands over, or while it records
        shop.call("POST", f"/v1/recordings/{clip_id}/stop", hers)
        time.sleep(rng.uniform(0, 0.8))
    process = shop.mirror if mirror else shop.server
    process.kill()
    killed_at = datetime.now(UTC)
    process.wait()
    if mirror:
        shop.mirror = shop.start_mirror()
    else:
        shop.server = shop.start_server()
    return killed_at


def prove(shop: Shop, tally: Tally, hers: str) -> None:
    """Each clip once and whole, nothing waiting, nothing without a row."""
    clips: list[dict[str, Any]] = shop.call("GET", "/v1/clips", hers)["clips"]
    assert sorted(clip["id"] for clip in clips) == sorted(tally.asked)
    for clip in clips:
        assert len(counters(shop.answer("GET", clip["video"], hers).content)) == clip["frames"]
    assert list((shop.folder / "mirror" / "waiting").iterdir()) == []
    words = vistazo("check", "--people", str(shop.folder / "people"), "--json")
    checked = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(checked.stdout)["faults"] == []


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_three_hundred_kills_of_mirror_and_server_each(camera: Server, tmp_path: Path) -> None:
    kills = int(os.environ.get("VISTAZO_KILLS", "300"))
    ledger = Path(os.environ.get("VISTAZO_SOAK", str(tmp_path))) / "kills.jsonl"
    lines = ledger.read_text().splitlines() if ledger.exists() else []
    rounds: list[dict[str, Any]] = [json.loads(line) for line in lines]
    done = sum(one["kills"] for one in rounds)
    while done < kills:
        count = min(A_ROUND, kills - done)
        folder = tmp_path / f"round-{done}"
        folder.mkdir()
        shop = Shop(folder, f"rtsp://127.0.0.1:{camera.port}/live")
        try:
            tally = one_round(shop, count, random.Random(done))
        finally:
            shop.close()
        rounds.append(
            {"kills": count, "clips": len(tally.asked), "never": tally.never,
             "lost_ms": tally.lost_ms}
        )  # fmt: skip
        with ledger.open("a") as file:
            file.write(json.dumps(rounds[-1]) + "\n")
        done += count
    lost_ms = [ms for one in rounds for ms in one["lost_ms"]]
    never = sum(len(one["never"]) for one in rounds)
    said = f"{done} kills of each, {never} clips too short to be; of running ones lost: "
    sys.stderr.write(f"{said}median {median(lost_ms)} ms, most {max(lost_ms)} ms\n")
    assert never <= kills / 10
    assert median(lost_ms) < 1000
