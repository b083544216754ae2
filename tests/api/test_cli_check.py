"""`vistazo check`: exit codes, words and JSON, with and without repair."""

import json
import sqlite3

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def damage(*statements):
    with sqlite3.connect("shop/catalogue.sqlite3") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_sound_shop_is_well(call, catalogue):
    call("index", catalogue)
    code, out, _ = call("check")
    assert (code, out.splitlines()) == (0, ["shop: 10 products, 10 pictures", "All is well."])
    told = json.loads(call("check", "shop", "--quick", "--json")[1])
    assert (told["ok"], told["spaces"][0]["faults"]) == (True, [])


def test_what_is_wrong_is_told_and_then_mended(call, catalogue):
    call("index", catalogue)
    damage("UPDATE terms SET value = 'x' WHERE field = 'colour'", "DELETE FROM vectors")
    code, out, _ = call("check")
    assert (code, "wrong  terms-differ" in out, "check --repair" in out) == (1, True, True)
    told = json.loads(call("check", "--json")[1])
    assert [(f["code"], f["count"]) for f in told["spaces"][0]["faults"]] == [
        ("no-vector", 10), ("terms-differ", 10),
    ]  # fmt: skip
    code, out, _ = call("check", "--repair")
    assert (code, out.count("mended"), out.splitlines()[-1]) == (0, 2, "All is well.")
    assert call("check")[0] == 0
    code, out, _ = call("search", "--text", "red", "--filter", "colour=red", "--json")
    assert len(json.loads(out)["hits"]) > 0


def test_what_only_a_snapshot_brings_back_is_told(call, catalogue):
    call("index", catalogue)
    next((catalogue.parent / "images").glob("*")).unlink()
    code, out, _ = call("check", "--repair")
    assert (code, "picture-missing" in out, "1 kinds" in out) == (1, True, True)


def test_no_shop_is_an_error(call):
    code, _, err = call("check", "nowhere")
    assert (code, "There is no shop in " in err) == (1, True)
