"""What all tests share: where the real photos lie, if they are there."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.leftovers import end_all
from tests.second_look import SecondLook

STATUS = pytest.StashKey[int]()
SECOND_LOOK = pytest.StashKey[SecondLook]()

# `make test` tries the same examples each time: what it finds, it finds for everybody. Others are
# looked for by `make explore`. Nothing is timed: the machine may be busy.
CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("fixed", derandomize=True, database=None, **CALM)
settings.register_profile("explore", print_blob=True, **CALM)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is asked for by name only."""
    parser.addoption("--second-look", action="store_true", help="try once more what failed")


def pytest_configure(config: pytest.Config) -> None:
    """The fixed examples, unless others are asked for."""
    settings.load_profile(config.getoption("--hypothesis-profile") or "fixed")
    config.stash[SECOND_LOOK] = SecondLook()
    if config.getoption("--second-look"):
        config.pluginmanager.register(config.stash[SECOND_LOOK])


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


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remembered for the end of the process."""
    session.config.stash[STATUS] = int(session.exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing that a test left running keeps the run from ending."""
    if not hasattr(config, "workerinput"):
        excused = config.stash[SECOND_LOOK].excused
        end_all(config.stash.get(STATUS, 0), excused=excused)
