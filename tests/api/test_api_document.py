"""docs/api.md tells the truth: its examples run, its codes are the table's, its settings exist."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from api.errors import TABLE, UNFORESEEN
from api.settings import Settings
from tests.door_server import served_app
from tests.little_shop import drawn, encoded

DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
SEARCHING = ("vision.", "index.", "api.")
"""The wings that this document speaks of; people and mirrors have one of their own."""
FRAMEWORKS_OWN = {"no-such-address", "method-not-allowed"}


@pytest.fixture
def url(shop) -> Iterator[str]:
    """The little shop on a real port."""
    with served_app(create_app(shop)) as port:
        yield f"http://127.0.0.1:{port}"


def test_every_example_of_the_document_works(url, tmp_path):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed here")
    (tmp_path / "snap.jpg").write_bytes(encoded(drawn("green")))
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    examples = [line for block in blocks for line in block.splitlines()]
    assert len(examples) >= 12
    for example in examples:
        words = shlex.split(example.replace("http://127.0.0.1:8000", url))
        assert words[0] == "curl"
        if "--json" in words:  # younger than some curls in use
            at = words.index("--json")
            words[at : at + 1] = ["-H", "content-type: application/json", "--data"]
        done = subprocess.run(
            [curl, "--silent", "--show-error", "--fail", *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{example}\n{done.stderr.decode()}"
    assert (tmp_path / "picture.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_the_codes_of_the_document_are_those_of_the_table():
    section = DOCUMENT.split("## Errors")[1].split("## Settings")[0]
    told: dict[str, int] = {}
    for status, codes in re.findall(r"^\| (\d{3}) \| (.*) \|$", section, flags=re.MULTILINE):
        told |= {code: int(status) for code in re.findall(r"`([a-z-]+)`", codes)}
    rows = [row for kind, row in TABLE.items() if kind.__module__.startswith(SEARCHING)]
    own = {code: status for code, status in told.items() if code not in FRAMEWORKS_OWN}
    assert own == {row.code: row.status for row in [UNFORESEEN, *rows]}


def test_every_setting_is_in_the_document_with_its_default():
    told = {name.lower() for name in re.findall(r"`VISTAZO_(\w+)`", DOCUMENT)}
    assert set(Settings.model_fields) <= told
    fields = Settings.model_fields
    assert fields["lanes"].default_factory is fields["threads"].default_factory
    assert fields["waiting"].default == 32
