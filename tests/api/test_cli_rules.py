"""`vistazo rules`: kept without a model, tried with one."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def test_rules_are_added_listed_replaced_and_removed(call, catalogue):
    call("index", catalogue)
    assert "no rules" in call("rules", "list")[1]
    code, out, _ = call("rules", "add", "sold out", "--bury", "stock=0", "--kind", "words")
    assert (code, out) == (0, "added: sold out: bury stock=0 behind everything for words\n")
    code, out, _ = call("rules", "add", "sold out", "--bury", "stock=0", "--disabled", "--json")
    assert (code, json.loads(out)["new"], json.loads(out)["enabled"]) == (0, False, False)
    call("rules", "add", "gala", "--pin", "a", "--pin", "b", "--words", "red dress", "--place", -1)
    code, out, _ = call("rules", "list")
    assert out.splitlines() == [
        "gala: pin a, b when asked for 'red dress'",
        "sold out: bury stock=0 behind everything (switched off)",
    ]
    assert [r["name"] for r in json.loads(call("rules", "list", "--json")[1])["rules"]] == [
        "gala", "sold out",
    ]  # fmt: skip
    assert call("rules", "remove", "gala")[0] == 0
    assert call("rules", "remove", "gala")[0] == 1


def test_a_preview_says_where_hits_stood_and_why_they_moved(call, catalogue, red):
    call("index", catalogue)
    call("rules", "add", "front", "--pin", "bag-black", "--until", "2026-12-01T00:00:00Z")
    asked = ("rules", "preview", "--image", red, "--at", "2026-11-30T00:00:00+01:00")
    code, out, _ = call(*asked)
    assert (code, "bag-black" in out.splitlines()[0]) == (0, True)
    assert "pin by 'front'" in out.splitlines()[0]
    shown = json.loads(call(*asked, "--json")[1])
    assert shown["after"][0]["rules"][0]["rule"] == "front"
    code, out, _ = call("rules", "preview", "--image", red, "--at", "2027-01-01T00:00:00Z")
    assert "it ended at" in out
    assert "No rule acts" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "x"), 2),
        (("add", "x", "--boost", "a=b", "--bury", "a=b"), 2),
        (("add", "x", "--boost", "((("), 2),
        (("add", "x", "--boost", "a=b", "--from", "tomorrow"), 2),
        (("add", "x", "--boost", "a=b", "--shop", "nowhere"), 1),
        (("preview",), 2),
        (("preview", "--text", "x", "--at", "soon"), 2),
    ],
)
def test_a_mistake_is_told_and_nothing_is_kept(call, catalogue, arguments, code):
    call("index", catalogue)
    found, _, err = call("rules", *arguments)
    assert found == code
    assert "Traceback" not in err
    assert "no rules" in call("rules", "list")[1]
