"""The OpenAPI document tells the truth: whatever is asked, no fault of ours and no answer that it
does not name. A little in `make test`; VISTAZO_EXAMPLES for each operation in `make soak`."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from api.app import create_app
from api.job import Job, State, Status
from api.jobs import Jobs
from api.roles import Role
from api.settings import Settings
from api.shop import shop_of
from index.shelf import Shelf
from tests.boutique import fill
from tests.fakes import FakeEncoder

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = int(os.environ.get("VISTAZO_EXAMPLES", "100"))
CALM = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


class Ended(Jobs):
    """Jobs whose process has done its work at once, every third of which was interrupted."""

    begun = 0

    def _start(self, job: Job) -> None:
        self.begun += 1
        if self.begun % 3:
            job.write_state(State(Status.DONE, tries=1))


async def _table() -> AsyncIterator[bytes]:
    yield b"sku,title\n1,One\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    """The boutique, and a key that opens every route of it. Its jobs end before they begin: every
    answer about a job is a real one, and no process is started for each of hundreds. One for each
    test: schemathesis ends the application, and so closes the shop, when a test is over."""
    encoder = FakeEncoder()
    said = Settings(shop=tmp_path / "shop", decoders=0, rate_per_s=1e5, rate_burst=1_000_000)
    shop = shop_of(said, Shelf.open(said.shop, encoder.spec, create=True), encoder)
    fill(shop)
    home = shop.office.home
    shop = replace(shop, office=replace(shop.office, jobs=Ended(home)))
    delivered = shop.office.stockroom.take("spring", "catalogue.csv", _table())
    asyncio.run(delivered)  # what the document's own examples name
    app = create_app(shop)
    app.state.key = shop.office.keys.create(Role.ADMIN, "everything")[1]
    yield app
    shop.close()


@schemathesis.serializer("application/x-ndjson", "image/*", "image/jpeg")
def as_it_is(context: Any, value: Any) -> bytes:
    """Bodies that are no JSON document."""
    return value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "replace")


def operations(app: Any) -> list[Any]:
    """Everything that the document offers."""
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    return [found.ok() for found in schema.get_all_operations()]


def ask(case: Any, key: str) -> None:
    """One generated request, answered as the document says."""
    checks = [
        schemathesis.checks.CHECKS.get_one(name)
        for name in (
            "not_a_server_error", "status_code_conformance", "content_type_conformance",
            "response_schema_conformance", "response_headers_conformance",
        )
    ]  # fmt: skip
    answer = case.call(headers={"Authorization": f"Bearer {key}"})
    if answer.status_code != 507:  # a bound that was reached is an answer, not a fault
        case.validate_response(answer, checks=checks)


def ask_everything(app: Any, examples: int) -> list[str]:
    """What was answered otherwise than the document says, a line for each operation."""
    faults = []
    for operation in operations(app):

        @settings(
            max_examples=examples, deadline=None, suppress_health_check=CALM, database=None,
            phases=(Phase.explicit, Phase.generate),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def generated(case: Any) -> None:
            ask(case, app.state.key)

        try:
            generated()
        except (AssertionError, BaseExceptionGroup) as fault:
            faults.append(f"{operation.label}: {fault!r} {getattr(fault, 'exceptions', '')}"[:1500])
    return faults


def test_no_answer_is_missing_in_the_document(app: Any) -> None:
    asked = {operation.label for operation in operations(app)}
    assert {"POST /v1/jobs", "POST /v1/spaces/search", "POST /v1/search"} < asked
    assert len(asked) > 50
    assert ask_everything(app, 6) == []


@pytest.mark.soak
def test_no_answer_is_missing_in_the_document_however_long_one_asks(app: Any) -> None:
    assert ask_everything(app, EXAMPLES) == []
