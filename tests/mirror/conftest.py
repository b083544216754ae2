"""What the attendant's tests share: the server on paper, and a film before the camera."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.paper_desk import PaperDesk


@pytest.fixture
def desk(tmp_path: Path) -> "PaperDesk":
    """A server on paper that knows nobody yet."""
    from customers.keys import Keys
    from tests.paper_desk import PaperDesk

    return PaperDesk(Keys(tmp_path / "keys"))


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Thirty seconds of drawn film."""
    from tests.drawn_camera import Drawing, film

    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return str(film(path, range(900), Drawing(gop=10)))
