"""`vistazo snapshot` and `vistazo restore`."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def skus(call, shop="shop"):
    asked = ("search", "--text", "red", "--top", 50, "--unfold", "--shop", shop, "--json")
    return {hit["sku"] for hit in json.loads(call(*asked)[1])["hits"]}


def test_a_shop_goes_into_a_file_and_comes_back(call, catalogue):
    call("index", catalogue)
    code, out, _ = call("snapshot", "shop", "shop.tar", "--pictures")
    assert (code, "shop.tar: 10 products" in out) == (0, True)
    call("product", "delete", "bag-red", "--yes")
    code, out, _ = call("restore", "shop.tar", "shop", "--yes")
    assert (code, "10 products" in out, "What was there lies in" in out) == (0, True, True)
    assert "bag-red" in skus(call)
    (before,) = Path().glob("shop.before-*")
    assert "bag-red" not in skus(call, before)
    assert json.loads(call("check", "--json")[1])["ok"]


def test_nothing_is_replaced_unless_that_is_meant(call, catalogue):
    call("index", catalogue)
    call("snapshot", "shop", "shop.tar")
    held = Path("shop.tar").read_bytes()
    call("product", "set", "bag-red", "stock=1")
    assert call("snapshot", "shop", "shop.tar")[0] != 0
    assert Path("shop.tar").read_bytes() == held
    assert call("restore", "shop.tar", "shop")[0] != 0
    assert json.loads(call("product", "show", "bag-red", "--json")[1])["stock"] == 1
    told = json.loads(call("restore", "shop.tar", "elsewhere", "--json")[1])
    assert (told["products"], told["before"]) == (10, None)


def test_a_damaged_snapshot_is_told_and_changes_nothing(call, catalogue):
    call("index", catalogue)
    call("snapshot", "shop", "shop.tar")
    data = Path("shop.tar").read_bytes()
    Path("shop.tar").write_bytes(data[: len(data) // 2])
    code, _, err = call("restore", "shop.tar", "shop", "--yes")
    assert (code, "Nothing was changed" in err) == (1, True)
    assert "bag-red" in skus(call)
    assert call("snapshot", "nowhere", "x.tar")[0] == 1


def test_a_restore_without_keys_says_so_and_one_with_keys_does_not(call, catalogue):
    call("index", catalogue)
    call("keys", "create", "admin", "--name", "Olga")
    Path("shop/saved").mkdir()
    Path("shop/saved/snap.jpg").write_bytes(b"a snap")
    call("snapshot", "shop", "shop.tar")
    code, _, told = call("restore", "shop.tar", "new shop")
    assert code == 0
    assert "No keys came along" in told
    assert "vistazo keys create admin --name YOU --shop 'new shop'" in told
    assert not json.loads(call("restore", "shop.tar", "another", "--json")[1])["keys"]
    code, _, told = call("restore", "shop.tar", "shop", "--yes")
    assert (code, "No keys" in told) == (0, False)
    assert "Olga" in call("keys", "list")[1]
    assert Path("shop/saved/snap.jpg").read_bytes() == b"a snap"
