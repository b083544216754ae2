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
├── KeyNeeded (PermissionError)      this needs a key, and none came that is known
├── KeyForbids (PermissionError)     the key does not open this, or not from here
├── TooManyRequests (RuntimeError)   one caller asks more than its share
├── NoSuchKey (LookupError)          no key of this id
├── DoorBroken (RuntimeError)        the door's own notes cannot be read or written
├── NoSuchJob (LookupError)          no job of this id
├── JobCancelled (InterruptedError)  somebody cancelled the job that is at work
├── BadJob (ValueError)              a job cannot be begun, or not be told that now
├── NoSuchUpload (LookupError)       nothing uploaded under this name
├── NoSuchSaved (LookupError)        nothing of this id is saved by this device
├── SavedFull (OSError)              no more can be saved
├── KeyReused (ValueError)           an Idempotency-Key that named another request
├── StillUnderWay (RuntimeError)     the request of this Idempotency-Key is being worked on
└── BadQueries (ValueError)          an eval's queries file cannot be read
"""

from api.people_rows import PEOPLE
from api.row import Row, detail_of
from api.wing_rows import WINGS


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


class KeyNeeded(DoorError, PermissionError):
    """This needs a key, and none came that is known; `reason` says which is wanted."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This needs a key: {reason}.")


class KeyForbids(DoorError, PermissionError):
    """The key that came does not open this, or not from there."""

    def __init__(self, role: str, act: str, reason: str) -> None:
        self.role, self.act, self.reason = role, act, reason
        super().__init__(f"This is not allowed ({act}): {reason}.")


class TooManyRequests(DoorError, RuntimeError):
    """One caller asks more than its share; try again after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"Too many requests from one caller. Wait {max(1, retry_after_s):.0f} s.")


class NoSuchKey(DoorError, LookupError):
    """No key of this id."""

    def __init__(self, key_id: str) -> None:
        self.id = key_id
        super().__init__(f"There is no key {key_id[:80]!r}. `vistazo keys list` shows all.")


class DoorBroken(DoorError, RuntimeError):
    """The door's own notes (keys, audit log, demand) cannot be read or written."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} cannot be used: {reason}.")


class NoSuchJob(DoorError, LookupError):
    """No job of this id."""

    def __init__(self, job_id: str) -> None:
        self.id = job_id
        super().__init__(f"There is no job {job_id[:80]!r}.")


class JobCancelled(DoorError, InterruptedError):
    """Somebody cancelled the job that is at work; what it has written stays."""

    def __init__(self, job_id: str) -> None:
        self.id = job_id
        super().__init__(f"The job {job_id} was cancelled.")


class BadJob(DoorError, ValueError):
    """A job cannot be begun, or cannot be told that now; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The job cannot do that: {reason}.")


class NoSuchUpload(DoorError, LookupError):
    """Nothing was uploaded under this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"Nothing was uploaded as {name[:80]!r}.")


class NoSuchSaved(DoorError, LookupError):
    """Nothing of this id is saved by this device."""

    def __init__(self, item_id: str) -> None:
        self.id = item_id
        super().__init__(f"Nothing with the id {item_id[:80]!r} is saved by this device.")


class SavedFull(DoorError, OSError):
    """No more can be saved; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This cannot be saved: {reason}.")


class BadQueries(DoorError, ValueError):
    """An eval's queries file cannot be read; `reason` says why."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The queries {path} cannot be read: {reason}.")


class KeyReused(DoorError, ValueError):
    """An Idempotency-Key that came with another request before."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came with another request before. Each request needs one of its "
            "own; only the very same request is sent again with the same."
        )


class StillUnderWay(DoorError, RuntimeError):
    """The request that this Idempotency-Key names is being worked on just now."""

    def __init__(self) -> None:
        self.retry_after_s = 1.0
        super().__init__(
            "The request of this Idempotency-Key is being worked on. Ask again in a second for its "
            "answer."
        )


UNFORESEEN = Row(500, "internal-error", "Something went wrong on our side", private=True)

TABLE: dict[type[Exception], Row] = PEOPLE | WINGS | {
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
    KeyNeeded: Row(401, "key-needed", "A key is needed", ("reason",)),
    KeyForbids: Row(403, "key-forbids", "This is not allowed", ("role", "act", "reason")),
    TooManyRequests: Row(
        429, "too-many-requests", "Too many requests", ("retry_after_s",), retry=True
    ),
    NoSuchKey: Row(404, "no-such-key", "No such key", ("id",)),
    DoorBroken: Row(503, "door-broken", "The door's notes are damaged", private=True),
    NoSuchJob: Row(404, "no-such-job", "No such job", ("id",)),
    JobCancelled: Row(409, "job-cancelled", "The job was cancelled", ("id",)),
    BadJob: Row(409, "bad-job", "The job cannot do that", ("reason",)),
    NoSuchSaved: Row(404, "no-such-saved", "Nothing of this id is saved", ("id",)),
    SavedFull: Row(507, "saved-full", "No more can be saved", ("reason",)),
    NoSuchUpload: Row(404, "no-such-upload", "No such upload", ("name",)),
    KeyReused: Row(422, "idempotency-key-reused", "An Idempotency-Key named another request"),
    StillUnderWay: Row(
        409, "still-under-way", "The same is being worked on", ("retry_after_s",), retry=True
    ),
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
        "detail": detail_of(error, row),
    }
    return problem | {fact: getattr(error, fact) for fact in row.facts}


def retry_after_s(error: BaseException) -> int | None:
    """Whole seconds for a Retry-After header, or None when trying again would not help."""
    if not row_for(error).retry:
        return None
    return max(1, round(float(getattr(error, "retry_after_s", 1.0))))
