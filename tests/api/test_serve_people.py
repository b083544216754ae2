"""One service for a store: the shop, its people and its mirrors on one address."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from tests.little_shop import drawn, encoded
from tests.tiny_card import tiny_model

WITHOUT_THE_EXTRA = (
    "import sys; sys.modules['av'] = sys.modules['cryptography'] = None;"
    "from api.__main__ import main; main(sys.argv[1:])"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a shop of one product in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VISTAZO_SHOP", raising=False)
    monkeypatch.setenv("VISTAZO_MODEL", str(tiny_model(tmp_path / "tiny")))
    (tmp_path / "red.jpg").write_bytes(encoded(drawn("red")))
    (tmp_path / "products.csv").write_text("sku,title,image\nr1,Red,red.jpg\n")
    done = vistazo("index", "products.csv")
    assert done.returncode == 0, done.stderr
    return tmp_path


def vistazo(*words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    how = ["-c", code] if code else ["-m", "api"]
    command = [sys.executable, *how, *words]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment
    )


@contextmanager
def served(*words: str, code: str = "") -> Iterator[str]:
    how = ["-c", code] if code else ["-m", "api"]
    command = [sys.executable, *how, "serve", "--port", "0", "--json", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("}"):
                break
        try:
            yield str(json.loads("".join(lines))["url"])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert process.returncode in (0, -signal.SIGINT, 130)


def test_a_store_runs_one_service(place: Path) -> None:
    token = vistazo("mirror", "pass", "Olga", "--people", "people").stdout.strip()
    with served("--people", "people") as url:
        assert httpx.get(f"{url}/v1/search?text=red", timeout=60).json()["hits"]
        assert httpx.get(f"{url}/v1/mirrors", timeout=60).status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        made = httpx.put(
            f"{url}/v1/mirrors/room-1", json={"name": "1"}, headers=headers, timeout=60
        )
        assert made.status_code == 201
        paths = httpx.get(f"{url}/v1/openapi.json", timeout=60).json()["paths"]
        assert {"/v1/search", "/v1/mirrors", "/v1/clips"} <= paths.keys()
        second = vistazo("mirror", "serve", "--people", "people", "--port", "0")
        assert second.returncode == 1  # one process has the people's folder
        with httpx.stream(
            "GET", f"{url}/v1/mirrors/room-1/live", headers=headers, timeout=60
        ) as live:
            assert next(live.iter_lines()).startswith("retry:")
            # a line that never ends does not keep the service from stopping


def test_search_is_served_without_the_mirror_s_libraries(place: Path) -> None:
    with served(code=WITHOUT_THE_EXTRA) as url:
        assert httpx.get(f"{url}/v1/search?text=red", timeout=60).json()["hits"]
        assert httpx.get(f"{url}/v1/mirrors", timeout=60).status_code == 404


def test_people_without_the_libraries_are_told_what_to_install(place: Path) -> None:
    ended = vistazo("serve", "--port", "0", "--people", "people", code=WITHOUT_THE_EXTRA)
    assert ended.returncode == 1
    assert "pip install 'vistazo[mirror]'" in ended.stderr
    assert "Traceback" not in ended.stderr
