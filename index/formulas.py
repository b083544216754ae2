"""Cells that a spreadsheet would run as a formula, made plain text on the way out; and back again.

A catalogue's texts are other people's: `=HYPERLINK(…)` as a title would act in the spreadsheet of
whoever opens a file of ours. The apostrophe is what spreadsheets themselves take for "text".
"""

import re

_ACTING = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"'*[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?\s?%?")


def defuse(text: str) -> str:
    """`text` with an apostrophe before it if a spreadsheet would run it; numbers stay numbers."""
    return f"'{text}" if _acts(text) else text


def restore(text: str) -> str:
    """What `defuse` was given: for every text, restore(defuse(text)) == text."""
    return text[1:] if text[:1] == "'" and _acts(text) else text


def _acts(text: str) -> bool:
    return _ACTING.match(text) is not None and _NUMBER.fullmatch(text) is None
