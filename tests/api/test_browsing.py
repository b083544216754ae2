"""The catalogue page by page, and a product's pictures one by one."""

import pytest

from tests.little_shop import drawn, encoded


def skus(client, **asked):
    return [p["sku"] for p in client.get("/v1/catalogue", params=asked).json()["products"]]


def test_pages_follow_each_other_and_miss_nothing(client):
    seen, after = [], ""
    while after is not None:
        page = client.get("/v1/catalogue", params={"limit": 3, "after": after}).json()
        assert page["total"] == 10
        seen += [product["sku"] for product in page["products"]]
        after = page["next"]
    assert seen == sorted(seen)
    assert len(set(seen)) == 10


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"words": "RED bag"}, ["bag-red"]),
        ({"words": "ball", "filter": "price<20"}, ["ball-red"]),
        ({"filter": "colour=green"}, ["bag-green", "ball-green"]),
        ({"words": "%"}, []),
        ({"words": "_ag"}, []),
        ({"words": "'; DROP TABLE products"}, []),
    ],
)
def test_words_and_filter_narrow_and_are_never_obeyed(client, asked, found):
    assert skus(client, **asked) == found


def test_a_filter_without_sense_is_told(client):
    assert client.get("/v1/catalogue", params={"filter": "price<"}).json()["code"] == "bad-filter"


def repicture(client, keep, *new):
    files = [("image", ("p.png", data, "image/png")) for data in new]
    fields = [("keep", (None, keep)), *files]
    return client.put("/v1/products/bag-red/pictures", files=fields)


def test_pictures_are_added_reordered_and_taken_away_as_they_were_sent(client, shop):
    first = shop.shelf.pictures("bag-red")[0].sha256
    answer = repicture(client, "0", encoded(drawn("blue"), "PNG"))
    assert answer.status_code == 200
    assert len(answer.json()["pictures"]) == 2
    repicture(client, "1,0")
    assert [p.sha256 for p in shop.shelf.pictures("bag-red")][1] == first
    repicture(client, "0")
    assert first not in [p.sha256 for p in shop.shelf.pictures("bag-red")]


@pytest.mark.parametrize(
    ("keep", "code"),
    [
        ("", "bad-parameter"), ("7", "no-such-picture"), ("x", "bad-parameter"),
        ("-1", "bad-parameter"),
    ],
)  # fmt: skip
def test_a_product_keeps_a_picture_and_numbers_make_sense(client, shop, keep, code):
    before = shop.shelf.pictures("bag-red")
    assert repicture(client, keep).json()["code"] == code
    assert shop.shelf.pictures("bag-red") == before


def test_a_file_that_is_no_picture_changes_nothing(client, shop):
    before = shop.shelf.pictures("bag-red")
    assert repicture(client, "0", b"no picture").status_code == 415
    assert shop.shelf.pictures("bag-red") == before
