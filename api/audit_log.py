"""`/v1/audit`: who wrote what, and when."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.audit import Note
from api.back_office import BackOffice
from api.errors import BadParameter, KeyForbids, KeyNeeded
from api.office_replies import AuditReply
from api.problems import documented

MOST = 500


def routes(office: BackOffice) -> APIRouter:
    """The route over the shop's audit log."""
    router = APIRouter(prefix="/v1/audit", tags=["audit"])

    @router.get(
        "",
        response_model=AuditReply,
        responses=documented(KeyNeeded, KeyForbids, BadParameter),
        summary="Writes",
    )
    def audit(
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        before: Annotated[int | None, Query(ge=1, le=2**53, description="`next` of a page")] = None,
    ) -> dict[str, Any]:
        """Who wrote what and when, the youngest first; page on with `before`."""
        notes = office.audit.latest(limit, before)
        following = notes[-1].id if len(notes) == limit else None
        return {"notes": [note_json(note) for note in notes], "next": following}

    return router


def note_json(note: Note) -> dict[str, Any]:
    """A note as callers read it."""
    return {
        "id": note.id,
        "at": None if note.at is None else note.at.isoformat(),
        "who": note.who,
        "name": note.name,
        "act": note.act,
        "method": note.method,
        "subject": note.subject,
        "status": note.status,
    }
