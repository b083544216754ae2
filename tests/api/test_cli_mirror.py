import json
import os
import subprocess
import sys
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
    state = MirrorState(indicator="recording", frames_per_s=29.9)
    (tmp_path / "status.json").write_text(json.dumps(state_json(state)))
    said = mirror("status", "--state", str(tmp_path))
    assert said.returncode == 0
    assert "29.9" in said.stdout
    assert json.loads(mirror("status", "--state", str(tmp_path), "--json").stdout) == state_json(
        state
    )


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
