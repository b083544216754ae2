"""A product's fields as callers write them, and the Product that they make."""

from dataclasses import fields, replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from api.errors import BadParameter
from api.replies import safe_url
from api.wanted import no_truth_value
from index.errors import BadProduct
from index.product import Product

MAX_ATTRIBUTES = 200


def _as_list(value: object) -> object:
    """A lone text is a list of one."""
    return [value] if isinstance(value, str | int | float | bool) else value


def _as_texts(value: object) -> object:
    """Numbers and truth values in attributes are kept as their text."""
    return [str(v) if isinstance(v, int | float | bool) else v for v in value] if isinstance(
        value, list) else value  # fmt: skip


def _parts(value: object) -> object:
    """Categories may come as one text with commas, as in a catalogue file."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Values = Annotated[list[str], BeforeValidator(_as_texts), BeforeValidator(_as_list)]


class ProductFields(BaseModel):
    """What a caller may say of a product. An absent field stays as it is; unknown names are
    refused, since free ones belong under `attributes`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: str | None = None
    title: str = Field("", examples=["Joust Duffle Bag"])
    description: str = ""
    price: Annotated[float | None, BeforeValidator(no_truth_value)] = Field(
        None, ge=0, allow_inf_nan=False, examples=[34.0]
    )
    currency: str = ""
    brand: str = ""
    categories: Annotated[list[str], BeforeValidator(_parts)] = Field(
        default_factory=list, examples=[["Gear/Bags"]]
    )
    colour: str = ""
    size: str = ""
    group: str = ""
    stock: Annotated[int | None, BeforeValidator(no_truth_value)] = Field(None, ge=0)
    store: str = ""
    url: str = ""
    attributes: dict[str, Values] = Field(
        default_factory=dict, max_length=MAX_ATTRIBUTES, examples=[{"season": ["Fall"]}]
    )


def read_fields(raw: dict[str, Any]) -> ProductFields:
    """The fields in `raw`; raises BadParameter for the first that is unknown or unfit, BadProduct
    for an address that pages would not lead to."""
    try:
        said = ProductFields.model_validate(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in fault["loc"])
        reason = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            reason = "it is no field of a product; put free fields under `attributes`"
        raise BadParameter(name, reason) from error
    if safe_url(said.url) != said.url:  # it would be kept and never shown
        raise BadProduct("url", "it is no address that begins with https:// or http://, or a path")
    return said


def apply_fields(sku: str, present: Product | None, said: ProductFields) -> Product:
    """`present` (or an empty product) with the fields that were said.

    Raises BadParameter when the body's SKU is another than the address's, BadProduct when the
    result makes no sense.
    """
    if said.sku is not None and said.sku != sku:
        raise BadParameter("sku", f"the address says {sku!r}, the body {said.sku!r}")
    known = {field.name for field in fields(Product)}
    changes = {name: _frozen(getattr(said, name)) for name in said.model_fields_set & known}
    return replace(present or Product(sku), **(changes | {"sku": sku}))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: tuple(values) for name, values in value.items()}
    return tuple(value) if isinstance(value, list) else value
