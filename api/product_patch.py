"""A JSON merge patch of a product (RFC 7396): what is said changes, null takes it away."""

from dataclasses import dataclass, fields, replace
from typing import Any

from api.errors import BadParameter
from api.product_fields import ProductFields, apply_fields, read_fields
from index.flip import KEEP, Flip
from index.product import Product

FIELDS = frozenset(field.name for field in fields(Product))
FLIPPED = frozenset(("price", "stock"))


@dataclass(frozen=True, slots=True)
class Patch:
    """Fields that are said, fields that go, and attributes that go."""

    said: ProductFields
    gone: frozenset[str]
    attributes_gone: frozenset[str]


def read_patch(raw: dict[str, Any]) -> Patch:
    """The patch in `raw`; raises BadParameter for the first field that is unknown or unfit."""
    gone = frozenset(name for name, value in raw.items() if value is None)
    for name in sorted(gone - FIELDS):
        raise BadParameter(name, "it is no field of a product; free ones are under `attributes`")
    if "sku" in gone:
        raise BadParameter("sku", "a product keeps its SKU: delete it and put another")
    said = {name: value for name, value in raw.items() if value is not None}
    attributes = said.get("attributes")
    attributes_gone: frozenset[str] = frozenset()
    if isinstance(attributes, dict):
        attributes_gone = frozenset(str(n) for n, value in attributes.items() if value is None)
        said["attributes"] = {n: v for n, v in attributes.items() if v is not None}
    return Patch(read_fields(said), gone, attributes_gone)


def apply_patch(sku: str, present: Product, patch: Patch) -> Product:
    """`present` with `patch`; raises BadParameter for another SKU, BadProduct for nonsense."""
    empty = Product(sku)
    bare = replace(present, **{name: getattr(empty, name) for name in patch.gone})
    changed = apply_fields(sku, bare, patch.said)
    if "attributes" in patch.said.model_fields_set:
        held = {n: v for n, v in bare.attributes.items() if n not in patch.attributes_gone}
        changed = replace(changed, attributes=held | changed.attributes)
    return changed


def find_flip(sku: str, patch: Patch) -> Flip | None:
    """The patch as a flip, if it touches nothing but price and stock; raises BadProduct."""
    said = patch.said.model_fields_set
    if not said | patch.gone or not (said | patch.gone) <= FLIPPED:
        return None

    def of(name: str) -> Any:
        if name in patch.gone:
            return None
        return getattr(patch.said, name) if name in said else KEEP

    return Flip(sku, price=of("price"), stock=of("stock"))
