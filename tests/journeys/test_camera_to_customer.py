"""Line 2 walked in real processes: camera → consent → clip → customer → forget.

A network camera that is drawn (or real video, where it is present), `vistazo mirror serve` and
`vistazo mirror run` as an operator starts them, and a customer who speaks HTTP.
"""

import io
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

av = pytest.importorskip("av", reason="the mirror's extra is not installed")

from customers.receipt import verify  # noqa: E402  after the skip
from tests.drawn_camera import Drawing, packets  # noqa: E402
from tests.drawn_network import Server, rtsp  # noqa: E402
from tests.mirror_shop import (  # noqa: E402
    SECRET,
    Shop,
    agree,
    come_in,
    counters,
    record,
    settled,
    until,
    vistazo,
)


@pytest.fixture(scope="module")
def camera() -> Iterator[Server]:
    server = rtsp(packets(450, Drawing(width_px=640, height_px=480, gop=15, secret=SECRET)))
    yield server
    server.kill()


@pytest.fixture
def shop(tmp_path: Path, camera: Server) -> Iterator[Shop]:
    opened = Shop(tmp_path, f"rtsp://127.0.0.1:{camera.port}/live")
    yield opened
    opened.close()


def test_from_the_camera_to_the_customer_and_into_oblivion(shop: Shop) -> None:
    visit, hers = come_in(shop)
    until(lambda: shop.mirror_state()["ring_s"] > 1)
    refused = shop.answer("POST", f"/v1/visits/{visit['id']}/recordings", hers, pre_roll_s=5)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-covered")
    assert shop.on_disk(SECRET) == []

    agree(shop, visit, "record", "keep")
    until(lambda: shop.mirror_state()["ring_s"] < 1)  # emptied at the moment of consent
    until(lambda: shop.mirror_state()["ring_s"] > 1.2)
    begun_s = time.monotonic()
    clip_id = record(shop, visit, pre_roll_s=0.6)
    time.sleep(1.4)
    shop.call("POST", f"/v1/recordings/{clip_id}/stop", hers)
    most_s = 0.6 + time.monotonic() - begun_s
    assert settled(shop, clip_id, hers) == "kept"

    (clip,) = shop.call("GET", "/v1/clips", hers)["clips"]
    video = shop.answer("GET", clip["video"], hers).content
    found = counters(video)
    assert found == list(range(found[0], found[0] + clip["frames"]))
    assert 1.3 < clip["frames"] / 30 < most_s + 0.2
    assert clip["copied_frames"] > clip["frames"] / 2
    assert shop.on_disk(SECRET) == []
    assert shop.on_disk(video[4:12]) == []  # no readable MP4 either
    piece = httpx.get(
        shop.url + clip["video"],
        headers={"Authorization": f"Bearer {hers}", "Range": "bytes=1000-70999"},
        timeout=60,
    )
    assert (piece.status_code, piece.content) == (206, video[1000:71000])
    assert shop.answer("GET", clip["thumbnail"], hers).content[:2] == b"\xff\xd8"

    for token in (shop.operator, shop.mirror_pass):
        assert shop.answer("GET", clip["video"], token).status_code == 403
    assert shop.answer("GET", clip["video"], "").status_code == 401
    again = shop.call("POST", f"/v1/visits/{visit['id']}/pass", "", pin=visit["pin"])
    assert shop.call("POST", f"/v1/clips/{clip_id}/keep", again["pass"])["kept"]
    acts = [
        e["act"] for e in shop.call("GET", f"/v1/customers/{visit['customer_id']}/log", hers)["log"]
    ]
    assert acts[:3] == ["start_visit", "give_consent", "record"]
    assert {"watch_clip", "keep_clip"} <= set(acts)

    receipt = shop.call("POST", f"/v1/customers/{visit['customer_id']}/forget", hers)
    public = receipt.pop("public_key")
    assert set(verify(receipt, public).files) == {
        f"{clip_id}.{k}" for k in ("video", "thumbnail", "sprite")
    }
    assert shop.answer("GET", "/v1/clips", hers).status_code == 401
    assert list((shop.folder / "people" / "clips" / "files").iterdir()) == []
    checked = subprocess.run(
        vistazo("check", "--people", str(shop.folder / "people"), "--json"),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(checked.stdout)["faults"] == []
    for name in (visit["id"], visit["customer_id"]):
        left = shop.on_disk(name.encode())
        assert set(left) <= {"forgotten.db", "forgotten.db-wal"}, left


def test_a_mirror_killed_while_recording_loses_the_last_moment_only(
    shop: Shop,
) -> None:
    visit, hers = come_in(shop)
    agree(shop, visit, "record")
    until(lambda: shop.mirror_state()["ring_s"] > 0.5)
    clip_id = record(shop, visit, pre_roll_s=0)
    time.sleep(2.5)
    shop.mirror.send_signal(signal.SIGKILL)
    shop.mirror.wait()
    assert shop.on_disk(SECRET) == []
    shop.mirror = shop.start_mirror()
    assert settled(shop, clip_id, hers) == "kept"
    (clip,) = shop.call("GET", "/v1/clips", hers)["clips"]
    assert [note["code"] for note in clip["notes"]] == ["interrupted"]
    found = counters(shop.answer("GET", clip["video"], hers).content)
    assert found == list(range(found[0], found[0] + len(found)))
    assert len(found) >= 0.7 * 30
    assert list((shop.folder / "mirror" / "waiting").iterdir()) == []


def test_live_state_is_heard_as_it_changes(shop: Shop) -> None:
    come_in(shop)
    headers = {"Authorization": f"Bearer {shop.operator}"}
    with httpx.stream(
        "GET", f"{shop.url}/v1/mirrors/room-3/live", headers=headers, timeout=60
    ) as said:
        assert said.headers["content-type"].startswith("text/event-stream")
        for line in said.iter_lines():
            state = json.loads(line[6:])["state"] if line.startswith("data: ") else None
            if state and state["indicator"] == "ready" and state["camera_ok"]:
                break


def test_a_revocation_while_recording_leaves_nothing_anywhere(shop: Shop) -> None:
    visit, hers = come_in(shop)
    consent = agree(shop, visit, "record")
    until(lambda: shop.mirror_state()["ring_s"] > 0.5)
    clip_id = record(shop, visit, pre_roll_s=0)
    time.sleep(0.5)
    shop.call("DELETE", f"/v1/consents/{consent['id']}", hers)
    assert settled(shop, clip_id, hers) == "gone"
    assert shop.call("GET", "/v1/clips", hers)["clips"] == []
    until(lambda: not list((shop.folder / "mirror" / "waiting").iterdir()))
    until(lambda: shop.mirror_state()["indicator"] != "recording")


def test_real_video_is_recorded_through_the_same_doors(shared_data: Path, tmp_path: Path) -> None:
    opened = Shop(tmp_path, str(shared_data / "video" / "one-by-one-person-detection.mp4"))
    try:
        visit, hers = come_in(opened)
        agree(opened, visit, "record")
        until(lambda: opened.mirror_state()["ring_s"] > 2)
        clip_id = record(opened, visit, pre_roll_s=1)
        time.sleep(1)
        opened.call("POST", f"/v1/recordings/{clip_id}/stop", hers)
        assert settled(opened, clip_id, hers) == "kept"
        (clip,) = opened.call("GET", "/v1/clips", hers)["clips"]
        video = opened.answer("GET", clip["video"], hers).content
    finally:
        opened.close()
    with av.open(io.BytesIO(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == clip["frames"] >= 15
    assert clip["making"] == "joined"
