"""Searching by the address of a picture: fetched within bounds, and from nowhere private."""

import pytest

from index.shelf import Shelf
from tests.fakes import FakeEncoder
from tests.little_shop import drawn, encoded, from_this_machine
from tests.picture_host import picture_host


@pytest.fixture
def host():
    with picture_host() as served:
        served.shows("/red.jpg", encoded(drawn("red")))
        served.answers["/page"] = lambda asked: asked.say(200, b"<html>", Content_Type="image/png")
        yield served


@pytest.fixture
def client(settings, catalogue, host):
    from api.shop import shop_of
    from index.build import apply_source

    settings = settings.model_copy(update={"fetch_hosts": host.name, "fetch_wait_s": 2.0})
    shelf = Shelf.open(settings.shop, FakeEncoder().spec, create=True)
    apply_source(shelf, FakeEncoder(), catalogue)
    with from_this_machine(shop_of(settings, shelf, FakeEncoder())) as caller:
        yield caller


def test_an_address_finds_what_its_picture_finds(client, host):
    url = f"{host.url}/red.jpg"
    by_picture = client.post("/v1/search", files={"image": encoded(drawn("red"))}).json()
    for answer in (
        client.post("/v1/search", json={"url": url}),
        client.post("/v1/search", files={"url": (None, url)}),
        client.get("/v1/search", params={"url": url}),
    ):
        found = answer.json()
        assert [h["sku"] for h in found["hits"]] == [h["sku"] for h in by_picture["hits"]]
        assert (found["query"]["kind"], found["query"]["width_px"]) == ("picture", 120)
        assert "fetch" in found["took_ms"]


def test_words_and_a_box_refine_it(client, host):
    asked = {"url": f"{host.url}/red.jpg", "text": "but in green", "box": "0,0,60,60"}
    found = client.post("/v1/search", json=asked).json()
    assert (found["query"]["kind"], found["query"]["box"]) == ("both", [0, 0, 60, 60])


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:1/x.jpg", "bad-link"),
        ("http://169.254.169.254/latest/meta-data/", "bad-link"),
        ("file:///etc/passwd", "bad-link"),
        ("no address at all", "bad-link"),
        ("HOST/gone.jpg", "bad-link"),
        ("HOST/page", "bad-link"),
        ("https://a.test/" + "x" * 3_000, "bad-parameter"),
    ],
)
def test_what_cannot_be_fetched_is_told_with_a_reason(client, host, url, code):
    answer = client.post("/v1/search", json={"url": url.replace("HOST", host.url)})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["reason"]


def test_a_picture_or_a_sku_and_an_address_are_too_much(client, host):
    url = f"{host.url}/red.jpg"
    asked = client.post("/v1/search", data={"url": url}, files={"image": encoded(drawn("red"))})
    assert asked.json()["code"] == "bad-parameter"
    asked = client.post("/v1/search", json={"url": url, "like": "bag-red"})
    assert asked.json()["code"] == "bad-parameter"
    assert host.asked == []


def test_a_preview_of_rules_takes_an_address_too(client, host):
    asked = {"url": f"{host.url}/red.jpg", "rules": []}
    shown = client.post("/v1/rules/preview", json=asked).json()
    assert shown["after"][0]["colour"] == "red"


def test_an_operator_may_forbid_it(settings, shop, host):
    from api.courier import Courier
    from api.errors import BadParameter

    with pytest.raises(BadParameter):
        Courier(None).bring(f"{host.url}/red.jpg")


def test_a_stranger_does_not_learn_which_names_the_shops_own_network_knows(client):
    told = []
    for host in ("10.0.0.1", "localhost", "no-such-name.invalid"):
        answer = client.post("/v1/search", json={"url": f"http://{host}/x.jpg"}).json()
        told.append({k: str(v).replace(host, "HOST") for k, v in answer.items() if k != "trace"})
    assert told[0] == told[1] == told[2]
    assert "no address on the public internet" in told[0]["reason"]
