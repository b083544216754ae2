"""`vistazo models adapt`: what people and programs are told, and that nothing bad is published."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from api import cli_adapt
from api.__main__ import run

pytestmark = pytest.mark.usefixtures("workplace")
FIGURE = {"queries": 40, "before": 0.5, "after": 0.6, "gain": 0.1, "gain_interval": [0.02, 0.2]}
TOLD = {
    "code": "adapted", "published": "my-shop@1", "losses": [], "products": 40, "pictures": 90,
    "rounds": 6, "seconds": 12.0, "figures": {"colour, from a picture": FIGURE},
}  # fmt: skip


def answering(monkeypatch: pytest.MonkeyPatch, code: int, told: dict[str, object]) -> list[str]:
    heard: list[str] = []

    def ask(said: list[str], needed: tuple[str, ...]) -> tuple[int, str]:
        heard.extend(said)
        return code, json.dumps(told)

    monkeypatch.setattr(cli_adapt, "ask_workshop", ask)
    return heard


def test_a_gain_is_shown_with_the_next_command(call, monkeypatch):
    heard = answering(monkeypatch, 0, TOLD)
    code, out, _ = call("models", "adapt", "t.jsonl", "--minutes", 3, "--store", "st")
    assert code == 0
    assert "+0.100" in out
    assert "vistazo models use my-shop@1" in out
    assert heard[heard.index("--minutes") + 1] == "3.0"
    assert heard[heard.index("--store") + 1] == str(Path("st").absolute())


def test_a_loss_is_named_and_fails(call, monkeypatch):
    lost = TOLD | {"code": "adapt-loss", "published": None, "losses": ["colour, from a picture"]}
    answering(monkeypatch, 1, lost)
    code, out, err = call("models", "adapt", "t.jsonl")
    assert (code, "adapt-loss" in err, "colour, from a picture" in err) == (1, True, True)
    assert "vistazo models use" not in out
    code, out, _ = call("models", "adapt", "t.jsonl", "--json")
    assert (code, json.loads(out)["losses"]) == (1, ["colour, from a picture"])


def test_a_dry_run_says_that_nothing_was_published(call, monkeypatch):
    answering(monkeypatch, 0, TOLD | {"published": None})
    code, out, _ = call("models", "adapt", "t.jsonl", "--dry-run")
    assert (code, "Nothing was published" in out) == (0, True)


def test_without_the_workshop_it_says_how_to_get_it(call, monkeypatch):
    monkeypatch.setattr(cli_adapt, "NEEDED", ("no_such_library",))
    code, _, err = call("models", "adapt", "t.jsonl")
    assert (code, "vistazo[workshop]" in err) == (1, True)


@pytest.mark.workshop
@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch (the workshop extra)")
def test_a_table_that_is_not_there_is_told_in_one_line(capfd, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # of the process it starts
    code = run(["models", "adapt", "none.jsonl", "--store", "st"])
    err = capfd.readouterr().err  # of the workshop's process too
    assert (code, "none.jsonl" in err, "Traceback" in err) == (1, True, False)
