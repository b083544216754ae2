"""What a device saves is kept, is its own, and goes for good when it says so."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.app import create_app
from api.devices import COOKIE, HEADER, owner_of
from api.errors import NoSuchSaved, SavedFull
from api.limits import Rate
from api.saved import Saved
from tests.little_shop import drawn, encoded, from_this_machine

SNAP = {"content-type": "image/jpeg"}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def app(shop) -> TestClient:
    """An app with a device of its own."""
    caller = from_this_machine(shop)
    caller.headers[HEADER] = caller.post("/v1/devices").json()["device"]
    return caller


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    return Saved(tmp_path, 1_000, lambda: NOW)


def exif_picture() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "SECRETPLACE"
    return encoded(drawn("red"), exif=exif)


def files_holding(folder: Path, needle: bytes) -> list[Path]:
    return [f for f in folder.rglob("*") if f.is_file() and needle in f.read_bytes()]


def test_a_heart_is_kept_once_and_taken_back(app: TestClient) -> None:
    first = app.put("/v1/saved/products/bag-red")
    assert (first.status_code, first.json()["product"]["title"]) == (201, "Red bag")
    assert app.put("/v1/saved/products/bag-red").status_code == 200
    assert app.put("/v1/saved/products/no-such").json()["code"] == "unknown-product"
    assert [i["sku"] for i in app.get("/v1/saved").json()["items"]] == ["bag-red"]
    assert app.delete("/v1/saved/products/bag-red").status_code == 204
    assert app.delete("/v1/saved/products/bag-red").status_code == 204
    assert app.get("/v1/saved").json() == {"items": [], "next": None}


def test_a_browser_gets_a_cookie_that_no_script_reads_and_no_other_page_sends(client) -> None:
    answer = client.put("/v1/saved/products/bag-red")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=vzd_")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    same = {"sec-fetch-site": "same-origin"}
    assert client.put("/v1/saved/products/bag-blue", headers=same).status_code == 201
    assert len(client.get("/v1/saved").json()["items"]) == 2
    other = client.delete("/v1/saved", headers={"sec-fetch-site": "cross-site"})
    assert other.status_code in (401, 403)
    assert len(client.get("/v1/saved").json()["items"]) == 2


def test_a_snap_keeps_its_picture_without_what_the_camera_wrote_and_its_answer(app, shop) -> None:
    made = app.post("/v1/saved/snaps?top=3", content=exif_picture(), headers=SNAP)
    assert made.status_code == 201
    kept = made.json()
    assert kept["answer"]["hits"][0]["sku"] == "bag-red"
    assert kept["answer"]["query"]["width_px"] == 120
    picture = app.get(kept["image"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert b"SECRETPLACE" not in picture.content
    assert files_holding(shop.office.home, b"SECRETPLACE") == []
    listed = app.get("/v1/saved").json()["items"][0]
    assert "hits" not in listed["answer"]
    assert app.get(f"/v1/saved/{kept['id']}").json()["answer"]["hits"] == kept["answer"]["hits"]


def test_what_cannot_be_searched_is_not_kept(app, shop) -> None:
    assert app.post("/v1/saved/snaps", json={"text": "bag"}).json()["code"] == "bad-parameter"
    bad = app.post("/v1/saved/snaps", content=b"no picture", headers=SNAP)
    assert bad.json()["code"] == "not-a-picture"
    assert not (shop.office.home / "saved").exists()


def test_the_same_request_sent_again_keeps_nothing_twice(app: TestClient) -> None:
    again = SNAP | {"idempotency-key": "a1"}
    first = app.post("/v1/saved/snaps", content=encoded(drawn("red")), headers=again)
    second = app.post("/v1/saved/snaps", content=encoded(drawn("red")), headers=again)
    other = app.post("/v1/saved/snaps", content=encoded(drawn("blue")), headers=again)
    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 201)
    assert first.json()["id"] == second.json()["id"] != other.json()["id"]


def test_deleted_means_gone_from_the_disk(app, shop) -> None:
    home = shop.office.home
    kept = app.post(
        "/v1/saved/snaps?text=verysecretwords", content=exif_picture(), headers=SNAP
    ).json()
    pictures = list((home / "saved").glob("*.jpg"))
    assert len(pictures) == 1
    assert files_holding(home / "door", b"verysecretwords")
    assert app.delete(f"/v1/saved/{kept['id']}").status_code == 204
    assert list((home / "saved").glob("*")) == []
    assert files_holding(home, b"verysecretwords") == []
    assert app.get(kept["image"]).json()["code"] == "no-such-saved"


def test_nobody_sees_or_deletes_another_devices_things(app, client, shop) -> None:
    kept = app.post("/v1/saved/snaps", content=encoded(drawn("red")), headers=SNAP).json()
    stranger = from_this_machine(shop)
    stranger.headers[HEADER] = stranger.post("/v1/devices").json()["device"]
    for caller in (client, stranger):
        assert caller.get("/v1/saved").json()["items"] == []
        assert caller.get(f"/v1/saved/{kept['id']}").status_code == 404
        assert caller.get(kept["image"]).status_code == 404
        assert caller.delete(f"/v1/saved/{kept['id']}").status_code == 404
        assert caller.delete("/v1/saved").status_code == 204
    assert app.get(kept["image"]).status_code == 200
    made_up = {HEADER: "vzd_guess"}
    assert client.get("/v1/saved", headers=made_up).json()["code"] == "bad-parameter"


def test_pages_follow_each_other_and_an_etag_saves_the_way(app: TestClient) -> None:
    skus = [f"{shape}-{colour}" for shape in ("bag", "ball") for colour in ("red", "green", "blue")]
    for sku in skus:
        app.put(f"/v1/saved/products/{sku}")
    first = app.get("/v1/saved?limit=4")
    assert app.get("/v1/saved", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    second = app.get(f"/v1/saved?limit=4&cursor={first.json()['next']}").json()
    seen = [i["sku"] for page in (first.json(), second) for i in page["items"]]
    assert seen == skus[::-1]
    assert second["next"] is None
    assert app.get("/v1/saved?cursor=%F0%9F").json()["code"] == "bad-parameter"
    app.delete("/v1/saved/products/bag-red")
    again = app.get("/v1/saved", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 200


def test_a_product_that_the_shop_sells_no_more_stays_as_a_memory(app, shop) -> None:
    app.put("/v1/saved/products/bag-red")
    shop.shelf.delete("bag-red")
    (item,) = app.get("/v1/saved").json()["items"]
    assert (item["sku"], item["product"]) == ("bag-red", None)


def test_a_devices_things_can_become_a_customers(saved: Saved) -> None:
    device, customer = owner_of("vzd_1"), "customer:1"
    saved.keep_product(device, "a")
    saved.keep_product(device, "b")
    saved.keep_product(customer, "b")
    saved.keep_snap(device, b"jpeg", {"hits": []}, None)
    assert saved.merge(device, customer) == 2
    assert saved.page(device, 10).items == []
    assert {i.sku for i in saved.page(customer, 10).items} == {"a", "b", ""}


def test_what_is_saved_survives_and_what_a_crash_left_is_swept(tmp_path: Path) -> None:
    saved = Saved(tmp_path, 1_000, lambda: NOW)
    item, _ = saved.keep_snap("device:1", b"jpeg", {}, None)
    saved.close()
    orphan = tmp_path / "saved" / f"{'0' * 24}.jpg"
    orphan.write_bytes(b"of a crash")
    os.utime(orphan, (1, 1))
    again = Saved(tmp_path, 1_000, lambda: NOW)
    assert again.picture("device:1", item.id) == b"jpeg"
    assert not orphan.exists()
    again.close()
    a_year_on = Saved(tmp_path, 1_000, lambda: NOW + timedelta(days=400))
    assert a_year_on.page("device:1", 10).items == []
    assert list((tmp_path / "saved").iterdir()) == []
    with pytest.raises(NoSuchSaved):
        a_year_on.picture("device:1", item.id)
    a_year_on.close()


def test_pictures_of_all_devices_together_are_bounded(saved: Saved, monkeypatch) -> None:
    saved.keep_snap("device:1", bytes(900), {}, None)
    with pytest.raises(SavedFull, match="no more pictures"):
        saved.keep_snap("device:2", bytes(200), {}, None)
    monkeypatch.setattr("api.saved.MOST_ITEMS", 2)
    saved.keep_product("device:1", "a")
    with pytest.raises(SavedFull, match="delete some"):
        saved.keep_product("device:1", "b")


def test_the_catalogue_is_read_page_by_page(client) -> None:
    skus, path = [], "/v1/products?limit=3"
    while path:
        page = client.get(path).json()
        skus += [p["sku"] for p in page["products"]]
        path = page["next"] and f"/v1/products?limit=3&cursor={page['next']}"
    assert skus == sorted(skus)
    assert len(skus) == 10
    assert page["products"][0]["pictures"]
    assert client.get("/v1/products?cursor=!").json()["code"] == "bad-parameter"
    assert client.get("/v1/products?limit=0").status_code == 422


def test_a_page_of_the_saved_needs_no_key_but_the_catalogue_does(shop) -> None:
    with TestClient(create_app(shop), base_url="http://shop.example") as stranger:
        assert stranger.get("/v1/saved").status_code == 200
        assert stranger.get("/v1/products").status_code == 401


def test_no_device_fills_the_room_of_all_alone(tmp_path: Path, monkeypatch) -> None:
    saved = Saved(tmp_path, 10_000, lambda: NOW)
    monkeypatch.setattr("api.saved.MOST_BYTES", 1_000)
    saved.keep_snap("device:1", bytes(900), {}, None)
    with pytest.raises(SavedFull, match="delete some"):
        saved.keep_snap("device:1", bytes(200), {}, None)
    saved.keep_snap("device:2", bytes(200), {}, None)
    monkeypatch.setattr("api.saved.MOST_SNAPS", 1)
    with pytest.raises(SavedFull, match="1 snaps"):
        saved.keep_snap("device:2", bytes(1), {}, None)
    assert len(list((tmp_path / "saved").iterdir())) == 2
    saved.close()


def test_devices_that_never_came_back_make_room_the_oldest_first(tmp_path: Path) -> None:
    now = [NOW]
    saved = Saved(tmp_path, 1_000, lambda: now[0])
    for day, device in enumerate(("device:faithful", "device:old", "device:younger")):
        now[0] = NOW + timedelta(days=day)
        saved.keep_snap(device, bytes(300), {}, None)
    saved.version("device:faithful")  # she looked at her list on another day
    with pytest.raises(SavedFull, match="no more pictures"):
        saved.keep_snap("device:new", bytes(300), {}, None)
    now[0] = NOW + timedelta(days=20)
    saved.keep_snap("device:new", bytes(300), {}, None)
    left = [d for d in ("faithful", "old", "younger", "new") if saved.page(f"device:{d}", 9).items]
    assert left == ["faithful", "younger", "new"]
    assert len(list((tmp_path / "saved").iterdir())) == 3
    saved.close()


def test_one_address_has_its_share_of_new_devices_and_of_snaps(shop, monkeypatch) -> None:
    monkeypatch.setattr("api.keeping.NEW_DEVICES", Rate(1 / 3600, 2))
    monkeypatch.setattr("api.keeping.SNAPS", Rate(1 / 3600, 1))
    caller = from_this_machine(shop)
    devices = [caller.post("/v1/devices").json()["device"] for _ in range(3)]
    answers = [
        caller.put("/v1/saved/products/bag-red", headers={HEADER: device}).status_code
        for device in (*devices, devices[0])
    ]
    assert answers == [201, 201, 429, 200]
    snaps = [
        caller.post("/v1/saved/snaps", content=encoded(drawn("red")), headers=SNAP | {HEADER: d})
        for d in devices[:2]
    ]
    assert [snap.status_code for snap in snaps] == [201, 429]
    assert int(snaps[1].headers["retry-after"]) > 60
