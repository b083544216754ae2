"""What the command line writes stands in the audit log."""

import json
import os
import pwd
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def test_every_write_of_the_command_line_is_noted_with_its_user(call, catalogue):
    call("index", catalogue)
    assert not Path("shop/door").exists()  # never served: nothing is made for it
    call("keys", "create", "admin", "--name", "Olga")
    call("index", catalogue)
    call("rules", "add", "gala", "--pin", "bag-red")
    call("rules", "remove", "gala")
    call("product", "set", "bag-red", "stock=1")
    call("product", "delete", "bag-red", "--yes")
    call("index", catalogue, "--dry-run")
    call("product", "show", "bag-blue")
    notes = json.loads(call("audit", "--json")[1])["notes"][::-1]
    assert {note["who"] for note in notes} == {f"cli:{pwd.getpwuid(os.getuid()).pw_name}"}
    assert [(note["act"], note["subject"]) for note in notes[1:]] == [
        ("run_jobs", f"index {Path(catalogue).name}: 0 added, 0 changed, 0 removed"),
        ("write_rules", "gala"),
        ("write_rules", "remove gala"),
        ("write_product", "bag-red"),
        ("delete_product", "bag-red"),
    ]
    assert notes[0]["act"] == "manage_keys"


def test_a_log_that_is_damaged_is_told_and_the_write_stands(call, catalogue):
    call("index", catalogue)
    Path("shop/door").mkdir()
    Path("shop/door/audit.sqlite3").write_bytes(b"no database" * 100)
    code, _, told = call("product", "set", "bag-red", "stock=7")
    assert (code, "not in the audit log" in told) == (0, True)
    assert json.loads(call("product", "show", "bag-red", "--json")[1])["stock"] == 7
