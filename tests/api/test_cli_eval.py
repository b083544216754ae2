"""`vistazo eval`: the agreed keys."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def test_eval_prints_the_agreed_keys_and_keeps_the_shop_if_told(call, catalogue, red, tmp_path):
    queries = tmp_path / "queries.csv"
    queries.write_text(
        f"image,text,expect\n{red.name},,colour=red\n,red shirt,none\nno.jpg,,x\n,hat,\n"
    )
    asked = ("eval", "--catalogue", catalogue, "--queries", queries)
    code, out, err = call(*asked, "--shop", "kept", "--json")
    figures = json.loads(out)
    assert (code, figures["queries"], figures["recall@1"]) == (0, 3, 0.5)
    assert f"line 4: counted as missed: {tmp_path / 'no.jpg'}: No such file" in err
    assert "line 5: not counted" in err
    assert json.loads(call("index", catalogue, "--shop", "kept", "--json")[1])["unchanged"] == 10
    code, out, _ = call(*asked, "--pictures-only")
    assert (code, "recall@10" in out) == (0, True)
    assert call("eval", "--catalogue", catalogue, "--queries", "absent.csv")[0] == 1


def test_a_folder_that_cannot_take_the_report_is_told_before_anything_is_measured(
    call, catalogue, tmp_path
):
    queries = tmp_path / "queries.csv"
    queries.write_text("text,expect\nred bag,colour=red\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    asked = ("eval", "--catalogue", catalogue, "--queries", queries, "--shop", "kept", "--json")
    code, out, err = call(*asked, "--report", tmp_path / "full")
    assert (code, out) == (1, "")
    assert "name a new folder" in err
    assert not Path("kept").exists()


def test_the_figures_are_told_also_where_the_report_cannot_be_drawn(
    call, catalogue, tmp_path, monkeypatch
):
    queries = tmp_path / "queries.csv"
    queries.write_text("text,expect\nred bag,colour=red\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "index.html")

    monkeypatch.setattr("api.eval_report.write_report", full)
    asked = ("eval", "--catalogue", catalogue, "--queries", queries, "--json")
    code, out, err = call(*asked, "--report", tmp_path / "new")
    assert code == 1
    assert json.loads(out)["queries"] == 1
    assert "No space left" in err
