"""The photo sets are read whole, and what must not straddle a split shares a group."""

from pathlib import Path

import pytest

from models.errors import NoData
from models.examples import READERS, SMALLEST_BOX_PX, read_luma, read_snaps, read_street

COUNTS = {"snaps": 2600, "luma": 570, "retail": 84, "myntra": 9583}


@pytest.mark.parametrize(("source", "count"), COUNTS.items())
def test_a_set_is_read_whole(shared_data: Path, source: str, count: int) -> None:
    examples = READERS[source](shared_data)
    assert len(examples) == count
    assert len({e.key for e in examples}) == count
    assert all(e.path.is_file() for e in examples[::50])


def test_snaps_are_grouped_by_sender(shared_data: Path) -> None:
    assert len({e.group for e in read_snaps(shared_data)}) == 243


def test_street_boxes_are_large_enough_to_show_something(shared_data: Path) -> None:
    boxes = [e.box for e in read_street(shared_data)]
    assert all(b is not None and min(b.w, b.h) >= SMALLEST_BOX_PX for b in boxes)


def test_all_colours_of_a_luma_product_share_a_group(shared_data: Path) -> None:
    groups = {e.group for e in read_luma(shared_data) if e.sku.startswith("mh01-")}
    assert groups == {"luma-mh01"}


@pytest.mark.parametrize("source", READERS)
def test_a_missing_set_says_what_to_give(tmp_path: Path, source: str) -> None:
    with pytest.raises(NoData, match="snaps, street and catalogues"):
        READERS[source](tmp_path)
