"""The application as a whole: its document, its headers, its page, its manners when it fails."""

import pytest

from api.headers import ALWAYS
from api.problems import documented
from index.errors import BadFilter
from vision.errors import NotAPicture, PictureTooLarge

ROUTES = {
    "/v1/search": {"get", "post"},
    "/v1/products/{sku}": {"get", "put", "patch", "delete"},
    "/v1/products/{sku}/pictures/{ordinal}": {"get"},
    "/v1/shop": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
}


def test_the_document_describes_every_route_with_its_errors(client):
    paths = client.get("/v1/openapi.json").json()["paths"]
    described = {path: set(methods) for path, methods in paths.items()}
    assert ROUTES.items() <= described.items()  # all of them: tests/api/test_addresses.py
    search = paths["/v1/search"]["post"]
    assert set(search["requestBody"]["content"]) == {
        "image/*", "multipart/form-data", "application/json",
    }  # fmt: skip
    assert {p["name"] for p in search["parameters"]} >= {
        "text", "like", "filter", "box", "top", "unfold",
    }  # fmt: skip
    for status, code in (("415", "not-a-picture"), ("422", "bad-filter"), ("503", "overloaded")):
        examples = search["responses"][status]["content"]["application/problem+json"]["examples"]
        assert examples[code]["value"]["status"] == int(status)


def test_the_document_uses_no_reference_that_leads_nowhere(client):
    document = client.get("/v1/openapi.json").json()
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    def references(part):
        if isinstance(part, dict):
            found = {part["$ref"]} if "$ref" in part else set()
            return found.union(*(references(value) for value in part.values()))
        return set().union(*(references(value) for value in part)) if isinstance(part, list) else (
            set())  # fmt: skip

    assert references(document) <= known


def test_errors_of_one_status_share_an_entry():
    entry = documented(NotAPicture, PictureTooLarge, BadFilter)
    assert set(entry) == {415, 413, 422}


@pytest.mark.parametrize("path", ["/", "/v1/shop", "/nowhere", "/v1/products/none", "/healthz"])
def test_every_answer_carries_the_safety_headers(client, path):
    headers = client.get(path).headers
    assert all(headers[name] == value for name, value in ALWAYS.items())


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/readyz", "/v1/shop", "/v1/products/bag-red", "/pages/app.js",
     "/v1/products/bag-red/pictures/0?width=160", "/nowhere", "/v1/products/none"],
)  # fmt: skip
def test_head_is_answered_as_get_without_the_body(client, path):
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert dict(head.headers) == dict(whole.headers)


def test_the_page_is_checked_by_tag_and_loads_from_here_only(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    assert "'unsafe" not in page.headers["content-security-policy"]
    script = client.get("/pages/app.js")
    assert script.status_code == 200
    again = client.get("/pages/app.js", headers={"if-none-match": script.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/pages/../app.py", "/pages/..%2fapp.py", "/pages/%2e%2e/app.py", "/pages//etc/passwd"]
)
def test_no_file_outside_the_pages_is_served(client, path):
    assert client.get(path).status_code == 404


def test_addresses_and_methods_that_do_not_exist_are_problems_too(client):
    for answer, code in (
        (client.get("/nowhere"), "no-such-address"),
        (client.delete("/v1/search"), "method-not-allowed"),
        (client.get("/v1/products/a/pictures/x"), "unknown-product"),
        (client.get("/v1/products/a/pictures/0?width=0"), "bad-parameter"),
    ):
        assert answer.json()["code"] == code
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_fault_of_ours_is_a_500_that_tells_no_innards(client, shop, monkeypatch):
    def fail(*args):
        raise ZeroDivisionError("secret innards")

    monkeypatch.setattr(type(shop.shelf), "facets", fail)
    answer = client.get("/v1/shop")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text
    assert all(answer.headers[name] == value for name, value in ALWAYS.items())
    assert answer.headers["cache-control"] == "no-store"


def test_the_shop_tells_name_products_and_what_can_be_chosen(client):
    body = client.get("/v1/shop").json()
    assert (body["name"], body["products"], body["currency"]) == ("Test shop", 10, "EUR")
    assert ["Toys/bags", 5] in body["facets"]["category"]
    assert ["red", 2] in body["facets"]["colour"]
