"""`vistazo search`: the same line as over HTTP, for people and for programs."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli_search import likely, table_of
from index.hit import Hit
from index.product import Product

pytestmark = pytest.mark.usefixtures("workplace")


ROOT = Path(__file__).parents[2]


def test_searching_answers_with_what_was_understood_and_with_files(call, catalogue, red):
    call("index", catalogue)
    code, out, _ = call("search", "--image", red, "--top", 2, "--json")
    answer = json.loads(out)
    assert code == 0
    assert list(answer) == ["query", "hits", "nothing_like_this", "model", "took_ms"]
    assert (answer["query"]["kind"], answer["query"]["width_px"]) == ("picture", 120)
    assert answer["model"]["name"]
    assert answer["hits"][0]["colour"] == "red"
    assert Path(answer["hits"][0]["image"]).is_file()
    assert {"sku", "title", "score", "probability", "image"} <= answer["hits"][0].keys()
    assert {"decode", "encode", "vectors", "total"} <= answer["took_ms"].keys()
    code, out, _ = call("search", "--like", "ball-red", "--filter", "price<40", "--unfold")
    assert (code, "bag-red" in out, "ball-red" in out) == (0, True, False)


def test_a_search_says_which_words_it_understood_and_shows_swatches_as_files(call, catalogue):
    call("index", catalogue)
    code, out, _ = call("search", "--text", "red bag under 30", "--json")
    answer = json.loads(out)
    assert (code, answer["query"]["kind"], answer["query"]["text"]) == (
        0, "words", "red bag under 30",
    )  # fmt: skip
    assert set(answer["query"]["understood"]) == {"price_below", "price_above", "colours", "kinds"}
    swatches = [swatch for hit in answer["hits"] for swatch in hit["swatches"]]
    assert swatches
    assert all(Path(swatch["image"]).is_file() for swatch in swatches)


def test_a_filter_that_nothing_meets_is_told_without_a_table(call, catalogue, red):
    call("index", catalogue)
    code, out, _ = call("search", "--image", red, "--filter", "price<0")
    assert code == 0
    assert "No product of this shop meets the filter: price<0" in out
    assert "SKU" not in out
    assert "nearest" not in out


def test_people_read_a_table_with_price_and_how_likely(call, catalogue, red):
    call("index", catalogue)
    _, out, _ = call("search", "--image", red)
    assert "10.00" in out
    assert "likely" in out
    assert [likely(p) for p in (1.0, 0.6, 0.3, 0.0)] == [
        "very likely", "likely", "perhaps", "unlikely",
    ]  # fmt: skip


def test_what_a_catalogue_says_is_text_and_not_markup(call, catalogue, red):
    text = catalogue.read_text()
    text = text.replace("Red bag", "Red [/nope] [bold]bag[/] :bag:").replace(
        "Red ball", "Red \x1b[2Jball"
    )
    catalogue.write_text(f"{text}\n{'x' * 900}[/a],Long,1,red,x,,images/\x1b[2Jno.png,Fall\n")
    code, _, err = call("index", catalogue)
    assert code == 0
    assert "\x1b" not in err
    assert max(map(len, err.splitlines())) < 500  # the SKU of 904 characters is cut
    code, out, _ = call("search", "--image", red, "--unfold")
    assert code == 0
    assert "Red [/nope] [bold]bag[/] :bag:" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("length", [40, 200])
def test_a_sku_is_never_cut(length):
    from rich.console import Console

    sku = "".join(chr(97 + n % 26) for n in range(length))
    hit = Hit(Product(sku, "A title of many words " * 5, colour="navy blue", price=1.0), 0.5, 0.5)
    file = io.StringIO()
    Console(file=file, width=80).print(table_of([hit], 80))
    lines = file.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "".join(line[3:43].strip() for line in lines[1:]) == sku
    assert "likely" in file.getvalue()


def test_what_looks_like_the_very_product_is_told_so_and_nothing_less_sure():
    from rich.console import Console

    def shown(exact):
        file = io.StringIO()
        hit = Hit(Product("a"), 0.5, 0.6, exact=exact)
        Console(file=file, width=100).print(table_of([hit], 100))
        return file.getvalue()

    assert "this very product (91%)" in shown(0.91)
    for unsure in (None, 0.0, 0.69):
        assert "very product" not in shown(unsure)


def test_piped_tables_are_as_wide_as_they_need(call, catalogue, red):
    catalogue.write_text(catalogue.read_text().replace("Red ball", "Red ball " * 20))
    call("index", catalogue)
    _, out, _ = call("search", "--image", red)
    assert "Red ball " * 19 in out


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--filter", "price<<"), "filter"),
        (("--box", "100,100,500,500"), "does not lie inside"),
        (("--top", "0"), "top"),
    ],
)
def test_a_mistake_of_the_user_is_told_apart_from_a_failure(call, catalogue, red, asked, says):
    call("index", catalogue)
    code, _, err = call("search", "--image", red, *asked)
    assert (code, says in err) == (2, True)
    assert call("search", "--like", "absent")[0] == 1


def test_a_picture_comes_over_standard_input_and_a_reader_may_leave_early(catalogue, red, call):
    call("index", catalogue)
    command = f"{sys.executable} -m api search --image - --json < {red} | head -c 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("{", "")


def test_nothing_is_said_when_the_reader_is_gone_already(catalogue, red, call):
    call("index", catalogue)
    for how in ([], ["--json"]):
        command = [sys.executable, "-m", "api", "search", "--image", str(red), *how]
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (1, "")


@pytest.fixture
def street_photo(tmp_path, monkeypatch):
    """A picture in which the finder that is named to the command sees a coat and a bag."""
    from tests.drawn_finder import street, write_finder

    write_finder(tmp_path / "finder")
    monkeypatch.setenv("VISTAZO_REGIONS", str(tmp_path / "finder"))
    photo = tmp_path / "street.png"
    street().save(photo)
    return photo


def test_of_a_street_the_most_prominent_thing_is_searched_as_on_the_page(
    call, catalogue, street_photo
):
    call("index", catalogue)
    _, out, _ = call("search", street_photo, "--json")
    query = json.loads(out)["query"]
    assert query["thing"] == {"box": [150, 160, 300, 400], "kind": "outer", "confidence": 0.95}
    assert query["box"] == query["thing"]["box"]
    _, framed, _ = call("search", street_photo, "--box", "150,160,300,400", "--json")
    assert json.loads(framed)["hits"] == json.loads(out)["hits"]
    _, told, _ = call("search", street_photo)
    assert "Searched for the outer at 150,160,300,400 (95% sure)" in told
    assert "the most prominent of 2 things" in told


def test_whole_searches_the_whole_street_and_a_frame_is_not_second_guessed(
    call, catalogue, street_photo
):
    call("index", catalogue)
    code, out, _ = call("search", street_photo, "--whole", "--json")
    query = json.loads(out)["query"]
    assert (code, query["box"], query["thing"]) == (0, None, None)
    _, out, _ = call("search", street_photo, "--box", "0,0,60,60", "--json")
    query = json.loads(out)["query"]
    assert (query["box"], query["thing"]) == ([0, 0, 60, 60], None)
    code, _, err = call("search", street_photo, "--whole", "--box", "0,0,60,60")
    assert (code, "say one of the two" in err) == (2, True)


def test_a_finder_that_was_left_out_or_is_broken_costs_no_search(
    call, catalogue, street_photo, monkeypatch
):
    call("index", catalogue)
    finder = Path(os.environ["VISTAZO_REGIONS"])
    (finder / "regions.onnx").write_bytes(b"no net")
    code, out, err = call("search", street_photo, "--json")
    assert (code, json.loads(out)["query"]["thing"]) == (0, None)
    assert "The whole picture was searched" in err
    (finder / "regions.onnx").unlink()
    code, out, err = call("search", street_photo, "--json")
    assert (code, json.loads(out)["query"]["thing"], err) == (0, None, "")
