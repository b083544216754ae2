"""A model from a hub: pinned, verified, resumed, kept, and a clear word without a network.

The hub is a small server on this machine that speaks the real client's protocol.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("huggingface_hub")

from models.errors import CannotExport, NoNetwork, UnknownModel
from models.hub import FETCHED, fetch, find_fetched

pytestmark = pytest.mark.workshop
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 100_000  # the client saves in pieces of 10 MB
FILES = {
    "open_clip_model.safetensors": WEIGHTS,
    "open_clip_config.json": b'{"model_cfg": {}}',
    "README.md": b"not wanted",
}


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does, for one repository; may break off the first download."""

    asked: ClassVar[list[str]] = []
    ranges: ClassVar[list[str]] = []
    breaks_off: ClassVar[bool] = False
    lies: ClassVar[bool] = False

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def do_GET(self) -> None:
        self._answer(send=True)

    def log_message(self, *_: Any) -> None:
        """Keep the tests' output clean."""

    def _answer(self, *, send: bool) -> None:
        Hub.asked.append(self.path)
        if self.path.startswith("/api/models/shop/eye"):
            headers = {"Content-Type": "application/json"}
            self._send(json.dumps(self._about()).encode(), headers, send)
        elif self.path.startswith(f"/shop/eye/resolve/{COMMIT}/"):
            name = self.path.rsplit("/", 1)[1]
            self._file(FILES[name], name, send)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _about(self) -> dict[str, Any]:
        siblings: list[dict[str, Any]] = [{"rfilename": name} for name in FILES]
        size, digest = len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest()
        wrong = "0" * 64 if Hub.lies else digest
        siblings[0] |= {"size": size, "lfs": {"sha256": wrong, "size": size, "pointerSize": 9}}
        return {"id": "shop/eye", "sha": COMMIT, "siblings": siblings, "tags": [],
                 "downloads": 0, "private": False, "cardData": {"license": "mit"}}  # fmt: skip

    def _file(self, content: bytes, name: str, send: bool) -> None:
        etag = hashlib.sha256(content).hexdigest()
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "X-Linked-Size": str(len(content)),
                   "Accept-Ranges": "bytes"}  # fmt: skip
        wanted = self.headers.get("Range")
        if send and wanted and wanted != "bytes=0-":
            Hub.ranges.append(wanted)
            content = content[int(wanted.removeprefix("bytes=").split("-")[0]) :]
        if send and Hub.breaks_off and name.endswith(".safetensors"):
            Hub.breaks_off = False
            headers["Content-Length"] = str(len(content))
            content = content[: len(content) // 2]
            self.close_connection = True
        self._send(content, headers, send)

    def _send(self, content: bytes, headers: dict[str, str], send: bool) -> None:
        self.send_response(206 if self.headers.get("Range") and send else 200)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if send:
            self.wfile.write(content)


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.asked.clear()
    Hub.ranges.clear()
    Hub.breaks_off = Hub.lies = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_is_pinned_verified_and_used_again_without_the_network(hub: str, tmp_path: Path) -> None:
    fetched = fetch("shop/eye", tmp_path, endpoint=hub)
    assert (fetched.revision, fetched.licence) == (COMMIT, "mit")
    assert (tmp_path / "open_clip_model.safetensors").read_bytes() == WEIGHTS
    assert not (tmp_path / "README.md").exists()
    assert find_fetched(tmp_path) == fetched
    Hub.asked.clear()
    assert fetch("shop/eye", tmp_path, endpoint="http://127.0.0.1:9") == fetched
    assert fetch("shop/eye", tmp_path, COMMIT, endpoint=hub) == fetched
    assert Hub.asked == []


def test_a_download_that_broke_off_goes_on_where_it_stopped(hub: str, tmp_path: Path) -> None:
    Hub.breaks_off = True
    fetched = fetch("shop/eye", tmp_path, endpoint=hub)
    assert (tmp_path / "open_clip_model.safetensors").read_bytes() == WEIGHTS
    assert fetched.checksums["open_clip_model.safetensors"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert any(int(r.removeprefix("bytes=").split("-")[0]) > 0 for r in Hub.ranges)


def test_a_file_that_is_not_the_promised_one_is_not_kept(hub: str, tmp_path: Path) -> None:
    Hub.lies = True
    with pytest.raises(CannotExport, match="damaged"):
        fetch("shop/eye", tmp_path, endpoint=hub)
    assert not (tmp_path / FETCHED).exists()


def test_a_file_that_changed_on_disk_is_noticed(hub: str, tmp_path: Path) -> None:
    fetch("shop/eye", tmp_path, endpoint=hub)
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(CannotExport, match="fetch it again"):
        fetch("shop/eye", tmp_path, endpoint=hub)


def test_an_unknown_name_is_told_as_such(hub: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownModel):
        fetch("shop/nothing", tmp_path, endpoint=hub)


def test_without_a_network_the_offline_choices_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoNetwork, match="--model builtin") as told:
        fetch("shop/eye", tmp_path, endpoint="http://127.0.0.1:9")
    assert "--checkpoint" in str(told.value)
    assert not (tmp_path / FETCHED).exists()
