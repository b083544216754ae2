"""What the API's document shows of mirrors, visits, consents and clips: one small story.

Ana stands before the mirror of dressing room 3. A test asks the real routes and compares.
"""

from typing import Any

_MIRROR, _VISIT, _CUSTOMER = "room-3", "vi_7Qm2xK9d", "cu_4Ht8bN1w"
_CONSENT, _CLIP = "co_9Zs3fL6p", "Yb5rT0uJe2aWqX1c"
_BEGUN, _ASKED, _STOPPED = (f"2026-03-01T12:0{m}:00+00:00" for m in (0, 1, 2))

STATE: dict[str, Any] = {
    "indicator": "recording",
    "camera": "rtsp://10.0.0.9/stream1",
    "camera_ok": True,
    "camera_says": "",
    "frames_per_s": 30.0,
    "ring_s": 59.7,
    "ring_bytes": 31_457_280,
    "recording_clip": _CLIP,
    "waiting": [],
    "disk_free_bytes": 120_000_000_000,
    "server_ok": True,
    "last_gap_at": None,
    "refused": {},
    "held": "",
    "watch": "on",
    "encoder": "x264",
}
MIRROR: dict[str, Any] = {
    "id": _MIRROR,
    "name": "Dressing room 3",
    "alive": True,
    "state": STATE,
    "said_at": _ASKED,
}
MIRRORS = {"mirrors": [MIRROR]}
NEW_MIRROR: dict[str, Any] = {
    "id": _MIRROR,
    "name": "Dressing room 3",
    "alive": False,
    "state": None,
    "pass": "shown-this-once-kq3TzY…",
}
LIVE = f'retry: 2000\n\nevent: mirror\ndata: {{"id": "{_MIRROR}", "alive": true, …}}\n\n'
VISIT_LIVE = (
    'retry: 2000\n\nevent: visit\ndata: {"indicator": "recording", "held": "", "camera_ok": true, '
    '"last_gap_at": null}\n\n'
)
RECORDING: dict[str, Any] = {
    "clip_id": _CLIP,
    "asked_at": _ASKED,
    "pre_roll_s": 8.0,
    "stopped_at": None,
}
STOPPED = RECORDING | {"stopped_at": _STOPPED}
OUTCOME = STOPPED | {"outcome": "kept"}
VISIT: dict[str, Any] = {
    "id": _VISIT,
    "mirror_id": _MIRROR,
    "customer_id": _CUSTOMER,
    "started_at": _BEGUN,
    "ended_at": None,
}
NEW_VISIT = VISIT | {"pin": "482913", "pass": "shown-this-once-Vh8mRd…"}
SEEN_VISIT = VISIT | {"recording": RECORDING}
ENDED_VISIT = VISIT | {"ended_at": _STOPPED}
PASS = {"customer_id": _CUSTOMER, "pass": "shown-this-once-Vh8mRd…"}
CONSENT: dict[str, Any] = {
    "id": _CONSENT,
    "customer_id": _CUSTOMER,
    "visit_id": _VISIT,
    "mirror_id": _MIRROR,
    "purposes": ["keep", "record"],
    "words": "This mirror may record me while I try clothes on.",
    "language": "en",
    "given_at": _BEGUN,
    "until_at": "2026-03-01T13:00:00+00:00",
    "name": "Ana Núñez",
    "age": "of_age",
    "guardian": "",
    "revoked_at": None,
}
CONFIRMED = {"confirmed": True}
REVOKED = CONSENT | {"revoked_at": _STOPPED}
ORDERS: dict[str, Any] = {
    "now_at": _ASKED,
    "session": {
        "mirror_id": _MIRROR,
        "visit_id": _VISIT,
        "customer_id": _CUSTOMER,
        "public_key": "9f2c…",
        "consents": [CONSENT | {"name": "-", "words": "-"}],
    },
    "recording": RECORDING,
    "destroy": [],
    "confirmed_at": None,
}
CLIP: dict[str, Any] = {
    "id": _CLIP,
    "customer_id": _CUSTOMER,
    "visit_id": _VISIT,
    "mirror_id": _MIRROR,
    "consent_id": _CONSENT,
    "started_at": "2026-03-01T12:00:52+00:00",
    "ended_at": _STOPPED,
    "width_px": 1920,
    "height_px": 1080,
    "frames": 2040,
    "copied_frames": 2011,
    "making": "joined",
    "size_bytes": 34_812_933,
    "plain_bytes": 34_803_117,
    "sha256": "5c1f…",
    "kept": False,
    "why_encoded": "",
    "gaps": [{"from_ms": 31_000, "until_ms": 32_400, "reason": "camera_lost"}],
    "notes": [],
    "video": f"/v1/clips/{_CLIP}/video",
    "thumbnail": f"/v1/clips/{_CLIP}/thumbnail",
    "sprite": f"/v1/clips/{_CLIP}/sprite",
}
CLIPS = {"clips": [CLIP]}
KEPT_CLIP = CLIP | {"kept": True}
DELIVERED = {"clip_id": _CLIP, "new": True}
WRAPPED = "04a1b2c3"
DATA_KEY = {"data_key": "7d0e…"}
LOG = {
    "log": [
        {
            "at": _BEGUN,
            "role": "mirror",
            "caller_id": _MIRROR,
            "act": "start_visit",
            "thing": _VISIT,
        }
    ]
}
RECEIPT: dict[str, Any] = {
    "form": "vistazo-receipt-1",
    "customer_id": _CUSTOMER,
    "asked_at": _STOPPED,
    "finished_at": _STOPPED,
    "key_fingerprint": "b71e…",
    "files": {f"{_CLIP}.video": "5c1f…", f"{_CLIP}.thumbnail": "88d0…"},
    "counts": {"clips": 1, "consents": 1, "visits": 1},
    "signature": "e4a9…",
    "public_key": "3d77…",
}


def shown(
    example: Any, *, status: int = 200, media_type: str = "application/json"
) -> dict[Any, Any]:
    """The OpenAPI `responses` of a route that answers `example`; joined with `documented`."""
    return {status: {"content": {media_type: {"example": example}}}}
