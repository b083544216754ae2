"""No folder of the server in what merchandisers read."""

from pathlib import Path

import pytest

from api.shown_paths import pathless, relative


def test_what_lies_in_a_root_is_told_from_there():
    told = relative("a.png: there is no file /srv/my shop/up/a b.png", [Path("/srv/my shop")])
    assert told == "a.png: there is no file up/a b.png"
    assert relative("/etc/passwd lies outside", [Path("/srv")]) == "/etc/passwd lies outside"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The model '/opt/m/tiny' cannot be used", "The model 'tiny' cannot be used"),
        ("https://host/a/b/c.png is gone", "https://host/a/b/c.png is gone"),
        ("Bags/red/1.png is no picture", "Bags/red/1.png is no picture"),
        ("1 / 2 of them", "1 / 2 of them"),
    ],
)
def test_other_paths_are_told_by_their_last_name(text, told):
    assert pathless(text) == told
