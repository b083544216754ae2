import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from customers.errors import CustomerError, KeyDestroyed, SealBroken
from customers.keys import Keys
from mirror.spool import SpoolWriter, read_spool
from tests.drawn_camera import Drawing, packets
from tests.paper_desk import until

ABOUT = {"clip_id": "c1", "from_tick": 5}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    keys = Keys(tmp_path / "keys")
    keys.make("ana")
    return keys


def test_what_was_spooled_comes_back_packet_by_packet(tmp_path: Path, keys: Keys) -> None:
    stream = packets(20, Drawing(gop=5, bframes=2))
    writer = SpoolWriter(tmp_path / "c1.spool", keys.public("ana"), ABOUT)
    for packet in stream:
        writer.append(packet)
    writer.close()
    writer.wait()
    spooled = read_spool(tmp_path / "c1.spool", lambda w: keys.unwrap("ana", w))
    assert spooled.about == ABOUT
    assert [(p.data, p.shown_tick, p.decoded_tick, p.key, p.entry) for p in spooled.packets] == [
        (p.data, p.shown_tick, p.decoded_tick, p.key, p.entry) for p in stream
    ]
    assert spooled.packets[0].format == stream[0].format


def test_no_frame_is_readable_on_the_disk_and_none_after_her_key_is_gone(
    tmp_path: Path, keys: Keys
) -> None:
    writer = SpoolWriter(tmp_path / "c1.spool", keys.public("ana"), ABOUT)
    for packet in packets(10, Drawing(secret=b"WATERMARK-4711")):
        assert b"WATERMARK-4711" in packet.data
        writer.append(packet)
    writer.close()
    writer.wait()
    assert b"WATERMARK" not in (tmp_path / "c1.spool").read_bytes()
    keys.destroy("ana")
    with pytest.raises(KeyDestroyed):
        read_spool(tmp_path / "c1.spool", lambda w: keys.unwrap("ana", w))


def packets_on_disk(path: Path, keys: Keys) -> int:
    try:
        return len(read_spool(path, lambda w: keys.unwrap("ana", w)).packets)
    except (OSError, CustomerError):  # not there yet, or just being written
        return 0


@pytest.mark.parametrize("cut_bytes", [1, 17, 100])
def test_a_torn_end_costs_its_record_and_no_more(
    tmp_path: Path, keys: Keys, cut_bytes: int
) -> None:
    path = tmp_path / "c1.spool"
    writer = SpoolWriter(path, keys.public("ana"), ABOUT)
    stream = packets(30, Drawing())
    for packet in stream[:20]:
        writer.append(packet)
    until(lambda: packets_on_disk(path, keys) == 20)  # so that the rest is another record
    for packet in stream[20:]:
        writer.append(packet)
    writer.close()
    writer.wait()
    os.truncate(path, path.stat().st_size - cut_bytes)
    spooled = read_spool(path, lambda w: keys.unwrap("ana", w))
    assert 20 <= len(spooled.packets) < 30


def test_a_spool_torn_before_its_first_record_says_so(tmp_path: Path, keys: Keys) -> None:
    writer = SpoolWriter(tmp_path / "c1.spool", keys.public("ana"), ABOUT)
    writer.close()
    writer.wait()
    whole = (tmp_path / "c1.spool").read_bytes()
    (tmp_path / "c1.spool").write_bytes(whole[:-3])
    with pytest.raises(SealBroken):
        read_spool(tmp_path / "c1.spool", lambda w: keys.unwrap("ana", w))


def test_a_discarded_spool_leaves_no_file_and_no_thread(tmp_path: Path, keys: Keys) -> None:
    before = threading.enumerate()
    writer = SpoolWriter(tmp_path / "c1.spool", keys.public("ana"), ABOUT)
    writer.append(packets(1, Drawing())[0])
    writer.discard()
    writer.wait()
    assert not (tmp_path / "c1.spool").exists()
    assert not [t for t in threading.enumerate() if t.name == "spool" and t not in before]


def test_a_disk_that_cannot_be_written_breaks_the_spool_and_not_the_camera(
    tmp_path: Path, keys: Keys
) -> None:
    writer = SpoolWriter(tmp_path / "missing" / "c1.spool", keys.public("ana"), ABOUT)
    for packet in packets(10, Drawing()):
        writer.append(packet)
    writer.close()
    writer.wait()
    assert writer.broken.startswith("disk")


_CHILD = """
import os, sys, time
from pathlib import Path
os.fsync = lambda descriptor: None  # no death of a process needs it, and a busy disk takes seconds
from mirror.spool import SpoolWriter
from tests.drawn_camera import Drawing, packets
stream = packets(90, Drawing())
writer = SpoolWriter(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), {"clip_id": "c1"})
for packet in stream:
    writer.append(packet)
    print(time.monotonic(), flush=True)
    time.sleep(1 / 30)
"""


@pytest.mark.parametrize("after_s", [0.5, 0.8, 1.3])
def test_kill_minus_9_costs_only_the_last_moments_of_a_running_clip(
    tmp_path: Path, keys: Keys, after_s: float
) -> None:
    path = tmp_path / "c1.spool"
    arguments = [sys.executable, "-c", _CHILD, str(path), keys.public("ana").hex()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        until(lambda: packets_on_disk(path, keys))
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        child.wait()
        handed_over = [float(line) for line in child.stdout.read().split()]
    spooled = read_spool(path, lambda w: keys.unwrap("ana", w))
    lost = len(handed_over) + 1 - len(spooled.packets)
    # SYNC_S is 0.1 s or 3 frames; the rest is this test's own loaded machine. The last one may lie
    # there before it was told.
    assert -1 <= lost <= 30
    assert [p.shown_tick for p in spooled.packets] == [
        900_000 + 3000 * i for i in range(len(spooled.packets))
    ]


def test_a_disk_that_fails_at_the_very_end_holds_up_nobody(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    writer = SpoolWriter(tmp_path / "c1.spool", keys.public("ana"), ABOUT)
    monkeypatch.setattr("mirror.spool.os.fsync", fails)
    writer.close()  # the first batch is the last one, and its sync fails
    waited = threading.Thread(target=writer.wait, daemon=True)
    waited.start()
    waited.join(60)
    assert not waited.is_alive()
    assert writer.broken == "disk: No space left on device"
