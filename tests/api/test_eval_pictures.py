"""A report's pictures are small, each drawn once, and nothing but their pixels."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from api.eval_pictures import NAME, WIDTH_PX, Pictures


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo with a note in it that nobody but its owner should see."""
    image = Image.new("RGB", (900, 1200), (200, 30, 40))
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    image.save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def named(tag: str) -> str:
    """The file that an img element shows."""
    (source,) = re.findall(r'src="pictures/([^"]+)"', tag)
    return str(source)


def test_a_picture_is_drawn_small_and_without_what_else_its_file_says(
    tmp_path: Path, photo: Path
) -> None:
    name = named(Pictures(tmp_path / "pictures").tag(photo))
    assert NAME.fullmatch(name)
    data = (tmp_path / "pictures" / name).read_bytes()
    image = Image.open(io.BytesIO(data))
    assert image.width == WIDTH_PX
    assert b"taken at home" in photo.read_bytes()
    assert b"taken at home" not in data


def test_the_same_picture_is_drawn_once_under_whatever_name(tmp_path: Path, photo: Path) -> None:
    twin = tmp_path / "twin.jpg"
    twin.write_bytes(photo.read_bytes())
    pictures = Pictures(tmp_path / "pictures")
    assert pictures.tag(photo) == pictures.tag(photo) == pictures.tag(twin)
    (drawn,) = (tmp_path / "pictures").iterdir()
    drawn.write_bytes(b"kept")
    Pictures(tmp_path / "pictures").tag(photo)
    assert drawn.read_bytes() == b"kept"


def test_what_cannot_be_shown_is_blank_and_its_name_is_only_text(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "pictures")
    broken = tmp_path / '"><img src=x>.jpg'
    broken.write_bytes(b"no picture")
    assert pictures.tag(None) == ""
    for path in (broken, tmp_path / "none.jpg"):
        assert "no picture" in pictures.tag(path)
        assert "<img" not in pictures.tag(path)
    assert not (tmp_path / "pictures").exists()


def test_only_pictures_of_its_own_that_are_not_shown_are_dropped(
    tmp_path: Path, photo: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    old, strange = folder / f"{'a' * 24}.jpg", folder / "holiday.jpg"
    for path in (old, strange):
        path.write_bytes(b"x")
    pictures = Pictures(folder)
    shown = named(pictures.tag(photo))
    pictures.drop_others()
    assert {path.name for path in folder.iterdir()} == {shown, strange.name}
