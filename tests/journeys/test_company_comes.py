"""A second person comes into the picture while a clip is running: held, confirmed, gone on.

Walked with real processes, a real camera library and the real net, on a film made of real video: a
person alone, then another one beside her, then alone again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

av = pytest.importorskip("av", reason="the mirror's extra is not installed")

from tests.mirror_shop import Shop, agree, come_in, record, settled, until  # noqa: E402

ALONE_S, BOTH_S = 12, 14


def two_persons(video: Path) -> tuple[Any, Any]:
    """A picture of one person, and one of two: each stands in the middle of her half."""
    found = {}
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in (130, 340):
                found[number] = frame.to_ndarray(format="rgb24")
            if number > 340:
                break
    one, other = found[130], found[340]
    half = one.shape[1] // 2
    both = np.concatenate([one[:, half - 250 : half + 134], other[:, half - 134 : half + 250]], 1)
    return one, np.ascontiguousarray(both)


@pytest.fixture
def shop(shared_data: Path, tmp_path: Path) -> Iterator[Shop]:
    one, both = two_persons(shared_data / "video" / "one-by-one-person-detection.mp4")
    film = tmp_path / "film.mp4"
    with av.open(str(film), "w") as container:
        stream: Any = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = one.shape[1], one.shape[0], "yuv420p"
        stream.options = {"g": "15", "preset": "ultrafast", "bf": "0"}
        for number in range((ALONE_S + BOTH_S) * 15):
            picture = one if number < ALONE_S * 15 else both
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    (tmp_path / "shop").mkdir()
    opened = Shop(tmp_path / "shop", str(film))
    yield opened
    opened.close()


def test_the_recording_pauses_until_she_says_that_the_other_one_may_stay(shop: Shop) -> None:
    visit, hers = come_in(shop)
    agree(shop, visit, "record")
    until(lambda: shop.mirror_state().get("watch") == "on")
    until(lambda: shop.mirror_state()["ring_s"] > 0.5 and not shop.mirror_state()["held"], 60)
    clip_id = record(shop, visit, pre_roll_s=0.2)
    until(lambda: shop.mirror_state()["held"] == "second_person")
    assert shop.mirror_state()["indicator"] == "paused"
    assert shop.mirror_state()["ring_bytes"] == 0
    shop.call("POST", f"/v1/visits/{visit['id']}/company", hers)
    until(lambda: shop.mirror_state()["indicator"] == "recording")
    until(lambda: shop.mirror_state()["ring_s"] > 0.7)
    shop.call("POST", f"/v1/recordings/{clip_id}/stop", hers)
    assert settled(shop, clip_id, hers) == "kept"
    clip = shop.call("GET", f"/v1/clips/{clip_id}", hers)
    assert "second_person" in [gap["reason"] for gap in clip["gaps"]]
    assert "paused" in [note["code"] for note in clip["notes"]]
    log = shop.call("GET", f"/v1/customers/{visit['customer_id']}/log", hers)["log"]
    assert "confirm_company" in [entry["act"] for entry in log]
