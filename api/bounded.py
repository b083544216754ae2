"""JSON bodies of strangers: bounded before they are read, and nothing in them that we cannot keep.

The framework reads a whole body, however large or slow, before it asks who sends it. Routes of this
class take MOST_BYTES at most, within WAIT_S, and refuse what is no JSON to others: NaN, infinities,
half surrogates (which no UTF-8 file can hold), numbers of thousands of digits.
"""

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from api.body import read_bytes
from api.errors import BadRequestBody

MOST_BYTES = 256 * 1024  # a consent's 20,000 characters, or a mirror's hundred refusals, fit
WAIT_S = 15.0

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class BoundedRoute(APIRoute):
    """A route whose body, where it takes one, is bounded and checked before the framework sees it.

    Answers BodyTooLarge, BodyTooSlow and BadRequestBody.
    """

    def get_route_handler(self) -> Answer:
        """The framework's own handler, behind the check."""
        answer = super().get_route_handler()
        if self.body_field is None:
            return answer

        async def checked(request: Request) -> Response:
            body = await read_bytes(request, MOST_BYTES, WAIT_S)
            if body:
                demand_json(body)
            return await answer(Request(request.scope, _again(body, request.receive)))

        return checked


def demand_json(body: bytes) -> None:
    """Raise BadRequestBody unless `body` is JSON that any other program could read, too."""
    try:
        value = json.loads(body, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as cause:
        raise BadRequestBody("it holds half of a character (a lone surrogate)") from cause
    except (ValueError, RecursionError) as cause:
        raise BadRequestBody("it is no JSON") from cause


def _no_number(said: str) -> NoReturn:
    raise ValueError(f"{said} is no number in JSON")


def _finite(said: str) -> float:
    value = float(said)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read once more; what comes after it is the connection's own."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
