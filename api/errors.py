"""What can go wrong at the door, and the one table that turns every failure into an answer.

DoorError
├── BadRequestBody (ValueError)      the body ends early or is no multipart or JSON
├── BodyTooLarge (ValueError)        more bytes than the door takes
├── BodyTooSlow (TimeoutError)       the body did not arrive in time
├── UnknownBody (ValueError)         a content type that the door does not read
├── BadParameter (ValueError)        a parameter that is unknown or makes no sense
├── NothingToSearch (ValueError)     neither a picture nor words nor a SKU
├── NoSuchPicture (KeyError)         the product has no picture of this number
├── Overloaded (RuntimeError)        every place is taken: come back later
├── NotReady (RuntimeError)          the service cannot search just now
└── BadQueries (ValueError)          an eval's queries file cannot be read
"""

from dataclasses import dataclass

from customers import errors as customer_errors
from index import errors as index_errors
from mirror import errors as mirror_errors
from vision import errors as vision_errors


class DoorError(Exception):
    """Any failure at the door itself."""


class BadRequestBody(DoorError, ValueError):
    """The body ends early or is not what its content type says; `reason` says how."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The request's body cannot be read: {reason}.")


class BodyTooLarge(DoorError, ValueError):
    """More bytes than the door takes; `pictured` says that a picture made it so large."""

    def __init__(self, limit_bytes: int, *, pictured: bool = False) -> None:
        self.limit_bytes = limit_bytes
        advice = (
            "Send a smaller picture: 2,000 pixels a side are plenty" if pictured else "Send less"
        )
        super().__init__(f"The request is larger than {limit_bytes:,} bytes. {advice}.")


class BodyTooSlow(DoorError, TimeoutError):
    """The body did not arrive within `limit_s` seconds."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        super().__init__(f"The request did not arrive within {limit_s:.0f} s. Send it again.")


class UnknownBody(DoorError, ValueError):
    """A content type that the door does not read."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(
            f"A body of type {found or 'unknown'!r} is not read here. Send the bytes of a picture "
            "as image/*, a multipart/form-data with a field `image`, or application/json."
        )


class BadParameter(DoorError, ValueError):
    """A parameter that is unknown or makes no sense; `reason` says what is wanted."""

    def __init__(self, parameter: str, reason: str) -> None:
        self.parameter, self.reason = parameter, reason
        super().__init__(f"The parameter {parameter!r} cannot be used: {reason}.")


class NothingToSearch(DoorError, ValueError):
    """Neither a picture nor words nor a SKU came with the search."""

    def __init__(self) -> None:
        super().__init__("There is nothing to search for: send a picture, `text`, or `like` a SKU.")


class NoSuchPicture(DoorError, KeyError):
    """The product has no picture of this number."""

    def __init__(self, sku: str, ordinal: int) -> None:
        self.sku, self.ordinal = sku, ordinal
        super().__init__(f"The product {sku!r} has no picture number {ordinal}.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class Overloaded(DoorError, RuntimeError):
    """Every place is taken; try again after `retry_after_s`."""

    def __init__(self, waiting: int, retry_after_s: float) -> None:
        self.waiting, self.retry_after_s = waiting, retry_after_s
        super().__init__(
            f"{waiting} requests are being served already. Try again in {retry_after_s:.0f} s."
        )


class NotReady(DoorError, RuntimeError):
    """The service cannot search just now; `reasons` say why."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__("The service cannot search just now: " + "; ".join(reasons) + ".")


class BadQueries(DoorError, ValueError):
    """An eval's queries file cannot be read; `reason` says why."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The queries {path} cannot be read: {reason}.")


@dataclass(frozen=True, slots=True)
class Row:
    """How one failure is told: the status, the stable code, a title, and the attributes shown.

    `private` failures name paths or innards of the server: callers read the title only, and the
    detail goes to the log. `retry` adds Retry-After (the error's `retry_after_s`, else 1 s).
    """

    status: int
    code: str
    title: str
    facts: tuple[str, ...] = ()
    private: bool = False
    retry: bool = False


UNFORESEEN = Row(500, "internal-error", "Something went wrong on our side", private=True)

TABLE: dict[type[Exception], Row] = {
    vision_errors.VisionError: Row(500, "cannot-see", "The picture was not searched", private=True),
    vision_errors.NotAPicture: Row(415, "not-a-picture", "Not a picture we can read", ("reason",)),
    vision_errors.PictureTooLarge: Row(
        413, "picture-too-large", "The picture is too large", ("what", "found", "limit")
    ),
    vision_errors.BoxOutside: Row(
        422, "box-outside", "The box lies outside the picture", ("box", "width_px", "height_px")
    ),
    vision_errors.NotWords: Row(422, "not-words", "These words cannot be searched", ("reason",)),
    vision_errors.WrongSpace: Row(
        500, "wrong-space", "The shop was indexed with another model", ("found", "wanted")
    ),
    vision_errors.DecoderBusy: Row(
        503, "decoder-busy", "Too many large pictures at once", ("retry_after_s",), retry=True
    ),
    vision_errors.EncoderBusy: Row(
        503, "encoder-busy", "Too many searches at once", ("waiting", "retry_after_s"), retry=True
    ),
    vision_errors.EncoderBroken: Row(
        503, "encoder-broken", "The encoder does not work", private=True, retry=True
    ),
    vision_errors.BadModel: Row(500, "bad-model", "The model cannot be used", private=True),
    index_errors.CatalogueError: Row(
        500, "cannot-remember", "The catalogue failed", private=True
    ),
    index_errors.NoShop: Row(503, "no-shop", "There is no shop yet", private=True, retry=True),
    index_errors.ShopBroken: Row(503, "shop-broken", "The shop is damaged", private=True),
    index_errors.ShopBusy: Row(
        503, "shop-busy", "Another process writes to the shop", private=True, retry=True
    ),
    index_errors.UnknownProduct: Row(404, "unknown-product", "No such product", ("sku",)),
    index_errors.BadProduct: Row(
        422, "bad-product", "The product cannot be taken", ("field", "reason")
    ),
    index_errors.BadSource: Row(422, "bad-source", "The catalogue cannot be read", private=True),
    index_errors.BadRow: Row(
        422, "bad-row", "A row cannot be taken", ("line", "sku", "reason")
    ),
    index_errors.EmptySource: Row(
        409, "would-remove-products", "This would remove products", ("removing", "present")
    ),
    index_errors.BadFilter: Row(
        422, "bad-filter", "The filter cannot be understood", ("text", "reason")
    ),
    index_errors.StrangeVector: Row(
        500, "strange-vector", "A vector of another model", private=True
    ),
    customer_errors.CustomerError: Row(
        500, "cannot-remember-people", "The people store failed", private=True
    ),
    customer_errors.UnknownCustomer: Row(404, "unknown-customer", "No such customer", ("id",)),
    customer_errors.UnknownVisit: Row(404, "unknown-visit", "No such visit", ("id",)),
    customer_errors.UnknownConsent: Row(404, "unknown-consent", "No such consent", ("id",)),
    customer_errors.BadConsent: Row(
        422, "bad-consent", "The consent cannot be recorded", ("field", "reason")
    ),
    customer_errors.BadVisit: Row(409, "bad-visit", "The visit cannot be", ("reason",)),
    customer_errors.NotCovered: Row(
        403, "not-covered", "No consent covers this", ("purpose", "reason")
    ),
    customer_errors.NotAllowed: Row(
        403, "not-allowed", "This caller may not do this", ("role", "act", "reason")
    ),
    customer_errors.NotKnown: Row(401, "not-known", "We do not know who asks", ("reason",)),
    customer_errors.TooManyTries: Row(
        429, "too-many-tries", "Too many wrong PINs", ("retry_after_s",)
    ),
    customer_errors.KeyDestroyed: Row(410, "key-destroyed", "Destroyed on demand"),
    customer_errors.SealBroken: Row(500, "seal-broken", "A sealed file is damaged", private=True),
    customer_errors.BadReceipt: Row(422, "bad-receipt", "The receipt proves nothing", ("reason",)),
    customer_errors.PeopleBusy: Row(
        503, "people-busy", "Another process uses the people store", private=True, retry=True
    ),
    customer_errors.PeopleBroken: Row(
        503, "people-broken", "The people store is damaged", private=True
    ),
    mirror_errors.MirrorError: Row(500, "cannot-watch", "The mirror failed", private=True),
    mirror_errors.NoVideoLibrary: Row(
        503, "no-video-library", "The mirror's libraries are not installed", private=True
    ),
    mirror_errors.BadSource: Row(422, "bad-camera", "The camera cannot be used", private=True),
    mirror_errors.CameraLost: Row(503, "camera-lost", "The camera is lost", private=True),
    mirror_errors.BadStream: Row(422, "bad-stream", "The video cannot be used", ("reason",)),
    mirror_errors.NothingRecorded: Row(
        422, "nothing-recorded", "Nothing was recorded", ("reason",)
    ),
    mirror_errors.BadOrder: Row(409, "bad-order", "That cannot be done now", ("reason",)),
    mirror_errors.NoRoom: Row(507, "no-room", "There is no room for a clip", private=True),
    mirror_errors.UnknownMirror: Row(404, "unknown-mirror", "No such mirror", ("id",)),
    mirror_errors.UnknownClip: Row(404, "unknown-clip", "No such clip", ("id",)),
    mirror_errors.ClipConflict: Row(409, "clip-conflict", "Another clip has this id", ("id",)),
    mirror_errors.ClipBroken: Row(422, "clip-broken", "The clip is damaged", ("id", "reason")),
    mirror_errors.DeskAway: Row(503, "desk-away", "The server does not answer", private=True),
    mirror_errors.DeskRefused: Row(502, "desk-refused", "The server refused", private=True),
    DoorError: Row(500, "door-failed", "The request failed", private=True),
    BadRequestBody: Row(400, "bad-body", "The body cannot be read", ("reason",)),
    BodyTooLarge: Row(413, "body-too-large", "The request is too large", ("limit_bytes",)),
    BodyTooSlow: Row(408, "body-too-slow", "The request came too slowly", ("limit_s",)),
    UnknownBody: Row(415, "unknown-body", "This kind of body is not read", ("found",)),
    BadParameter: Row(
        422, "bad-parameter", "A parameter cannot be used", ("parameter", "reason")
    ),
    NothingToSearch: Row(422, "nothing-to-search", "Nothing to search for"),
    NoSuchPicture: Row(404, "no-such-picture", "No such picture", ("sku", "ordinal")),
    Overloaded: Row(
        503, "overloaded", "Too many requests at once", ("waiting", "retry_after_s"), retry=True
    ),
    NotReady: Row(503, "not-ready", "Not ready to search", ("reasons",), retry=True),
    BadQueries: Row(422, "bad-queries", "The queries cannot be read", private=True),
}  # fmt: skip


def row_of(kind: type[BaseException]) -> Row:
    """The table's row for a class: its own, else its nearest parent's, else UNFORESEEN."""
    return next((TABLE[parent] for parent in kind.__mro__ if parent in TABLE), UNFORESEEN)


def row_for(error: BaseException) -> Row:
    """The table's row for `error`."""
    return row_of(type(error))


def problem_for(error: BaseException) -> dict[str, object]:
    """`error` as a problem document (RFC 9457): type, title, status, code, detail and its facts."""
    row = row_for(error)
    problem: dict[str, object] = {
        "type": f"urn:vistazo:problem:{row.code}",
        "title": row.title,
        "status": row.status,
        "code": row.code,
        "detail": row.title + "." if row.private else str(error),
    }
    return problem | {fact: getattr(error, fact) for fact in row.facts}


def retry_after_s(error: BaseException) -> int | None:
    """Whole seconds for a Retry-After header, or None when trying again would not help."""
    if not row_for(error).retry:
        return None
    return max(1, round(float(getattr(error, "retry_after_s", 1.0))))
