"""Examples of the OpenAPI document, for what the routes themselves give none."""

from typing import Any, Final

SKU: Final = "mb01-blue"
PARAMETERS: Final[dict[str, Any]] = {
    "job_id": "19a8c2d4e5f0a1b2",
    "delivery": "spring",
    "file": "catalogue.csv",
    "key_id": "5f0e4c53",
    "url": "https://shop.example/photo.jpg",
    "like": SKU,
    "filter": "category=Bags price<100 stock>0",
    "box": "0,0,900,1200",
    "cursor": "bWIwMS1ibHVl",
    "width": 400,
    "kind": "duplicate",
    "after": "mb01-blue",
    "before": 1200,
    "Idempotency-Key": "5a2f6a0e-8f2b-4d0e-9f0a-1f6f0c8f2b11",
    "If-Match": '"12-345"',
}
FIELDS: Final = {"title": "Pink bag", "price": 12.5, "stock": 3, "attributes": {"season": ["Fall"]}}
BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("products_put", "application/json"): {"stock": 0},
    ("products_patch", "application/json"): {"price": 9.9},
    ("products_patch", "application/merge-patch+json"): {"price": 9.9, "colour": None},
    ("rules_put", "application/json"): {"act": "boost", "products": "stock>0", "strength": 0.05},
    ("rules_look", "application/json"): {
        "like": SKU,
        "rules": [{"name": "try", "act": "pin", "skus": ["mb01-red"]}],
    },
}
"""By the operation's id and the body's kind. Of forms with files the fields beside the file have
each its own: what a JSON example of bytes would look like, generators disagree about; docs/api.md
has whole ones as curl sends them."""


def add_examples(operation: dict[str, Any]) -> None:
    """Give its parameters and bodies those of above that are missing."""
    for parameter in operation.get("parameters", ()):
        schema = parameter.get("schema", {})
        told = any(
            word in place for place in (parameter, schema) for word in ("example", "examples")
        )
        if not told and parameter["name"] in PARAMETERS:
            parameter["example"] = PARAMETERS[parameter["name"]]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        found = BODIES.get((operation.get("operationId", ""), kind))
        if found is not None and not {"example", "examples"} & body.keys():
            body["example"] = found
