"""`vistazo keys` and `vistazo audit`, as an operator uses them."""

import json
from pathlib import Path

import pytest

from api.keys import Keys
from api.roles import Role
from index.manifest import FORMAT, Manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    write_manifest(folder, Manifest(FORMAT, "1", "fake", "1", "fake-1", 28))
    return folder


def test_a_key_is_shown_once_listed_rotated_and_revoked(call, folder):
    code, secret, told = call("keys", "create", "admin", "--name", "Olga", "--shop", folder)
    assert code == 0
    assert "shown this once" in told
    keys = Keys(folder)
    key = keys.who(secret.strip())
    assert key.role is Role.ADMIN
    code, listed, _ = call("keys", "list", "--shop", folder)
    assert key.id in listed
    assert secret.strip() not in listed
    _, turned, told = call("keys", "rotate", key.id, "--shop", folder)
    assert keys.who(turned.strip()).name == "Olga"
    assert keys.who(secret.strip()).id == key.id
    assert "works until" in told
    code, _, _ = call("keys", "revoke", key.id, "--yes", "--shop", folder)
    assert code == 0
    _, listed, _ = call("keys", "list", "--shop", folder)
    assert "revoked" in listed


def test_a_published_key_is_not_called_a_secret(call, folder):
    page = "https://shop.example"
    told = call("keys", "create", "shopper", "--name", "Web", "--origin", page, "--shop", folder)[2]
    assert "may be public" in told
    assert page in told
    assert "passwords" not in told
    told = call("keys", "create", "shopper", "--name", "App", "--shop", folder)[2]
    assert "passwords" in told


def test_keys_speak_json(call, folder):
    _, out, _ = call("keys", "create", "shopper", "--name", "Web", "--origin",
                     "https://shop.example", "--days", "0", "--shop", folder, "--json")  # fmt: skip
    made = json.loads(out)
    assert made["expires_at"] is None
    assert made["origins"] == ["https://shop.example"]
    assert made["key"].startswith("vistazo_pk_")
    _, out, _ = call("keys", "list", "--json", "--shop", folder)
    assert [key["id"] for key in json.loads(out)["keys"]] == [made["id"]]


def test_what_was_done_with_keys_stands_in_the_audit_log(call, folder):
    _, out, _ = call("keys", "create", "mirror", "--name", "Room 1", "--shop", folder, "--json")
    key_id = json.loads(out)["id"]
    call("keys", "revoke", key_id, "--yes", "--shop", folder)
    _, out, _ = call("audit", "--shop", folder, "--json")
    notes = json.loads(out)["notes"]
    assert [note["subject"] for note in notes] == [f"revoke {key_id}", f"create {key_id} mirror"]
    _, out, _ = call("audit", "--csv", "--shop", folder)
    assert out.splitlines()[0] == "at,who,name,act,method,subject,status"
    _, out, _ = call("audit", "--shop", folder)
    assert "cli:" in out


def test_a_mistyped_shop_gets_no_keys(call, tmp_path):
    code, _, told = call("keys", "create", "admin", "--name", "O", "--shop", tmp_path / "none")
    assert code == 1
    assert "none" in told
    assert not (tmp_path / "none").exists()


def test_an_unknown_id_and_a_wrong_origin_are_told(call, folder):
    code, _, told = call("keys", "revoke", "nothing", "--yes", "--shop", folder)
    assert (code, "vistazo keys list" in told) == (1, True)
    code, _, told = call("keys", "create", "shopper", "--name", "W", "--origin", "*",
                         "--shop", folder)  # fmt: skip
    assert (code, "origin" in told) == (2, True)
