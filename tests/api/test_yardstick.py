"""`vistazo eval` end to end, on a shop whose right answers are plain to see."""

import csv
import json

import pytest

from api.expectations import Expectations, QueryRow, read_cells
from api.yardstick import judge, judge_all, remarks, report
from tests.little_shop import drawn, encoded


@pytest.fixture
def expectations(catalogue):
    return Expectations(read_cells(catalogue))


def row(line=2, image=None, text="", expect="none"):
    return QueryRow(line, image, text, expect)


@pytest.fixture
def red(tmp_path):
    file = tmp_path / "red.jpg"
    file.write_bytes(encoded(drawn("red")))
    return file


def test_a_right_answer_is_judged_right_and_unfolded(shop, expectations, red):
    measured = judge(shop, row(image=red), expectations.read("bag-red|bag-blue"))
    assert measured.judged.found[0]
    assert len(measured.judged.found) == 10
    assert sum(measured.judged.found) == measured.judged.relevant == 2
    assert measured.latency_ms > 0


def test_refusal_does_not_touch_the_ranking(open_shop, catalogue, expectations, red):
    from dataclasses import replace

    from tests.fakes import FakeEncoder, fake_spec
    from vision.spec import Calibration

    never = Calibration(slope=1.0, offset=-50.0, refuse_below=0.5)
    strict = open_shop(FakeEncoder(replace(fake_spec(), calibrations={"picture": never})))
    measured = judge(strict, row(image=red), expectations.read("bag-red"))
    assert measured.judged.refused
    assert measured.judged.found[0]


@pytest.mark.parametrize("broken", ["absent.jpg", "catalogue.csv"])
def test_an_unreadable_query_is_told_and_missed(shop, catalogue, expectations, broken):
    unread = row(line=7, image=catalogue.parent / broken)
    measured = judge(shop, unread, expectations.read("bag-red"))
    assert measured.judged.found == ()
    assert measured.judged.answerable
    assert remarks([measured], 450)[0].startswith("line 7: counted as missed")


def test_an_absent_picture_is_told_by_its_name_and_not_by_a_number(shop, expectations, tmp_path):
    measured = judge(shop, row(image=tmp_path / "no.jpg"), expectations.read("bag-red"))
    assert measured.fault == f"{tmp_path / 'no.jpg'}: No such file or directory"


def test_rows_that_expect_nothing_are_counted_and_named():
    told = remarks([], 450, (4, 9))
    assert told[0].startswith("2 rows expect nothing")
    assert [line.partition(":")[0] for line in told[1:]] == ["line 4", "line 9"]


def test_a_row_without_a_query_is_told_and_missed(shop, expectations):
    measured = judge(shop, row(), expectations.read("bag-red"))
    assert "nothing to search" in measured.fault


def test_words_are_searched_as_a_shopper_types_them(shop, expectations):
    measured = judge(shop, row(text="Red bag"), expectations.read("colour=red"))
    assert len(measured.judged.found) == 10


def test_the_report_has_exactly_the_keys_that_were_agreed(shop, expectations, red):
    rows = [row(image=red, expect="bag-red"), row(3, red, "", "none"), row(4, red, "", "zz")]
    measured = list(judge_all(shop, rows, expectations))
    figures = report(measured)
    ranked = [
        "recall@1", "recall@5", "recall@10", "precision@10", "ndcg@10", "mrr", "refused_rightly",
        "refused_wrongly", "ece",
    ]  # fmt: skip
    assert list(figures) == ["queries", *ranked, "latency_ms", "intervals"]
    assert list(figures["latency_ms"]) == ["p50", "p95", "p99"]
    assert list(figures["intervals"]) == ranked
    assert figures["queries"] == 3
    assert figures["recall@1"] == 0.5
    assert figures["refused_rightly"] == 0.0
    assert figures == report(measured)
    assert "line 4: 'zz' matches no product" in remarks(measured, 450)[0]
    json.dumps(figures, allow_nan=False)


def test_a_small_shop_is_told_beside_precision(shop):
    assert "divides by 10" in remarks([], 4)[0]
    assert remarks([], 10) == []


def test_every_readable_form_of_a_catalogue_gives_the_same_expectations(catalogue, tmp_path):
    with catalogue.open(newline="") as file:
        cells = list(csv.DictReader(file))
    lines = tmp_path / "source" / "same.jsonl"
    lines.write_text("\n".join(json.dumps(c) for c in cells), "utf-8")
    one, two = Expectations(read_cells(catalogue)), Expectations(read_cells(lines))
    for expect in ("bag-red", "colour=RED", "category=balls", "season=fall", "group=bags"):
        assert one.read(expect).skus == two.read(expect).skus != frozenset()


def test_the_document_lists_every_figure(shop, expectations, red):
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "eval.md").read_text("utf-8")
    figures = report([judge(shop, row(image=red), expectations.read("bag-red"))])
    for key in figures:
        assert f"`{key}`" in text or f"`@{key.partition('@')[2]}`" in text
