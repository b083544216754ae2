"""What shoppers looked for: counted in groups, and nothing that tells who or what exactly."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.demand import GROUP, Demand, Looked, topics_of
from tests.fakes import HandClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock[datetime]:
    return HandClock(NOON)


@pytest.fixture
def demand(tmp_path: Path, clock: HandClock[datetime]) -> Demand:
    return Demand(tmp_path, clock)


def look(demand: Demand, device: int, *words: str, missed: bool = True) -> None:
    topics = tuple(("word", word) for word in words)
    demand.looked(Looked(f"10.0.0.{device}\0browser", topics, missed=missed))


def told(demand: Demand) -> dict[str, tuple[int, int, int]]:
    groups = demand.summary()["groups"]
    return {g["value"]: (g["devices"], g["searches"], g["missed"]) for g in groups}


def test_a_word_is_told_once_more_than_ten_devices_have_looked_for_it(demand):
    for device in range(GROUP):
        look(demand, device, "kaftan")
    assert told(demand) == {}
    look(demand, GROUP, "kaftan", missed=False)
    assert told(demand) == {"kaftan": (GROUP + 1, GROUP + 1, GROUP)}


def test_one_who_asks_a_hundred_times_is_one(demand):
    for _ in range(100):
        look(demand, 1, "kaftan")
    assert told(demand) == {}
    assert demand.summary()["totals"]["searches"] == 100


def test_neither_word_nor_address_lies_on_the_disk_before_its_group_is_large_enough(
    demand, tmp_path
):
    for device in range(GROUP):
        look(demand, device, "watermarkword")
    demand.flush()
    demand.close()
    kept = b"".join(p.read_bytes() for p in (tmp_path / "door").glob("demand*"))
    assert b"watermarkword" not in kept
    assert b"10.0.0." not in kept
    assert b"browser" not in kept


def test_with_a_new_month_devices_and_key_are_destroyed_and_counts_stay(demand, tmp_path, clock):
    for device in range(GROUP + 1):
        look(demand, device, "kaftan")
    assert demand.summary()["totals"]["searches"] == GROUP + 1
    clock.now += timedelta(days=31)
    look(demand, 1, "kaftan")
    demand.flush()
    book = demand._book  # what lies there is the point
    assert book.rows("SELECT count(*) FROM seen WHERE month = '2026-03'") == [(0,)]
    assert book.rows("SELECT month FROM months") == [("2026-04",)]
    assert demand.summary()["totals"]["searches"] == 1
    both = demand.summary(months=2)
    assert both["totals"]["searches"] == GROUP + 2
    assert [group["value"] for group in both["groups"]] == ["kaftan"]


def test_counts_go_after_a_year(demand, tmp_path, clock):
    look(demand, 1, "kaftan")
    demand.close()
    clock.now += timedelta(days=500)
    assert Demand(tmp_path, clock).summary(12)["totals"]["searches"] == 0


def test_events_and_rates_are_counted_over_two_processes(demand, tmp_path, clock):
    other = Demand(tmp_path, clock)
    look(demand, 1, missed=True)
    look(other, 2, missed=False)
    other.happened("opened")
    other.flush()
    summary = demand.summary()
    assert summary["totals"]["opened"] == 1
    assert summary["rates"]["refused"] == 0.5


def test_words_are_bare_and_few():
    topics = topics_of(["dress"], ["red"], "Ana's RED dress!! 555-1234 ana@example.com " + "x" * 99)
    assert ("kind", "dress") in topics
    assert ("colour", "red") in topics
    assert ("word", "dress") in topics
    assert not any(c.isdigit() or c == "@" for what, value in topics for c in value)
    assert len(topics_of([], [], " ".join(f"word{chr(97 + n)}" for n in range(26)))) == 20


def test_a_search_is_counted_and_what_came_of_it(client, shop):
    for browser in ("one", "another"):
        headers = {"User-Agent": browser}
        found = client.get("/v1/search", params={"text": "red bag"}, headers=headers)
        assert found.status_code == 200
    event = {"event": "opened", "search_id": found.json()["search_id"], "sku": "bag-red"}
    made_up = event | {"search_id": "0f8c2f6c5f0e4c53"}
    for events in ([event], [event, event], [made_up], [made_up | {"search_id": "ab" * 16}]):
        assert client.post("/v1/events", json={"events": events}).status_code == 204
    wrong = client.post("/v1/events", json={"events": [event | {"person": "Ana"}]})
    assert wrong.status_code == 422
    totals = client.get("/v1/demand").json()["totals"]
    assert (totals["searches"], totals["opened"]) == (2, 1)
    other = event | {"sku": "bag-blue"}
    assert client.post("/v1/events", json={"events": [other]}).status_code == 204
    told = client.get("/v1/demand").json()
    assert (told["totals"]["opened"], told["totals"]["clicked"]) == (2, 1)
    assert told["rates"]["click_through"] == 1.0  # of the searches told of, however many hits
    seen = shop.office.demand._book.rows("SELECT count(DISTINCT device) FROM seen")
    assert seen == [(1,)]  # one address is one device, whatever it says of its browser
