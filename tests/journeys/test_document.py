"""The OpenAPI document tells the truth: whatever is asked, no fault of ours and no answer that it
does not name. A little in `make test`; VISTAZO_EXAMPLES for each operation in `make soak`."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from api.app import create_app
from api.roles import Role
from api.settings import Settings
from api.shop import shop_of
from index.shelf import Shelf
from tests.boutique import fill
from tests.fakes import FakeEncoder

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = int(os.environ.get("VISTAZO_EXAMPLES", "100"))
CALM = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The boutique, and a key that opens every route of it."""
    encoder = FakeEncoder()
    said = Settings(
        shop=tmp_path_factory.mktemp("document"), decoders=0, rate_per_s=1e5, rate_burst=1_000_000
    )
    shop = shop_of(said, Shelf.open(said.shop, encoder.spec, create=True), encoder)
    fill(shop)
    app = create_app(shop)
    app.state.key = shop.office.keys.create(Role.ADMIN, "everything")[1]
    yield app
    shop.close()


@schemathesis.serializer("application/x-ndjson", "image/*", "image/jpeg")
def as_it_is(context: Any, value: Any) -> bytes:
    """Bodies that are no JSON document."""
    return value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "replace")


def operations(app: Any) -> list[Any]:
    """What the document offers, without what nobody should generate by the hundred."""
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    # jobs and switches start processes of their own: their own tests ask them
    wanted = schema.exclude(path_regex=r"^/v1/(jobs|spaces)", method=["POST"])
    return [found.ok() for found in wanted.get_all_operations()]


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
    assert len(operations(app)) > 20
    assert ask_everything(app, 6) == []


@pytest.mark.soak
def test_no_answer_is_missing_in_the_document_however_long_one_asks(app: Any) -> None:
    assert ask_everything(app, EXAMPLES) == []
