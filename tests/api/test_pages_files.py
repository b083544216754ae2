"""The page's files: their weight, their wording in both languages, their colours."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGES = Path(__file__).parents[2] / "api" / "pages"


@pytest.mark.browser
def test_the_first_sight_weighs_under_100_kB_without_pictures(visit: Any) -> None:
    shopper = visit()
    before_ready = """() => performance.getEntriesByType('resource')
      .filter((r) => r.startTime < performance.getEntriesByName('ready')[0].startTime)
      .map((r) => r.name)"""
    named = set(shopper.page.evaluate(before_ready)) | {shopper.url + "/"}
    assert len(named) > 10
    weights = {
        name: len(shopper.context.request.get(name).body())
        for name in named
        if "/pictures/" not in name
    }
    assert sum(weights.values()) < 100_000, weights


@pytest.mark.browser
def test_nothing_moves_under_the_shoppers_hand(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    shopper.page.wait_for_timeout(500)
    shift = """() => new Promise((resolve) => new PerformanceObserver((list) => resolve(
      list.getEntries().reduce((sum, e) => sum + (e.hadRecentInput ? 0 : e.value), 0)))
      .observe({ type: 'layout-shift', buffered: true }) || setTimeout(() => resolve(0), 500))"""
    assert shopper.page.evaluate(shift) < 0.1


def sentences() -> dict[str, Any]:
    return json.loads((PAGES / "strings.json").read_text("utf-8"))


def test_both_languages_say_the_same_things_about_the_same_facts() -> None:
    english, spanish = sentences()["en"], sentences()["es"]
    assert english.keys() == spanish.keys()
    for key in english.keys() - {"colour", "kind"}:
        places = [re.findall(r"\{(\w+)\}", said[key]) for said in (english, spanish)]
        assert sorted(places[0]) == sorted(places[1]), key
        assert spanish[key].strip(), key


def test_every_sentence_is_said_somewhere_and_none_is_missing() -> None:
    source = "\n".join(
        p.read_text("utf-8") for p in PAGES.iterdir() if p.suffix in {".js", ".html"}
    )
    known = {re.sub(r"\.(one|other)$", "", key) for key in sentences()["en"]}
    wanted = set(re.findall(r'say\(\s*"([\w.-]+)"', source))
    wanted |= set(re.findall(r'data-say[\w-]*"?[=:] ?"([\w.-]+)"', source))
    assert wanted <= known
    built = (
        "error.code.",
        "match.",
        "camera.",
        "crop.",
        "thing.",
        "filters.",
        "hit.",
        "results.heading",
    )
    unsaid = {k for k in known - wanted if f'"{k}"' not in source and not k.startswith(built)}
    assert unsaid <= {"colour", "kind"}


def test_no_script_writes_markup_or_runs_text() -> None:
    for path in PAGES.glob("*.js"):
        source = path.read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source
        )
    page = (PAGES / "index.html").read_text("utf-8")
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", page)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("ink", "paper", 7.0), ("ink", "tint", 7.0), ("soft", "paper", 4.5), ("soft", "tint", 4.5),
        ("on-accent", "accent", 7.0), ("on-accent", "accent-deep", 7.0), ("alert", "paper", 4.5),
        ("good", "paper", 4.5), ("edge", "paper", 3.0),
    ],
)  # fmt: skip
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str, least: float) -> None:
    css = (PAGES / "base.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    palette = dict(re.findall(r"--([\w-]+): (#\w{6})", light))
    if scheme == "dark":
        palette |= dict(re.findall(r"--([\w-]+): (#\w{6})", dark))
    bright, dim = sorted((luminance(palette[text]), luminance(palette[ground])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= least


def test_no_script_imports_what_imports_it() -> None:
    imports = {
        path.name: set(re.findall(r'(?:from|import\() ?"\./([\w.]+)"', path.read_text("utf-8")))
        for path in PAGES.glob("*.js")
    }
    done: set[str] = set()
    while ready := {name for name in imports.keys() - done if imports[name] <= done}:
        done |= ready
    assert done == imports.keys()
