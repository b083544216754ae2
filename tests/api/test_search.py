"""Searching over HTTP, every way in."""

import json
import random

import pytest
from PIL import Image

from tests.little_shop import drawn, encoded

RED = encoded(drawn("red"))


def post(client, data=RED, kind="image/jpeg", **params):
    return client.post("/v1/search", content=data, headers={"content-type": kind}, params=params)


def test_a_picture_in_raw_bytes_finds_its_product_first(client):
    answer = post(client, top=3)
    assert answer.status_code == 200
    hits = answer.json()["hits"]
    assert hits[0]["sku"] == "bag-red"
    assert hits[0]["title"] == "Red bag"
    assert hits[0]["price"] == 10.0
    assert hits[0]["image"] == "/v1/products/bag-red/pictures/0"
    assert len(hits) == 3


def test_the_reply_tells_the_query_the_model_and_a_figure_for_each_room(client):
    body = post(client).json()
    assert body["query"]["kind"] == "picture"
    assert (body["query"]["width_px"], body["query"]["height_px"]) == (120, 160)
    assert body["model"] == {"name": "fake", "version": "1"}
    rooms = {"receive", "decode", "preprocess", "encode", "vectors", "catalogue", "reply", "total"}
    assert rooms <= body["took_ms"].keys()
    assert len(body["search_id"]) == 32
    assert ["Toys/bags", 1] in body["facets"]["category"]


def test_a_multipart_form_with_parameters_finds_the_same(client):
    answer = client.post(
        "/v1/search", files={"image": ("snap.jpg", RED, "image/jpeg")}, data={"top": "2"}
    )
    assert answer.status_code == 200
    assert [h["sku"] for h in answer.json()["hits"]] == [
        h["sku"] for h in post(client, top=2).json()["hits"]
    ]


def test_words_are_searched_by_address_and_by_json(client):
    by_address = client.get("/v1/search", params={"text": "Red bag", "top": 5}).json()
    by_json = client.post("/v1/search", json={"text": "Red bag", "top": 5}).json()
    assert by_address["query"]["kind"] == by_json["query"]["kind"] == "words"
    assert [h["sku"] for h in by_address["hits"]] == [h["sku"] for h in by_json["hits"]]


def test_more_like_a_product_leaves_the_product_itself_out(client):
    body = client.get("/v1/search", params={"like": "ball-red", "top": 3}).json()
    assert body["query"]["kind"] == "like"
    assert "ball-red" not in [h["sku"] for h in body["hits"]]


def test_an_absent_value_may_be_said_as_null_or_blank(client):
    said = {"text": "Red bag", "filter": None, "box": None, "like": "", "top": 3}
    assert client.post("/v1/search", json=said).status_code == 200


def test_a_picture_and_words_are_one_query(client):
    body = post(client, text="Green bag").json()
    assert body["query"]["kind"] == "both"
    assert "words" in body["took_ms"]


def test_a_filter_acts_on_the_answer(client):
    hits = post(client, filter="category=balls price<30").json()["hits"]
    assert {h["sku"] for h in hits} == {"ball-red", "ball-green"}


def test_a_group_is_one_hit_with_swatches_unless_unfolded(client):
    folded = post(client).json()["hits"]
    assert [h["sku"] for h in folded if h["group"] == "bags"] == ["bag-red"]
    assert {s["colour"] for s in folded[0]["swatches"]} == {"green", "blue", "black", "yellow"}
    unfolded = post(client, unfold="true").json()["hits"]
    assert len([h for h in unfolded if h["group"] == "bags"]) == 5


def test_a_box_searches_that_part_only(client):
    both = Image.new("RGB", (240, 160), "white")
    both.paste(drawn("blue", "ball"), (0, 0))
    both.paste(drawn("yellow", "ball"), (120, 0))
    data = encoded(both, "PNG")
    right = post(client, data, "image/png", box="120,0,120,160").json()
    assert right["hits"][0]["colour"] == "yellow"
    assert right["query"]["box"] == [120, 0, 120, 160]
    left = post(client, data, "image/png", box="0,0,120,160").json()
    assert left["hits"][0]["colour"] == "blue"


def test_an_answer_is_stored_by_nobody_and_times_itself_in_a_header(client):
    answer = post(client)
    assert answer.headers["cache-control"] == "no-store"
    assert "encode;dur=" in answer.headers["server-timing"]


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"top": "0"}, 422, "bad-parameter"),
        ({"top": "many"}, 422, "bad-parameter"),
        ({"box": "1,2,3"}, 422, "bad-parameter"),
        ({"box": "-1,0,5,5"}, 422, "bad-parameter"),
        ({"box": "0,0,5000,5"}, 422, "box-outside"),
        ({"tpo": "5"}, 422, "bad-parameter"),
        ({"like": "bag-red"}, 422, "bad-parameter"),
        ({"filter": "price<"}, 422, "bad-filter"),
        ({"filter": "shoes"}, 422, "bad-filter"),
        ({"filter": "nosuchfield=1"}, 422, "bad-filter"),
        ({"text": "x" * 1001}, 422, "bad-parameter"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(client, params, status, code):
    answer = post(client, **params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_typing_error_is_answered_with_the_names_there_are(client):
    problem = post(client, tpo="5").json()
    assert problem["parameter"] == "tpo"
    assert "top" in problem["detail"]


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"", "image/jpeg", 415, "not-a-picture"),
        (b"<html>no</html>", "image/jpeg", 415, "not-a-picture"),
        (RED[: len(RED) // 3], "image/jpeg", 415, "not-a-picture"),
        (RED, "video/mp4", 415, "unknown-body"),
        (b"{", "application/json", 400, "bad-body"),
        (b"[1]", "application/json", 400, "bad-body"),
        (b"{}", "application/json", 422, "nothing-to-search"),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400, "bad-body"),
        (b"abc", "multipart/form-data", 400, "bad-body"),
    ],
)
def test_a_body_that_is_no_search_is_refused_with_its_code(client, data, kind, status, code):
    answer = post(client, data, kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_bad_search_leaves_the_next_one_alone(client):
    assert post(client, b"rubbish").status_code == 415
    assert post(client).json()["hits"][0]["sku"] == "bag-red"


def test_damaged_pictures_of_every_format_are_the_callers_fault_never_ours(client):
    chance = random.Random(20261122)
    whole = [
        encoded(drawn("red"), kind)
        for kind in ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "MPO")
    ]
    for _ in range(160):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = data[: chance.randint(1, len(data))] if chance.random() < 0.3 else data
        answer = post(client, bytes(cut))
        assert answer.status_code in (200, 413, 415), answer.text
    assert post(client).json()["hits"][0]["sku"] == "bag-red"


def test_an_unknown_sku_to_be_like_is_404(client):
    answer = client.get("/v1/search", params={"like": "no such"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-product")
    assert answer.json()["sku"] == "no such"


def test_every_hit_lists_every_documented_field(client):
    from api.replies import HitReply, SearchReply

    body = post(client).json()
    assert body.keys() == SearchReply.model_fields.keys()
    assert all(hit.keys() == HitReply.model_fields.keys() for hit in body["hits"])
    SearchReply.model_validate(body)


def test_the_query_picture_is_written_nowhere(client, tmp_path, caplog):
    mark = b"WATERMARK-OF-ONE-QUERY"
    photo = encoded(drawn("red"), comment=mark)
    assert mark in photo
    for data, kind in ((photo, "image/jpeg"), (photo[:-400], "image/jpeg"), (photo, "video/x")):
        post(client, data, kind)
        client.post("/v1/search", files={"image": ("secret-name.jpg", data, kind)})
    written = [f for f in tmp_path.rglob("*") if f.is_file() and mark in f.read_bytes()]
    assert written == []
    assert "WATERMARK" not in caplog.text
    assert "secret-name" not in caplog.text


def test_json_dumps_of_a_reply_holds_no_nan(client):
    json.dumps(post(client).json(), allow_nan=False)


def test_what_is_too_large_is_told_by_what_it_is(client, settings):
    words = client.post("/v1/search", json={"text": "x" * 300_000})
    field = client.post("/v1/search", files={"text": (None, "x" * 300_000)})
    picture = client.post(
        "/v1/search",
        content=b"x" * (settings.max_upload_bytes + 1),
        headers={"content-type": "image/jpeg"},
    )
    for answer in (words, field, picture):
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert ("picture" in answer.json()["detail"]) == (answer is picture)


def test_a_part_without_a_name_is_told_as_such(client):
    body = b'--c\r\nContent-Disposition: form-data; name=""\r\n\r\nx\r\n--c--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=c"}
    for answer in (
        client.post("/v1/search", content=body, headers=headers),
        client.put("/v1/products/x", content=body, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-body")
        assert "no name" in answer.json()["reason"]
