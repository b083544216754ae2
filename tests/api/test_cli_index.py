"""`vistazo index`: what is new or changed, what cannot be taken, what would be removed."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.little_shop import drawn, encoded
from tests.picture_host import picture_host

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


GERMAN = "Artikelnummer;Bezeichnung;Saison;Bild;intern\n"


@pytest.fixture
def german(catalogue):
    """The catalogue as a German spreadsheet saves it."""
    file = catalogue.parent / "artikel.csv"
    rows = [f"{c}-ball;Ball;Herbst;images/ball-{c}.png;x{n}" for n, c in enumerate(("red", "blue"))]
    file.write_text(GERMAN + "\n".join(rows), "utf-8")
    return file


def test_columns_are_guessed_told_and_said_otherwise(call, german):
    code, _, err = call("index", german)
    assert code == 0
    assert "'Artikelnummer' as sku" in err
    how = ("--map", "season=Saison", "--map", "-=intern")
    code, out, _ = call("index", german, *how, "--json")
    assert (code, json.loads(out)["changed"]) == (0, 2)
    found = json.loads(
        call("search", "--like", "red-ball", "--filter", "season=Herbst", "--json")[1]
    )
    assert [hit["attributes"] for hit in found["hits"]] == [{"season": ["Herbst"]}]


def test_what_was_said_is_kept_with_the_shop(call, german):
    call("index", german, "--map", "season=Saison", "--map", "-=intern")
    assert json.loads(call("index", german, "--json")[1])["unchanged"] == 2
    shown = json.loads(call("index", german, "--columns", "--json")[1])["columns"]
    assert [(c["field"], c["why"]) for c in shown] == [
        ("sku", "another name"), ("title", "another name"), ("season", "saved"),
        ("image", "another name"), ("-", "ignored"),
    ]  # fmt: skip


def test_columns_are_shown_before_anything_is_done(call, german, tmp_path):
    code, out, _ = call("index", german, "--columns", "--map", "colour=intern")
    assert code == 0
    assert "Bezeichnung" in out
    assert "red-ball" in out
    assert not (tmp_path / "shop").exists()
    german.write_text("x,y\n1,2\n")
    _, _, err = call("index", german, "--columns")
    assert "--map sku=COLUMN" in err


@pytest.mark.parametrize("how", ["title", "=Saison", "title=", "title=absent"])
def test_a_column_that_cannot_be_mapped_is_the_users_mistake(call, german, how):
    code, _, err = call("index", german, "--map", how)
    assert (code, "cannot be mapped" in err) == (2, True)


@pytest.fixture
def zipped(catalogue, tmp_path):
    """The catalogue with its pictures as one file."""
    archive = tmp_path / "delivery.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for file in [catalogue, *(catalogue.parent / "images").iterdir()]:
            made.write(file, f"shop/{file.relative_to(catalogue.parent)}")
        made.writestr("shop/read me.pdf", b"%PDF")
    return archive


def test_a_zip_is_a_catalogue_and_the_same_zip_again_changes_nothing(call, zipped):
    dry = json.loads(call("index", zipped, "--dry-run", "--json")[1])
    assert (dry["added"], dry["dry_run"]) == (10, True)
    code, out, _ = call("index", zipped, "--json")
    report = json.loads(out)
    assert (code, report["added"]) == (0, 10)
    assert any("read me.pdf" in note for note in report["notes"])
    zipped.rename(zipped.with_name("x.zip")).rename(zipped)
    again = json.loads(call("index", zipped, "--json")[1])
    assert (again["unchanged"], again["pictures_encoded"]) == (10, 0)
    answer = json.loads(call("search", "--text", "red bag", "--json")[1])
    assert Path(answer["hits"][0]["image"]).is_file()


def test_a_zip_that_means_harm_is_refused(call, tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as made:
        made.writestr("../../evil.png", b"x")
    code, _, err = call("index", "evil.zip")
    assert (code, "lie outside" in err) == (1, True)
    assert not list(tmp_path.parent.glob("evil.png"))


def test_pictures_on_other_machines_are_fetched(call, tmp_path, monkeypatch):
    with picture_host() as host:
        host.shows("/red.jpg", encoded(drawn("red")))
        monkeypatch.setenv("VISTAZO_FETCH_HOSTS", host.name)
        (tmp_path / "c.csv").write_text(
            f"sku,image\na,{host.url}/red.jpg\nb,{host.url}/gone.jpg\n", "utf-8"
        )
        code, out, _ = call("index", "c.csv", "--json", "--rejected", "bad.csv")
        report = json.loads(out)
        assert (code, report["added"], report["pictures_fetched"]) == (0, 1, 1)
        assert [bad["code"] for bad in report["rejected"]] == ["dead_link"]
        assert "http" in (tmp_path / "bad.csv").read_text("utf-8-sig")
        code, out, _ = call("search", f"{host.url}/red.jpg", "--json")
        assert (code, json.loads(out)["hits"][0]["sku"]) == (0, "a")
        code, _, err = call("search", f"{host.url}/gone.jpg")
        assert (code, "no picture to be had" in err) == (1, True)
