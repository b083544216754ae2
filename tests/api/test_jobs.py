"""Jobs in processes of their own, through the real door: begun, watched, killed, gone on with."""

import csv
import fcntl
import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.job import Job, Kind, State, Status, new_job
from api.jobs import Jobs
from api.shop import Shop
from api.told import TURN, Told
from tests.keeper import kept, until
from tests.little_shop import drawn, encoded, from_this_machine


@pytest.fixture
def keeper(tmp_path: Path, catalogue: Path) -> Iterator[Shop]:
    with kept(tmp_path, catalogue) as shop:
        yield shop


@pytest.fixture
def desk(keeper: Shop) -> Iterator[TestClient]:
    with from_this_machine(keeper) as client:
        yield client


def ended(desk: TestClient, job_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        told = desk.get(f"/v1/jobs/{job_id}").json()
        return told if told["ended"] else None

    return until(look)


def begun(desk: TestClient, **wish: Any) -> str:
    answer = desk.post("/v1/jobs", json=wish)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def uploaded(desk: TestClient, name: str, data: bytes) -> str:
    answer = desk.put(f"/v1/uploads/{name}", content=data)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["source"])


def delivery(desk: TestClient, rows: list[str], header: str = "sku,title,image") -> str:
    """A table with its one picture, uploaded beside it."""
    uploaded(desk, "spring/green.png", encoded(drawn("green"), "PNG"))
    return uploaded(desk, "spring/catalogue.csv", "\n".join([header, *rows]).encode())


def test_a_delivery_is_foreseen_then_taken_and_its_bad_rows_come_back(desk, keeper):
    source = delivery(desk, ["new-1,New,green.png", ",No sku,green.png", "new-2,Gone,gone.png"])
    foreseen = ended(desk, begun(desk, kind="index", source=source, dry_run=True))["report"]
    assert (foreseen["added"], foreseen["removed"], foreseen["dry_run"]) == (1, 0, True)
    assert foreseen["reasons"] == {"no_sku": 1, "missing_picture": 1}
    assert len(keeper.shelf) == 10
    done = ended(desk, begun(desk, kind="index", source=source))
    assert done["status"] == "done", done
    report = done["report"]
    assert (report["added"], report["removed"], report["rejected"]) == (1, 0, 2)
    assert keeper.shelf.get("new-1").title == "New"
    assert len(keeper.shelf) == 11
    text = desk.get(f"/v1/jobs/{done['id']}/rejected.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["vistazo line"] for row in rows] == ["3", "4"]
    assert rows[1]["sku"] == "new-2"
    assert "no file" in rows[1]["vistazo reason"]


def test_the_rejected_rows_can_be_mended_and_sent_as_they_are(desk, keeper):
    source = delivery(desk, ["a,=1+1,gone.png"])
    job_id = begun(desk, kind="index", source=source)
    assert ended(desk, job_id)["status"] == "failed"  # nothing of it could be taken
    text = desk.get(f"/v1/jobs/{job_id}/rejected.csv").text
    assert ",'=1+1," in text  # no spreadsheet runs it
    told = text + desk.get(f"/v1/jobs/{job_id}").text
    assert str(keeper.office.home) not in told
    assert str(keeper.office.home.resolve().parent) not in told
    mended = uploaded(desk, "spring/mended.csv", text.replace("gone.png", "green.png").encode())
    assert ended(desk, begun(desk, kind="index", source=mended))["report"]["added"] == 1
    assert (keeper.shelf.get("a").title, keeper.shelf.get("a").attributes) == ("=1+1", {})


def test_columns_are_tried_said_and_remembered(desk, keeper):
    header = "Nummer,Name,Foto"
    source = delivery(desk, ["x-1,Eins,green.png"], header)
    said = {"Nummer": "sku", "Foto": "image", "Name": "title"}
    trial = desk.post("/v1/uploads/trial", json={"source": source, "mapping": said}).json()
    assert {c["name"]: c["field"] for c in trial["columns"]} == said
    assert trial["rows"][0]["sku"] == "x-1"
    assert ended(desk, begun(desk, kind="index", source=source, mapping=said))["status"] == "done"
    again = desk.post("/v1/uploads/trial", json={"source": source}).json()
    assert {c["why"] for c in again["columns"]} <= {"saved", "another name", "its name"}
    assert keeper.shelf.get("x-1").title == "Eins"


def test_a_zip_of_pictures_is_unpacked_and_taken(desk, keeper):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Toys/red.png", encoded(drawn("red"), "PNG"))
        archive.writestr("Bags/blue.png", encoded(drawn("blue"), "PNG"))
    source = uploaded(desk, "pictures/pictures.zip", packed.getvalue())
    done = ended(desk, begun(desk, kind="index", source=source))
    assert done["report"]["unpacked"] == 2
    assert done["report"]["added"] == 2
    assert keeper.shelf.get("Toys/red").categories == ("Toys",)


def test_a_whole_catalogue_that_would_empty_the_shop_is_asked_about(desk, keeper):
    source = delivery(desk, ["new,New,green.png"])
    refused = ended(desk, begun(desk, kind="index", source=source, whole=True))
    assert refused["status"] == "failed"
    assert "remove 10" in refused["said"]
    assert len(keeper.shelf) == 10
    done = ended(desk, begun(desk, kind="index", source=source, whole=True, allow_removals=True))
    assert done["report"]["removed"] == 10
    assert len(keeper.shelf) == 1


def test_progress_comes_as_events_until_the_end(desk):
    source = delivery(desk, ["new,New,green.png"])
    job_id = begun(desk, kind="index", source=source)
    told = []
    with desk.stream("GET", f"/v1/jobs/{job_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
    assert told[-1]["status"] == "done"
    assert len(told) > 1


def test_a_job_rests_goes_on_is_cancelled_and_waits_for_its_turn(desk, keeper):
    """Jobs queue behind the shop's turn, so they can be told everything before they work."""
    source = delivery(desk, ["new,New,green.png"])
    jobs = keeper.office.jobs
    holder = Told(jobs.get(ended(desk, begun(desk, kind="index", source=source))["id"]))
    with holder.turn(jobs.all()[0].folder.parent):
        first = begun(desk, kind="index", source=source)
        second = begun(desk, kind="index", source=source, dry_run=True)
        desk.post(f"/v1/jobs/{first}/pause")
        until(lambda: desk.get(f"/v1/jobs/{first}").json()["status"] == "paused")
        desk.post(f"/v1/jobs/{second}/cancel")
        assert ended(desk, second)["status"] == "cancelled"
        refused = desk.post(f"/v1/jobs/{second}/resume")
        assert (refused.status_code, refused.json()["code"]) == (409, "bad-job")
        desk.post(f"/v1/jobs/{first}/resume")
    assert ended(desk, first)["status"] == "done"


@contextmanager
def turn_taken(folder: Path) -> Iterator[None]:
    """Another process's turn at the shop, while the block runs."""
    with (folder / TURN).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_killed_job_is_told_so_outlives_the_server_and_goes_on(desk, keeper):
    source = delivery(desk, ["new,New,green.png"])
    jobs = keeper.office.jobs
    done = jobs.get(ended(desk, begun(desk, kind="index", source=source))["id"])
    with turn_taken(done.folder.parent):
        job_id = begun(desk, kind="index", source=source)
        until(lambda: jobs.get(job_id).read_state().tries == 1)
        os.killpg(jobs._children[-1].pid, signal.SIGKILL)  # the real thing needs its pid
        until(lambda: jobs.state(jobs.get(job_id)).status is Status.INTERRUPTED)
    again = Jobs(keeper.office.home, jobs._environment)  # another server of the same shop
    assert [job.id for job in again.revive()] == [job_id]
    assert again.revive() == []
    assert ended(desk, job_id)["status"] == "done"
    again.close()


def test_a_job_that_kills_its_process_is_not_revived_for_ever(keeper):
    jobs = keeper.office.jobs
    job = new_job(keeper.office.home / "jobs", Kind.INDEX, {}, "nobody")
    job.write_state(State(status=Status.RUNNING, tries=3))
    assert jobs.state(job).status is Status.INTERRUPTED
    assert jobs.revive() == []
    jobs.cancel(job.id)
    assert jobs.state(job).status is Status.CANCELLED


class Unstarted(Jobs):
    """Jobs none of which is ever given a process."""

    def _start(self, job: Job) -> None:
        self.started = [*getattr(self, "started", []), job.id]


@pytest.mark.parametrize("is_worked_on", [False, True])
def test_a_job_that_somebody_paused_rests_on_when_its_request_comes_again(
    tmp_path: Path, is_worked_on: bool
) -> None:
    jobs, wish = Unstarted(tmp_path), {"source": "x"}
    job = jobs.begin(Kind.UNPACK, wish, "Ana", named="n")
    assert jobs.begin(Kind.UNPACK, wish, "Ana", named="n") == job
    assert jobs.started == [job.id, job.id]  # it was lost, and is taken up again
    jobs.pause(job.id)
    with (job.folder / "lock").open("a") as lock:
        if is_worked_on:
            fcntl.flock(lock, fcntl.LOCK_EX)
        assert jobs.begin(Kind.UNPACK, wish, "Ana", named="n") == job
    assert job.wanted() == "pause"
    assert jobs.started == [job.id, job.id]


def test_a_wish_without_sense_is_refused_at_once(desk):
    for wish, status in (
        ({"kind": "index"}, 422), ({"kind": "reindex"}, 422), ({"kind": "sing"}, 422),
        ({"kind": "index", "source": "../../etc/passwd"}, 404),
        ({"kind": "index", "source": "none.csv"}, 404),
    ):  # fmt: skip
        assert desk.post("/v1/jobs", json=wish).status_code == status, wish
    assert desk.get("/v1/jobs/..%2f..").status_code == 404
    assert desk.get("/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "a/../../x.csv", "spring/.hidden.csv", "spring/x.exe", "spring/x", "a/ .csv"],
)
def test_nothing_is_uploaded_outside_the_stockroom_or_of_another_kind(desk, keeper, name):
    address = "/v1/uploads/" + name.replace("..", "%2E%2E")
    assert desk.put(address, content=b"x").status_code in (404, 405, 422)
    stockroom = keeper.office.home / "stockroom"
    assert not stockroom.exists() or list(stockroom.rglob("*.csv")) == []


@pytest.mark.parametrize("name", ["/etc", "../x", "tests", "tiny@9", "a\0b", "{folder}"])
def test_a_model_is_a_name_and_no_folder_of_the_server(desk, tmp_path, name):
    model = name.format(folder=tmp_path)
    for kind in ("reindex", "compare"):
        answer = desk.post("/v1/jobs", json={"kind": kind, "model": model, "dry_run": True})
        assert (answer.status_code, answer.json()["parameter"]) == (422, "model")
        assert "/" not in answer.json()["detail"]
    answer = desk.post("/v1/spaces/search", params={"model": model}, json={"text": "red"})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "model")


def test_a_space_that_is_not_made_yet_is_no_fault_of_the_server(desk):
    answer = desk.post("/v1/spaces/search", params={"model": "builtin"}, json={"text": "red"})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "model")
    assert "reindex" in answer.json()["detail"]


def test_another_model_is_foreseen_built_compared_made_live_and_left_again(desk, keeper):
    foreseen = ended(desk, begun(desk, kind="reindex", model="tiny@2", dry_run=True))["report"]
    assert (foreseen["products"], foreseen["embedded"]) == (10, 10)
    built = ended(desk, begun(desk, kind="reindex", model="tiny@2"))
    assert built["status"] == "done", built
    assert built["report"]["embedded"] == 10
    assert not (keeper.office.home / "live.json").exists()
    compared = ended(desk, begun(desk, kind="compare", model="tiny@2"))["report"]
    assert compared["kinds"]["picture"] == {
        "queries": 10, "changed": 0, "shared": 1.0, "first_changed": 0,
    }  # fmt: skip
    ended(desk, begun(desk, kind="reindex", model="tiny@2", flip=True))
    spaces = desk.get("/v1/spaces").json()["spaces"]
    assert [(s["live"], s["products"], s["model"]) for s in spaces] == [
        (True, 10, "tiny@2"), (False, 10, "tiny@1"),
    ]  # fmt: skip
    back = ended(desk, begun(desk, kind="reindex", model="tiny@1", flip=True))
    assert back["report"]["embedded"] == 0
    assert desk.get("/v1/spaces").json()["spaces"][0]["folder"] == ""
