"""What all tests share: where the real photos lie, if they are there."""

import os
from pathlib import Path

import pytest


def shared_data_folder() -> Path | None:
    """The folder of real photos: $VISTAZO_SHARED, else ../shared/data beside the checkout."""
    named = os.environ.get("VISTAZO_SHARED")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return folder if (folder / "snaps" / "snaps.csv").is_file() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real photos; a test that takes this is skipped where they are not."""
    folder = shared_data_folder()
    if folder is None:
        pytest.skip("the real photos are not here (set VISTAZO_SHARED to their folder)")
    return folder
