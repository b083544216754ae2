"""`/v1/jobs` and `/v1/spaces`: begin a job, watch it live, pause it, read what it did."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.back_office import BackOffice
from api.bounded import BoundedRoute
from api.errors import (
    BadJob,
    BadParameter,
    BadRequestBody,
    KeyForbids,
    KeyNeeded,
    NoSuchJob,
    NoSuchUpload,
)
from api.job import Job, Kind
from api.office_replies import JobReply, JobsReply, OneJobReply, SpacesReply
from api.porter import visitor_of
from api.problems import documented
from api.reindexing import demand_known, spaces_of
from api.repeating import wish_of
from index.errors import ShopBroken

LOOK_S = 0.3
ALIVE_S = 15.0  # proxies close what is silent for a minute
_WHO = (KeyNeeded, KeyForbids)
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "An event for every change"}
}
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}, "description": "CSV"}}


class Wish(BaseModel):
    """What a job shall do: `index` and `unpack` need `source`, the others `model`."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind = Field(examples=["index"])
    source: str | None = Field(None, max_length=500, examples=["spring/catalogue.csv"])
    mapping: dict[str, str] = Field(default_factory=dict, examples=[{"Artikelnummer": "sku"}])
    whole: bool = Field(
        False, description="The source is the whole catalogue: what it does not name goes"
    )
    allow_removals: bool = Field(False, description="Even if that is much of the shop")
    pictures_only: bool = False
    dry_run: bool = Field(False, description="Say what would change, and change nothing")
    model: str | None = Field(None, max_length=500, examples=["builtin"])
    flip: bool = Field(False, description="Make the new space live once it is whole")
    sample: int = Field(300, ge=1, le=5_000, description="Products that a comparison asks about")


def routes(office: BackOffice) -> APIRouter:
    """The routes over the shop's jobs and spaces."""
    router = APIRouter(prefix="/v1", tags=["jobs"], route_class=BoundedRoute)
    _reading(router, office)
    _acting(router, office)
    return router


def _reading(router: APIRouter, office: BackOffice) -> None:
    jobs = office.jobs

    @router.get(
        "/jobs",
        response_model=JobsReply,
        responses=documented(*_WHO),
        summary="Every job, youngest first",
    )
    def all_jobs() -> dict[str, Any]:
        return {"jobs": [job_json(office, job) for job in jobs.all()]}

    @router.get(
        "/jobs/{job_id}",
        response_model=OneJobReply,
        responses=documented(*_WHO, NoSuchJob),
        summary="One job",
    )
    def one(job_id: str) -> dict[str, Any]:
        job = jobs.get(job_id)
        return job_json(office, job) | {"report": job.read_report() or None}

    @router.get(
        "/jobs/{job_id}/events",
        responses=documented(*_WHO, NoSuchJob) | _EVENTS,
        response_class=StreamingResponse,
        summary="One job, live: server-sent events until it has ended",
    )
    async def events(job_id: str, request: Request) -> StreamingResponse:
        job = await anyio.to_thread.run_sync(jobs.get, job_id)
        return StreamingResponse(_told(office, job, request), media_type="text/event-stream")

    @router.get(
        "/jobs/{job_id}/rejected.csv",
        responses=documented(*_WHO, NoSuchJob) | _CSV,
        response_class=FileResponse,
        summary="The rows that could not be taken, with their reasons",
    )
    def rejected(job_id: str) -> FileResponse:
        path = jobs.get(job_id).folder / "rejected.csv"
        if not path.is_file():
            raise NoSuchJob(f"{job_id} with rejected rows")
        return FileResponse(path, media_type="text/csv; charset=utf-8", filename="rejected.csv")

    @router.get(
        "/spaces",
        response_model=SpacesReply,
        responses=documented(*_WHO, ShopBroken),
        summary="Models' spaces, live first",
    )
    def spaces() -> dict[str, Any]:
        return {"spaces": [asdict(space) for space in spaces_of(office.home_settings)]}


def _acting(router: APIRouter, office: BackOffice) -> None:
    jobs = office.jobs

    @router.post(
        "/jobs",
        status_code=201,
        response_model=JobReply,
        responses=documented(*_WHO, BadJob, BadParameter, BadRequestBody, NoSuchUpload),
        summary="Begin a job",
    )
    def begin(request: Request, wish: Wish) -> JSONResponse:
        _demand_whole(office, wish)
        visitor = visitor_of(request)
        by = visitor.key.name if visitor.key else visitor.who
        named = wish_of(request.scope) or ""
        job = jobs.begin(wish.kind, wish.model_dump(exclude={"kind"}, mode="json"), by, named)
        return JSONResponse(job_json(office, job), status_code=201)

    for act, tell in (("pause", jobs.pause), ("resume", jobs.resume), ("cancel", jobs.cancel)):
        router.add_api_route(
            f"/jobs/{{job_id}}/{act}",
            partial(_tell, office, tell),
            methods=["POST"],
            response_model=JobReply,
            responses=documented(*_WHO, NoSuchJob, BadJob),
            summary=f"{act.capitalize()} a job",
            name=act,
        )


def _tell(office: BackOffice, tell: Any, job_id: str) -> dict[str, Any]:
    return job_json(office, tell(job_id))


def _demand_whole(office: BackOffice, wish: Wish) -> None:
    """Raise BadParameter or NoSuchUpload for a wish that lacks what its kind needs."""
    if wish.kind in (Kind.INDEX, Kind.UNPACK):
        if not wish.source:
            raise BadParameter("source", "say which upload shall be indexed")
        office.stockroom.find(wish.source)
    elif not wish.model:
        raise BadParameter("model", "say which model's space is meant")
    else:
        demand_known(office.home_settings, wish.model)


async def _told(office: BackOffice, job: Job, request: Request) -> AsyncIterator[str]:
    last, silent_s = "", 0.0
    while not await request.is_disconnected():
        told = await anyio.to_thread.run_sync(job_json, office, job)
        text = json.dumps(told)
        if text != last:
            yield f"event: job\ndata: {text}\n\n"
            last, silent_s = text, 0.0
        elif silent_s >= ALIVE_S:
            yield ": still there\n\n"
            silent_s = 0.0
        if told["ended"]:
            return
        await asyncio.sleep(LOOK_S)
        silent_s += LOOK_S


def job_json(office: BackOffice, job: Job) -> dict[str, Any]:
    """A job as callers read it."""
    state = office.jobs.state(job)
    wanted = job.wanted()
    return {
        "id": job.id,
        "kind": job.kind,
        "wish": dict(job.wish),
        "by": job.by,
        "created_at": job.created_at,
        "status": state.status,
        "wanted": wanted,
        "stage": state.stage,
        "done": state.done,
        "total": state.total,
        "said": state.said,
        "started_at": state.started_at or None,
        "ended_at": state.ended_at or None,
        "ended": state.ended,
    }
