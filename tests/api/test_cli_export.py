"""`vistazo export`: a shop as a table, and the same shop again from it."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def test_a_shop_is_exported_and_indexed_again(call, catalogue):
    call("index", catalogue)
    code, out, _ = call("export", "exported")
    assert (code, "10 products, 10 pictures" in out) == (0, True)
    code, out, _ = call("index", "exported/catalogue.jsonl", "--shop", "again", "--json")
    assert (code, json.loads(out)["added"], json.loads(out)["rejected"]) == (0, 10, [])
    before, after = (
        json.loads(call("product", "show", "bag-red", "--shop", shop, "--json")[1])
        for shop in ("shop", "again")
    )
    for told in (before, after):
        told.pop("etag", None)
        told.pop("pictures", None)
    assert before == after


def test_a_folder_in_use_and_a_shop_that_is_none_are_told_in_one_line(call, catalogue):
    call("index", catalogue)
    Path("taken").mkdir()
    Path("taken/mine").write_text("mine")
    code, _, err = call("export", "taken")
    assert (code, "name a new folder" in err, Path("taken/mine").read_text()) == (1, True, "mine")
    assert call("export", "out", "--shop", "nowhere")[0] == 1


def test_programs_get_counts(call, catalogue):
    call("index", catalogue)
    (catalogue.parent / "images" / "bag-red.png").unlink()
    told = json.loads(call("export", "out", "--json")[1])
    assert (told["products"], told["pictures"]) == (9, 9)
    assert [left["sku"] for left in told["left_out"]] == ["bag-red"]
