"""A shopper's picture is personal data: after searches of every kind, failed ones too, nothing of
it is found on the disk, in an open or deleted file of any process of the server, or in its log."""

import io
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, PngImagePlugin

from benchmarks.memory import family
from index.shelf import Shelf
from models.registry import load_card
from vision.encoder import OnnxEncoder

ROOT = Path(__file__).parents[2]
LOOKED_AT_MOST_BYTES = 64_000_000  # of one file


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of the built-in model with eight drawn products."""
    from index.build import apply_source
    from tests.little_shop import COLOURS, drawn

    folder = tmp_path_factory.mktemp("watermark")
    lines = ["sku,title,image"]
    for colour in COLOURS:
        drawn(colour).save(folder / f"{colour}.png")
        lines.append(f"{colour},A {colour} bag,{colour}.png")
    (folder / "catalogue.csv").write_text("\n".join(lines), "utf-8")
    encoder = OnnxEncoder(load_card(ROOT / "models" / "builtin").spec, threads=1)
    with Shelf.open(folder / "shop", encoder.spec, create=True) as shelf:
        apply_source(shelf, encoder, folder / "catalogue.csv")
    return folder / "shop"


class Server:
    """A real `vistazo serve` with a folder of its own for temporary files, and its log."""

    def __init__(self, shop: Path, place: Path) -> None:
        self.shop, self.temporary, self.log = shop, place / "tmp", place / "log"
        self.temporary.mkdir()
        command = [
            sys.executable,
            "-m",
            "api",
            "serve",
            "--shop",
            str(shop),
            "--port",
            "0",
            "--json",
        ]
        environment = os.environ | {"TMPDIR": str(self.temporary), "VISTAZO_DECODERS": "2"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, env=environment
            )
        self.url = self._url()

    def _url(self) -> str:
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            if found := re.search(r'"url": "([^"]+)"', self.log.read_text("utf-8")):
                return found.group(1)
            time.sleep(0.05)
        raise AssertionError(self.log.read_text("utf-8"))

    def ask(self, path: str, body: bytes | None, kind: str) -> int:
        """The status of one request."""
        request = urllib.request.Request(self.url + path, body, {"content-type": kind})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            refused.read()
            return refused.code
        except (urllib.error.URLError, ConnectionError):
            return 0  # it hung up on us

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def server(shop_folder: Path, tmp_path: Path) -> Iterator[Server]:
    started = Server(shop_folder, tmp_path)
    yield started
    started.end()


def marked(mark: str, kind: str = "JPEG") -> bytes:
    """A sound picture that carries `mark` in its file, and in its pixels where they are plain."""
    image = Image.new("RGB", (160, 120), (200, 30, 40))
    plain = (mark.encode() * 400)[: 3 * 160 * 40]
    image.paste(Image.frombytes("RGB", (160, len(plain) // 480), plain))
    out = io.BytesIO()
    if kind == "PNG":
        note = PngImagePlugin.PngInfo()
        note.add_text("Comment", mark)
        image.save(out, "PNG", pnginfo=note, compress_level=0)
    elif kind == "BMP":
        image.save(out, "BMP")
    else:
        image.save(out, kind, comment=mark.encode())
    return out.getvalue()


def form(mark: str, picture: bytes, *more: str) -> tuple[bytes, str]:
    """A multipart body with the picture, under a file name that carries the mark, too."""
    head = f'--B\r\nContent-Disposition: form-data; name="image"; filename="{mark}.jpg"\r\n\r\n'
    tail = "".join(
        f'\r\n--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'
        for name, _, value in (pair.partition("=") for pair in more)
    )
    return (
        head.encode() + picture + tail.encode() + b"\r\n--B--\r\n",
        "multipart/form-data; boundary=B",
    )


def searches(mark: str) -> list[tuple[str, str, Callable[[Server], int]]]:
    """Every kind of search, with the statuses that it may be answered with."""
    jpeg, png, bmp = (marked(mark, kind) for kind in ("JPEG", "PNG", "BMP"))
    big = png + bytes(3_000_000)  # over the size at which frameworks begin to spool
    whole, kind = form(mark, big)

    def post(body: bytes, kind: str, query: str = "") -> Callable[[Server], int]:
        return lambda server: server.ask(f"/v1/search{query}", body, kind)

    return [
        ("picture", "200", post(jpeg, "image/jpeg")),
        ("png", "200", post(png, "image/png")),
        ("bmp", "200", post(bmp, "image/bmp")),
        ("large form", "200", post(whole, kind)),
        ("form with words", "200", post(*form(mark, jpeg, f"text=bag {mark}"))),
        ("box", "200", post(*form(mark, png, "box=0,0,50,50"))),
        ("words", "200", post(json.dumps({"text": f"bag {mark}"}).encode(), "application/json")),
        ("address", "200", lambda server: server.ask(f"/v1/search?text={quote(mark)}", None, "")),
        ("box outside", "422", post(jpeg, "image/jpeg", "?box=0,0,999,999")),
        ("cut short", "415", post(png[: len(png) // 2], "image/png")),
        ("no picture", "415", post(mark.encode() * 999, "image/jpeg")),
        ("torn form", "400", post(whole[:-40], kind)),
        ("unknown field", "422", post(*form(mark, jpeg, f"{mark}=1"))),
        ("no JSON", "400", post(b'{"text": "' + mark.encode(), "application/json")),
        ("bad filter", "422", post(jpeg, "image/jpeg", f"?filter={quote(mark + ')(')}")),
        ("unknown SKU", "404", post(json.dumps({"like": mark}).encode(), "application/json")),
        ("too large", "413 0", post(png + mark.encode() * 1_500_000, "image/png")),
        ("other kind", "415", post(jpeg, "text/plain")),
        ("other address", "404", lambda server: server.ask(f"/v1/{mark}", jpeg, "image/jpeg")),
    ]  # fmt: skip


def search_over_and_over(server: Server, mark: str, rounds: int) -> None:
    kinds = searches(mark)
    for n in range(rounds):
        name, statuses, ask = kinds[n % len(kinds)]
        assert str(ask(server)) in statuses.split(), name


def places_with(server: Server, mark: str) -> list[str]:
    """Every file in reach that holds the mark: the shop, the temporary folders, the log, and what
    any of the server's processes holds open, deleted or never named."""
    needles = [mark.encode(), mark[:16].encode("utf-16-le")]
    files = [server.log]
    for folder in (server.shop, server.temporary, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")):
        files += _files_since(folder, server.log.stat().st_ctime - 5)
    for pid in family(server.process.pid):
        files += list(Path(f"/proc/{pid}/fd").glob("*"))
    return [str(file) for file in files if _holds(file, needles)]


def _files_since(folder: Path, moment_s: float) -> list[Path]:
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = Path(base, name)
            try:
                if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= moment_s:
                    found.append(path)
            except OSError:  # it was somebody's, and is gone
                continue
    return found


def _holds(file: Path, needles: list[bytes]) -> bool:
    try:
        if not file.is_file():  # a socket or a pipe keeps nothing; memory without a name is a file
            return False
        with file.open("rb") as opened:
            data = opened.read(LOOKED_AT_MOST_BYTES)
    except OSError:
        return False
    return any(needle in data for needle in needles)


def look(server: Server, rounds: int) -> None:
    mark = f"watermark{secrets.token_hex(12)}"
    search_over_and_over(server, mark, rounds)
    assert places_with(server, mark) == []
    planted = server.temporary / "planted"
    planted.write_text(mark, "utf-8")  # the look itself is not blind
    assert str(planted) in places_with(server, mark)


def test_nothing_of_a_query_is_left_anywhere(server: Server) -> None:
    look(server, 57)


@pytest.mark.soak
def test_nothing_of_a_thousand_queries_is_left_anywhere(server: Server) -> None:
    look(server, int(os.environ.get("VISTAZO_WATERMARKS", "1000")))
