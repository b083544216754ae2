"""The command line, with a real (tiny) model: help, mistakes and exit codes of every command."""

import subprocess
import sys
from pathlib import Path

import pytest

from api.__main__ import run

pytestmark = pytest.mark.usefixtures("workplace")


ROOT = Path(__file__).parents[2]
COMMANDS = ("index", "search", "serve", "demo", "doctor", "eval", "rules")


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


def test_a_setting_out_of_range_is_told_by_its_name(call, catalogue, monkeypatch):
    monkeypatch.setenv("VISTAZO_THREADS", "many")
    code, _, err = call("index", catalogue)
    assert (code, len(err.strip().splitlines())) == (1, 1)
    assert "VISTAZO_THREADS cannot be 'many'" in err


def test_debug_shows_the_traceback():
    from index.errors import NoShop

    with pytest.raises(NoShop):
        run(["search", "--text", "x"], debug=True)
