"""What a device saved becomes a customer's: role × route × own and another's, and forgetting."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

pytest.importorskip("av", reason="the mirror's extra is not installed")

from api.app import create_app
from api.cli_people import tended_if_asked
from api.errors import SavedFull
from api.hers import PREFIX, HersSaved
from api.saved import MOST_ITEMS
from api.shop import Shop
from customers.access import Act, Caller, Role, Thing, allowed
from tests.drawn_clips import NOON
from tests.little_shop import drawn, encoded
from tests.little_studio import LittleStudio

ROUTES = {
    "GET /v1/customers/{customer_id}/saved": (Act.SEE_SAVED, ""),
    "GET /v1/customers/{customer_id}/saved/{item_id}": (Act.SEE_SAVED, "/{item}"),
    "GET /v1/customers/{customer_id}/saved/{item_id}/picture": (Act.SEE_SAVED, "/{item}/picture"),
    "POST /v1/customers/{customer_id}/saved": (Act.KEEP_SAVED, ""),
    "DELETE /v1/customers/{customer_id}/saved/{item_id}": (Act.KEEP_SAVED, "/{item}"),
}
WHO = ("nobody", "ana", "berta", "room-1", "room-2", "staff", "operator")


@dataclass
class Store:
    """A shop with people, served together; Ana and Berta have each brought a snap and a product."""

    little: LittleStudio
    shop: Shop
    items: dict[str, str]

    def path(self, name: str, rest: str = "") -> str:
        hers = f"/v1/customers/{self.little.visits[name].customer_id}/saved"
        return hers + rest.format(item=self.items[name])

    def snap(self, name: str) -> str:
        """Save a snap and a product on a device, and bring them to `name`; the snap's id."""
        device = {"x-vistazo-device": self.little.client.post("/v1/devices").json()["device"]}
        files = {"image": ("a.jpg", encoded(drawn("red")))}
        kept = self.little.client.post("/v1/saved/snaps", files=files, headers=device)
        liked = self.little.client.put("/v1/saved/products/bag-red", headers=device)
        assert kept.status_code == liked.status_code == 201
        self.items[name] = kept.json()["id"]
        told = self.little.call(name, "POST", self.path(name), headers=device)
        assert told.json()["merged"] in (1, 2), told.text  # a product that is hers already is one
        assert self.little.client.get("/v1/saved", headers=device).json()["items"] == []
        return self.items[name]


@pytest.fixture
def store(tmp_path: Path, shop: Shop) -> Store:
    little = LittleStudio(tmp_path / "people")
    little.client = TestClient(create_app(shop, little.studio), client=("127.0.0.1", 50_000))
    opened = Store(little, shop, {})
    for name in ("ana", "berta"):
        opened.snap(name)
    return opened


def test_every_route_of_hers_stands_in_the_matrix(store: Store) -> None:
    paths = store.little.client.get("/v1/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, told in paths.items() for method in told}
    assert {r for r in routes if "/v1/customers/" in r and "/saved" in r} == set(ROUTES)


def test_only_she_herself_brings_sees_and_deletes_what_is_hers(store: Store) -> None:
    little = store.little
    for route, who, name in product(ROUTES, WHO, ("ana", "berta")):
        act, rest = ROUTES[route]
        token = little.tokens[who]
        caller = little.studio.passes.who(token, little.clock.now()) if token else None
        thing = Thing(little.visits[name].customer_id)
        may = caller is not None and allowed(caller, act, thing)
        assert may is (who == name)
        answer = little.call(who, route.split()[0], store.path(name, rest))
        case = (route, who, name, answer.text[:200])
        if may:
            assert answer.is_success, case
            if route.startswith("DELETE"):
                store.snap(name)
        else:
            assert answer.status_code == (401 if who == "nobody" else 403), case


def test_what_is_hers_is_read_as_a_device_reads_its_own(store: Store) -> None:
    told = store.little.call("ana", "GET", store.path("ana")).json()
    assert [item["kind"] for item in told["items"]] == ["product", "snap"]
    snap = told["items"][1]
    picture = store.little.call("ana", "GET", snap["image"])
    assert picture.content[:2] == b"\xff\xd8"
    assert picture.headers["cache-control"] == "no-store"
    assert store.little.call("berta", "GET", snap["image"]).status_code == 403
    other = snap["image"].replace(
        store.little.visits["ana"].customer_id, store.little.visits["berta"].customer_id
    )
    assert store.little.call("berta", "GET", other).status_code == 404  # another's id, her own name
    hits = store.little.call("ana", "GET", store.path("ana", "/{item}")).json()["answer"]["hits"]
    assert hits


def test_what_is_brought_twice_is_kept_once_and_a_device_without_a_name_brings_nothing(
    store: Store,
) -> None:
    store.snap("ana")
    told = store.little.call("ana", "GET", store.path("ana")).json()["items"]
    assert [item["kind"] for item in told].count("product") == 1
    assert [item["kind"] for item in told].count("snap") == 2
    assert store.little.call("ana", "POST", store.path("ana")).json() == {"merged": 0}


def test_her_log_tells_of_it(store: Store) -> None:
    store.little.call("ana", "GET", store.path("ana"))
    hers = store.little.studio.customers.log_of(store.little.visits["ana"].customer_id)
    acts = [entry.act for entry in hers]
    assert Act.KEEP_SAVED in acts
    assert Act.SEE_SAVED in acts


def test_forgetting_her_takes_it_along_and_the_receipt_names_it(
    store: Store, tmp_path: Path
) -> None:
    item, hers = store.items["ana"], store.little.visits["ana"].customer_id
    receipt = store.little.call("ana", "POST", f"/v1/customers/{hers}/forget").json()
    assert f"saved/{item}" in receipt["files"]
    assert store.shop.saved.every(PREFIX + hers) == []
    assert not list((tmp_path / "shop" / "saved").glob(f"{item}*"))
    berta = store.little.visits["berta"].customer_id
    assert len(store.shop.saved.every(PREFIX + berta)) == 2


def test_what_a_crash_left_of_one_who_is_forgotten_goes_at_the_next_start(store: Store) -> None:
    store.shop.saved.keep_product(PREFIX + "gone", "bag-red")
    HersSaved(store.shop.saved).sweep(store.little.studio.customers.ids)
    assert store.shop.saved.every(PREFIX + "gone") == []
    assert len(store.shop.saved.owners(PREFIX)) == 2


def test_who_becomes_a_customer_while_the_sweep_looks_loses_nothing(store: Store) -> None:
    customers, saved = store.little.studio.customers, store.shop.saved

    def known() -> list[str]:
        before = customers.ids()
        saved.keep_product(PREFIX + customers.welcome(NOON).id, "bag-red")
        return before

    HersSaved(saved).sweep(known)
    assert len(saved.owners(PREFIX)) == 3


def test_what_she_brings_while_she_is_forgotten_is_kept_nowhere(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    little, saved = store.little, store.shop.saved
    hers = little.visits["ana"].customer_id
    merge = saved.merge

    def merge_a_moment_later(source: str, target: str) -> int:
        little.studio.forget(hers)
        return merge(source, target)

    monkeypatch.setattr(saved, "merge", merge_a_moment_later)
    device = {"x-vistazo-device": little.client.post("/v1/devices").json()["device"]}
    assert little.client.put("/v1/saved/products/bag-red", headers=device).is_success
    answer = little.call("ana", "POST", store.path("ana"), headers=device)
    assert (answer.status_code, answer.json()["code"]) == (410, "key-destroyed")
    assert saved.every(PREFIX + hers) == []
    assert saved.owners(PREFIX) == [PREFIX + little.visits["berta"].customer_id]
    assert little.studio.customers.log_of(hers) == []


def test_no_receipt_is_signed_before_an_interrupted_forgetting_has_reached_what_she_saved(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    little, hers = store.little, store.little.visits["ana"].customer_id

    def crash(self: HersSaved, customer_id: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(HersSaved, "forget", crash)
        with pytest.raises(KeyboardInterrupt):
            little.studio.forget(hers)
    little.studio.close()
    monkeypatch.setattr("mirror.memory.forbid_dumps", bool)  # this process is the tests'
    with tended_if_asked(little.folder, 1.0) as again:
        assert again is not None
        assert again.ledger.receipt(hers) is None
        little.client = TestClient(create_app(store.shop, again))
        assert store.shop.saved.every(PREFIX + hers) == []
        assert f"saved/{store.items['ana']}" in str(again.ledger.receipt(hers))


def test_more_than_one_person_may_keep_stays_on_the_device(shop: Shop) -> None:
    for number in range(MOST_ITEMS):
        shop.saved.keep_product("device:a", f"a{number}")
    shop.saved.keep_product(PREFIX + "c", "b")
    with pytest.raises(SavedFull):
        shop.saved.merge("device:a", PREFIX + "c")
    assert len(shop.saved.every("device:a")) == MOST_ITEMS
    assert [item.sku for item in shop.saved.every(PREFIX + "c")] == ["b"]


def test_the_law_gives_it_to_customers_alone() -> None:
    for act in (Act.SEE_SAVED, Act.KEEP_SAVED):
        holders = [role for role in Role if allowed(Caller(role, "x"), act, Thing("x", "x"))]
        assert holders == [Role.CUSTOMER]
