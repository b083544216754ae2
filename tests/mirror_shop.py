"""A server and a mirror as an operator starts them, and a customer who speaks HTTP."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import httpx

from tests.drawn_camera import read_counter

SECRET = b"VISTAZO-WATERMARK-8c1f"
WORDS = "I agree that this mirror records me while I try clothes on."


def vistazo(*words: str) -> list[str]:
    return [sys.executable, "-m", "api", "mirror", *words]


def until(holds: Callable[[], Any], limit_s: float = 120.0) -> Any:
    end_s = time.monotonic() + limit_s
    while not (found := holds()):
        assert time.monotonic() < end_s, "it never came to be"
        time.sleep(0.05)
    return found


class Shop:
    """A server and a mirror in processes of their own, in one folder."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        (folder / "tmp").mkdir(exist_ok=True)  # whatever a library hides while it works
        self.processes: list[subprocess.Popen[str]] = []
        people = ("--people", str(folder / "people"))
        pass_ = subprocess.run(
            vistazo("pass", "Olga", *people), capture_output=True, text=True, check=True
        )
        self.operator = pass_.stdout.strip()
        self.url = ""
        self.server = self.start_server()
        made = self.call("PUT", "/v1/mirrors/room-3", self.operator, name="Room 3")
        self.mirror_pass = made["pass"]
        self.mirror = self.start_mirror()

    def start_server(self) -> subprocess.Popen[str]:
        port = self.url.rpartition(":")[2] or "0"
        words = ("serve", "--port", port, "--json", "--people", str(self.folder / "people"))
        server = self._start(vistazo(*words), {})
        assert server.stdout is not None
        self.url = json.loads(server.stdout.readline())["url"]
        until(self.listens)
        return server

    def listens(self) -> bool:
        try:
            return httpx.get(self.url + "/v1/openapi.json").is_success
        except httpx.TransportError:
            return False

    def start_mirror(self) -> subprocess.Popen[str]:
        words = (
            "run", "--camera", self.address, "--server", self.url, "--id", "room-3",
            "--state", str(self.folder / "mirror"), "--status-port", "0",
        )  # fmt: skip
        return self._start(vistazo(*words), {"VISTAZO_MIRROR_PASS": self.mirror_pass})

    def _start(self, words: list[str], extra: dict[str, str]) -> subprocess.Popen[str]:
        env = os.environ | extra | {"TMPDIR": str(self.folder / "tmp")}
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env)
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
            if process.stdout:
                process.stdout.close()

    def answer(self, method: str, path: str, token: str, **fields: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = {"json": fields} if fields else {}
        return httpx.request(method, self.url + path, headers=headers, timeout=60, **content)

    def call(self, method: str, path: str, token: str, **fields: Any) -> Any:
        response = self.answer(method, path, token, **fields)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def mirror_state(self) -> dict[str, Any]:
        state = self.call("GET", "/v1/mirrors/room-3", self.operator)["state"]
        return state or {"ring_s": 0.0, "indicator": "off", "camera_ok": False}

    def on_disk(self, needle: bytes) -> list[str]:
        found = []
        for path in self.folder.rglob("*"):
            with suppress(OSError):  # gone meanwhile, as what is replaced; or no file
                found += [path.name] if needle in path.read_bytes() else []
        return found


def come_in(shop: Shop) -> tuple[dict[str, Any], str]:
    visit = shop.call("POST", "/v1/visits", shop.mirror_pass, mirror_id="room-3")
    return visit, visit["pass"]


def agree(shop: Shop, visit: dict[str, Any], *purposes: str) -> dict[str, Any]:
    consent = shop.call(
        "POST", f"/v1/visits/{visit['id']}/consents", visit["pass"], purposes=list(purposes),
        words=WORDS, language="en", name="Ana Núñez", age="of_age",
    )  # fmt: skip
    assert isinstance(consent, dict)
    return consent


def record(shop: Shop, visit: dict[str, Any], pre_roll_s: float) -> str:
    path = f"/v1/visits/{visit['id']}/recordings"
    asked = shop.call("POST", path, visit["pass"], pre_roll_s=pre_roll_s)
    until(lambda: shop.mirror_state()["indicator"] == "recording")
    return str(asked["clip_id"])


def settled(shop: Shop, clip_id: str, token: str) -> str:
    return str(until(lambda: shop.call("GET", f"/v1/recordings/{clip_id}", token)["outcome"]))


def counters(video: bytes) -> list[int]:
    with av.open(io.BytesIO(video), options={"ignore_editlist": "1"}) as container:
        return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]
