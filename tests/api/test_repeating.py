"""`Idempotency-Key`: what was done is told again and not done again."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.responses import Response

from api.home import JOBS
from api.job import Kind, new_job
from api.porter import VISITOR, Visitor
from api.repeating import Repeating
from api.repeats import Repeats
from api.roles import Act, Role
from api.shop import Shop
from tests.keeper import kept
from tests.little_shop import drawn, encoded, from_this_machine

NAMED = {"idempotency-key": "spring-7"}
REPLAYED = "idempotency-replayed"


@pytest.fixture
def desk(tmp_path: Path, catalogue: Path) -> Iterator[tuple[TestClient, Shop]]:
    with kept(tmp_path, catalogue) as shop, from_this_machine(shop) as client:
        uploaded = client.put("/v1/uploads/spring/catalogue.csv", content=b"sku,title\n1,One\n")
        assert uploaded.status_code == 201
        yield client, shop


def test_a_write_that_is_sent_again_is_told_again_and_not_done_again(client, shop) -> None:
    said = {"json": {"price": 7.5}, "headers": NAMED}
    first = client.patch("/v1/products/bag-red", **said)
    assert REPLAYED not in first.headers
    assert client.patch("/v1/products/bag-red", json={"price": 9.0}).status_code == 200
    again = client.patch("/v1/products/bag-red", **said)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers[REPLAYED] == "true"
    assert shop.shelf.get("bag-red").price == 9.0  # an old request does not come back
    notes = [n for n in shop.office.audit.latest(50) if n.subject == "bag-red"]
    assert len(notes) == 2


def test_another_request_with_the_same_key_is_refused(client, shop) -> None:
    assert client.patch("/v1/products/bag-red", json={"price": 7}, headers=NAMED).is_success
    others = (
        client.patch("/v1/products/bag-red", json={"price": 8}, headers=NAMED),
        client.patch("/v1/products/bag-blue", json={"price": 7}, headers=NAMED),
        client.delete("/v1/products/bag-red", headers=NAMED),
        client.post("/v1/keys", json={"role": "admin", "name": "Olga"}, headers=NAMED),
    )
    told = {(answer.status_code, answer.json()["code"]) for answer in others}
    assert told == {(422, "idempotency-key-reused")}
    assert shop.shelf.get("bag-red").price == 7.0


def test_a_refusal_is_not_kept_so_that_what_was_mended_succeeds(client) -> None:
    assert client.put("/v1/products/new", json={"stock": 1}, headers=NAMED).status_code == 422
    files = {"product": (None, '{"title": "New"}'), "image": ("a.jpg", encoded(drawn("red")))}
    assert client.put("/v1/products/new", files=files, headers=NAMED).status_code == 201
    again = client.put("/v1/products/new", files=files, headers=NAMED)  # another boundary
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
    files["image"] = ("a.jpg", encoded(drawn("blue")))
    assert client.put("/v1/products/new", files=files, headers=NAMED).status_code == 422


def test_what_is_kept_was_noted_before_once_and_by_its_own_subject(client, shop: Shop) -> None:
    keep, noted_before = shop.office.repeats.keep, list[int]()

    def watched(*arguments: Any) -> None:
        noted_before.append(len(shop.office.audit.latest(50)))
        keep(*arguments)

    object.__setattr__(shop.office.repeats, "keep", watched)
    rows = b'{"sku": "bag-red", "price": 3}\n{"sku": "no-such", "price": 3}'
    headers = NAMED | {"content-type": "application/x-ndjson"}
    for _ in range(2):
        assert client.post("/v1/products:stock", content=rows, headers=headers).is_success
    assert noted_before == [1]  # killed after it was kept, nobody would note it any more
    assert [note.subject for note in shop.office.audit.latest(50)] == ["1 of 2 changed"]


def test_every_caller_has_keys_of_her_own(client, shop) -> None:
    secrets = [shop.office.keys.create(Role.MERCHANDISER, n)[1] for n in ("Ana", "Eva")]
    for price, secret in enumerate(secrets, start=3):
        headers = NAMED | {"authorization": f"Bearer {secret}"}
        answer = client.patch("/v1/products/bag-red", json={"price": price}, headers=headers)
        assert answer.status_code == 200
        assert REPLAYED not in answer.headers
    nobody = client.patch("/v1/products/bag-red", json={"price": 3}, headers=NAMED)
    assert nobody.status_code == 401  # who may no longer write is not told what she wrote


def test_many_prices_a_rule_and_a_deletion_are_told_again(client) -> None:
    rows = b'{"sku": "bag-red", "price": 3}\n{"sku": "no-such", "price": 3}'
    asked = [
        ("POST", "/v1/products:stock", {"content": rows}, "application/x-ndjson"),
        ("PUT", "/v1/rules/new", {"content": b'{"act": "pin", "skus": ["bag-red"]}'},
         "application/json"),
        ("DELETE", "/v1/products/ball-red", {}, "text/plain"),
    ]  # fmt: skip
    for number, (method, path, body, kind) in enumerate(asked):
        headers = {"idempotency-key": f"many-{number}", "content-type": kind}
        first, again = (client.request(method, path, headers=headers, **body) for _ in range(2))
        assert first.is_success
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers[REPLAYED] == "true"


def test_a_route_that_reads_no_body_takes_one_twice_all_the_same(client, shop: Shop) -> None:
    job = new_job(shop.office.home / JOBS, Kind.UNPACK, {"source": "x"}, "Ana")
    made, _ = shop.office.keys.create(Role.SHOPPER, "web")
    admin = {"authorization": f"Bearer {shop.office.keys.create(Role.ADMIN, 'Olga')[1]}"}
    asked = [
        ("POST", f"/v1/jobs/{job.id}/pause"), ("POST", f"/v1/jobs/{job.id}/cancel"),
        ("DELETE", "/v1/products/ball-red"), ("DELETE", f"/v1/keys/{made.id}"),
    ]  # fmt: skip
    for number, (method, path) in enumerate(asked):
        headers = admin | {"idempotency-key": f"unread-{number}"}
        said = {"content": b"{}", "headers": headers | {"content-type": "application/json"}}
        first, again = (client.request(method, path, **said) for _ in range(2))
        assert first.is_success
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers[REPLAYED] == "true"
        other = client.request(method, path, **said | {"content": b'{"x": 1}'})
        assert other.json()["code"] == "idempotency-key-reused"


@pytest.mark.parametrize("more", [[], [{"type": "http.request", "body": b"x" * 2_000}]])
def test_a_body_that_never_ends_holds_nobody_and_what_was_done_is_told(
    tmp_path: Path, more: list[dict[str, Any]]
) -> None:
    repeats = Repeats(tmp_path)
    begun = {"type": "http.request", "body": b"{", "more_body": True}
    whole = {"type": "http.request", "body": b"{}"}
    unended = [begun, *({**message, "more_body": True} for message in more)]
    assert asyncio.run(asked_of_unread(repeats, unended)) == 200
    assert asyncio.run(asked_of_unread(repeats, [whole])) == 200  # kept now, and only now
    status = asyncio.run(asked_of_unread(repeats, unended))
    assert status == (413 if more else 408)


async def asked_of_unread(repeats: Repeats, messages: list[dict[str, Any]]) -> int:
    """The status of a write that comes in `messages`, to a route that reads no body."""
    left, sent = list(messages), []

    async def receive() -> Any:
        return left.pop(0) if left else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    door = Repeating(Response("done"), repeats=repeats, most_bytes=1_000, wait_s=0.05)
    scope = {"type": "http", "method": "POST", "path": "/v1/jobs/x/pause", "query_string": b"",
             "headers": [(b"idempotency-key", b"k")],
             VISITOR: Visitor(None, local=True, act=Act.RUN_JOBS)}  # fmt: skip
    async with asyncio.timeout(60):
        await door(scope, receive, send)
    return int(sent[0]["status"])


def test_a_key_is_made_once_and_its_secret_lies_in_no_answer_that_is_kept(
    client, shop, tmp_path
) -> None:
    wanted = {"role": "admin", "name": "Olga"}
    made = client.post("/v1/keys", json=wanted, headers=NAMED).json()
    bearer = {"authorization": f"Bearer {made['key']}"}
    for headers in ({"idempotency-key": "two"} | bearer,) * 2:
        last = client.post("/v1/keys", json=wanted, headers=headers)
    assert last.status_code == 201
    assert last.json()["key"] is None
    assert len(shop.office.keys.all()) == 2
    headers = bearer | {"idempotency-key": "turned"}
    path = f"/v1/keys/{made['id']}/rotate"
    turned = [client.post(path, json={}, headers=headers) for _ in range(2)]
    assert turned[0].json()["id"] == turned[1].json()["id"]
    shop.office.repeats._book.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    for secret in (made["key"], turned[0].json()["key"]):
        assert secret
        for path in (tmp_path / "shop" / "door").iterdir():
            assert secret.encode() not in path.read_bytes()


def test_a_key_whose_answer_was_lost_is_found_and_not_made_twice(shop: Shop) -> None:
    keys = shop.office.keys
    first, secret = keys.create(Role.SHOPPER, "web", named="n")
    again, nothing = keys.create(Role.SHOPPER, "web", named="n")
    assert secret
    assert (again.id, nothing) == (first.id, "")


def test_the_same_request_twice_at_once_is_worked_on_once(client, shop: Shop) -> None:
    entered, go = threading.Event(), threading.Event()
    revise = shop.shelf.flip

    def slow(*arguments: Any) -> Any:
        entered.set()
        assert go.wait(60)
        return revise(*arguments)

    object.__setattr__(shop.shelf, "flip", slow)
    answers: list[Any] = []

    def send() -> None:
        answers.append(client.patch("/v1/products/bag-red", json={"price": 7}, headers=NAMED))

    first = threading.Thread(target=send, daemon=True)
    first.start()
    try:
        assert entered.wait(60)
        second = client.patch("/v1/products/bag-red", json={"price": 7}, headers=NAMED)
    finally:
        go.set()
        first.join(60)
    assert (second.status_code, second.json()["code"]) == (409, "still-under-way")
    assert second.headers["retry-after"] == "1"
    assert answers[0].status_code == 200


def test_a_key_of_nonsense_and_of_a_search_harm_nobody(client) -> None:
    long = client.patch(
        "/v1/products/bag-red", json={"price": 7}, headers={"idempotency-key": "x" * 201}
    )
    assert (long.status_code, long.json()["code"]) == (422, "bad-parameter")
    for _ in range(2):  # reading is done anew
        answer = client.get("/v1/products/bag-red", headers=NAMED)
        assert answer.status_code == 200
        assert REPLAYED not in answer.headers
    event = {"event": "opened", "search_id": "ab" * 16}
    for _ in range(2):  # counted once anyway
        assert client.post("/v1/events", json={"events": [event]}, headers=NAMED).is_success


def test_a_job_is_begun_once(desk: tuple[TestClient, Shop]) -> None:
    client, shop = desk
    wish = {"kind": "index", "source": "spring/catalogue.csv", "dry_run": True}
    first, again = (client.post("/v1/jobs", json=wish, headers=NAMED) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert len(shop.office.jobs.all()) == 1
    other = client.post("/v1/jobs", json=wish | {"whole": True}, headers=NAMED)
    assert other.json()["code"] == "idempotency-key-reused"


def test_what_was_asked_is_kept_as_a_hash_alone(client, shop: Shop, tmp_path: Path) -> None:
    secret = "a-word-that-stands-nowhere-else"
    answer = client.patch(
        "/v1/products/bag-red", json={"price": 3, "title": "x"}, headers={"idempotency-key": secret}
    )
    assert answer.is_success
    assert isinstance(shop.office.repeats, Repeats)
    for path in (tmp_path / "shop" / "door").iterdir():
        assert secret.encode() not in path.read_bytes()
