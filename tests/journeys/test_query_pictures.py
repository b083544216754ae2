"""Query pictures touch no disk: whatever is searched, however it fails, nothing of them is found.

A real server is searched in every way there is, and made to fail in every way, with pictures that
carry a secret: in their files, in their pixels, and in the words beside them. Then everything is
looked through: the shop, the server's temporary folder, what it said, its open and deleted files;
in `make soak` every file of this machine that was written meanwhile. VISTAZO_SEARCHES: how many.
"""

import io
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from benchmarks.memory import family
from tests.announced import announced
from tests.keeper import until
from tests.little_shop import COLOURS, drawn
from tests.tiny_card import tiny_model

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
ROOT = Path(__file__).parents[2]
SECRET = b"vistazo-watermark-" + bytes(range(128, 160))
WORD = "".join(("qwert", "watermark", "zuiop"))  # in pieces: a copy of this file is no finding
NOT_FILES = ("/proc", "/sys", "/dev/pts")
LARGEST = 300_000_000
UNENDING = b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n'


def marked(seed: int, kind: str = "PNG") -> bytes:
    """A picture whose file and pixels are like no other bytes on this machine."""
    noise = np.random.default_rng([seed, 4711]).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    image, out = Image.fromarray(noise), io.BytesIO()
    if kind == "PNG":
        note = PngImagePlugin.PngInfo()
        note.add_text("note", SECRET.decode("latin-1"))
        image.save(out, "PNG", pnginfo=note, compress_level=0)  # its rows stand in it as they are
    else:
        image.save(out, kind, comment=SECRET, quality=95)
    return out.getvalue()


def needles(seed: int) -> list[bytes]:
    """Pieces of the files of `marked(seed)`, rows of its pixels, the secret and the word."""
    jpeg = marked(seed, "JPEG")
    rows = np.random.default_rng([seed, 4711]).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    middle = len(jpeg) // 2
    return [SECRET, WORD.encode(), jpeg[middle : middle + 24], rows[40].tobytes()[:48],
            np.ascontiguousarray(rows[40, :, ::-1]).tobytes()[:48]]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """A server at work: where, who, what it writes, and who hands out pictures by address."""

    client: httpx.Client
    process: "subprocess.Popen[bytes]"
    folder: Path
    elsewhere: str


class Elsewhere(BaseHTTPRequestHandler):
    """Another site, whose pictures are searched by their address."""

    def do_GET(self) -> None:
        data = marked(int(self.path.strip("/").partition(".")[0]), "JPEG")
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's own name
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    lines = ["sku,title,price,colour,category,image"]
    for colour in COLOURS:
        drawn(colour).save(tmp_path / f"{colour}.png")
        lines.append(f"bag-{colour},{colour.title()} bag,10,{colour},Bags,{colour}.png")
    catalogue = tmp_path / "catalogue.csv"
    catalogue.write_text("\n".join(lines), "utf-8")
    (tmp_path / "tmp").mkdir()
    site = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(tmp_path / "tmp"),
        "VISTAZO_MODEL": str(tiny_model(tmp_path / "tiny")),
        "VISTAZO_SHOP": str(tmp_path / "shop"),
        "VISTAZO_FETCH_HOSTS": f"127.0.0.1:{site.server_port}",
        "VISTAZO_DECODERS": "2",
        "VISTAZO_DECODE_S": "30",  # however slow this machine is
    }
    command = [sys.executable, "-m", "api"]
    subprocess.run([*command, "index", catalogue], env=environment, check=True, capture_output=True)
    with (tmp_path / "said").open("wb") as said:
        serving = subprocess.Popen(
            [*command, "serve", "--port", "0", "--json"], env=environment, cwd=tmp_path,
            stdout=subprocess.PIPE, stderr=said,
        )  # fmt: skip
    try:
        told = announced(serving, tmp_path / "said")
        with httpx.Client(base_url=told["url"], timeout=60) as client:
            yield Served(client, serving, tmp_path, f"http://127.0.0.1:{site.server_port}")
    finally:
        site.shutdown()
        serving.send_signal(signal.SIGINT)
        serving.wait(60)


def ways() -> dict[str, Callable[[Served, int], int]]:
    """Every way to search and to fail: each sends the picture of its number, and tells the
    status."""
    jpeg = {"content-type": "image/jpeg"}

    def body(data: Callable[[int], bytes], path: str = "/v1/search", **headers: str) -> Any:
        def send(at: Served, seed: int) -> int:
            told = jpeg | headers
            return at.client.post(path, content=data(seed), headers=told).status_code

        return send

    def form(path: str = "/v1/search", kind: str = "PNG", **fields: str) -> Any:
        def send(at: Served, seed: int) -> int:
            files = {"image": ("snap", marked(seed, kind))}
            return at.client.post(path, files=files, data=fields).status_code

        return send

    def ask(**params: str) -> Any:
        return lambda at, seed: at.client.get("/v1/search", params=params).status_code

    def by_address(at: Served, seed: int) -> int:
        asked = {"url": f"{at.elsewhere}/{seed}.jpg", "text": WORD}
        return at.client.post("/v1/search", json=asked).status_code

    def whole(seed: int) -> bytes:
        return marked(seed, "JPEG")

    return {
        "body": body(marked), "jpeg body": body(whole), "form": form(),
        "jpeg form": form(kind="JPEG"),
        "words beside it": form(text=f"{WORD} in red", filter="price<100", top="3"),
        "a box": form(box="10,10,60,60", unfold="true"),
        "words": ask(text=WORD), "words beside a product": ask(like="bag-red", text=WORD),
        "by address": by_address,
        "preview": form("/v1/rules/preview", text=WORD),
        "another space": form("/v1/spaces/search?model=nowhere"),
        "cut": body(lambda seed: whole(seed)[:-3000]),
        "cut early": body(lambda seed: marked(seed)[:700]),
        "no picture": body(lambda seed: b"no picture" + SECRET * 400),
        "another kind": body(marked, **{"content-type": "text/plain"}),
        "a box outside": form(box="0,0,5000,9"), "a bad filter": form(filter=f"{WORD}<"),
        "an unknown field": form(hue=WORD), "no such product": ask(like=WORD),
        "too many words": form(text=WORD * 100),
        "a large field": form(text=SECRET.hex() * 20_000),
        "too large": body(lambda seed: whole(seed) + SECRET * 450_000),
        "a form that never ends": body(
            lambda seed: UNENDING + whole(seed),
            **{"content-type": "multipart/form-data; boundary=x"},
        ),
        "no JSON": body(marked, **{"content-type": "application/json"}),
        "a snap that is refused": form("/v1/saved/snaps", box="0,0,5000,9"),
        "given up": given_up,
    }  # fmt: skip


def given_up(at: Served, seed: int) -> int:
    """Half of it is sent, and the connection lost."""
    data = marked(seed, "JPEG")
    where = (at.client.base_url.host, at.client.base_url.port or 80)
    with socket.create_connection(where, timeout=60) as line:
        line.sendall(
            b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: "
            + str(len(data)).encode() + b"\r\n\r\n" + data[: len(data) // 2]
        )  # fmt: skip
    return 499


def search(at: Served, count: int) -> Counter[str]:
    """So many searches, every way in turn; now and then a decoder is ended in the midst of them."""
    told: Counter[str] = Counter()
    for number, (name, way) in zip(range(count), itertools.cycle(ways().items()), strict=False):
        if number % 97 == 50:
            for worker in set(family(at.process.pid)) - {at.process.pid}:
                os.kill(worker, signal.SIGABRT)  # as a decoder's own crash: would it leave a core?
        told[f"{name}: {way(at, number)}"] += 1
    return told


def files_of(at: Served) -> Iterator[Path]:
    """What the server wrote, and what its processes hold open, deleted files too."""
    yield from (path for path in at.folder.rglob("*") if path.is_file())
    for pid in family(at.process.pid):
        with suppress(OSError):  # a decoder that was replaced ends
            yield from [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_file()]


def files_since(start: float) -> Iterator[Path]:
    """Every file of this machine that was written since."""
    for folder, below, names in os.walk("/"):
        below[:] = [d for d in below if not str(Path(folder) / d).startswith(NOT_FILES)]
        for path in (Path(folder) / name for name in names):
            try:
                facts = path.lstat()
            except OSError:
                continue
            if facts.st_mtime >= start - 1 and facts.st_size < LARGEST and path.is_file():
                yield path


def holding(paths: Iterator[Path], wanted: list[bytes]) -> list[str]:
    """Those of the files that hold one of the needles."""
    held = []
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError:
            continue  # gone meanwhile, or nothing to read
        held += [f"{path}: {n!r}" for n in wanted if n in content]
    return held


def everything(count: int) -> list[bytes]:
    """The needles of two dozen of the pictures; secret and word are the same in all."""
    seeds = range(0, count, max(7, count // 24))
    return list(dict.fromkeys(n for seed in seeds for n in needles(seed)))


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG"):
        (tmp_path / kind).write_bytes(b"before" + marked(7, kind) + b"after")
    hidden = (tmp_path / "deleted").open("w+b")
    hidden.write(WORD.encode())
    hidden.flush()
    (tmp_path / "deleted").unlink()
    found = {line.partition(":")[0] for line in holding(tmp_path.iterdir(), needles(7))}
    assert found == {str(tmp_path / "PNG"), str(tmp_path / "JPEG")}
    assert len(holding(tmp_path.iterdir(), needles(7))) == 4  # the secret twice, rows, a slice
    assert len(holding(iter([Path(f"/proc/self/fd/{hidden.fileno()}")]), needles(7))) == 1
    hidden.close()


def test_no_query_picture_is_anywhere_after_its_search(served: Served) -> None:
    told = search(served, 2 * len(ways()) + 3)
    assert told["body: 200"] >= 2
    assert told["by address: 200"] >= 2
    assert told["cut early: 422"] + told["cut early: 415"] >= 2, told
    assert holding(files_of(served), everything(60)) == []


def test_neither_the_server_nor_a_decoder_may_leave_a_core(served: Served) -> None:
    search(served, 3)
    until(lambda: all_limits(served)[1:])
    for limits in all_limits(served):
        (core,) = (line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core.split()[4] == "0", limits


def all_limits(at: Served) -> list[str]:
    """Of the server and its decoders, without those that end just now."""
    found = []
    for pid in family(at.process.pid):
        with suppress(OSError):
            found.append(Path(f"/proc/{pid}/limits").read_text())
    return found


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_query_picture_is_anywhere_on_this_machine(served: Served) -> None:
    count = int(os.environ.get("VISTAZO_SEARCHES", "1000"))
    start = time.time()
    told = search(served, count)
    assert {"body: 200", "form: 200", "by address: 200", "given up: 499"} <= told.keys(), told
    wanted = everything(count)
    assert holding(files_of(served), wanted) == []
    assert holding(files_since(start), wanted) == []
