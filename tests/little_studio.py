"""A studio: two customers before two mirrors, each with a consent and a clip, and all passes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

from fastapi.testclient import TestClient

from api.people import people_app
from customers.access import Caller, Role
from customers.consent import AgeStatement, Consent, Purpose
from customers.seal import seal
from customers.visit import Visit
from mirror.clip import Clip
from mirror.studio import Studio, open_studio
from tests.drawn_clips import NOON, HandClock, clip_of

FILM = bytes(range(256)) * 1000


class LittleStudio:
    """Ana stands before room-1, Berta before room-2; every clip's film is FILM."""

    def __init__(self, folder: Path, like: "LittleStudio | None" = None) -> None:
        """A studio in `folder`; with `like`, the very same people as there, and far quicker."""
        self.folder, self.clock = folder, HandClock()
        if like is not None:
            copytree(like.folder, folder)
        self.studio: Studio = open_studio(folder, self.clock)
        self.client = TestClient(people_app(self.studio))
        self.visits: dict[str, Visit] = {}
        self.consents: dict[str, Consent] = {}
        self.clips: dict[str, Clip] = {}
        self.tokens: dict[str, str] = {"nobody": ""}
        if like is not None:
            self.visits, self.consents = like.visits, like.consents
            self.clips, self.tokens = like.clips, like.tokens
            return
        for name, room in (("ana", "room-1"), ("berta", "room-2")):
            self.studio.mirrors.add(room, room)
            self.tokens[room] = self._token(Role.MIRROR, room)
            self._come_in(name, room)
        self.tokens["staff"] = self._token(Role.STAFF, "sam")
        self.tokens["operator"] = self._token(Role.OPERATOR, "olga")

    def call(self, who: str, method: str, path: str, **more: Any) -> Any:
        token = self.tokens[who]
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.client.request(method, path, headers=headers, **more)

    def asked(self, name: str) -> str:
        """The id of a clip that is asked for now in the visit of `name`."""
        return self.studio.ask(self.visits[name], 0.0)

    def made(self, name: str, clip_id: str, film: bytes = FILM) -> tuple[Clip, bytes]:
        """A clip as its mirror would make it, and its sealed video."""
        visit = self.visits[name]
        sealed = seal(film, self.studio.keys.public(visit.customer_id))
        clip = clip_of(clip_id, sealed, customer=visit.customer_id, plain_bytes=len(film))
        return replace(clip, visit_id=visit.id, mirror_id=visit.mirror_id), sealed

    def deliver(self, mirror: str, clip: Clip, sealed: bytes, **more: Any) -> Any:
        return self.call(
            mirror, "PUT", f"/v1/clips/{clip.id}", content=delivery(clip, sealed), **more
        )

    def _come_in(self, name: str, room: str) -> None:
        customer = self.studio.customers.welcome(NOON)
        visit = self.studio.customers.start_visit(customer.id, room, NOON)
        self.visits[name] = visit
        consent = Consent(
            "", customer.id, visit.id, room, frozenset({Purpose.RECORD, Purpose.KEEP}),
            "I agree.", "en", NOON, NOON + timedelta(hours=1), name, AgeStatement.OF_AGE,
        )  # fmt: skip
        self.consents[name] = self.studio.customers.agree(consent)
        self.tokens[name] = self._token(Role.CUSTOMER, customer.id)
        clip, sealed = self.made(name, self.asked(name))
        self.studio.mirrors.stop(clip.id, NOON + timedelta(seconds=10))
        assert self.deliver(room, clip, sealed).status_code == 201
        self.clips[name] = clip

    def _token(self, role: Role, id_: str) -> str:
        return self.studio.passes.issue(Caller(role, id_), NOON, 86_400 * 30)


def delivery(clip: Clip, sealed: bytes, sizes: Mapping[str, int] | None = None) -> bytes:
    """A delivery's body, as a mirror sends it."""
    facts = json.loads(json.dumps(asdict(clip), default=lambda moment: moment.isoformat()))
    files = list((sizes or {"video": len(sealed)}).items())
    head = json.dumps({"clip": facts, "files": files}).encode()
    return len(head).to_bytes(4, "big") + head + sealed
