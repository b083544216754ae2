"""`vistazo demo`: a catalogue, or a drawn one, becomes a shop."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from api.cli_demo import name_of

pytestmark = pytest.mark.usefixtures("workplace")


ROOT = Path(__file__).parents[2]


def test_the_demo_builds_a_catalogue_into_a_shop_and_serves_it(catalogue, tmp_path):
    command = [sys.executable, "-m", "api", "demo", "--catalogue", str(catalogue), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    serving = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True)
    try:
        assert serving.stderr is not None
        url = ""
        while not url and (line := serving.stderr.readline()):
            url = next((word for word in line.split() if word.startswith("http://")), "")
        with urllib.request.urlopen(url + "/v1/shop", timeout=60) as answer:
            assert json.load(answer)["products"] == 10
        with urllib.request.urlopen(url, timeout=60) as page:
            assert b"<html" in page.read()
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(60)
    assert [f.name[:7] for f in (tmp_path / "demo-shop").iterdir()] == ["source-"]


def test_ctrl_c_while_a_shop_is_drawn_leaves_no_picture_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "api", "demo", "--port", "0"]
    drawing = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job's is ignored
    )
    while not any(tmp_path.glob("demo-shop/drawn/*.part-*/images/*")) and drawing.poll() is None:
        time.sleep(0.02)
    os.killpg(drawing.pid, signal.SIGINT)  # what a terminal does
    _, err = drawing.communicate(timeout=60)
    assert drawing.returncode == 130
    assert "Traceback" not in err
    assert not list(tmp_path.glob("demo-shop/drawn/*"))


def test_each_catalogue_has_a_demo_folder_of_its_own(tmp_path):
    one, two = tmp_path / "a" / "catalogue.csv", tmp_path / "b" / "catalogue.csv"
    assert name_of(one) != name_of(two)
    assert name_of(one).startswith("a-")
    assert name_of(tmp_path / "shoes.csv").startswith("shoes-")
