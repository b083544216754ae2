"""A client that a stranger generated from the document, at work against the real door.

The generator needs other versions of libraries than the tests do, so it lives in an environment of
its own, which `make soak` makes: client/ beside this one, or VISTAZO_CLIENT_PYTHON.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boutique import Boutique
from tests.little_shop import from_this_machine

NAME = "a_strangers_client"
STRANGER = """
import io, sys, time
from a_strangers_client.client import Client
from a_strangers_client.api.search import search_find, search_find_by_address
from a_strangers_client.api.products import products_get
from a_strangers_client.api.saved import saved_delete, saved_everything, saved_like
from a_strangers_client.models import SearchFindFilesBody
from a_strangers_client.types import File

client = Client(base_url=sys.argv[1])
photo = File(io.BytesIO(open(sys.argv[2], "rb").read()), "snap.jpg", "image/jpeg")
found = search_find.sync(client=client, body=SearchFindFilesBody(image=photo), top=3)
assert found.hits[0].sku == "dresses-4-green", found
assert isinstance(found.hits[0].probability, float)
assert len(found.hits) == 3, len(found.hits)  # no default of the form overrules the address
words = search_find_by_address.sync(client=client, text="hat", top=2)
assert (len(words.hits), words.query.kind) == (2, "words"), words
problem = products_get.sync(client=client, sku="no-such")
assert (problem.status, problem.code) == (404, "unknown-product"), problem
told = saved_like.sync(client=client, sku="bags-0-red")
assert told.product.sku == "bags-0-red", told
assert len(saved_everything.sync(client=client).items) == 1
gone = saved_delete.sync_detailed(client=client, item_id=told.id)
assert gone.status_code == 204, gone
from a_strangers_client.api.events import events_demand, events_tell
from a_strangers_client.api.jobs import jobs_begin, jobs_one, jobs_spaces, jobs_upload
from a_strangers_client.api.keys import keys_all_keys
from a_strangers_client.api.shop import shop_about
from a_strangers_client.models import Event, EventEvent, Events, Kind, Wish
assert len(shop_about.sync(client=client).windows) >= 3
happened = Event(event=EventEvent.OPENED, search_id=found.search_id, sku=found.hits[0].sku)
assert events_tell.sync_detailed(client=client, body=Events(events=[happened])).status_code == 204
assert events_demand.sync(client=client).totals["opened"] >= 1
assert jobs_spaces.sync(client=client).spaces[0].live
table = File(io.BytesIO(b"sku,title\\n1,One\\n"), "t.csv", "text/csv")
upload = jobs_upload.sync(client=client, delivery="spring", file="t.csv", body=table)
wish = Wish(kind=Kind.INDEX, source=upload.source, dry_run=True)
begun = [jobs_begin.sync(client=client, body=wish, idempotency_key="once") for _ in range(2)]
assert begun[0].id == begun[1].id, begun
until = time.monotonic() + 90
while not (job := jobs_one.sync(client=client, job_id=begun[0].id)).ended:
    assert time.monotonic() < until, job
    time.sleep(0.1)
assert keys_all_keys.sync(client=client).keys == []
print("a stranger's client works")
"""


def strangers_python() -> Path | None:
    """The Python of the environment that has the generator."""
    named = os.environ.get("VISTAZO_CLIENT_PYTHON")
    python = Path(named) if named else Path(sys.prefix) / "client" / "bin" / "python"
    return python if python.is_file() else None


@pytest.mark.soak
def test_a_generated_client_searches_saves_and_reads_problems(
    boutique: Boutique, photo: Path, tmp_path: Path
) -> None:
    python = strangers_python()
    if python is None:
        pytest.skip("the client's generator is not installed: `make soak` installs it")

    def run(*command: str) -> str:
        done = subprocess.run(
            [str(python), *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    (tmp_path / "config.yaml").write_text("post_hooks: []\n", "utf-8")
    run(
        "-m", "openapi_python_client", "generate", "--meta", "none", "--config", "config.yaml",
        "--url", f"{boutique.url}/v1/openapi.json", "--output-path", NAME,
    )  # fmt: skip
    (tmp_path / "stranger.py").write_text(STRANGER, "utf-8")
    assert "works" in run("stranger.py", boutique.url, str(photo))


def test_every_operation_has_a_short_name_of_its_own(shop) -> None:
    document = json.loads(from_this_machine(shop).get("/v1/openapi.json").text)
    names = [o["operationId"] for p in document["paths"].values() for o in p.values()]
    assert len(names) == len(set(names))
    assert all(len(name) < 40 for name in names)


def test_every_failure_is_told_as_a_problem(shop) -> None:
    document = json.loads(from_this_machine(shop).get("/v1/openapi.json").text)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, told in operation["responses"].items():
                if status >= "400":
                    assert list(told["content"]) == ["application/problem+json"], (path, status)
                    assert told["content"]["application/problem+json"]["schema"]
