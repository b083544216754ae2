"""How mirrors, visits and clips look in JSON, on both ends of the line between them."""

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from customers.consent import Consent
from customers.customers import consent_fields, consent_from_fields
from customers.visit import Visit
from mirror.clip import Clip
from mirror.desk import MirrorState, Orders, Recording
from mirror.session import Session

_MOST_NAMED = 10_000
_MOST = 2**53  # the largest whole number that every reader of JSON, and SQLite, keeps exactly
_Form = TypeVar("_Form", MirrorState, Clip)
_UNSAID = {"name": "-", "guardian": "", "words": "-"}


def clip_json(clip: Clip) -> dict[str, Any]:
    """A clip for her page: facts, and where its files are."""
    fields = asdict(clip)
    fields |= {"started_at": clip.started_at.isoformat(), "ended_at": clip.ended_at.isoformat()}
    for kind in ("video", "thumbnail", "sprite"):
        fields[kind] = f"/v1/clips/{clip.id}/{kind}"
    return fields


def clip_facts(clip: Clip) -> dict[str, Any]:
    """A clip as a mirror announces it; clip_from_fields reads it."""
    fields = asdict(clip)
    return fields | {
        "started_at": clip.started_at.isoformat(),
        "ended_at": clip.ended_at.isoformat(),
    }


def visit_json(visit: Visit) -> dict[str, Any]:
    """A visit."""
    return {
        "id": visit.id,
        "mirror_id": visit.mirror_id,
        "customer_id": visit.customer_id,
        "started_at": visit.started_at.isoformat(),
        "ended_at": visit.ended_at.isoformat() if visit.ended_at else None,
    }


def consent_json(consent: Consent) -> dict[str, Any]:
    """A consent with all that she signed."""
    return consent_fields(consent)


def state_json(state: MirrorState) -> dict[str, Any]:
    """How a mirror is."""
    fields = asdict(state)
    return fields | {
        "last_gap_at": state.last_gap_at.isoformat() if state.last_gap_at else None,
        "waiting": list(state.waiting),
    }


def read_state(fields: Mapping[str, Any]) -> MirrorState:
    """How a mirror is, from `state_json`; raises ValueError where a field is of another kind.

    What a newer mirror says beyond that is passed over.
    """
    state = _checked(MirrorState, fields)
    if len(state.waiting) > _MOST_NAMED or len(state.refused) > _MOST_NAMED:
        raise ValueError(f"it names more than {_MOST_NAMED} clips")
    return state


def read_clip(fields: Mapping[str, Any]) -> Clip:
    """A clip, from `clip_facts`; raises TypeError and ValueError where it makes no sense."""
    clip = _checked(Clip, fields)
    moments = (clip.started_at, clip.ended_at)
    if any(moment.utcoffset() is None for moment in moments):
        raise ValueError("its moments are not aware")
    return clip


def _checked(kind: type[_Form], fields: Mapping[str, Any]) -> _Form:
    """A frozen value with every field of the kind it is declared as."""
    known = {field.name for field in dataclass_fields(kind)}
    try:
        value = TypeAdapter(kind).validate_python({k: v for k, v in fields.items() if k in known})
    except ValidationError as cause:
        fault = cause.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ValueError(f"{place}: {fault['msg']}") from cause
    if any(isinstance(v, int) and abs(v) > _MOST for v in fields.values()):
        raise ValueError("a number is larger than anything that a mirror counts")
    return value


def orders_json(orders: Orders) -> dict[str, Any]:
    """What a mirror is to do."""
    session, recording = orders.session, orders.recording
    return {
        "now_at": orders.now_at.isoformat(),
        "session": session
        and {
            "mirror_id": session.mirror_id,
            "visit_id": session.visit_id,
            "customer_id": session.customer_id,
            "public_key": session.public_key.hex(),
            # The mirror decides by times and purposes; who signed what is not its business.
            "consents": [consent_fields(c) | _UNSAID for c in session.consents],
        },
        "recording": recording and recording_json(recording),
        "destroy": list(orders.destroy),
        "confirmed_at": orders.confirmed_at.isoformat() if orders.confirmed_at else None,
    }


def recording_json(recording: Recording) -> dict[str, Any]:
    """A clip that is wanted."""
    return {
        "clip_id": recording.clip_id,
        "asked_at": recording.asked_at.isoformat(),
        "pre_roll_s": recording.pre_roll_s,
        "stopped_at": recording.stopped_at.isoformat() if recording.stopped_at else None,
    }


def read_orders(fields: Mapping[str, Any]) -> Orders:
    """What a mirror is to do, from `orders_json`; raises KeyError, TypeError and ValueError."""
    session, wanted = fields["session"], fields["recording"]
    return Orders(
        datetime.fromisoformat(fields["now_at"]),
        session
        and Session(
            session["mirror_id"],
            session["visit_id"],
            session["customer_id"],
            bytes.fromhex(session["public_key"]),
            tuple(consent_from_fields(consent) for consent in session["consents"]),
        ),
        wanted
        and Recording(
            wanted["clip_id"],
            datetime.fromisoformat(wanted["asked_at"]),
            wanted["pre_roll_s"],
            datetime.fromisoformat(wanted["stopped_at"]) if wanted["stopped_at"] else None,
        ),
        tuple(fields["destroy"]),
        datetime.fromisoformat(fields["confirmed_at"]) if fields.get("confirmed_at") else None,
    )
