"""A shopper's device, known by a secret of its own and by nothing else: no name, no account.

A browser keeps the secret as a cookie that no script can read; an app keeps it itself and sends it
as `X-Vistazo-Device`. Of the secret only its SHA-256 is kept, so whoever reads the door's notes
cannot be anybody's device.
"""

import re
import secrets
from hashlib import sha256
from typing import Final

from fastapi import Request, Response

from api.errors import BadParameter, KeyForbids
from api.porter import SAFE, is_same_origin
from api.roles import Act

COOKIE: Final = "vistazo_device"
HEADER: Final = "x-vistazo-device"
PATTERN: Final = r"vzd_[A-Za-z0-9_-]{43}"
KEPT_S: Final = 365 * 86_400


def new_device() -> str:
    """A secret of 256 random bits."""
    return f"vzd_{secrets.token_urlsafe(32)}"


def owner_of(device: str) -> str:
    """Under which name the things of a device are kept."""
    return f"device:{sha256(device.encode()).hexdigest()}"


def find_device(request: Request) -> str | None:
    """The device that asks, None for one that is not known yet.

    Raises BadParameter for a header that is no secret of ours, KeyForbids where a page of another
    origin makes a browser send its cookie along with a write.
    """
    shown = request.headers.get(HEADER)
    if shown is not None:
        if not re.fullmatch(PATTERN, shown):
            raise BadParameter("X-Vistazo-Device", "it is what `POST /v1/devices` answered")
        return shown
    cookie = request.cookies.get(COOKIE, "")
    if not re.fullmatch(PATTERN, cookie):
        return None
    by_a_page = "origin" in request.headers or "sec-fetch-site" in request.headers
    if request.method not in SAFE and by_a_page and not is_same_origin(request.headers):
        raise KeyForbids("nobody", Act.KEEP_SAVED, "only our own pages may use the device's cookie")
    return cookie


def remember(request: Request, response: Response, device: str) -> None:
    """Have a browser keep the secret; who sends it as a header keeps it already."""
    if HEADER in request.headers:
        return
    response.set_cookie(
        COOKIE, device, max_age=KEPT_S, path="/v1", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
