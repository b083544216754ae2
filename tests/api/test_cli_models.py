"""`vistazo models`, as an operator types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.__main__ import run
from models.registry import BUILTIN
from tests.tiny_card import tiny_model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    tiny_model(tmp_path / "store" / "tiny" / "1")
    return tmp_path / "store"


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, object]:
    assert run(["models", *map(str, words), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert isinstance(answer, dict)
    return answer


def test_the_list_begins_with_the_builtin_model(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = said(capsys, "list", "--store", store)["models"]
    assert isinstance(rows, list)
    assert [row["folder"] for row in rows] == [str(BUILTIN), str(store / "tiny" / "1")]


def test_a_model_of_the_store_is_shown_and_verified(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, "show", "tiny@1", "--store", store)
    assert (shown["name"], shown["licence"]) == ("tiny", "Apache-2.0")
    assert said(capsys, "verify", "tiny", "--store", store)["ok"] is True


def test_an_altered_file_fails_the_verification(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store / "tiny" / "1" / "words.onnx").write_bytes(b"altered")
    assert run(["models", "verify", "tiny", "--store", str(store)]) == 1
    assert "words.onnx" in capsys.readouterr().err


def test_a_removed_model_is_gone_and_an_unknown_one_names_the_known(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "remove", "tiny", "--store", store)
    assert run(["models", "show", "tiny", "--store", str(store)]) == 1
    assert "vistazo-lite" in capsys.readouterr().err
    assert run(["models", "remove", "builtin", "--store", str(store)]) == 1
    assert (BUILTIN / "card.json").is_file()


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--help"]) == 0
    told = capsys.readouterr().out
    for command in ("list", "show", "verify", "bench", "remove", "export", "publish", "fetch"):
        assert command in told


@pytest.mark.workshop
def test_a_workshop_command_fails_with_one_clear_line(tmp_path: Path) -> None:
    words = ["export", "ViT-B-32", "--random", "1", "--out", str(tmp_path / "x")]
    done = subprocess.run(
        [sys.executable, "-m", "api", "models", *words, "--pictures", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "distinct pictures" in done.stderr
    assert "Traceback" not in done.stderr
