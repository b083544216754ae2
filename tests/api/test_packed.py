"""The page's files travel small, whole, and no further than their folder."""

import gzip
from pathlib import Path

from api.packed import Files

PAGES = Path(__file__).parents[2] / "api" / "pages"


def test_who_understands_gzip_gets_the_same_file_smaller(client) -> None:
    plain = client.get("/pages/app.js", headers={"accept-encoding": "identity"})
    small = client.get("/pages/app.js", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert plain.content == small.content == (PAGES / "app.js").read_bytes()
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert plain.headers["etag"] != small.headers["etag"]
    assert small.headers["vary"] == "Accept-Encoding"


def test_what_is_held_already_is_not_sent_again(client) -> None:
    first = client.get("/pages/base.css")
    again = client.get("/pages/base.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_file_is_served_as_what_it_is(client) -> None:
    for path in PAGES.rglob("*"):
        if path.is_file():
            answer = client.get(f"/pages/{path.relative_to(PAGES)}")
            assert answer.status_code == 200, path
            assert answer.content == path.read_bytes()
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    manifest = client.get("/pages/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    for icon in manifest.json()["icons"]:
        assert client.get(icon["src"]).status_code == 200


def test_nothing_outside_the_folder_is_served(client, tmp_path: Path) -> None:
    for name in (
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "//etc/passwd",
        "",
        ".",
        "widget",
        "a%00.js",
        "x" * 5000,
    ):
        assert client.get(f"/pages/{name}").status_code == 404, name
    secret = tmp_path / "secret.js"
    secret.write_text("x", "utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.js").symlink_to(secret)
    assert Files(inside).find("link.js") is None


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    file.write_text("one", "utf-8")
    files = Files(tmp_path)
    first = files.find("a.js")
    file.write_text("two, longer", "utf-8")
    second = files.find("a.js")
    assert first
    assert second
    assert (first.plain, second.plain) == (b"one", b"two, longer")


def test_the_first_sight_weighs_under_35_kB_as_it_travels(client) -> None:
    files = Files(PAGES)
    first = ("index.html", "app.js", "base.css", "start.css", "found.css", "card.css",
             "dialogs.css", "strings.json", "strings.js", "dom.js", "door.js", "intake.js",
             "camera.js", "picture.js", "query.js", "start.js", "tile.js", "trail.js",
             "words.js")  # fmt: skip
    packed = [files.find(name) for name in first]
    assert all(packed)
    assert sum(len(one.small or one.plain) for one in packed if one) < 35_000
    assert gzip.decompress(packed[0].small or b"") == packed[0].plain  # type: ignore[union-attr]
