"""The counts that a monitoring system reads: true, bounded, and silent about shoppers."""

import json
import re
from pathlib import Path

from api.meters import BUCKETS_S, Histogram
from tests.little_shop import drawn, encoded

SNAP = {"content-type": "image/jpeg"}


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not told"
    return float(found[1])


def test_searches_are_counted_by_status_and_by_room(client) -> None:
    for body in (encoded(drawn("red")), encoded(drawn("blue")), b"no picture"):
        client.post("/v1/search", content=body, headers=SNAP)
    text = client.get("/metrics").text
    assert value(text, 'vistazo_requests_total{act="search",status="200"}') == 2
    assert value(text, 'vistazo_requests_total{act="search",status="415"}') == 1
    assert value(text, 'vistazo_request_seconds_count{act="search"}') == 3
    assert value(text, 'vistazo_search_room_seconds_count{room="encode"}') == 2
    assert value(text, "vistazo_products") == 10
    assert value(text, "vistazo_requests_inside") == 0
    assert value(text, "process_resident_memory_bytes") > 1e7


def test_nothing_that_a_shopper_said_is_told(client) -> None:
    client.get("/v1/search?text=verysecret")
    client.get("/v1/products/verysecret")
    client.get("/verysecret")
    text = client.get("/metrics").text
    assert "secret" not in text
    assert value(text, 'vistazo_requests_total{act="nowhere",status="404"}') == 1


def test_every_line_is_one_that_prometheus_reads(client) -> None:
    client.get("/v1/shop")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    sample = re.compile(r'[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [0-9.e+-]+')
    for line in answer.text.splitlines():
        assert line.startswith("# TYPE ") or sample.fullmatch(line), line


def test_a_bucket_holds_those_before_it() -> None:
    histogram = Histogram()
    for took_s in (0.001, 0.03, 0.03, 99.0):
        histogram.add(took_s)
    lines = list(histogram.lines("x", 'a="b"'))[: len(BUCKETS_S) + 1]
    counts = [int(line.split()[-1]) for line in lines]
    assert counts[0] == 1
    assert counts[-1] == 4
    assert counts == sorted(counts)


def test_the_dashboard_asks_only_for_what_is_told(client) -> None:
    client.post("/v1/search", content=encoded(drawn("red")), headers=SNAP)
    told = set(re.findall(r"^([a-z_]+)", client.get("/metrics").text, re.MULTILINE))
    board = json.loads((Path(__file__).parents[2] / "docs" / "grafana.json").read_text("utf-8"))
    asked = " ".join(t["expr"] for panel in board["panels"] for t in panel["targets"])
    wanted = set(re.findall(r"\b(?:vistazo|process)_[a-z_]+", asked))
    assert wanted
    assert wanted <= told
