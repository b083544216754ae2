"""The console's files: its wording in both languages, and nothing in them that writes markup."""

import json
import re
from pathlib import Path

CONSOLE = Path(__file__).parents[2] / "api" / "pages" / "console"
SENTENCES = json.loads((CONSOLE / "strings.json").read_text("utf-8"))
SCRIPTS = "\n".join(p.read_text("utf-8") for p in sorted(CONSOLE.glob("*.js")))
SOURCE = SCRIPTS + (CONSOLE / "console.html").read_text("utf-8")
BUILT = (
    "tab.", "role.", "job.", "stage.", "report.", "reason.", "compare.", "field.", "products.",
    "rules.", "flaws.", "demand.", "error.code.", "columns.",
)  # fmt: skip
"""Keys that are put together from a name that the door tells."""
ELSEWHERE = {"error.offline", "error.unknown", "page.title"}


def test_both_languages_say_the_same_things_about_the_same_facts():
    english, spanish = SENTENCES["en"], SENTENCES["es"]
    assert english.keys() == spanish.keys()
    for key in english:
        places = [sorted(re.findall(r"\{(\w+)\}", said[key])) for said in (english, spanish)]
        assert places[0] == places[1], key
        assert spanish[key].strip(), key


def test_every_sentence_is_said_somewhere_and_none_is_missing():
    known = {re.sub(r"\.(one|other)$", "", key) for key in SENTENCES["en"]}
    wanted = set(re.findall(r'say\(\s*"([\w.-]+)"', SOURCE))
    wanted |= set(re.findall(r'data-say[\w-]*"?[=:] ?"([\w.-]+)"', SOURCE))
    assert wanted <= known, wanted - known
    unsaid = {k for k in known - wanted if f'"{k}"' not in SOURCE and not k.startswith(BUILT)}
    assert unsaid <= ELSEWHERE, unsaid


def test_no_script_writes_markup_or_runs_text():
    written = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\("
    assert not re.search(written, SCRIPTS)
    page = (CONSOLE / "console.html").read_text("utf-8")
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", page)


def test_every_script_stays_one_idea():
    long = {p.name: n for p in CONSOLE.glob("*.js") if (n := p.read_text().count("\n")) > 250}
    assert long == {}
