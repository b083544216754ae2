"""Every training photo can be called something, and no caption claims what it does not say."""

from pathlib import Path

import pytest

from models.captions import Wordings, read_wordings
from models.examples import READERS, Example


@pytest.fixture(scope="module")
def wordings() -> Wordings:
    return read_wordings()


def test_a_caption_says_the_colour_that_it_is_filed_under(wordings: Wordings) -> None:
    captions = wordings.all_captions()
    assert all(c.colour in c.text for c in captions)
    assert {c.kind for c in captions} == {"", *wordings.kinds}
    assert {c.colour for c in captions} == {"", *wordings.colours}
    assert all("{" not in c.text and c.text == c.text.strip() for c in captions)


def test_captions_come_out_the_same_each_time(wordings: Wordings) -> None:
    assert wordings.all_captions() == wordings.all_captions()


def test_every_label_stands_for_a_kind_that_has_wordings(wordings: Wordings) -> None:
    for rules in wordings.labels.values():
        named = rules.values() if isinstance(rules, dict) else [kind for _, kind in rules]
        assert set(named) <= set(wordings.kinds)


def test_the_title_knows_better_than_the_category(wordings: Wordings) -> None:
    category = "Default Category/Men/Tops/Hoodies & Sweatshirts"
    for title, kind in (("Abominable Hoodie", "hoodie"), ("Backyard Sweatshirt", "sweatshirt")):
        assert wordings.kind_of(Example("luma", Path("x"), category, "g", title=title)) == kind
    assert wordings.kind_of(Example("snaps", Path("x"), "Other", "g")) == ""


def test_nearly_every_real_photo_has_a_kind(shared_data: Path, wordings: Wordings) -> None:
    for source in ("snaps", "street", "luma", "retail"):
        examples = READERS[source](shared_data)
        named = sum(bool(wordings.kind_of(e)) for e in examples)
        assert named >= 0.9 * len(examples)
