"""Draws recall against speed as an SVG, one line for each index: no library needed."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 74, 300, 46, 60
LEAST_RECALL = 0.9
COLOURS = ("#c2410c", "#1d4ed8", "#15803d", "#7e22ce", "#525252")
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#262626}.soft{fill:#737373;font-size:12px}"
    ".grid{stroke:#e5e5e5}.line{fill:none;stroke-width:2.5}"
)


def draw(points: Sequence[dict[str, Any]], path: Path, size: int) -> None:
    """Write the plot of `points` (as bench_peers gives them) to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_parts(points, size)) + "\n", "utf-8")


def _parts(points: Sequence[dict[str, Any]], size: int) -> Iterable[str]:
    shown = [p for p in points if p["recall"] >= LEAST_RECALL]
    low = math.floor(math.log10(min(p["queries_per_s"] for p in shown)))
    high = math.ceil(math.log10(max(p["queries_per_s"] for p in shown)))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<style>{STYLE}</style>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{LEFT}" y="24" font-weight="600">{size:,} vectors, one thread: '
        "recall@10 against queries a second; up and right is better</text>"
    )
    yield from _grid(low, high)
    names = list(dict.fromkeys(p["name"] for p in shown))
    for n, name in enumerate(names):
        theirs = sorted((p for p in shown if p["name"] == name), key=lambda p: p["recall"])
        yield from _line(theirs, COLOURS[n % len(COLOURS)], low, high)
        yield from _legend(n, theirs[0], COLOURS[n % len(COLOURS)])
    yield "</svg>"


def _grid(low: int, high: int) -> Iterable[str]:
    for step in range(6):
        recall = LEAST_RECALL + step * (1 - LEAST_RECALL) / 5
        x = _x(recall)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        yield _soft(x, HEIGHT - 38, "middle", f"{recall:.2f}")
    for power in range(low, high + 1):
        y = _y(10.0**power, low, high)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield _soft(LEFT - 8, y + 4, "end", f"{10**power:,}")
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">recall@10</text>'


def _soft(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text class="soft" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _line(points: Sequence[dict[str, Any]], colour: str, low: int, high: int) -> Iterable[str]:
    places = [(_x(p["recall"]), _y(p["queries_per_s"], low, high)) for p in points]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline class="line" stroke="{colour}" points="{drawn}"/>'
    for (x, y), point in zip(places, points, strict=True):
        told = escape(f"{point['name']}, {point['setting']}")
        radius = 7 if "chosen" in point["setting"] else 4
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}">'
            f"<title>{told}: {point['recall']}, {point['queries_per_s']:,.0f} a second</title>"
            "</circle>"
        )


def _legend(n: int, point: dict[str, Any], colour: str) -> Iterable[str]:
    x, y = WIDTH - RIGHT + 24, TOP + 20 + 56 * n
    told = f"{point['memory_bytes'] / 1e6:,.0f} MB, built in {point['build_s']:,.0f} s"
    yield f'<circle cx="{x}" cy="{y - 4}" r="6" fill="{colour}"/>'
    yield f'<text x="{x + 16}" y="{y}" font-weight="600">{escape(point["name"])}</text>'
    yield f'<text class="soft" x="{x + 16}" y="{y + 19}">{told}</text>'


def _x(recall: float) -> float:
    return round(LEFT + (recall - LEAST_RECALL) / (1 - LEAST_RECALL) * (WIDTH - RIGHT - LEFT), 1)


def _y(per_s: float, low: int, high: int) -> float:
    share = (math.log10(per_s) - low) / (high - low)
    return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)
