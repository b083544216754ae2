"""Foreign text on a terminal: what a catalogue or a file says is shown, and never obeyed."""

MOST_CHARS = 300
"""Of a message: a cell of a broken file may be a megabyte long."""


def plain(text: str, most_chars: int = MOST_CHARS) -> str:
    """`text` on one line, without control characters, cut with … after `most_chars`.

    Escape sequences in a catalogue would move the cursor or rename the window; the signs that turn
    the direction of writing could make a SKU read as another one.
    """
    cut = text[: most_chars + 1]
    shown = "".join(" " if c.isspace() else c for c in cut if c.isspace() or c.isprintable())
    return shown if len(text) <= most_chars else shown[: most_chars - 1] + "…"
