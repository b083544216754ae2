"""Foreign text is shown, never obeyed."""

from hypothesis import given
from hypothesis import strategies as st

from api.cli_plain import plain


def test_escape_sequences_and_turned_writing_are_disarmed():
    assert plain("a\x1b[2Jb\x07\x9bc\u202ed\ud800") == "a[2Jbcd"
    assert plain("two\nlines\tand\u00a0more") == "two lines and more"
    assert plain("[bold]Größe 38 — ärmellos[/nope]") == "[bold]Größe 38 — ärmellos[/nope]"


@given(st.text(st.characters(), max_size=40), st.integers(2, 30))
def test_what_is_shown_is_one_short_printable_line(text, most_chars):
    shown = plain(text, most_chars)
    assert len(shown) <= most_chars
    assert shown.isprintable()
    if text.isprintable() and len(text) <= most_chars:
        assert shown == text
