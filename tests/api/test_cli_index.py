"""`vistazo index`: what is new or changed, what cannot be taken, what would be removed."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def test_indexing_tells_what_it_did_and_does_only_what_changed(call, catalogue):
    code, out, _ = call("index", catalogue, "--json")
    report = json.loads(out)
    assert (code, report["added"], report["rejected"]) == (0, 10, [])
    assert json.loads(call("index", catalogue, "--json")[1])["unchanged"] == 10
    text = catalogue.read_text().replace("Red ball", "Crimson ball")
    catalogue.write_text("\n".join(text.splitlines()[:-1]))
    report = json.loads(call("index", catalogue, "--json")[1])
    assert (report["changed"], report["removed"], report["unchanged"]) == (1, 1, 8)


def test_a_dry_run_says_the_same_and_changes_nothing(call, catalogue, tmp_path):
    report = json.loads(call("index", catalogue, "--dry-run", "--json")[1])
    assert (report["added"], report["dry_run"]) == (10, True)
    assert not (tmp_path / "shop").exists()
    call("index", catalogue)
    catalogue.write_text("\n".join(catalogue.read_text().splitlines()[:-1]))
    report = json.loads(call("index", catalogue, "--dry-run", "--json")[1])
    assert (report["removed"], report["unchanged"]) == (1, 9)
    assert json.loads(call("doctor", "--json")[1])["ok"]


def test_rows_that_cannot_be_taken_are_told_with_line_and_reason(call, catalogue, tmp_path):
    with catalogue.open("a") as file:
        file.write("\nbad,Bad,1,red,x,,images/absent.png,Fall\n")
    code, _, err = call("index", catalogue, "--rejects", "rejects.csv")
    assert code == 0
    assert "line 12" in err
    written = (tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines()
    assert written[0] == "line,sku,code,reason"
    assert written[1].startswith("12,bad,")


def test_an_emptied_source_is_refused_until_confirmed(call, catalogue):
    call("index", catalogue)
    catalogue.write_text("\n".join(catalogue.read_text().splitlines()[:2]))
    code, _, err = call("index", catalogue)
    assert (code, "--allow-removals" in err) == (1, True)
    code, out, _ = call("index", catalogue, "--allow-removals", "--json")
    assert (code, json.loads(out)["removed"]) == (0, 9)


def test_a_source_without_products_is_told_and_fails(call, catalogue, tmp_path):
    head, *_ = catalogue.read_text().splitlines()
    catalogue.write_text(head)
    for how in ((), ("--dry-run",)):
        code, _, err = call("index", catalogue, *how)
        assert (code, "it holds no products" in err) == (1, True)
    catalogue.write_text(f"{head}\nbad,Bad,1,red,x,,images/absent.png,Fall\n")
    code, _, err = call("index", catalogue)
    assert (code, "its rows cannot be taken (1 rejected)" in err) == (1, True)
    assert call("index", "mistyped.csv", "--shop", "other")[0] == 1
    assert not (tmp_path / "other").exists()


def test_a_dry_run_says_that_the_real_run_would_refuse(call, catalogue):
    call("index", catalogue)
    catalogue.write_text(catalogue.read_text().splitlines()[0])
    code, out, err = call("index", catalogue, "--dry-run")
    assert (code, "10 removed" in out, "--allow-removals" in err) == (1, True, True)
    code, out, _ = call("index", catalogue, "--dry-run", "--json")
    assert (code, "would remove 10" in json.loads(out)["would_refuse"]) == (1, True)
    assert call("index", catalogue, "--dry-run", "--allow-removals")[0] == 0
