"""Rules over HTTP: kept, listed, deleted, tried before shoppers see them."""

import json

import pytest

from tests.little_shop import drawn, encoded

JSON = {"content-type": "application/json"}
BURY = {"act": "bury", "products": "colour=red"}


def skus(hits):
    return [hit["sku"] for hit in hits]


def search(client, **asked):
    return client.post("/v1/search", json={"like": "ball-red", "unfold": True} | asked).json()


def test_a_rule_is_kept_listed_and_deleted(client):
    address = "/v1/rules/no%20reds%20please"
    assert client.put(address, json=BURY).status_code == 201
    again = client.put(address, json=BURY | {"strength": 0.5, "place": 3})
    assert (again.status_code, again.json()["strength"]) == (200, 0.5)
    assert again.json()["name"] == "no reds please"
    client.put("/v1/rules/front", json={"act": "pin", "skus": ["bag-blue"]})
    names = [rule["name"] for rule in client.get("/v1/rules").json()["rules"]]
    assert names == ["front", "no reds please"]
    assert client.get(address).json() == again.json()
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["code"] == "unknown-rule"
    assert client.delete(address).status_code == 404


def test_the_next_search_obeys_and_says_so(client):
    before = search(client)
    client.put("/v1/rules/front", json={"act": "pin", "skus": ["bag-blue"], "kinds": ["like"]})
    after = search(client)
    assert skus(after["hits"])[0] == "bag-blue"
    assert after["hits"][0]["moved"] == ["pin"]
    assert all(hit["moved"] == [] for hit in after["hits"][1:])
    figures = {h["sku"]: (h["score"], h["probability"]) for h in before["hits"]}
    assert {h["sku"]: (h["score"], h["probability"]) for h in after["hits"]} == figures
    assert search(client, filter="price<15", like="ball-blue")["hits"][0]["sku"] != "bag-blue"


def test_a_preview_changes_nothing_and_shows_where_each_hit_stood(client):
    asked = {"like": "ball-red", "unfold": True, "rules": [BURY | {"name": "reds"}]}
    shown = client.post("/v1/rules/preview", json=asked).json()
    assert skus(shown["before"])[0] == "bag-red"
    assert skus(shown["after"])[-1] == "bag-red"
    assert shown["after"][-1]["place_before"] == 1
    assert shown["after"][-1]["rules"] == [{"rule": "reds", "act": "bury", "shift": -4.0}]
    assert (shown["acted"], shown["notes"]) == (["reds"], {})
    assert client.get("/v1/rules").json() == {"rules": []}
    assert skus(search(client)["hits"])[0] == "bag-red"


@pytest.mark.parametrize("address", ["/v1/search", "/v1/rules/preview"])
@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1" + "0" * 400])
def test_a_box_of_no_numbers_is_the_callers_mistake(client, address, number):
    body = f'{{"text": "red", "box": [0, 0, {number}, 1]}}'
    assert client.post(address, content=body, headers=JSON).status_code == 422


@pytest.mark.parametrize("strength", ["1e999", "NaN", "1" + "0" * 400])
def test_a_strength_that_is_no_number_is_the_callers_mistake(client, strength):
    rule = f'{{"name": "x", "act": "bury", "products": "stock>0", "strength": {strength}}}'
    body = f'{{"text": "red", "rules": [{rule}]}}'
    answer = client.post("/v1/rules/preview", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-rule")


def test_a_preview_takes_a_picture_and_the_shops_own_rules(client):
    client.put("/v1/rules/later", json=BURY | {"from_at": "2099-01-01T00:00:00Z"})
    picture = {"image": encoded(drawn("red"))}
    shown = client.post("/v1/rules/preview", files=picture, data={"top": "3"}).json()
    assert len(shown["after"]) == 3
    assert shown["acted"] == []
    assert "2099" in shown["notes"]["later"]
    later = {"at": "2099-06-01T00:00:00Z", "rules": json.dumps([])}
    shown = client.post("/v1/rules/preview", files=picture, data=later).json()
    assert shown["notes"] == {}
    del later["rules"]
    shown = client.post("/v1/rules/preview", files=picture, data=later).json()
    assert shown["acted"] == ["later"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad-rule"),
        (BURY | {"name": "other"}, "bad-rule"),
        (BURY | {"products": "((("}, "bad-rule"),
        (BURY | {"act": "hide"}, "bad-rule"),
        (BURY | {"nonsense": 1}, "bad-rule"),
        (BURY | {"name": 7}, "bad-rule"),
        ([], "bad-body"),
    ],
)
def test_a_rule_without_sense_is_refused_with_its_code(client, body, code):
    answer = client.put("/v1/rules/mine", json=body)
    assert answer.json()["code"] == code
    assert client.get("/v1/rules").json() == {"rules": []}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "nothing-to-search"),
        ({"like": "absent"}, "unknown-product"),
        ({"like": "ball-red", "rules": "{"}, "bad-parameter"),
        ({"like": "ball-red", "rules": {"name": "x"}}, "bad-parameter"),
        ({"like": "ball-red", "rules": [{"name": "x"}]}, "bad-rule"),
        ({"like": "ball-red", "at": "soon"}, "bad-parameter"),
        ({"like": "ball-red", "at": "2026-01-01T00:00:00"}, "bad-parameter"),
        ({"like": "ball-red", "colour": "red"}, "bad-parameter"),
        ({"text": "red", "filter": "((("}, "bad-filter"),
    ],
)
def test_a_preview_without_sense_is_refused_with_its_code(client, body, code):
    assert client.post("/v1/rules/preview", json=body).json()["code"] == code
