"""The README tells the truth: its commands run, its words are types, its links lead somewhere."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
WINGS = ("vision", "index", "customers", "mirror", "models", "api")


def commands() -> list[str]:
    (block,) = re.findall(r"<!-- run by [^>]*-->\n```sh\n(.*?)```", README, flags=re.DOTALL)
    return [line.split(" #")[0].strip() for line in block.splitlines() if line.strip()]


def test_the_commands_of_the_readme_run_one_after_the_other(tmp_path: Path) -> None:
    bin_folder = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    if not (bin_folder / "vistazo").exists():
        pytest.skip("the project is not installed here (make install-test)")
    assert len(commands()) >= 6
    for command in commands():
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-800:]}\n{done.stderr[-800:]}"


def test_the_words_of_the_house_are_types_of_the_house() -> None:
    words = re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE)
    assert len(words) >= 10
    types = {
        node.name
        for wing in WINGS
        for file in (ROOT / wing).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert set(words) <= types, set(words) - types


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_of_the_documents_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert ((ROOT / page).parent / target).exists(), f"{page} → {target}"


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"make ([a-z][a-z-]+)", README)) - {"help"}:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
