"""The command line, with a real (tiny) model: every command, its JSON, its exit codes."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from api.__main__ import run
from api.cli_demo import name_of
from api.cli_search import likely, table_of
from api.cli_serve import address_of, listen
from index.hit import Hit
from index.product import Product
from tests.little_shop import drawn, encoded
from tests.tiny_card import tiny_model

ROOT = Path(__file__).parents[2]
COMMANDS = ("index", "search", "serve", "demo", "doctor", "eval")


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """A folder of its own, with the tiny model as everybody's model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VISTAZO_SHOP", raising=False)
    monkeypatch.setenv("VISTAZO_MODEL", str(tiny_model(tmp_path / "tiny")))


@pytest.fixture
def call(capsys):
    """Run a command; its exit code, standard output and standard error."""

    def run_it(*arguments):
        code = run([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_it


@pytest.fixture
def red(tmp_path):
    file = tmp_path / "red.jpg"
    file.write_bytes(encoded(drawn("red")))
    return file


def test_help_lists_every_command_and_each_explains_itself(call):
    code, out, _ = call("--help")
    assert code == 0
    assert all(command in out for command in COMMANDS)
    for command in COMMANDS:
        code, out, _ = call(command, "--help")
        assert code == 0
        assert len(out.splitlines()) > 8


def test_help_loads_nothing_heavy():
    heavy = ("numpy", "onnxruntime", "faiss", "fastapi", "pydantic", "cv2", "PIL", "uvicorn")
    code = (
        "import sys; from api.__main__ import run; run(['--help']); "
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


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


def test_piped_tables_are_as_wide_as_they_need(call, catalogue, red):
    catalogue.write_text(catalogue.read_text().replace("Red ball", "Red ball " * 20))
    call("index", catalogue)
    _, out, _ = call("search", "--image", red)
    assert "Red ball " * 19 in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("search",), 2, "nothing to search"),
        (("search", "--text", "x"), 1, "no shop"),
        (("search", "--image", "a.jpg", "--like", "b"), 2, "not both"),
        (("search", "--image", "none.jpg", "--box", "1,2"), 2, "x,y,w,h"),
        (("search", "--image", "none.jpg", "--box", "0,0,0,0"), 2, "not 0,0,0,0"),
        (("search", "--image", "none.jpg"), 1, "none.jpg: no such file"),
        (("search", "--image", "/dev/zero"), 2, "no regular file"),
        (("eval", "--catalogue", "none.csv", "--queries", "none.csv"), 1, "no such file"),
        (("demo", "--catalogue", "none.csv", "--port", "0"), 1, "none.csv: no such file"),
        (("search", "--text", "x", "--top", "0"), 2, "top"),
        (("index", "none.csv"), 1, "no such file"),
        (("index",), 2, "source"),
        (("dance",), 2, "dance"),
        (("serve",), 1, "no shop"),
        (("search", "--text", "x", "--model", "gpt"), 1, "gpt"),
    ],
)
def test_an_error_is_one_clear_line_and_a_true_exit_code(call, arguments, code, says):
    found, _, err = call(*arguments)
    assert found == code
    assert says.lower() in err.lower()
    assert "Traceback" not in err
    assert "Box(" not in err


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


def test_a_setting_out_of_range_is_told_by_its_name(call, catalogue, monkeypatch):
    monkeypatch.setenv("VISTAZO_THREADS", "many")
    code, _, err = call("index", catalogue)
    assert (code, len(err.strip().splitlines())) == (1, 1)
    assert "VISTAZO_THREADS cannot be 'many'" in err


def test_debug_shows_the_traceback():
    from index.errors import NoShop

    with pytest.raises(NoShop):
        run(["search", "--text", "x"], debug=True)


def test_the_doctor_finds_a_healthy_house_and_a_sick_one(call, catalogue, tmp_path):
    assert call("doctor")[0] == 0
    call("index", catalogue)
    code, out, _ = call("doctor", "--json")
    found = {f["what"]: f for f in json.loads(out)["findings"]}
    assert code == 0
    assert "10 products" in found["shop"]["detail"]
    (catalogue.parent / "images" / "bag-red.png").unlink()
    with (tmp_path / "tiny" / "words.onnx").open("ab") as file:
        file.write(b"x")
    code, out, _ = call("doctor")
    assert code == 1
    assert "words.onnx" in out
    tiny_model(tmp_path / "tiny")
    code, out, _ = call("doctor", "--json")
    wrong = [f for f in json.loads(out)["findings"] if not f["ok"]]
    assert (code, [f["what"] for f in wrong]) == (1, ["pictures"])
    assert all(f["cure"] for f in wrong)


def test_a_shop_that_was_named_and_is_not_there_is_a_finding(call, monkeypatch):
    code, out, _ = call("doctor")
    assert (code, "All is well." in out) == (0, True)
    code, out, _ = call("doctor", "--shop", "nope")
    assert (code, "All is well." in out) == (1, False)
    assert "vistazo index CATALOGUE --shop nope" in out
    monkeypatch.setenv("VISTAZO_SHOP", "nope")
    assert call("doctor")[0] == 1


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


def test_serve_serves_until_it_is_told_to_stop(call, catalogue, red):
    call("index", catalogue)
    command = [sys.executable, "-m", "api", "serve", "--port", "0", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    try:
        assert serving.stdout is not None
        told = json.loads("".join(serving.stdout.readline() for _ in range(5)))
        assert told["products"] == 10
        request = urllib.request.Request(
            told["url"] + "/v1/search", red.read_bytes(), {"content-type": "image/jpeg"}
        )
        for _ in range(100):
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    body = json.load(answer)
                break
            except OSError:
                time.sleep(0.1)
        assert body["hits"][0]["colour"] == "red"
    finally:
        serving.send_signal(signal.SIGINT)
        assert serving.wait(20) in (0, 130)


def test_the_demo_builds_a_catalogue_into_a_shop_and_serves_it(catalogue, tmp_path):
    command = [sys.executable, "-m", "api", "demo", "--catalogue", str(catalogue), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    serving = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True)
    try:
        assert serving.stderr is not None
        url = ""
        while not url and (line := serving.stderr.readline()):
            url = next((word for word in line.split() if word.startswith("http://")), "")
        with urllib.request.urlopen(url + "/v1/shop", timeout=20) as answer:
            assert json.load(answer)["products"] == 10
        with urllib.request.urlopen(url, timeout=20) as page:
            assert b"<html" in page.read()
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(20)
    assert [f.name[:7] for f in (tmp_path / "demo-shop").iterdir()] == ["source-"]


def test_ctrl_c_while_a_shop_is_drawn_leaves_no_picture_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "api", "demo", "--port", "0"]
    drawing = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job's is ignored
    )
    while not any(tmp_path.glob("demo-shop/drawn/*.part-*/images/*")) and drawing.poll() is None:
        time.sleep(0.02)
    os.killpg(drawing.pid, signal.SIGINT)  # what a terminal does
    _, err = drawing.communicate(timeout=60)
    assert drawing.returncode == 130
    assert "Traceback" not in err
    assert not list(tmp_path.glob("demo-shop/drawn/*"))


def test_a_taken_port_is_told_before_anything_is_loaded(call):
    taken = listen("127.0.0.1", 0)
    taken.listen()
    port = taken.getsockname()[1]
    code, _, err = call("serve", "--port", port)
    assert (code, "--port" in err) == (1, True)
    assert taken.proto == socket.IPPROTO_TCP  # or asyncio leaves Nagle on: 40 ms an answer
    assert address_of("0.0.0.0", taken) == f"http://127.0.0.1:{port}"
    taken.close()


def test_each_catalogue_has_a_demo_folder_of_its_own(tmp_path):
    one, two = tmp_path / "a" / "catalogue.csv", tmp_path / "b" / "catalogue.csv"
    assert name_of(one) != name_of(two)
    assert name_of(one).startswith("a-")
    assert name_of(tmp_path / "shoes.csv").startswith("shoes-")
