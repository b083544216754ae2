"""Flaws over HTTP, page by page, and on the command line."""

import json

import pytest

from tests.little_shop import drawn, encoded


@pytest.fixture
def flawed(client):
    """The ten products, three of which show what others show."""
    for n, colour in enumerate(("red", "green", "blue")):
        picture = encoded(drawn(colour, size=(240, 320)))
        client.put(f"/v1/products/copy-{n}", files={"image": picture})
    return client


def test_flaws_are_listed_page_by_page(flawed, shop):
    from index.flaws import scan
    from vision.decode import Limits

    assert flawed.get("/v1/flaws").json()["unseen"] == 3
    scan(shop.shelf.database, shop.shelf.folder, Limits())
    whole = flawed.get("/v1/flaws").json()
    assert (whole["counts"]["duplicate"], whole["unseen"], whole["next"]) == (6, 0, None)
    assert whole["flaws"][0]["others"][0]["image"] == "/v1/products/copy-2/pictures/0"
    paged, after = [], None
    while True:
        page = flawed.get("/v1/flaws", params={"limit": 4} | ({"after": after} if after else {}))
        paged += page.json()["flaws"]
        after = page.json()["next"]
        if after is None:
            break
    assert paged == whole["flaws"]
    assert flawed.get("/v1/flaws?kind=blank").json()["flaws"] == []


@pytest.mark.parametrize("query", ["kind=ugly", "after=nonsense", "limit=0", "after=W10="])
def test_a_list_that_cannot_be_is_refused(client, query):
    assert client.get(f"/v1/flaws?{query}").json()["code"] == "bad-parameter"


@pytest.mark.usefixtures("workplace")
def test_the_command_line_looks_and_lists(call, catalogue):
    call("index", catalogue)
    assert call("flaws")[0] == 0
    (catalogue.parent / "images" / "bag-red.png").unlink()
    code, out, _ = call("flaws")
    assert (code, "bag-red" in out, "lost their file" in out) == (1, True, True)
    told = json.loads(call("flaws", "--json")[1])
    assert [flaw["sku"] for flaw in told["flaws"]] == ["bag-red"]
    assert call("flaws", "--kind", "blank")[0] == 0
    assert call("flaws", "--kind", "ugly")[0] == 2
    assert call("flaws", "--shop", "nowhere")[0] == 1
