"""How the failures of people and mirrors are told; api/errors joins these rows to its table."""

from api.row import Row
from customers import errors as customer_errors
from mirror import errors as mirror_errors

PEOPLE: dict[type[Exception], Row] = {
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
    mirror_errors.NoEncoder: Row(500, "no-encoder", "This video encoder is not installed"),
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
}  # fmt: skip
