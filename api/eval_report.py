"""`vistazo eval --report DIR`: queries, answers and expectations as a page to look at.

One folder, index.html and small pictures drawn anew; it opens from the disk, without a network and
without a script. Promise: nothing that a catalogue or a queries file says runs or loads anything
(every text is escaped, the page's policy forbids whatever is not in the folder), and a folder that
holds something else is not written into. It shows photos, so it also keeps itself out of git, and a
new report leaves no picture of the one before it.
"""

import errno
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from api.eval_pictures import Pictures
from api.yardstick import Measured

STYLE = Path(__file__).with_name("pages") / "eval.css"
MARK = "vistazo-eval-report"
MOST_SHOWN = 400
"""Queries drawn, worst first: a page of some thousand pictures is no longer looked at."""
BINS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What was measured: its figures, and the products' titles and pictures by SKU."""

    measured: Sequence[Measured]
    figures: Mapping[str, Any]
    titles: Mapping[str, str]
    pictures: Mapping[str, Path]
    model: str


def check_folder(folder: Path) -> None:
    """Raise FileExistsError for a folder that holds anything but an earlier report, OSError."""
    if folder.exists() and any(folder.iterdir()) and not (folder / f".{MARK}").exists():
        told = "it holds something already; name a new folder for the report"
        raise FileExistsError(errno.EEXIST, told, str(folder))


def write_report(asked: Asked, folder: Path) -> Path:
    """Write the report into `folder`, new or of an earlier report; its page.

    Raises FileExistsError for a folder that holds anything else, OSError.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f".{MARK}").write_text("made by vistazo eval --report\n", "utf-8")
    (folder / ".gitignore").write_text("*\n", "utf-8")
    drawn = Pictures(folder / "pictures")
    worst = sorted(asked.measured, key=_worth)[:MOST_SHOWN]
    queries = "\n".join(_query(m, asked, drawn) for m in worst)
    more = len(asked.measured) - len(worst)
    page = _PAGE.format(
        style=STYLE.read_text("utf-8"), model=escape(asked.model),
        count=f"{len(asked.measured):,}", figures=_figures(asked.figures),
        groups=_groups(asked.measured), calibration=_calibration(asked.measured),
        queries=queries, more=f"<p>{more:,} better ones are not drawn.</p>" if more > 0 else "",
    )  # fmt: skip
    out = folder / "index.html"
    out.write_text(page, "utf-8")
    drawn.drop_others()
    return out


def rank_of(measured: Measured) -> int | None:
    """The place of the first expected hit, from 1; None where there is none."""
    return next((i for i, right in enumerate(measured.judged.found, 1) if right), None)


def _worth(measured: Measured) -> tuple[int, float]:
    """Worst first: what could not be asked, what was refused wrongly, what came late; of those
    alike, the one that was most sure of itself."""
    judged = measured.judged
    sure = -(judged.probability or 0.0)
    if measured.fault:
        return (-1_000, sure)
    if not judged.answerable:
        return (1_000 if judged.refused else -900, sure)
    rank = rank_of(measured)
    late = -500 if rank is None else -min(rank - 1, 100)
    return (late - (400 if judged.refused else 0), sure if late else -sure)


def _figures(figures: Mapping[str, Any]) -> str:
    rows = []
    for name, interval in figures["intervals"].items():
        value = figures[name]
        shown = "–" if value is None else f"{value:.3f}"
        spread = "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
        rows.append(f"<tr><th>{escape(name)}<td>{shown}<td>{spread}")
    return "".join(rows)


def _groups(measured: Sequence[Measured]) -> str:
    """By what was expected: how many, how often first, how often among the first ten."""
    held: dict[str, list[Measured]] = defaultdict(list)
    for m in measured:
        for term in m.row.expect.split("|"):
            named = term.strip() if "=" in term or term.strip().lower() == "none" else "one product"
            held[named].append(m)
    rows = []
    for name, found in sorted(held.items(), key=lambda pair: -len(pair[1]))[:60]:
        first = np.mean([bool(m.judged.found[:1]) and m.judged.found[0] for m in found])
        ten = np.mean([any(m.judged.found[:10]) for m in found])
        refused = np.mean([m.judged.refused for m in found])
        cells = f"<td>{len(found):,}<td>{first:.2f}<td>{ten:.2f}<td>{refused:.2f}"
        rows.append(f"<tr><th>{escape(name)}{cells}")
    return "".join(rows)


def _calibration(measured: Sequence[Measured]) -> str:
    """Promised against kept, ten bins of equal mass, as a drawing."""
    pairs = [(m.judged.probability, bool(m.judged.found) and m.judged.found[0])
             for m in measured if m.judged.probability is not None]  # fmt: skip
    if not pairs:
        return "<p>No first hit to judge.</p>"
    order = sorted(pairs, key=lambda pair: pair[0] or 0.0)
    dots = []
    for part in np.array_split(np.arange(len(order)), min(BINS, len(order))):
        promised = float(np.mean([order[i][0] for i in part]))
        kept = float(np.mean([order[i][1] for i in part]))
        told = f"promised {promised:.2f}, right {kept:.2f}, {len(part):,} queries"
        x, y = 40 + 240 * promised, 260 - 240 * kept
        dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{told}</title></circle>')
    return _PLOT.format(dots="".join(dots))


def _query(measured: Measured, asked: Asked, drawn: Pictures) -> str:
    row, judged = measured.row, measured.judged
    said = f"<p class=words>{escape(row.text)}</p>" if row.text else ""
    rank = rank_of(measured)
    verdict = measured.fault or ("refused" if judged.refused else "")
    if not measured.fault:
        late = "not among the first hundred" if rank is None else f"first right answer: {rank}"
        place = late if judged.answerable else "nothing expected"
        verdict = f"{place}{', ' + verdict if verdict else ''}"
    sure = "" if judged.probability is None else f", promised {judged.probability:.2f}"
    wanted = "".join(_tile(sku, asked, drawn, "wanted") for sku in measured.expected[:4])
    hits = "".join(
        _tile(sku, asked, drawn, "hit" if right else "miss")
        for sku, right in zip(measured.hits, judged.found, strict=False)
    )
    return _QUERY.format(
        line=row.line, image=drawn.tag(row.image), said=said, verdict=escape(verdict + sure),
        expect=escape(row.expect), wanted=wanted, hits=hits,
        mood="good" if rank == 1 or (judged.refused and not judged.answerable) else "bad",
    )  # fmt: skip


def _tile(sku: str, asked: Asked, drawn: Pictures, mood: str) -> str:
    title = escape(asked.titles.get(sku, ""))
    sign = {"hit": "✓ ", "miss": "✗ ", "wanted": ""}[mood]
    picture = drawn.tag(asked.pictures.get(sku))
    return f"<li class={mood}>{picture}<b>{sign}{escape(sku)}</b><span>{title}</span></li>"


_POLICY = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"
_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>Queries and answers</title><style>{style}</style></head><body>"
    "<header><h1>Queries and answers</h1><p>{count} queries, {model}. Worst first: what could not "
    "be asked, what was wrongly refused, what came late. ✓ expected, ✗ not.</p></header>"
    "<section class=tables><div><h2>Figures</h2><table><tr><th><th>value<th>95 %{figures}</table>"
    "</div><div><h2>By expectation</h2><table><tr><th><th>queries<th>first<th>in ten<th>refused"
    "{groups}</table></div><div><h2>Promised and kept</h2>{calibration}</div></section>"
    "<main>{queries}</main>{more}</body></html>\n"
)
_QUERY = (
    "<article class={mood} id=line-{line}><div class=asked>{image}{said}<p class=expect>line "
    "{line}: {expect}</p><p class=verdict>{verdict}</p></div><div class=answers>"
    "<ul class=wants>{wanted}"
    "</ul><ul class=hits>{hits}</ul></div></article>"
)
_PLOT = (
    '<svg viewBox="0 0 300 300" role="img" aria-label="Calibration"><path class=axis '
    'd="M40 20V260H280"/><path class=even d="M40 260L280 20"/>{dots}'
    '<text x="160" y="292">promised</text><text x="14" y="140" transform="rotate(-90 14 140)">right'
    "</text></svg>"
)
