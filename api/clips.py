"""`/v1/clips`: hers to watch, scrub, keep and delete; and where a mirror hands one over."""

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, BinaryIO, get_args

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.bounded import BoundedRoute, demand_json
from api.callers import callers, demand_clip
from api.errors import BadParameter, BadRequestBody, BodyTooLarge
from api.mirror_forms import clip_json, read_clip
from api.people_examples import CLIP, CLIPS, DATA_KEY, DELIVERED, KEPT_CLIP, WRAPPED, shown
from api.problems import documented
from customers.access import Act, Caller, Thing, demand
from customers.errors import KeyDestroyed, NotAllowed, NotCovered, NotKnown, SealBroken
from mirror.clips import Kind, Received
from mirror.errors import ClipBroken, ClipConflict, NoRoom, UnknownClip
from mirror.studio import Studio

MAX_DELIVERY_BYTES = 1024 * 1024 * 1024
_HEAD_MAX_BYTES = 256 * 1024
_MEDIA = {"video": "video/mp4", "thumbnail": "image/jpeg", "sprite": "image/jpeg"}
_PIECE_BYTES = 1 << 20
_FILMS: dict[str, Any] = {
    media: {"schema": {"type": "string", "format": "binary"}}
    for media in sorted(set(_MEDIA.values()))
}
_WHO = (NotKnown, NotAllowed, UnknownClip)


def routes(studio: Studio) -> APIRouter:
    """The routes over `studio`."""
    router = APIRouter(prefix="/v1/clips", tags=["clips"], route_class=BoundedRoute)
    _her_routes(router, studio)
    _file_routes(router, studio)
    _mirror_routes(router, studio)
    return router


def _her_routes(router: APIRouter, studio: Studio) -> None:
    who = callers(studio)

    @router.get("", responses=documented(NotKnown, NotAllowed) | shown(CLIPS))
    def her_clips(
        caller: Annotated[Caller, Depends(who)],
        customer_id: Annotated[str, Query(description="Herself, if left out")] = "",
    ) -> dict[str, Any]:
        """Her clips, oldest first."""
        owner = customer_id or caller.id
        demand(caller, Act.LIST_CLIPS, Thing(owner))
        return {"clips": [clip_json(clip) for clip in studio.clips.of_customer(owner)]}

    @router.get("/{clip_id}", responses=documented(*_WHO) | shown(CLIP))
    def one(clip_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """What a clip holds, how it was made, what is missing in it."""
        clip = studio.clips.get(clip_id)
        demand(caller, Act.WATCH_CLIP, Thing(clip.customer_id, clip.mirror_id))
        return clip_json(clip)

    @router.post("/{clip_id}/keep", responses=documented(*_WHO, NotCovered) | shown(KEPT_CLIP))
    def keep(clip_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """She keeps a clip beyond the retention, as she had agreed to."""
        clip = studio.clips.get(clip_id)
        demand_clip(studio, caller, Act.KEEP_CLIP, clip)
        return clip_json(studio.keep_longer(clip, studio.customers.visit(clip.visit_id)))

    @router.delete("/{clip_id}", status_code=204, responses=documented(*_WHO))
    def remove(clip_id: str, caller: Annotated[Caller, Depends(who)]) -> None:
        """Destroy a clip, also one that still waits on its mirror."""
        order = studio.mirrors.order(clip_id)
        demand(caller, Act.DELETE_CLIP, Thing(order.customer_id, order.mirror_id))
        now = studio.clock.now()
        studio.remove(clip_id)
        studio.customers.note(order.customer_id, caller, Act.DELETE_CLIP, clip_id, now)


def _file_routes(router: APIRouter, studio: Studio) -> None:
    who = callers(studio)

    @router.get(
        "/{clip_id}/{kind}",
        response_class=Response,
        responses=documented(*_WHO, KeyDestroyed, SealBroken, BadParameter)
        | {200: {"content": _FILMS}, 206: {"content": _FILMS, "description": "The asked range"}},
    )
    def file(
        clip_id: str, kind: Kind, request: Request, caller: Annotated[Caller, Depends(who)]
    ) -> Response:
        """A clip's video, thumbnail or sprite; ranges are answered, so that it can be scrubbed."""
        clip = studio.clips.get(clip_id)
        demand(caller, Act.WATCH_CLIP, Thing(clip.customer_id, clip.mirror_id))
        sealed = studio.open(clip, kind)
        size = sealed.plain_bytes
        span = _range(request.headers.get("range", ""), size)
        headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
        if span is None:
            headers["Content-Range"] = f"bytes */{size}"
            return Response(status_code=416, headers=headers)
        start, stop = span
        partial = "range" in request.headers
        if not partial or start == 0:  # one line in her log for a watching, not for each range
            now = studio.clock.now()
            studio.customers.note(clip.customer_id, caller, Act.WATCH_CLIP, clip_id, now)
        headers["Content-Length"] = str(stop - start)
        if partial:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        return StreamingResponse(
            sealed.stream(start, stop),
            status_code=206 if partial else 200,
            headers=headers,
            media_type=_MEDIA[kind],
        )


def _mirror_routes(router: APIRouter, studio: Studio) -> None:
    who = callers(studio)

    @router.put(
        "/{clip_id}",
        responses=documented(
            *_WHO, NotCovered, ClipBroken, ClipConflict, NoRoom, BadRequestBody, BodyTooLarge
        )
        | shown(DELIVERED),
    )
    async def deliver(
        clip_id: str, request: Request, caller: Annotated[Caller, Depends(who)]
    ) -> JSONResponse:
        """A mirror hands a clip over: 201 when it is kept, 200 when it was kept already.

        The body: four bytes (big-endian) of the head's length, the head as JSON (`clip`, and
        `files` as pairs of kind and length), and the sealed files one after the other.
        """
        demand(caller, Act.DELIVER_CLIP, Thing(mirror_id=caller.id))
        studio.mirrors.order(clip_id)  # what nobody asked for is not even read
        length = request.headers.get("content-length", "")
        studio.clips.demand_room(int(length) if length.isdigit() else 0)
        with tempfile.TemporaryFile() as body:  # sealed already: no frame lies readable here
            size = 0
            async for piece in request.stream():
                size += len(piece)
                if size > MAX_DELIVERY_BYTES:
                    raise BodyTooLarge(MAX_DELIVERY_BYTES)
                body.write(piece)
            body.seek(0)
            new = await run_in_threadpool(_take, studio, caller.id, clip_id, body)
        return JSONResponse({"clip_id": clip_id, "new": new}, status_code=201 if new else 200)

    @router.post(
        "/{clip_id}/unwrap",
        responses=documented(*_WHO, KeyDestroyed, SealBroken) | shown(DATA_KEY),
    )
    def unwrap(
        clip_id: str,
        caller: Annotated[Caller, Depends(who)],
        wrapped: Annotated[
            str,
            Body(embed=True, pattern="^([0-9a-f]{2})+$", max_length=400, examples=[WRAPPED]),
        ],
    ) -> dict[str, str]:
        """The data key of a clip that a crash interrupted on its mirror, so that it is finished."""
        demand(caller, Act.DELIVER_CLIP, Thing(mirror_id=caller.id))
        key = studio.unwrap(clip_id, caller.id, bytes.fromhex(wrapped))
        return {"data_key": key.hex()}


def _take(studio: Studio, mirror_id: str, clip_id: str, body: BinaryIO) -> bool:
    """Keep what came; raises BadRequestBody where the body is not what its head says."""
    try:
        length = int.from_bytes(body.read(4), "big")
        said = body.read(length if length <= _HEAD_MAX_BYTES else 0)
        demand_json(said)
        head = json.loads(said)
        clip = replace(read_clip(head["clip"]), kept=False)  # to keep one is her choice alone
        files = [(str(kind), int(size)) for kind, size in head["files"]]
    except (AttributeError, KeyError, TypeError, ValueError) as cause:
        raise BadRequestBody("its head is no clip's") from cause
    if clip.id != clip_id or any(kind not in get_args(Kind) for kind, _ in files):
        raise BadRequestBody("its head speaks of another clip")
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    received: list[Received] = []
    try:
        for kind, size in files:
            received.append(studio.clips.receive(clip_id, kinds[kind], _pieces(body, size)))
        return studio.take(clip, mirror_id, received)
    finally:
        for file in received:
            file.part.unlink(missing_ok=True)


def _pieces(body: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = body.read(min(size, _PIECE_BYTES))
        if not piece:
            raise BadRequestBody("it ends before its files do")
        size -= len(piece)
        yield piece


def _range(header: str, size: int) -> tuple[int, int] | None:
    """[start, stop) of a single byte range (RFC 9110, 14.1.2), None where it lies outside.

    What is no single range is answered whole, as the RFC allows.
    """
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.replace(" ", ""))
    if not found or found.group(1) == found.group(2) == "":
        return 0, size
    first, last = found.group(1), found.group(2)
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    return (start, stop) if start < stop else None
