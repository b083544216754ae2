"""`Idempotency-Key` and `kill -9`: whenever the server dies, a job is begun once."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.job import Job, Kind
from api.jobs import Jobs
from tests.announced import announced
from tests.keeper import settle, until
from tests.tiny_card import tiny_model

ROOT = Path(__file__).parents[2]


class Unstarted(Jobs):
    """A server that is killed between a job's folder and its process."""

    def _start(self, job: Job) -> None:
        raise KeyboardInterrupt


def test_a_job_whose_server_died_before_it_answered_is_found_by_its_name(tmp_path: Path) -> None:
    wish = {"source": "x", "dry_run": True}
    with pytest.raises(KeyboardInterrupt):
        Unstarted(tmp_path).begin(Kind.UNPACK, wish, "Ana", named="n")
    jobs = Jobs(tmp_path)
    try:
        job = jobs.begin(Kind.UNPACK, wish, "Ana", named="n")
        assert [found.id for found in jobs.all()] == [job.id]
        assert jobs.begin(Kind.UNPACK, wish, "Ana", named="other").id != job.id
    finally:
        settle(jobs)
        until(lambda: all(jobs.state(job).ended for job in jobs.all()))


def serve(folder: Path) -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "VISTAZO_MODEL": str(folder / "tiny"),
        "VISTAZO_SHOP": str(folder / "shop"), "VISTAZO_DECODERS": "0",
    }  # fmt: skip
    command = [sys.executable, "-m", "api", "serve", "--port", "0", "--json"]
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=said)


def test_a_server_that_cannot_start_is_told_with_its_reason(tmp_path: Path) -> None:
    server = serve(tmp_path)  # without a model
    try:
        with pytest.raises(AssertionError, match=r"before it listened:\n(.|\n)*tiny"):
            announced(server, tmp_path / "said")
    finally:
        server.kill()
        server.wait(60)


def test_killed_at_any_moment_a_job_is_begun_once(tmp_path: Path, catalogue: Path) -> None:
    """Each round: the request is sent, the server is killed a moment later, started again and
    asked again."""
    tiny_model(tmp_path / "tiny")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "VISTAZO_MODEL": str(tmp_path / "tiny")}
    index = [sys.executable, "-m", "api", "index", str(catalogue), "--shop", str(tmp_path / "shop")]
    subprocess.run(index, env=environment, check=True, capture_output=True)
    table = {"content": b"sku,title\n1,One\n"}
    jobs, server = Jobs(tmp_path / "shop"), None
    try:
        for turn, wait_s in enumerate((0.0, 0.02, 0.06)):
            server = serve(tmp_path)
            url = announced(server, tmp_path / "said")["url"]
            with httpx.Client(base_url=url, timeout=60) as client:
                assert client.put("/v1/uploads/spring/catalogue.csv", **table).is_success
                wish = {"kind": "index", "source": "spring/catalogue.csv", "dry_run": True}
                named = {"idempotency-key": f"turn-{turn}"}
                asked = threading.Thread(
                    target=lambda: _try(client, wish, named),  # noqa: B023 # joined below
                    daemon=True,
                )
                asked.start()
                asked.join(wait_s)
                server.kill()
                server.wait(60)
                asked.join(60)
            server = serve(tmp_path)
            url = announced(server, tmp_path / "said")["url"]
            with httpx.Client(base_url=url, timeout=60) as client:
                told = [client.post("/v1/jobs", json=wish, headers=named) for _ in range(2)]
            assert [answer.status_code for answer in told] == [201, 201]
            assert told[0].json()["id"] == told[1].json()["id"]
            server.send_signal(signal.SIGINT)
            server.wait(60)
            names = [job.named for job in jobs.all()]
            assert len(names) == len(set(names)) == turn + 1
    finally:
        if server is not None and server.poll() is None:
            server.kill()
            server.wait(60)
        settle(jobs)
        until(lambda: all(jobs.state(job).ended for job in jobs.all()))


def _try(client: httpx.Client, wish: dict[str, Any], named: dict[str, str]) -> None:
    with suppress(httpx.TransportError):  # it was killed, as wanted
        client.post("/v1/jobs", json=wish, headers=named)
