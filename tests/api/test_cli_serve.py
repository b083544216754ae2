"""`vistazo serve`: it serves until it is told to stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from api.cli_serve import address_of, listen
from tests.announced import announced

pytestmark = pytest.mark.usefixtures("workplace")


ROOT = Path(__file__).parents[2]


def test_serve_serves_until_it_is_told_to_stop(call, catalogue, red):
    call("index", catalogue)
    command = [sys.executable, "-m", "api", "serve", "--port", "0", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    said = catalogue.with_name("said")
    with said.open("wb") as errors:
        serving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment)
    try:
        told = announced(serving, said)
        assert told["products"] == 10
        request = urllib.request.Request(
            told["url"] + "/v1/search", red.read_bytes(), {"content-type": "image/jpeg"}
        )
        for _ in range(100):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    body = json.load(answer)
                break
            except OSError:
                time.sleep(0.1)
        assert body["hits"][0]["colour"] == "red"
    finally:
        serving.send_signal(signal.SIGINT)
        assert serving.wait(60) in (0, 130)


def test_a_taken_port_is_told_before_anything_is_loaded(call):
    taken = listen("127.0.0.1", 0)
    taken.listen()
    port = taken.getsockname()[1]
    code, _, err = call("serve", "--port", port)
    assert (code, "--port" in err) == (1, True)
    assert taken.proto == socket.IPPROTO_TCP  # or asyncio leaves Nagle on: 40 ms an answer
    assert address_of("0.0.0.0", taken) == f"http://127.0.0.1:{port}"
    taken.close()
