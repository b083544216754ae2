import json
from datetime import UTC, datetime

import httpx
import pytest

from api.mirror_forms import read_state
from api.mirror_status import status_page
from mirror.desk import MirrorState

WELL = MirrorState(
    indicator="recording", camera="rtsp://10.0.0.9/live", camera_ok=True, frames_per_s=29.9,
    ring_s=59.2, ring_bytes=40_000_000, disk_free_bytes=10**11, server_ok=True,
    last_gap_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)  # fmt: skip


def test_the_page_shows_camera_ring_disk_server_and_last_gap() -> None:
    with status_page(lambda: WELL, 0) as url:
        page = httpx.get(url)
    assert page.status_code == 200
    for said in (
        "All is well",
        "recording",
        "29.9",
        "59.2 s, 40.0 MB",
        "2026-03-01 12:00:00",
        "100.0 GB",
    ):
        assert said in page.text
    assert "bad" not in page.text.partition("</style>")[2]


def test_what_is_wrong_is_marked_and_nothing_said_becomes_markup() -> None:
    ill = MirrorState(
        camera="x", camera_says="<script>alert(1)</script>", refused={"c1": "no room"}
    )
    with status_page(lambda: ill, 0) as url:
        text = httpx.get(url).text
    assert "Needs attention" in text
    assert "<script>" not in text
    assert "no room" in text
    assert text.count("class=bad") == 5


def test_programs_read_the_same_as_json() -> None:
    with status_page(lambda: WELL, 0) as url:
        fields = json.loads(httpx.get(url + "status.json").text)
    assert read_state(fields) == WELL


@pytest.mark.parametrize(("path", "host"), [("frames", "127.0.0.1"), ("", "evil.example")])
def test_nothing_else_is_served_and_not_under_another_name(path: str, host: str) -> None:
    with status_page(lambda: WELL, 0) as url:
        assert httpx.get(url + path, headers={"Host": host}).status_code == 404
