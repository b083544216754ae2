"""Small changes of products over HTTP: merge patches, versions, many prices and stocks at once."""

import json
import threading

import pytest
from fastapi.testclient import TestClient

from api.shop import Shop
from tests.fakes import FakeEncoder

AT = "/v1/products/bag-red"
PATCH = {"content-type": "application/merge-patch+json"}
ROWS = {"content-type": "application/x-ndjson"}


def patch(client: TestClient, body: object, at: str = AT, **headers: str):  # type: ignore[no-untyped-def] # the client's response
    return client.patch(at, content=json.dumps(body), headers=PATCH | headers)


def stock(client: TestClient, *rows: object):  # type: ignore[no-untyped-def] # the same
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return client.post("/v1/products:stock", content="\n".join(lines), headers=ROWS)


def test_a_patch_changes_what_it_says_and_keeps_the_rest(client: TestClient) -> None:
    before = client.get(AT).json()
    answer = patch(client, {"price": 12.5, "stock": 4})
    assert answer.status_code == 200
    assert answer.json() == before | {"price": 12.5, "stock": 4}
    assert client.get(AT).json() == answer.json()
    found = client.get("/v1/search", params={"text": "bag", "filter": "price=12.5 stock=4"})
    assert [hit["sku"] for hit in found.json()["hits"]] == ["bag-red"]


def test_null_takes_a_field_or_an_attribute_away(client: TestClient) -> None:
    patch(client, {"stock": 4, "attributes": {"fabric": "wool", "lining": ["silk", "wool"]}})
    answer = patch(client, {"stock": None, "colour": None, "attributes": {"fabric": None}}).json()
    assert (answer["stock"], answer["colour"]) == (None, "")
    assert answer["attributes"] == {"season": ["Fall"], "lining": ["silk", "wool"]}
    assert patch(client, {"attributes": None}).json()["attributes"] == {}


def test_price_and_stock_ask_no_encoder_and_touch_no_vector(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.shelf.vector_of("bag-red").vector.tobytes()

    def refuse(*_: object) -> object:
        raise AssertionError

    monkeypatch.setattr(FakeEncoder, "words", refuse)
    monkeypatch.setattr(FakeEncoder, "pictures", refuse)
    assert patch(client, {"price": 1}).status_code == 200
    assert stock(client, {"sku": "bag-red", "stock": 0}).json()["changed"] == 1
    assert shop.shelf.vector_of("bag-red").vector.tobytes() == before


def test_a_new_title_moves_the_vector(client: TestClient, shop: Shop) -> None:
    before = shop.shelf.vector_of("bag-red").vector.tobytes()
    assert patch(client, {"title": "Another thing"}).json()["title"] == "Another thing"
    assert shop.shelf.vector_of("bag-red").vector.tobytes() != before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"prize": 1}, "bad-parameter"),
        ({"prize": None}, "bad-parameter"),
        ({"sku": None}, "bad-parameter"),
        ({"sku": "another", "title": "x"}, "bad-parameter"),
        ({"price": "cheap"}, "bad-parameter"),
        ({"price": -1}, "bad-parameter"),
        ({"price": 1e15}, "bad-product"),
        ({"stock": True}, "bad-parameter"),
        ({"url": "javascript:alert(1)"}, "bad-product"),
        ({"title": "kept", "url": "//evil.test"}, "bad-product"),
        ({"attributes": {"price": ["1"]}}, "bad-product"),
        ([1], "bad-body"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    client: TestClient, body: object, code: str
) -> None:
    before = client.get(AT)
    answer = patch(client, body)
    assert (answer.status_code in (400, 422), answer.json()["code"]) == (True, code)
    after = client.get(AT)
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])


def test_what_is_not_there_cannot_be_patched(client: TestClient) -> None:
    for body in ({"price": 1}, {"title": "x"}):
        assert patch(client, body, "/v1/products/none").json()["code"] == "unknown-product"
    assert client.patch(AT, content="price=1").json()["code"] == "unknown-body"


def test_a_version_is_answered_and_asked_for(client: TestClient) -> None:
    first = client.get(AT).headers["etag"]
    held = client.get(AT, headers={"if-none-match": first})
    assert (held.status_code, held.content) == (304, b"")
    second = patch(client, {"price": 3}, **{"if-match": first}).headers["etag"]
    assert client.get(AT).headers["etag"] == second != first
    late = patch(client, {"price": 4}, **{"if-match": first})
    assert (late.status_code, late.json()["code"]) == (412, "changed-meanwhile")
    put = {"content-type": "application/json", "if-match": first}
    assert client.put(AT, content='{"title": "x"}', headers=put).status_code == 412
    assert client.delete(AT, headers={"if-match": first}).status_code == 412
    assert client.get(AT, headers={"if-none-match": first}).status_code == 200
    assert patch(client, {"price": 4}, **{"if-match": f'"9-9", {second}'}).status_code == 200
    assert patch(client, {"price": 5}, **{"if-match": "nonsense"}).json()["code"] == "bad-parameter"
    assert client.delete(AT, headers={"if-match": "*"}).status_code == 204


def test_many_rows_are_done_each_with_its_own_outcome(client: TestClient) -> None:
    answer = stock(
        client, {"sku": "bag-red", "stock": 0}, {"sku": "none", "stock": 1}, "",
        {"sku": "bag-blue", "price": None}, "{broken", {"sku": "bag-blue", "colour": "red"},
        {"sku": "bag-red", "stock": 0}, {"sku": "bag-green"},
        {"sku": "bag-green", "price": -3}, "7",
    )  # fmt: skip
    assert answer.status_code == 200
    body = answer.json()
    assert (body["changed"], body["unchanged"], body["failed"]) == (2, 1, 6)
    assert [(row["line"], row["ok"], row.get("code")) for row in body["results"]] == [
        (1, True, None), (2, False, "unknown-product"), (4, True, None), (5, False, "bad-body"),
        (6, False, "bad-parameter"), (7, True, None), (8, False, "bad-parameter"),
        (9, False, "bad-parameter"), (10, False, "bad-parameter"),
    ]  # fmt: skip
    assert client.get(AT).headers["etag"] == body["results"][0]["etag"]
    assert client.get("/v1/products/bag-blue").json()["price"] is None


def test_more_rows_than_a_transaction_are_taken_and_far_more_refused(client: TestClient) -> None:
    rows = [{"sku": f"bag-{c}", "stock": n} for n in range(600) for c in ("red", "blue")]
    assert stock(client, *rows).json()["changed"] == 1_200
    assert client.get(AT).json()["stock"] == 599
    assert stock(client, *["{}"] * 20_001).json()["code"] == "bad-parameter"


def test_of_many_who_patch_at_once_everybody_keeps_a_change(client: TestClient) -> None:
    fields = ("brand", "size", "store", "description")

    def change(name: str) -> None:
        for n in range(10):
            assert patch(client, {name: f"{name} {n}"}).status_code == 200

    threads = [threading.Thread(target=change, args=(name,)) for name in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    product = client.get(AT).json()
    assert [product[name] for name in fields] == [f"{name} 9" for name in fields]
