"""What a caller wants found: the parameters of a search, read the same way wherever they stand."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from api.errors import BadParameter, NothingToSearch
from vision.photo import Box

TOP_DEFAULT, TOP_MOST = 20, 100
TEXT_MOST_CHARS = 1000
URL_MOST_CHARS = 2_048


def no_truth_value(value: Any) -> Any:
    """`value`, unless it is true or false: JSON's true is no number, though Python's is 1."""
    if isinstance(value, bool):
        raise ValueError("a number is wanted, not true or false")
    return value


def _read_box(value: object) -> object:
    """`x,y,w,h` or a list of four whole numbers → Box."""
    if value is None or value == "" or isinstance(value, Box):
        return value or None
    numbers = value.split(",") if isinstance(value, str) else value
    if not isinstance(numbers, list | tuple) or len(numbers) != 4:
        raise ValueError("it is written x,y,w,h in pixels of the upright picture")
    try:
        x, y, w, h = (int(no_truth_value(n)) for n in numbers)
    except (TypeError, ValueError, OverflowError) as error:  # int(inf)
        raise ValueError("it is written x,y,w,h in whole pixels of the upright picture") from error
    return Box(x, y, w, h)


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Words = Annotated[
    Annotated[str, Field(max_length=TEXT_MOST_CHARS)] | None, BeforeValidator(_blank_is_absent)
]


class Wanted(BaseModel):
    """The parameters of one search, apart from the picture itself. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    text: Words = None
    url: Annotated[
        Annotated[str, Field(max_length=URL_MOST_CHARS)] | None, BeforeValidator(_blank_is_absent)
    ] = None
    like: Words = None
    filter: Words = None
    box: Annotated[Box | None, BeforeValidator(_read_box)] = None
    top: Annotated[int, BeforeValidator(no_truth_value)] = Field(TOP_DEFAULT, ge=1, le=TOP_MOST)
    unfold: bool = False

    def check_complete(self, *, with_picture: bool) -> None:
        """Raise NothingToSearch or BadParameter unless exactly one kind of query is asked."""
        if self.url is not None and with_picture:
            raise BadParameter("url", "send either a picture or its address, not both")
        with_picture = with_picture or self.url is not None
        if self.like is not None and with_picture:
            raise BadParameter("like", "send either a picture or a SKU, not both")
        if self.box is not None and not with_picture:
            raise BadParameter("box", "a box needs a picture")
        if not with_picture and self.text is None and self.like is None:
            raise NothingToSearch


def read_wanted(*sources: dict[str, Any]) -> Wanted:
    """The Wanted of several mappings, later ones winning; raises BadParameter for a fault."""
    merged: dict[str, Any] = {}
    for source in sources:
        merged |= source
    try:
        return Wanted.model_validate(merged)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise BadParameter(name, _reason(fault["type"], fault["msg"])) from error


def _reason(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"it is not known; there are {', '.join(Wanted.model_fields)} and `image`"
    return message.removeprefix("Value error, ")
