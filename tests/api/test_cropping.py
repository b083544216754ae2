"""Which thing of a picture is searched where nobody framed one."""

from collections.abc import Callable

import pytest

from api.cropping import Meant, meant_in
from api.rooms import Rooms
from api.settings import Settings
from api.shop import Shop
from tests.drawn_finder import GRAPH, street, write_finder
from tests.fakes import FakeEncoder
from tests.little_shop import drawn, encoded
from vision.errors import BadModel, NotAPicture
from vision.photo import Box
from vision.regions import Region

STREET = encoded(street())


@pytest.fixture
def seeing(open_shop: Callable[[FakeEncoder], Shop], settings: Settings) -> Shop:
    write_finder(settings.regions)
    return open_shop(FakeEncoder())


def test_of_a_street_the_coat_is_meant_and_of_how_many_things_is_told(seeing: Shop) -> None:
    rooms = Rooms()
    meant = meant_in(seeing, STREET, rooms)
    assert meant is not None
    assert (meant.region.kind, meant.of) == ("outer", 2)
    assert "regions" in rooms.took_ms()


def test_a_picture_of_one_thing_is_searched_whole(seeing: Shop) -> None:
    assert meant_in(seeing, encoded(drawn("red")), Rooms()) is None


def test_without_the_finder_everything_is_searched_whole(seeing: Shop, settings: Settings) -> None:
    (settings.regions / GRAPH).unlink()
    assert meant_in(seeing, STREET, Rooms()) is None


def test_what_is_broken_is_told_as_what_it_is(seeing: Shop, settings: Settings) -> None:
    with pytest.raises(NotAPicture):
        meant_in(seeing, b"no picture", Rooms())
    (settings.regions / GRAPH).write_bytes(b"no net")
    with pytest.raises(BadModel):
        meant_in(seeing, STREET, Rooms())


def test_nothing_is_not_chosen_of_nothing() -> None:
    with pytest.raises(ValueError, match="one of the things"):
        Meant(Region(Box(0, 0, 1, 1), "hat", 0.5), 0)
