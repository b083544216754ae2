"""`/v1/visits` and `/v1/consents`: who stands before a mirror, and what she agreed to.

Recording is asked for here; no route starts one without a consent that covers it.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, Field

from api.bounded import BoundedRoute
from api.callers import COOKIE, COOKIE_RULES, callers, demand_visit
from api.mirror_forms import consent_json, recording_json, visit_json
from api.people_examples import (
    CONFIRMED,
    CONSENT,
    ENDED_VISIT,
    LOG,
    NEW_VISIT,
    OUTCOME,
    PASS,
    RECEIPT,
    RECORDING,
    REVOKED,
    SEEN_VISIT,
    STOPPED,
    shown,
)
from api.problems import documented
from customers.access import Act, Caller, Role, Thing, demand
from customers.consent import AgeStatement, Consent, Purpose
from customers.errors import (
    BadConsent,
    BadVisit,
    NotAllowed,
    NotCovered,
    NotKnown,
    TooManyTries,
    UnknownConsent,
    UnknownCustomer,
    UnknownVisit,
)
from mirror.errors import BadOrder, UnknownClip, UnknownMirror
from mirror.studio import Studio

VISIT_PASS_S = 12 * 3600.0  # a shopping day
RETURN_PASS_S = 3600.0
_WHO = (NotKnown, NotAllowed, UnknownVisit)


class ConsentForm(BaseModel):
    """What she agreed to, as she signed it."""

    purposes: list[Purpose] = Field(examples=[["record", "keep"]], min_length=1)
    words: str = Field(examples=["This mirror may record me while I try clothes on."])
    language: str = Field(examples=["en"])
    name: str = Field(examples=["Ana Núñez"])
    age: AgeStatement = Field(examples=["of_age"])
    guardian: str = ""
    minutes: float = Field(60, gt=0, le=24 * 60)


def routes(studio: Studio) -> APIRouter:
    """The routes over `studio`."""
    router = APIRouter(prefix="/v1", tags=["visits"], route_class=BoundedRoute)
    _visit_routes(router, studio)
    _consent_routes(router, studio)
    _recording_routes(router, studio)
    _customer_routes(router, studio)
    return router


def _visit_routes(router: APIRouter, studio: Studio) -> None:
    who = callers(studio)

    @router.post(
        "/visits",
        status_code=201,
        responses=documented(*_WHO, BadVisit, UnknownMirror) | shown(NEW_VISIT, status=201),
    )
    def start(
        caller: Annotated[Caller, Depends(who)],
        mirror_id: Annotated[str, Body(embed=True, examples=["room-3"])],
    ) -> dict[str, Any]:
        """A new customer stands before a mirror; her PIN and her pass are shown this once."""
        demand(caller, Act.START_VISIT, Thing(mirror_id=mirror_id))
        studio.mirrors.get(mirror_id)
        now = studio.clock.now()
        customer = studio.customers.welcome(now)
        visit = studio.customers.start_visit(customer.id, mirror_id, now)
        studio.customers.note(customer.id, caller, Act.START_VISIT, visit.id, now)
        herself = Caller(Role.CUSTOMER, customer.id)
        token = studio.passes.issue(herself, now, VISIT_PASS_S)
        pin = studio.passes.give_pin(visit.id, customer.id)
        return visit_json(visit) | {"pin": pin, "pass": token}

    @router.post(
        "/visits/{visit_id}/pass", responses=documented(NotKnown, TooManyTries) | shown(PASS)
    )
    def come_back(
        visit_id: str,
        response: Response,
        pin: Annotated[str, Body(embed=True, max_length=20, examples=["482913"])],
    ) -> dict[str, Any]:
        """Her PIN for a pass; five wrong ones lock the visit for a quarter of an hour."""
        now = studio.clock.now()
        customer_id = studio.passes.by_pin(visit_id, pin, now)
        token = studio.passes.issue(Caller(Role.CUSTOMER, customer_id), now, RETURN_PASS_S)
        response.set_cookie(COOKIE, token, max_age=int(RETURN_PASS_S), **COOKIE_RULES)
        return {"customer_id": customer_id, "pass": token}

    @router.get("/visits/{visit_id}", responses=documented(*_WHO) | shown(SEEN_VISIT))
    def see(visit_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """A visit, and the clip that is being recorded in it."""
        visit = studio.customers.visit(visit_id)
        demand_visit(caller, Act.SEE_VISIT, visit)
        wanted = studio.mirrors.wanted(visit_id)
        return visit_json(visit) | {"recording": recording_json(wanted) if wanted else None}

    @router.post("/visits/{visit_id}/end", responses=documented(*_WHO) | shown(ENDED_VISIT))
    def end(visit_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """She leaves; a running clip ends."""
        visit = studio.customers.visit(visit_id)
        demand_visit(caller, Act.END_VISIT, visit)
        now = studio.clock.now()
        running = studio.mirrors.wanted(visit_id)
        if running:
            studio.mirrors.stop(running.clip_id, now)
        studio.customers.note(visit.customer_id, caller, Act.END_VISIT, visit_id, now)
        return visit_json(studio.customers.end_visit(visit_id, now))


def _consent_routes(router: APIRouter, studio: Studio) -> None:
    who = callers(studio)

    @router.post(
        "/visits/{visit_id}/consents",
        status_code=201,
        responses=documented(*_WHO, BadConsent, BadVisit) | shown(CONSENT, status=201),
    )
    def agree(
        visit_id: str, caller: Annotated[Caller, Depends(who)], form: ConsentForm
    ) -> dict[str, Any]:
        """She agrees, in the words she was shown."""
        visit = studio.customers.visit(visit_id)
        demand_visit(caller, Act.GIVE_CONSENT, visit)
        now = studio.clock.now()
        consent = Consent(
            "", visit.customer_id, visit.id, visit.mirror_id, frozenset(form.purposes), form.words,
            form.language, now, now + timedelta(minutes=form.minutes), form.name, form.age,
            form.guardian,
        )  # fmt: skip
        kept = studio.customers.agree(consent)
        studio.customers.note(visit.customer_id, caller, Act.GIVE_CONSENT, kept.id, now)
        return consent_json(kept)

    @router.get(
        "/consents/{consent_id}", responses=documented(*_WHO, UnknownConsent) | shown(CONSENT)
    )
    def see_consent(consent_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """A consent as it stands now."""
        consent = studio.customers.consent(consent_id)
        demand(caller, Act.SEE_CONSENT, Thing(consent.customer_id, consent.mirror_id))
        now = studio.clock.now()
        studio.customers.note(consent.customer_id, caller, Act.SEE_CONSENT, consent_id, now)
        return consent_json(consent)

    @router.delete(
        "/consents/{consent_id}", responses=documented(*_WHO, UnknownConsent) | shown(REVOKED)
    )
    def revoke(
        consent_id: str,
        caller: Annotated[Caller, Depends(who)],
        recorded: Annotated[Literal["destroy", "keep"], Query()] = "destroy",
    ) -> dict[str, Any]:
        """She takes it back: a running clip stops on that frame and is destroyed."""
        consent = studio.customers.consent(consent_id)
        demand(caller, Act.REVOKE_CONSENT, Thing(consent.customer_id, consent.mirror_id))
        now = studio.clock.now()
        studio.customers.note(consent.customer_id, caller, Act.REVOKE_CONSENT, consent_id, now)
        return consent_json(studio.revoke(consent_id, keep_recorded=recorded == "keep"))


def _recording_routes(router: APIRouter, studio: Studio) -> None:
    who = callers(studio)

    @router.post(
        "/visits/{visit_id}/recordings",
        status_code=201,
        responses=documented(*_WHO, NotCovered, BadOrder) | shown(RECORDING, status=201),
    )
    def record(
        visit_id: str,
        caller: Annotated[Caller, Depends(who)],
        pre_roll_s: Annotated[float, Body(embed=True, ge=0, le=60, examples=[8])] = 0.0,
    ) -> dict[str, Any]:
        """Record from now, and `pre_roll_s` before as far as she had agreed and was there."""
        visit = studio.customers.visit(visit_id)
        demand_visit(caller, Act.RECORD, visit)
        clip_id = studio.ask(visit, pre_roll_s)
        studio.customers.note(visit.customer_id, caller, Act.RECORD, clip_id, studio.clock.now())
        return recording_json(studio.mirrors.order(clip_id).recording)

    @router.post(
        "/visits/{visit_id}/company", responses=documented(*_WHO, BadOrder) | shown(CONFIRMED)
    )
    def confirm(visit_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """Whoever is in the picture beside her knows and may stay in it: the recording goes on."""
        visit = studio.customers.visit(visit_id)
        demand_visit(caller, Act.CONFIRM_COMPANY, visit)
        studio.confirm_company(visit)
        now, hers = studio.clock.now(), visit.customer_id
        studio.customers.note(hers, caller, Act.CONFIRM_COMPANY, visit_id, now)
        return {"confirmed": True}

    @router.post(
        "/recordings/{clip_id}/stop", responses=documented(*_WHO, UnknownClip) | shown(STOPPED)
    )
    def stop(clip_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """The clip ends with the frame of this moment."""
        order = studio.mirrors.order(clip_id)
        demand(caller, Act.RECORD, Thing(order.customer_id, order.mirror_id))
        return recording_json(studio.mirrors.stop(clip_id, studio.clock.now()))

    @router.get("/recordings/{clip_id}", responses=documented(*_WHO, UnknownClip) | shown(OUTCOME))
    def outcome(clip_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """What became of a clip that was asked for: "", "kept", "gone", or why there is none."""
        order = studio.mirrors.order(clip_id)
        demand(caller, Act.RECORD, Thing(order.customer_id, order.mirror_id))
        return recording_json(order.recording) | {"outcome": order.outcome}


def _customer_routes(router: APIRouter, studio: Studio) -> None:
    who = callers(studio)

    @router.get("/customers/{customer_id}/log", responses=documented(*_WHO) | shown(LOG))
    def log(customer_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """Who did what to things of hers."""
        demand(caller, Act.READ_LOG, Thing(customer_id))
        entries = [
            {
                "at": entry.at.isoformat(),
                "role": entry.role,
                "caller_id": entry.caller_id,
                "act": entry.act,
                "thing": entry.thing,
            }
            for entry in studio.customers.log_of(customer_id)
        ]
        return {"log": entries}

    @router.post(
        "/customers/{customer_id}/forget",
        responses=documented(*_WHO, UnknownCustomer) | shown(RECEIPT),
    )
    def forget(customer_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """Forget her: keys, clips, rows, waiting copies. The signed receipt comes back."""
        demand(caller, Act.FORGET, Thing(customer_id))
        return studio.forget(customer_id).fields() | {"public_key": studio.signer.public}
