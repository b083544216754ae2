"""POST /v1/regions: the things in a picture, the hostile ones too, and where it was left out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.settings import Settings
from api.shop import Shop
from tests.drawn_finder import CARD, GRAPH, street, write_finder
from tests.fakes import FakeEncoder
from tests.little_shop import drawn, encoded, from_this_machine

STREET = encoded(street())


@pytest.fixture
def seeing(open_shop: Callable[[FakeEncoder], Shop], settings: Settings) -> Iterator[TestClient]:
    """Callers of a shop that looks for things."""
    write_finder(settings.regions)
    with from_this_machine(open_shop(FakeEncoder())) as client:
        yield client


def post(client: TestClient, data: bytes = STREET, kind: str = "image/jpeg", **params: str):
    return client.post("/v1/regions", content=data, headers={"content-type": kind}, params=params)


def test_things_come_with_box_kind_and_confidence_and_which_is_meant(seeing: TestClient) -> None:
    answer = post(seeing)
    assert answer.status_code == 200
    body = answer.json()
    assert [thing["kind"] for thing in body["regions"]] == ["outer", "bag"]
    assert body["regions"][0]["box"] == pytest.approx([150, 160, 300, 400], abs=1)
    assert (body["width_px"], body["height_px"]) == (600, 800)
    assert body["prominent"] == 0
    assert {"receive", "decode", "preprocess", "regions", "total"} <= body["took_ms"].keys()
    assert "regions;dur=" in answer.headers["Server-Timing"]


def test_the_box_of_a_thing_can_be_searched(seeing: TestClient) -> None:
    box = ",".join(str(n) for n in post(seeing).json()["regions"][0]["box"])
    found = seeing.post(
        "/v1/search", content=STREET, headers={"content-type": "image/jpeg"}, params={"box": box}
    )
    assert found.status_code == 200


def test_a_plain_picture_of_a_product_gives_nothing_to_choose(seeing: TestClient) -> None:
    body = post(seeing, encoded(drawn("red"))).json()
    assert (body["regions"], body["prominent"]) == ([], None)


def test_a_form_gives_the_same(seeing: TestClient) -> None:
    answer = seeing.post("/v1/regions", files={"image": ("snap.jpg", STREET, "image/jpeg")})
    assert answer.json()["regions"] == post(seeing).json()["regions"]


def test_a_picture_that_is_none_is_refused_by_the_same_code_as_in_a_search(
    seeing: TestClient,
) -> None:
    answer = post(seeing, b"<svg onload=alert(1)>")
    assert (answer.status_code, answer.json()["code"]) == (415, "not-a-picture")


@pytest.mark.parametrize("params", [{"text": "red"}, {"box": "0,0,5,5"}, {"filter": "price<3"}])
def test_what_belongs_to_a_search_is_refused_here(
    seeing: TestClient, params: dict[str, str]
) -> None:
    answer = post(seeing, **params)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-parameter")


def test_nothing_at_all_is_nothing_to_look_at(seeing: TestClient) -> None:
    assert seeing.post("/v1/regions", json={}).status_code == 422


def test_an_address_inside_the_house_is_not_fetched(seeing: TestClient) -> None:
    answer = seeing.post("/v1/regions", json={"url": "http://127.0.0.1:9/street.jpg"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-link")


def test_where_it_was_left_out_the_shop_says_so_and_search_works(client: TestClient) -> None:
    answer = post(client)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-regions")
    assert client.get("/v1/shop").json()["regions"] is False
    found = client.post("/v1/search", content=STREET, headers={"content-type": "image/jpeg"})
    assert found.status_code == 200


def test_the_shop_tells_that_it_looks_for_things(seeing: TestClient) -> None:
    assert seeing.get("/v1/shop").json()["regions"] is True


def test_a_broken_file_is_told_without_its_path(
    client: TestClient, settings: Settings, tmp_path: Path
) -> None:
    write_finder(settings.regions)
    (settings.regions / GRAPH).write_bytes(b"torn")
    answer = post(client)
    assert (answer.status_code, answer.json()["code"]) == (500, "bad-model")
    assert str(tmp_path) not in answer.text
    assert CARD not in answer.text
    document = client.get("/v1/openapi.json").json()
    told = document["paths"]["/v1/regions"]["post"]["responses"]["500"]["content"]
    assert "bad-model" in told["application/problem+json"]["examples"]
