"""The report of an eval: everything drawn, nothing obeyed, nobody's folder overwritten."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from api.eval_report import MOST_SHOWN, Asked, write_report
from api.expectations import QueryRow
from api.metrics import Judged
from api.yardstick import Measured, report

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e'


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.extend(attrs)


def measured(
    line: int, found: tuple[bool, ...], *, text: str = "", image: Path | None = None, p: float = 0.5
) -> Measured:
    judged = Judged(True, found, 1, refused=False, probability=p)
    row = QueryRow(line, image, text, "red|colour=red")
    return Measured(row, judged, 1.0, "", "", ("bag", "ball")[: len(found)], ("bag",))


def asked(found: list[Measured], picture: Path | None = None, title: str = "A bag") -> Asked:
    pictures = {} if picture is None else {"bag": picture}
    return Asked(found, report(found), {"bag": title}, pictures, "tiny 1")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("RGB", (300, 400), (200, 30, 40)).save(tmp_path / "photo.jpg")
    return tmp_path / "photo.jpg"


def test_queries_answers_and_expectations_are_drawn_worst_first(
    tmp_path: Path, photo: Path
) -> None:
    rows = [
        measured(2, (True, False), text="yak"),
        measured(3, (False, False), text="walrus", image=photo),
        measured(4, (False, True), text="xerus"),
    ]
    page = write_report(asked(rows, photo), tmp_path / "out").read_text("utf-8")
    assert page.index("walrus") < page.index("xerus") < page.index("yak")
    assert "first right answer: 2" in page
    assert "✓ bag" in page
    assert "✗ ball" in page
    assert "colour=red" in page
    assert "recall@1" in page
    (thumbnail,) = (tmp_path / "out" / "pictures").iterdir()
    assert Image.open(thumbnail).width == 200
    assert f"pictures/{thumbnail.name}" in page


def test_a_hostile_title_is_text(tmp_path: Path) -> None:
    found = asked([measured(2, (False, True), text=HOSTILE)], title=HOSTILE)
    page = write_report(found, tmp_path / "out").read_text("utf-8")
    elements = Elements()
    elements.feed(page)
    assert "script" not in elements.names
    assert "img" not in elements.names
    assert not [name for name, _ in elements.attributes if name.startswith("on")]
    assert "default-src 'none'" in page


def test_a_picture_that_cannot_be_shown_leaves_a_blank(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    rows = [measured(2, (True,), image=broken), measured(3, (True,), image=tmp_path / "gone.jpg")]
    page = write_report(asked(rows), tmp_path / "out").read_text("utf-8")
    assert page.count("no picture") == 2


def test_a_folder_that_holds_something_else_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        write_report(asked([measured(2, (True,))]), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    out = tmp_path / "out"
    assert write_report(asked([measured(2, (True,))]), out) == out / "index.html"
    assert write_report(asked([measured(2, (False,))]), out) == out / "index.html"
    assert (out / ".gitignore").read_text() == "*\n"  # it shows photos


def test_a_new_report_leaves_no_picture_of_the_one_before_it(tmp_path: Path, photo: Path) -> None:
    out = tmp_path / "out"
    write_report(asked([measured(2, (True,), image=photo)]), out)
    (before,) = (out / "pictures").iterdir()
    (out / "pictures" / "mine.jpg").write_bytes(b"mine")
    Image.new("RGB", (300, 400), (20, 30, 240)).save(photo)
    page = write_report(asked([measured(2, (True,), image=photo)]), out).read_text("utf-8")
    names = {path.name for path in (out / "pictures").iterdir()}
    assert before.name not in names
    assert "mine.jpg" in names  # nobody else's is deleted
    (now,) = names - {"mine.jpg"}
    assert now in page
    write_report(asked([measured(2, (True,), image=photo)]), out)
    assert (out / "pictures" / now).exists()


def test_a_long_run_says_how_many_are_not_drawn(tmp_path: Path) -> None:
    rows = [measured(i, (i % 2 == 0,)) for i in range(MOST_SHOWN + 3)]
    page = write_report(asked(rows), tmp_path / "out").read_text("utf-8")
    assert "<p>3 better ones are not drawn.</p>" in page
    assert page.count("<article") == MOST_SHOWN


def test_nothing_asked_is_a_page_too(tmp_path: Path) -> None:
    page = write_report(asked([]), tmp_path / "out").read_text("utf-8")
    assert "0 queries" in page
