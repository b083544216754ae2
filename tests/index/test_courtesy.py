"""Many pictures, fetched as a good neighbour does it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.address import Allowed
from index.courtesy import Courtesy, Tally, fetch_all
from index.fetch import FetchLimits
from index.links import Links, place_of
from tests.fakes import drawn_picture
from tests.picture_host import PictureHost, picture_host

QUICK = Courtesy(back_off_s=0.02, wait_most_s=0.2, fresh_s=0.0)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def host() -> Iterator[PictureHost]:
    with picture_host() as served:
        yield served


@pytest.fixture
def links(tmp_path: Path) -> Links:
    return Links(tmp_path)


def fetch(links: Links, host: PictureHost, count: int, courtesy: Courtesy = QUICK) -> Tally:
    limits = FetchLimits(allowed=Allowed.of([host.name]), total_s=60)
    return fetch_all(
        links, [(f"{host.url}/{n}", f"sku-{n}") for n in range(count)], limits, courtesy
    )


def test_every_picture_is_had_once_and_few_at_a_time(links: Links, host: PictureHost) -> None:
    for n in range(30):
        picture = drawn_picture(n)

        def slowly(asked: object, data: bytes = picture) -> None:
            time.sleep(0.01)
            asked.say(200, data)  # type: ignore[attr-defined] # a request handler

        host.answers[f"/{n}"] = slowly
    tally = fetch(links, host, 30)
    assert (tally.fetched, tally.failed) == (30, {})
    assert 1 < host.most_at_once <= QUICK.per_host
    assert sorted(host.asked) == sorted(f"/{n}" for n in range(30))
    assert place_of(links.folder, f"{host.url}/7").read_bytes() == drawn_picture(7)


def test_what_did_not_change_is_asked_for_and_not_sent_again(
    links: Links, host: PictureHost
) -> None:
    host.shows("/0", drawn_picture(0), ETag='"a"')
    host.shows("/1", drawn_picture(1))
    fetch(links, host, 2)
    before = [place_of(links.folder, f"{host.url}/{n}").stat().st_mtime_ns for n in (0, 1)]
    host.answers["/0"] = lambda asked: asked.say(304, b"")
    tally = fetch(links, host, 2)
    assert (tally.fetched, tally.unchanged) == (0, 2)
    after = [place_of(links.folder, f"{host.url}/{n}").stat().st_mtime_ns for n in (0, 1)]
    assert after == before
    host.shows("/1", drawn_picture(9))
    assert fetch(links, host, 2).fetched == 1


def test_what_is_fresh_is_not_asked_for(links: Links, host: PictureHost) -> None:
    host.shows("/0", drawn_picture(0))
    fetch(links, host, 1)
    assert fetch(links, host, 1, Courtesy(fresh_s=60)).fresh == 1
    assert host.asked == ["/0"]
    place_of(links.folder, f"{host.url}/0").unlink()
    assert fetch(links, host, 1, Courtesy(fresh_s=60)).fetched == 1


def test_a_host_that_wants_to_be_left_alone_is(links: Links, host: PictureHost) -> None:
    moments: list[float] = []

    def busy(asked: object) -> None:
        moments.append(time.monotonic())
        if len(moments) == 1:
            asked.say(429, b"", Retry_After="1")  # type: ignore[attr-defined] # a request handler
        else:
            asked.say(200, drawn_picture(1))  # type: ignore[attr-defined]

    host.answers["/0"] = busy
    tally = fetch(links, host, 1, Courtesy(wait_most_s=5, fresh_s=0))
    assert tally.fetched == 1
    assert moments[1] - moments[0] >= 0.9


def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_not(
    links: Links, host: PictureHost
) -> None:
    host.answers["/0"] = lambda asked: asked.say(503, b"")
    host.answers["/1"] = lambda asked: asked.say(410, b"")
    tally = fetch(links, host, 2)
    assert {bad.code for bad in tally.failed.values()} == {"http_503", "http_410"}
    assert (host.asked.count("/0"), host.asked.count("/1")) == (QUICK.tries, 1)
    assert [(n.sku, n.code, n.copied) for n in links.dead()] == [
        ("sku-0", "http_503", False), ("sku-1", "http_410", False),
    ]  # fmt: skip


def test_a_dead_link_keeps_the_copy_that_was_had(links: Links, host: PictureHost) -> None:
    host.shows("/0", drawn_picture(0))
    fetch(links, host, 1)
    del host.answers["/0"]
    assert list(fetch(links, host, 1).failed) == [f"{host.url}/0"]
    (note,) = links.dead()
    assert (note.code, note.copied) == ("http_404", True)
    host.shows("/0", drawn_picture(0))
    fetch(links, host, 1)
    assert links.dead() == []


def test_a_host_that_is_down_costs_a_few_questions(links: Links) -> None:
    with picture_host() as gone:
        pass
    courtesy = Courtesy(tries=1, down_after=3, per_host=1, fresh_s=0)
    tally = fetch(links, gone, 50, courtesy)
    codes = [bad.code for bad in tally.failed.values()]
    assert (len(codes), codes.count("host_down")) == (50, 47)


def test_a_run_that_was_killed_goes_on_where_it_stopped(
    tmp_path: Path, links: Links, host: PictureHost
) -> None:
    enough = threading.Event()
    for n in range(40):
        picture = drawn_picture(n)

        def slowly(asked: object, data: bytes = picture) -> None:
            time.sleep(0.03)
            asked.say(200, data)  # type: ignore[attr-defined] # a request handler
            if len(host.asked) >= 15:
                enough.set()

        host.answers[f"/{n}"] = slowly
    code = (
        "from pathlib import Path\n"
        "from index.address import Allowed\n"
        "from index.courtesy import Courtesy, fetch_all\n"
        "from index.fetch import FetchLimits\n"
        "from index.links import Links\n"
        f"limits = FetchLimits(allowed=Allowed.of([{host.name!r}]))\n"
        f"wanted = [(f'{host.url}/{{n}}', 's') for n in range(40)]\n"
        f"fetch_all(Links(Path({str(tmp_path)!r})), wanted, limits, Courtesy())\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    assert enough.wait(120)
    os.kill(run.pid, signal.SIGKILL)
    run.wait(60)
    had = len(host.asked)
    tally = fetch(links, host, 40, Courtesy(fresh_s=600))
    assert tally.failed == {}
    assert tally.fresh >= had - 2 * QUICK.per_host
    assert all(
        place_of(links.folder, f"{host.url}/{n}").read_bytes() == drawn_picture(n)
        for n in range(40)
    )
