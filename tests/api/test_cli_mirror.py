import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from api.mirror_forms import state_json
from mirror.desk import MirrorState
from tests.little_studio import LittleStudio


def mirror(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api", "mirror", *words],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_check_finds_nothing_in_a_sound_store_and_the_fault_in_a_damaged_one(
    tmp_path: Path,
) -> None:
    little = LittleStudio(tmp_path)
    little.studio.close()
    sound = mirror("check", "--people", str(tmp_path), "--json")
    assert (sound.returncode, json.loads(sound.stdout)["faults"]) == (0, [])
    name = f"{little.clips['ana'].id}.video"
    (tmp_path / "clips" / "files" / name).write_bytes(b"torn")
    damaged = mirror("check", "--people", str(tmp_path))
    assert damaged.returncode == 1
    assert f"{name}: its file is torn or altered" in damaged.stdout


def test_a_receipt_verifies_on_the_command_line_and_a_forged_one_does_not(tmp_path: Path) -> None:
    little = LittleStudio(tmp_path / "people")
    fields = little.studio.forget(little.visits["ana"].customer_id).fields()
    public = little.studio.signer.public
    (tmp_path / "receipt.json").write_text(json.dumps(fields | {"public_key": public}))
    right = mirror("verify-receipt", str(tmp_path / "receipt.json"), "--key", public)
    assert right.returncode == 0
    assert "1 files" in right.stdout
    (tmp_path / "receipt.json").write_text(json.dumps(fields | {"files": {}}))
    forged = mirror("verify-receipt", str(tmp_path / "receipt.json"), "--key", public)
    assert forged.returncode == 1
    assert "signature" in forged.stderr


def test_status_shows_the_mirror_s_last_word_or_says_that_there_is_none(tmp_path: Path) -> None:
    none = mirror("status", "--state", str(tmp_path))
    assert none.returncode == 1
    assert "No mirror has reported" in none.stderr
    well = MirrorState(
        indicator="recording", camera="rtsp://10.0.0.9/live", camera_ok=True, frames_per_s=29.9,
        ring_s=59.2, ring_bytes=40_000_000, disk_free_bytes=10**11, server_ok=True,
    )  # fmt: skip
    path = tmp_path / "status.json"
    path.write_text(json.dumps(state_json(well)))
    os.utime(path, (time.time() + 60, time.time() + 60))  # as if written when it is read
    said = mirror("status", "--state", str(tmp_path))
    assert said.returncode == 0
    for word in ("runs", "recording", "rtsp://10.0.0.9", "29.9", "59.2 s, 40.0 MB", "100.0 GB"):
        assert word in said.stdout
    as_json = mirror("status", "--state", str(tmp_path), "--json")
    assert json.loads(as_json.stdout) == state_json(well)


def test_status_fails_where_something_is_missed_or_nothing_runs(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    ill = MirrorState(camera="x", camera_says="no\x1b[2Jroute", refused={"c1": "no room"})
    path.write_text(json.dumps(state_json(ill)))
    os.utime(path, (time.time() - 90, time.time() - 90))
    said = mirror("status", "--state", str(tmp_path))
    assert said.returncode == 1
    for word in ("does not run", "LOST: no", "does NOT answer", "no clip c1", "no room"):
        assert word in said.stdout
    assert "\x1b" not in said.stdout


def test_run_wants_a_pass_and_a_pass_is_for_operator_or_staff(tmp_path: Path) -> None:
    words = ("--camera", "x.mp4", "--server", "http://127.0.0.1:1", "--id", "m1")
    unnamed = mirror("run", *words, "--state", str(tmp_path))
    assert unnamed.returncode == 2
    assert "VISTAZO_MIRROR_PASS" in unnamed.stderr
    wrong = mirror("pass", "Olga", "--role", "customer", "--people", str(tmp_path))
    assert wrong.returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--people", "{}"),
        ("check", "--people", "{}"),
        ("verify-receipt", "pyproject.toml", "--key", "aa"),
        ("run", "--camera", "x", "--server", "http://127.0.0.1:1", "--id", "m", "--state", "{}"),
    ],
    ids=lambda words: words[0],
)
def test_without_the_extra_search_works_and_the_mirror_says_what_to_install(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    code = (
        "import sys; sys.modules['av'] = sys.modules['cryptography'] = None;"
        "import api.app, api.search; from api.__main__ import main; main(['mirror', *sys.argv[1:]])"
    )
    said = [word.format(tmp_path) for word in words]
    ended = subprocess.run(
        [sys.executable, "-c", code, *said],
        capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"VISTAZO_MIRROR_PASS": "x"},
    )  # fmt: skip
    assert ended.returncode == 1
    assert "pip install 'vistazo[mirror]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_check_tells_encoders_with_their_licences_and_where_frames_could_leak(
    tmp_path: Path,
) -> None:
    LittleStudio(tmp_path).studio.close()
    fields = json.loads(mirror("check", "--people", str(tmp_path), "--json").stdout)
    assert fields["encoders"] == {"x264": "GPL-2.0-or-later", "vp9": "BSD-3-Clause"}
    assert isinstance(fields["memory_can_be_locked"], bool)
    said = mirror("check", "--people", str(tmp_path)).stdout
    assert "x264 (GPL-2.0-or-later), vp9 (BSD-3-Clause)" in said
    assert "swap" in said


def test_run_refuses_an_unknown_encoder_with_the_known_ones(tmp_path: Path) -> None:
    words = ("--camera", "browser", "--server", "http://127.0.0.1:1", "--id", "m1")
    environment = os.environ | {"VISTAZO_MIRROR_PASS": "x", "VISTAZO_MIRROR_ENCODER": "h266"}
    refused = subprocess.run(
        [sys.executable, "-m", "api", "mirror", "run", *words, "--state", str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=60, env=environment,
    )  # fmt: skip
    assert refused.returncode != 0
    assert "Try: x264, vp9" in refused.stderr
