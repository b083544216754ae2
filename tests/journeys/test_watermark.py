"""Not one frame is anywhere before she agrees, nor after she was forgotten.

Every packet of the drawn camera carries a secret. Searched for are the secret, slices of the
packets as they were sent and rows of the pictures they decode to: in every file of both machines,
in their temporary folders, and in files that were deleted while a process still holds them open.
"""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

av = pytest.importorskip("av", reason="the mirror's extra is not installed")

from mirror.encode import decode  # noqa: E402  after the skip
from mirror.packet import Packet  # noqa: E402
from tests.drawn_camera import Drawing, packets  # noqa: E402
from tests.drawn_network import rtsp  # noqa: E402
from tests.mirror_shop import SECRET, Shop, agree, come_in, record, settled, until  # noqa: E402

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
# Ids, and nothing else, outlive her: what was destroyed, and that it must not come back.
STORES = ("forgotten.db", "clips.db", "mirrors.db")
LEDGERS = {f"{store}{end}" for store in STORES for end in ("", "-wal")}
EVERYWHERE = ("/tmp", "/var/tmp", "/dev/shm", "/run")


def plane(frame: "av.VideoFrame") -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """The luma as the decoder holds it."""
    first = frame.planes[0]
    return np.frombuffer(first, np.uint8).reshape(-1, first.line_size)[:, : frame.width]


def needles(stream: list[Packet]) -> list[bytes]:
    """The secret, pieces of packets, and rows of decoded pictures that are like no other bytes."""
    found = [SECRET, SECRET[::-1]]
    for packet in stream[:90:9]:
        middle = len(packet.data) // 2
        found.append(packet.data[middle : middle + 24])
    for picture in list(decode(stream[:60]))[::6]:
        luma = plane(picture.frame)
        row = max(luma[40:], key=lambda pixels: len(np.unique(pixels)))
        at = max(range(0, len(row) - 48, 8), key=lambda k: len(np.unique(row[k : k + 48])))
        if len(np.unique(row[at : at + 48])) > 8:
            found.append(row[at : at + 48].tobytes())
    return found


def holding(paths: Iterator[Path], wanted: list[bytes]) -> list[str]:
    held = []
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError:
            continue  # gone meanwhile, or a socket
        if any(needle in content for needle in wanted):
            held.append(str(path))
    return held


def files_of(shop: Shop) -> Iterator[Path]:
    """Every file of both machines, and every file that their processes hold, deleted ones too."""
    yield from (path for path in shop.folder.rglob("*") if path.is_file())
    for process in shop.processes:
        folder = Path(f"/proc/{process.pid}/fd")
        if process.poll() is None and folder.exists():
            yield from (fd for fd in folder.iterdir() if fd.is_file())


def files_since(start: float) -> Iterator[Path]:
    """Whatever was written on this machine since, where programs hide things."""
    for root in EVERYWHERE:
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder) / name
                try:
                    facts = path.stat()
                except OSError:
                    continue
                if path.is_file() and facts.st_mtime >= start and facts.st_size < 200_000_000:
                    yield path


@pytest.fixture(scope="module")
def stream() -> list[Packet]:
    return packets(450, Drawing(width_px=640, height_px=480, gop=15, secret=SECRET))


@pytest.fixture
def shop(tmp_path: Path, stream: list[Packet]) -> Iterator[Shop]:
    camera = rtsp(stream)
    opened = Shop(tmp_path, f"rtsp://127.0.0.1:{camera.port}/live")
    yield opened
    opened.close()
    camera.kill()


def test_the_search_finds_what_is_there(tmp_path: Path, stream: list[Packet]) -> None:
    wanted = needles(stream)
    assert len(wanted) > 12
    (tmp_path / "packet").write_bytes(b"..." + stream[9].data + b"...")
    pictures = [plane(picture.frame).tobytes() for picture in decode(stream[:60])]
    (tmp_path / "pictures").write_bytes(b"".join(pictures))
    hidden = (tmp_path / "deleted").open("w+b")
    hidden.write(SECRET)
    hidden.flush()
    (tmp_path / "deleted").unlink()
    fds = (fd for fd in Path("/proc/self/fd").iterdir() if fd.is_file())
    assert len(holding((p for p in tmp_path.iterdir()), wanted)) == 2
    assert len(holding(fds, wanted)) == 1
    hidden.close()


def test_no_frame_is_anywhere_before_consent_nor_after_forgetting(
    shop: Shop, stream: list[Packet]
) -> None:
    wanted = needles(stream)
    visit, hers = come_in(shop)
    until(lambda: shop.mirror_state()["ring_s"] > 1.5)
    assert holding(files_of(shop), wanted) == []
    agree(shop, visit, "record", "keep")
    until(lambda: shop.mirror_state()["ring_s"] < 1)  # she agreed: the ring was emptied
    until(lambda: shop.mirror_state()["ring_s"] > 1)
    clip_id = record(shop, visit, pre_roll_s=0.5)
    time.sleep(0.5)
    assert holding(files_of(shop), wanted) == []  # sealed, even while it is being written
    shop.call("POST", f"/v1/recordings/{clip_id}/stop", hers)
    assert settled(shop, clip_id, hers) == "kept"
    # She watches it: what is opened for her is opened in memory only.
    assert shop.answer("GET", f"/v1/clips/{clip_id}/video", hers).is_success
    assert holding(files_of(shop), wanted) == []
    shop.call("POST", f"/v1/customers/{visit['customer_id']}/forget", hers)
    until(lambda: _names(shop, clip_id.encode()) <= LEDGERS)  # the mirror hears of it, too
    assert holding(files_of(shop), [*wanted, "Ana Núñez".encode()]) == []
    assert _names(shop, visit["id"].encode()) <= {"forgotten.db", "forgotten.db-wal"}


def _names(shop: Shop, needle: bytes) -> set[str]:
    """The files that hold it, by their own names (a process's descriptor is a link to one)."""
    return {Path(path).resolve().name for path in holding(files_of(shop), [needle])}


def test_neither_process_leaves_a_core_when_it_dies(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    until(lambda: shop.mirror_state()["ring_s"] > 0.3)
    elsewhere = tmp_path_factory.mktemp("control")
    control = subprocess.Popen(["/bin/sleep", "60"], cwd=elsewhere, preexec_fn=_cores_allowed)
    for process in (control, shop.mirror, shop.server):
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        (core,) = (line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert process is control or core.split()[4] == "0"
    dumped = {}
    for name, process in (("control", control), ("mirror", shop.mirror), ("server", shop.server)):
        os.kill(process.pid, signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
        assert os.WIFSIGNALED(status), name
        dumped[name] = os.WCOREDUMP(status)
    assert dumped["mirror"] is dumped["server"] is False  # the control's own is for comparison
    assert not [path for path in shop.folder.rglob("core*") if path.is_file()]


def _cores_allowed() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_whole_machine_holds_no_frame(shop: Shop, stream: list[Packet]) -> None:
    """The same over many visits with crashes among them, and everywhere on this machine."""
    start, wanted = time.time(), needles(stream)
    for turn in range(int(os.environ.get("VISTAZO_WATERMARKS", "10"))):
        visit, hers = come_in(shop)
        agree(shop, visit, "record")
        until(lambda: shop.mirror_state()["ring_s"] > 0.6)
        clip_id = record(shop, visit, pre_roll_s=0.5)
        time.sleep(0.5)
        if turn % 2:
            shop.mirror.kill()
            shop.mirror.wait()
            shop.mirror = shop.start_mirror()
        shop.call("POST", f"/v1/recordings/{clip_id}/stop", hers)
        settled(shop, clip_id, hers)
        assert holding(files_of(shop), wanted) == []
        shop.call("POST", f"/v1/customers/{visit['customer_id']}/forget", hers)
    assert holding(files_of(shop), wanted) == []
    assert holding(files_since(start), wanted) == []
