"""What must never be committed: machine paths, other people's pictures, secrets."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in found.stdout.split("\0") if name]


def test_no_text_names_a_home_or_work_folder_of_one_machine() -> None:
    path = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/\w")
    for file in tracked():
        if file.suffix in {".py", ".md", ".toml", ".json", ".js", ".css", ".html", ".sh", ".txt"}:
            hit = path.search(file.read_text("utf-8"))
            assert hit is None, f"{file.relative_to(ROOT)}: {hit.group() if hit else ''}"


def test_no_file_is_heavier_than_the_built_in_model_needs() -> None:
    for file in tracked():
        limit = 30_000_000 if file.parent.name == "builtin" else 1_000_000
        assert not file.is_file() or file.stat().st_size <= limit, file
