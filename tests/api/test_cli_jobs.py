"""`vistazo jobs` and `vistazo reindex`, as an operator uses them."""

import json
from pathlib import Path

import pytest

from api.shop import Shop
from tests.keeper import kept


@pytest.fixture
def shop(tmp_path: Path, catalogue: Path, monkeypatch: pytest.MonkeyPatch):
    with kept(tmp_path, catalogue) as shop:
        monkeypatch.setenv("VISTAZO_STORE", str(tmp_path / "store"))
        monkeypatch.setenv("VISTAZO_MODEL", "tiny@1")
        yield shop


def test_another_model_is_foreseen_built_and_compared(call, shop: Shop):
    folder = shop.office.home
    code, out, _ = call("reindex", "--model", "tiny@2", "--dry-run", "--shop", folder, "--json")
    assert code == 0
    assert json.loads(out)["report"]["embedded"] == 10
    code, out, _ = call("reindex", "--model", "tiny@2", "--shop", folder)
    assert code == 0
    assert "embedded" in out
    code, out, _ = call("reindex", "--model", "tiny@2", "--compare", "--shop", folder, "--json")
    assert json.loads(out)["report"]["kinds"]["picture"]["queries"] == 10
    queries = folder / "queries.csv"
    queries.write_text("text,expect\nRed bag,sku=bag-red\n")
    code, out, _ = call("reindex", "--model", "tiny@2", "--queries", queries, "--shop", folder)
    assert "recall@10" in out
    assert "→" in out
    code, out, _ = call("jobs", "list", "--shop", folder, "--json")
    jobs = json.loads(out)["jobs"]
    assert [job["kind"] for job in jobs] == ["compare", "compare", "reindex", "reindex"]
    assert json.loads(call("jobs", "--shop", folder, "--json")[1])["jobs"] == jobs
    assert call("jobs", "--shop", folder, "list")[0] == 2  # not another shop's, silently
    code, out, _ = call("jobs", "show", jobs[2]["id"], "--shop", folder)
    assert "done" in out
    code, _, told = call("jobs", "cancel", jobs[2]["id"], "--shop", folder)
    assert (code, "ended already" in told) == (1, True)


def test_an_unknown_model_and_a_mistyped_shop_are_told(call, shop: Shop, tmp_path):
    code, _, told = call("reindex", "--model", "none@9", "--shop", shop.office.home)
    assert code == 1
    assert "none@9" in told
    code, _, _ = call("jobs", "list", "--shop", tmp_path / "nowhere")
    assert code == 1
    assert not (tmp_path / "nowhere").exists()


def test_a_flip_stands_in_the_audit_log(call, shop: Shop):
    folder = shop.office.home
    code, _, _ = call("reindex", "--model", "tiny@2", "--flip", "--shop", folder)
    assert code == 0
    notes = [(note.act, note.subject) for note in shop.office.audit.latest(5)]
    assert notes == [("switch_space", "tiny@2"), ("run_jobs", "reindex tiny@2")]
