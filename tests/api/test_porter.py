"""The porter: who is let in from where, what browsers are told, and what is noted."""

from collections.abc import Iterator
from dataclasses import replace

import anyio
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.back_office import open_back_office
from api.limits import Rate
from api.porter import COOKIE, Judge, Rules
from api.roles import Role
from tests.little_shop import drawn, encoded, from_this_machine

PAGE = "https://shop.example"
SERVICE = "http://vistazo.example"


@pytest.fixture
def remote(shop) -> Iterator[TestClient]:
    with TestClient(create_app(shop), base_url=SERVICE) as client:
        yield client


@pytest.fixture
def merchandiser(shop) -> dict[str, str]:
    _, secret = shop.office.keys.create(Role.MERCHANDISER, "Ana")
    return {"Authorization": f"Bearer {secret}"}


def bearer(secret: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"} | more


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Host": "vistazo.example"},
        {"Host": "[::1"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1"},
    ],
)
def test_what_comes_through_a_proxy_or_a_foreign_page_is_not_this_machine(shop, headers):
    with from_this_machine(shop) as client:
        assert client.delete("/v1/products/bag-red", headers=headers).status_code == 401
        own = {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}
        assert client.delete("/v1/products/bag-red", headers=own).status_code == 204


def test_with_the_first_key_this_machine_loses_its_privilege(shop, merchandiser):
    with from_this_machine(shop) as client:
        refused = client.delete("/v1/products/bag-red")
        assert (refused.status_code, refused.json()["code"]) == (401, "key-needed")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert client.delete("/v1/products/bag-red", headers=merchandiser).status_code == 204


def test_a_refusal_says_which_right_is_missing(remote, shop):
    _, secret = shop.office.keys.create(Role.ASSOCIATE, "Tablet")
    refused = remote.delete("/v1/products/bag-red", headers=bearer(secret)).json()
    assert refused["code"] == "key-forbids"
    assert (refused["role"], refused["act"]) == ("associate", "delete_product")


def test_a_published_key_works_on_its_pages_alone(remote, shop):
    _, secret = shop.office.keys.create(Role.SHOPPER, "Web", origins=[PAGE])
    for origin, status in ((PAGE, 200), ("https://evil.example", 403), ("", 403)):
        headers = bearer(secret, **({"Origin": origin} if origin else {}))
        answer = remote.get("/v1/search", params={"text": "red"}, headers=headers)
        assert answer.status_code == status
        assert answer.headers.get("access-control-allow-origin") == (
            PAGE if origin == PAGE else None
        )


def test_browsers_hear_which_pages_may_ask_and_lose_it_with_the_key(remote, shop):
    made, _ = shop.office.keys.create(Role.SHOPPER, "Web", origins=[PAGE])
    ask = {"Origin": PAGE, "Access-Control-Request-Method": "POST",
           "Access-Control-Request-Headers": "authorization"}  # fmt: skip
    allowed = remote.options("/v1/search", headers=ask)
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == PAGE
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    assert "Origin" in allowed.headers["vary"]
    assert "access-control-allow-credentials" not in allowed.headers
    foreign = remote.options("/v1/search", headers=ask | {"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    shop.office.keys.revoke(made.id)
    gone = remote.options("/v1/search", headers=ask)
    assert "access-control-allow-origin" not in gone.headers


def sign_in(client: TestClient, shop, role: Role = Role.MERCHANDISER) -> None:
    _, secret = shop.office.keys.create(role, "Ana")
    own = {"Origin": str(client.base_url)}
    answer = client.post("/v1/session", json={"key": secret}, headers=own)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/;" in cookie + ";"
    assert secret.lower() not in cookie


def test_the_sign_in_reads_and_writes_for_our_own_pages_only(remote, shop):
    sign_in(remote, shop)
    assert remote.get("/v1/session").json()["role"] == "merchandiser"
    assert remote.get("/v1/rules").status_code == 200
    for headers in ({}, {"Origin": PAGE}, {"Origin": "null"},
                    {"Origin": SERVICE, "Sec-Fetch-Site": "same-site"}):  # fmt: skip
        forged = remote.delete("/v1/products/bag-red", headers=headers)
        assert forged.status_code == 403, headers
    own = {"Origin": SERVICE, "Sec-Fetch-Site": "same-origin"}
    assert remote.delete("/v1/products/bag-red", headers=own).status_code == 204


def test_signing_out_ends_it_and_an_old_sign_in_takes_nothing_from_what_is_open(remote, shop):
    sign_in(remote, shop)
    (key,) = shop.office.keys.all()
    shop.office.keys.revoke(key.id)
    assert remote.get("/v1/rules").status_code == 401
    assert remote.get("/v1/search", params={"text": "red"}).status_code == 200
    assert remote.get("/v1/session").json()["role"] is None
    remote.delete("/v1/session")
    assert not remote.cookies


def test_a_copied_cookie_ends_with_the_sign_out_and_is_no_key(remote, shop):
    sign_in(remote, shop)
    token = remote.cookies[COOKIE]
    copied = {"Cookie": f"{COOKIE}={token}"}
    kept = b"".join(p.read_bytes() for p in (shop.office.home / "door").glob("keys*"))
    assert token.encode() not in kept
    remote.cookies.clear()
    assert remote.get("/v1/rules", headers=copied).status_code == 200
    assert remote.get("/v1/rules", headers=bearer(token)).status_code == 401
    _, secret = shop.office.keys.create(Role.ADMIN, "Olga")
    assert remote.get("/v1/rules", headers={"Cookie": f"{COOKIE}={secret}"}).status_code == 401
    out = remote.delete("/v1/session", headers=copied | {"Origin": SERVICE})
    assert out.status_code == 204
    assert remote.get("/v1/rules", headers=copied).status_code == 401


def test_nobody_signs_in_from_another_page_nor_with_a_published_or_wrong_key(remote, shop):
    _, secret = shop.office.keys.create(Role.MERCHANDISER, "Ana")
    _, public = shop.office.keys.create(Role.SHOPPER, "Web", origins=[PAGE])
    for key, origin, status in (
        (secret, PAGE, 403), (public, SERVICE, 403), ("vistazo_sk_wrong", SERVICE, 401),
    ):  # fmt: skip
        answer = remote.post("/v1/session", json={"key": key}, headers={"Origin": origin})
        assert answer.status_code == status
        assert "set-cookie" not in answer.headers


def test_who_asks_too_much_is_told_when_to_come_back(shop):
    judge = Judge(shop.office.keys, Rules(demand_keys=False, per_address=Rate(1, 2)))
    app = create_app(replace(shop, office=replace(shop.office, judge=judge)))
    with TestClient(app) as client:
        statuses = [client.get("/v1/shop").status_code for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        refused = client.get("/v1/shop")
        assert refused.json()["code"] == "too-many-requests"
        assert refused.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == 200


def test_every_write_is_noted_with_its_key_and_no_search_is(remote, shop, merchandiser):
    picture = encoded(drawn("blue"))
    form = {"product": '{"title": "Secret words of a title"}'}
    remote.put("/v1/products/a/b", headers=merchandiser, data=form, files={"image": picture})
    remote.put("/v1/products/a/b", headers=merchandiser, json={"stock": 3})
    remote.delete("/v1/products/none", headers=merchandiser)  # refused: nothing was written
    remote.post("/v1/search", content=picture, headers={"Content-Type": "image/jpeg"})
    notes = shop.office.audit.latest(10)
    assert [(n.name, n.act, n.method, n.subject, n.status) for n in notes] == [
        ("Ana", "write_product", "PUT", "a/b", 200),
        ("Ana", "write_product", "PUT", "a/b", 201),
    ]
    kept = b"".join(p.read_bytes() for p in (shop.office.home / "door").glob("audit*"))
    assert b"Secret words" not in kept


def test_many_at_once_are_noted_with_their_count(remote, shop, merchandiser):
    rows = '{"sku": "bag-red", "stock": 41}\n{"sku": "none", "stock": 1}\n'
    kind = {"Content-Type": "application/x-ndjson"}
    answer = remote.post("/v1/products:stock", content=rows, headers=merchandiser | kind)
    assert answer.status_code == 200
    (note,) = shop.office.audit.latest(1)
    assert (note.act, note.subject) == ("write_product", "1 of 2 changed")


def test_a_body_is_not_read_for_who_may_not_send_one(shop, merchandiser):
    """The refusal comes although not one byte of the promised gigabyte arrived."""
    sent: list[dict] = []
    scope = {
        "type": "http", "method": "PUT", "path": "/v1/products/x", "raw_path": b"/v1/products/x",
        "query_string": b"", "http_version": "1.1", "scheme": "http", "root_path": "",
        "headers": [(b"content-length", b"1000000000")], "client": ("10.0.0.9", 5),
    }  # fmt: skip

    async def never():
        raise AssertionError("the body was read")

    async def send(message):
        sent.append(message)

    anyio.run(create_app(shop), scope, never, send)
    assert sent[0]["status"] == 401


def test_keys_can_be_made_listed_rotated_and_revoked_over_http(remote, shop):
    _, secret = shop.office.keys.create(Role.ADMIN, "Olga")
    admin = bearer(secret)
    wanted = {"role": "shopper", "name": "Web", "origins": [PAGE]}
    made = remote.post("/v1/keys", json=wanted, headers=admin)
    assert made.status_code == 201
    key_id, first = made.json()["id"], made.json()["key"]
    listed = remote.get("/v1/keys", headers=admin).json()["keys"]
    assert [key["name"] for key in listed] == ["Olga", "Web"]
    assert "key" not in listed[1]
    turned = remote.post(f"/v1/keys/{key_id}/rotate", json={"grace_days": 1}, headers=admin)
    assert turned.status_code == 201
    page = {"Origin": PAGE}
    for token in (first, turned.json()["key"]):
        assert remote.get("/v1/shop", headers=bearer(token, **page)).status_code == 200
    remote.delete(f"/v1/keys/{key_id}", headers=admin)
    assert remote.get("/v1/shop", headers=bearer(first, **page)).status_code == 401
    wrong = remote.post("/v1/keys", json={"role": "king", "name": "x"}, headers=admin)
    assert wrong.json()["code"] == "bad-parameter"


def test_the_office_can_be_opened_twice(settings, shop):
    again = open_back_office(settings)
    assert again.home == shop.office.home
    again.close()
