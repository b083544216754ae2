"""The OpenAPI document shows by example what is sent, forms with files included."""

from collections.abc import Iterator
from typing import Any

from api.app import create_app
from api.search import FIELDS
from api.shop import Shop
from api.wanted import read_wanted


def forms(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "multipart/form-data" in content:
                yield f"{method} {path}", content["multipart/form-data"]["schema"]["properties"]


def test_every_field_of_a_form_beside_its_file_has_an_example(shop: Shop) -> None:
    told = dict(forms(create_app(shop).openapi()))
    assert {"post /v1/search", "put /v1/products/{sku}", "post /v1/regions"} <= set(told)
    for where, fields in told.items():
        assert "image" in fields, where
        for name, field in fields.items():
            if name != "image":
                assert field.get("examples"), f"{where}: {name}"


def test_the_examples_of_a_search_are_taken() -> None:
    for name, field in FIELDS.items():
        assert getattr(read_wanted({name: field["examples"][0]}), name), name
