"""Products over HTTP: looked at, put, changed, deleted; searchable at once and gone at once."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from PIL import Image

from index.shelf import Shelf
from tests.little_shop import drawn, encoded

RED = encoded(drawn("red"))


def put(client, sku, /, *pictures, **fields):
    files = [("image", ("p.jpg", data, "image/jpeg")) for data in pictures]
    files.append(("product", (None, json.dumps(fields))))
    return client.put(f"/v1/products/{quote(sku, safe='')}", files=files)


def skus_like(client, data):
    answer = client.post(
        "/v1/search?unfold=true", content=data, headers={"content-type": "image/x"}
    )
    return [hit["sku"] for hit in answer.json()["hits"]]


def test_a_product_is_told_with_its_pictures(client):
    body = client.get("/v1/products/bag-red").json()
    assert (body["title"], body["price"], body["categories"]) == ("Red bag", 10.0, ["Toys/bags"])
    assert body["attributes"] == {"season": ["Fall"]}
    assert body["pictures"] == ["/v1/products/bag-red/pictures/0"]


def test_an_unknown_product_is_404_whatever_is_done_to_it(client):
    for answer in (
        client.get("/v1/products/nothing"),
        client.delete("/v1/products/nothing"),
        client.get("/v1/products/nothing/pictures/0"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-product")


def test_a_put_product_is_found_by_the_next_search(client):
    pink = Image.new("RGB", (90, 90), (250, 120, 200))
    answer = put(client, "new", encoded(pink, "PNG"), title="Pink thing", price=7.5)
    assert answer.status_code == 201
    assert answer.json()["price"] == 7.5
    assert skus_like(client, encoded(pink, "PNG"))[0] == "new"
    assert client.delete("/v1/products/new").status_code == 204
    assert "new" not in skus_like(client, encoded(pink, "PNG"))
    assert client.get("/v1/products/new").status_code == 404


def test_putting_again_replaces_pictures_and_keeps_what_was_not_said(client):
    answer = put(client, "bag-red", encoded(drawn("black")), encoded(drawn("yellow")), price=1)
    assert answer.status_code == 200
    assert answer.json()["title"] == "Red bag"
    assert answer.json()["price"] == 1
    assert len(answer.json()["pictures"]) == 2


def test_json_alone_changes_fields_of_a_product_that_is_there(client):
    answer = client.put("/v1/products/bag-red", json={"stock": 0, "title": "Crimson bag"})
    assert answer.status_code == 200
    assert (answer.json()["stock"], answer.json()["price"]) == (0, 10.0)
    hits = client.get("/v1/search", params={"text": "Crimson bag", "filter": "stock=0"}).json()
    assert [h["sku"] for h in hits["hits"]] == ["bag-red"]


def test_a_new_product_needs_a_picture(client):
    for answer in (client.put("/v1/products/new", json={"title": "x"}), put(client, "new")):
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-parameter")
    assert client.get("/v1/products/new").status_code == 404


@pytest.mark.parametrize("sku", ["a/b c", "ñandú/日本", "100%", "q?x=1#y", "x.y", "a+b", "..a"])
def test_any_sku_works_percent_encoded(client, sku):
    assert put(client, sku, RED, title="odd").status_code == 201
    body = client.get(f"/v1/products/{quote(sku, safe='')}").json()
    assert body["sku"] == sku
    assert client.get(body["pictures"][0]).status_code == 200
    assert client.delete(f"/v1/products/{quote(sku, safe='')}").status_code == 204


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"price": -1}, "bad-parameter"),
        ({"price": "cheap"}, "bad-parameter"),
        ({"stock": 1.5}, "bad-parameter"),
        ({"price": True}, "bad-parameter"),
        ({"stock": True}, "bad-parameter"),
        ({"sku": "other"}, "bad-parameter"),
        ({"colr": "red"}, "bad-parameter"),
        ({"title": "x" * 20_001}, "bad-product"),
        ({"url": "javascript:alert(1)"}, "bad-product"),
    ],
)
def test_a_field_that_makes_no_sense_changes_nothing(client, fields, code):
    before = client.get("/v1/products/bag-red").json()
    answer = put(client, "bag-red", **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert client.get("/v1/products/bag-red").json() == before


def test_one_bad_picture_of_two_changes_nothing(client):
    answer = put(client, "bag-red", encoded(drawn("black")), b"rubbish", price=3)
    assert (answer.status_code, answer.json()["code"]) == (415, "not-a-picture")
    assert client.get("/v1/products/bag-red").json()["price"] == 10.0
    assert put(client, "bag-red", *[RED] * 17).status_code == 422


def test_categories_and_attributes_may_come_as_texts_or_lists(client):
    answer = put(
        client, "n", RED, categories="A/B, C", attributes={"year": 2026, "tags": ["x", "y"]}
    )
    assert answer.json()["categories"] == ["A/B", "C"]
    assert answer.json()["attributes"] == {"year": ["2026"], "tags": ["x", "y"]}


def test_a_thumbnail_has_the_width_asked_for_and_a_tag(client):
    large = drawn("blue", size=(1000, 1400))
    put(client, "large", encoded(large))
    answer = client.get("/v1/products/large/pictures/0", params={"width": 390})
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (400, 560)
    tag = answer.headers["etag"]
    again = client.get("/v1/products/large/pictures/0?width=400", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    full = client.get("/v1/products/large/pictures/0")
    assert Image.open(io.BytesIO(full.content)).size == (1000, 1400)
    assert full.headers["etag"] != tag


def test_widths_are_few_so_that_nobody_fills_the_disk(client, settings):
    for width in (1, 100, 159, 160, 5000, 9999):
        assert client.get(f"/v1/products/bag-red/pictures/0?width={width}").status_code == 200
    assert len(list((settings.shop / "thumbnails").rglob("*.jpg"))) == 2


def test_a_new_picture_is_a_new_thumbnail(client):
    first = client.get("/v1/products/bag-red/pictures/0?width=160")
    put(client, "bag-red", encoded(drawn("green")))
    second = client.get(
        "/v1/products/bag-red/pictures/0?width=160",
        headers={"if-none-match": first.headers["etag"]},
    )
    assert second.status_code == 200
    assert second.content != first.content


def test_no_exif_of_a_merchants_photo_leaves_the_house(client):
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    gps = exif.get_ifd(0x8825)
    gps[1] = "N"
    put(client, "gps", encoded(drawn("red"), exif=exif))
    for width in ("", "?width=160"):
        answer = client.get(f"/v1/products/gps/pictures/0{width}")
        assert b"SECRET-PLACE" not in answer.content
        assert not Image.open(io.BytesIO(answer.content)).getexif()


def test_a_picture_that_is_not_there_is_404(client, catalogue):
    answer = client.get("/v1/products/bag-red/pictures/7")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-picture")
    (catalogue.parent / "images" / "bag-red.png").unlink()
    answer = client.get("/v1/products/bag-red/pictures/0")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-picture")


def test_a_sku_that_is_the_address_of_a_picture_is_refused(client):
    answer = put(client, "bag-red/pictures/0", RED, title="x")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-product")
    assert "/pictures" in answer.json()["reason"]
    for sku in ("bag-red/pictures/front", "bag-red/pictures2", "pictures/0x", "pictures"):
        assert put(client, sku, RED, title="x").status_code == 201
        assert client.get(f"/v1/products/{quote(sku, safe='')}").json()["sku"] == sku


@pytest.mark.parametrize("number", ["7", "99999", "00007", "100000", "9" * 5000, "-1", "\u0663"])
def test_no_number_of_a_picture_is_more_than_a_404(client, number):
    answer = client.get(f"/v1/products/bag-red/pictures/{number}")
    assert answer.status_code == 404
    assert answer.json()["code"] in ("no-such-picture", "unknown-product")


def test_a_body_of_another_kind_is_refused(client):
    answer = client.put("/v1/products/x", content=RED, headers={"content-type": "image/jpeg"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unknown-body")
    answer = client.put("/v1/products/x", files={"image": ("a", RED)}, data={"title": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-parameter")


def test_a_bad_put_keeps_no_upload(client, settings):
    put(client, "new", encoded(drawn("black")), b"rubbish")
    assert list((settings.shop / "pictures").rglob("*.jpg")) == []


def test_those_who_change_different_fields_at_once_all_keep_their_change(client):
    """With titles changing too, so that words are embedded anew between reading and writing."""
    with ThreadPoolExecutor(4) as pool:
        for i in range(1, 16):
            said = [{"price": i}, {"stock": i}, {"brand": f"b{i}"}, {"title": f"Bag {i}"}]
            answers = list(
                pool.map(lambda fields: client.put("/v1/products/bag-red", json=fields), said)
            )
            assert {answer.status_code for answer in answers} == {200}
            body = client.get("/v1/products/bag-red").json()
            told = {name: body[name] for name in ("price", "stock", "brand", "title")}
            assert told == {"price": i, "stock": i, "brand": f"b{i}", "title": f"Bag {i}"}


def test_a_put_tells_what_it_wrote_even_if_somebody_deletes_it_at_once(client, shop, monkeypatch):
    revise = Shelf.revise

    def revise_then_lose(self, sku, *rest):
        done = revise(self, sku, *rest)
        self.delete(sku)
        return done

    monkeypatch.setattr(Shelf, "revise", revise_then_lose)
    answer = put(client, "brief", RED, title="Brief")
    assert (answer.status_code, answer.json()["title"]) == (201, "Brief")
    assert answer.json()["pictures"] == ["/v1/products/brief/pictures/0"]


def test_a_new_price_asks_nothing_of_the_encoder(client, shop, monkeypatch):
    monkeypatch.setattr(type(shop.encoder), "words", lambda *_: pytest.fail("words were embedded"))
    assert client.put("/v1/products/bag-red", json={"price": 3}).json()["price"] == 3


def test_deleting_a_product_takes_its_upload_and_its_thumbnails_off_the_disk(client, settings):
    def left():
        return [
            p for place in ("pictures", "thumbnails") for p in (settings.shop / place).rglob("*.*")
        ]

    put(client, "gone", RED)
    assert client.get("/v1/products/gone/pictures/0?width=160").status_code == 200
    assert len(left()) == 2
    put(client, "gone", encoded(drawn("black")))
    assert len(left()) == 1
    client.delete("/v1/products/gone")
    assert left() == []


def test_a_thumbnail_drawn_while_its_product_is_deleted_does_not_stay(client, shop, settings):
    put(client, "gone", RED)
    picture = shop.shelf.pictures("gone")[0]
    draw = shop.thumbnails._draw

    def draw_slowly(picture, width_px):
        data = draw(picture, width_px)
        shop.shelf.delete("gone")
        return data

    shop.thumbnails._draw = draw_slowly
    assert shop.thumbnails.get(picture, 160).data
    assert list((settings.shop / "thumbnails").rglob("*.jpg")) == []
