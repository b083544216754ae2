"""Role × route: every route of the whole application, asked by everybody."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Mount

from api.addresses import ADDRESSES, PEOPLE_PREFIXES, Addresses
from api.app import create_app
from api.back_office import open_back_office
from api.roles import FREE, LAW, READING, Act, Role, allowed
from tests.little_shop import from_this_machine

TABLE = dict(ADDRESSES)
REMOTE = "http://shop.example"


@pytest.fixture
def app(shop) -> FastAPI:
    return create_app(shop)


@pytest.fixture
def tokens(shop) -> dict[str, str]:
    """A key of each role, and one that was revoked."""
    made = {role.value: shop.office.keys.create(role, role)[1] for role in Role}
    lost, token = shop.office.keys.create(Role.ADMIN, "lost")
    shop.office.keys.revoke(lost.id)
    return made | {"revoked": token, "nobody": ""}


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=REMOTE, raise_server_exceptions=False) as client:
        yield client


def places_of(routes: Any) -> Iterator[str]:
    """Every route of an application as "METHOD /path"; mounted files are read with GET."""
    for route in routes:
        inner = getattr(route, "original_router", None)  # how FastAPI keeps what was included
        if inner is not None:
            yield from places_of(inner.routes)
        elif isinstance(route, Mount):
            yield f"GET {route.path}/{{file:path}}"
        else:
            yield from (f"{m} {route.path}" for m in route.methods - {"HEAD"})


def asked(client: TestClient, place: str, token: str = "") -> int:
    method, _, path = place.partition(" ")
    path = re.sub(r"\{[^}]*\}", "0", path)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.request(method, path, headers=headers).status_code


def test_every_route_stands_in_the_table_and_every_row_is_a_route(app):
    mine = {p for p in places_of(app.routes) if not p.split()[1].startswith(PEOPLE_PREFIXES)}
    assert mine == set(TABLE)


def test_every_role_has_a_line_and_no_act_is_closed_to_all():
    assert set(LAW) == set(Role)
    assert set().union(*LAW.values()) | FREE == set(Act)
    assert LAW[Role.SHOPPER] == READING


@pytest.mark.parametrize("place", TABLE)
def test_a_route_opens_exactly_to_whom_the_law_opens_it(stranger, tokens, place):
    act = TABLE[place]
    for who, token in tokens.items():
        status = asked(stranger, place, token)
        if who == "nobody":
            may = act in FREE | READING
        elif who == "revoked":
            may = act in FREE
        else:
            may = allowed(Role(who), act)
        if may:
            assert status not in (401, 403), (who, status)
        else:
            assert status == (401 if who in ("nobody", "revoked") else 403), (who, status)


@pytest.mark.parametrize("place", TABLE)
def test_before_the_first_key_only_this_machine_writes(shop, stranger, place):
    may = TABLE[place] in FREE | READING
    assert (asked(stranger, place) not in (401, 403)) is may
    with from_this_machine(shop) as local:
        assert asked(local, place) not in (401, 403)


@pytest.mark.parametrize("place", [p for p, act in ADDRESSES if act in READING])
def test_an_operator_may_demand_keys_for_reading_too(settings, shop, tokens, place):
    closed = settings.model_copy(update={"demand_keys": True})
    app = create_app(replace(shop, office=open_back_office(closed)))
    client = TestClient(app, base_url=REMOTE, raise_server_exceptions=False)
    assert asked(client, place) == 401
    assert asked(client, place, tokens["shopper"]) not in (401, 403)


def test_a_route_without_a_row_is_closed_to_everybody(app, tokens):
    router = APIRouter()

    @router.get("/v1/forgotten")
    def forgotten() -> str:
        return "open"

    app.include_router(router)
    with TestClient(app, base_url=REMOTE) as client:
        for token in tokens.values():
            assert asked(client, "GET /v1/forgotten", token) in (401, 403)


def test_what_is_no_address_is_not_found_and_not_forbidden(stranger):
    assert stranger.get("/v1/nowhere").status_code == 404
    assert stranger.delete("/v1/search").status_code == 405


@pytest.mark.parametrize(
    ("path", "subject"),
    [("/v1/products/a/b c", "a/b c"), ("/v1/products/x\ny", "x\ny"), ("/v1/products/", "")],
)
def test_a_sku_is_found_whatever_stands_in_it(path, subject):
    place = Addresses().find("DELETE", path)
    assert place is not None
    assert (place.act, place.subject) == (Act.DELETE_PRODUCT, subject)


def test_the_table_names_no_place_twice():
    assert len(TABLE) == len(ADDRESSES)
