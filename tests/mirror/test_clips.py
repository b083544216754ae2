import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from customers.errors import KeyDestroyed
from customers.keys import Keys
from customers.seal import seal
from mirror.clip import Clip
from mirror.clips import Clips, Received
from mirror.errors import ClipBroken, ClipConflict, NoRoom, UnknownClip
from tests.drawn_clips import NOON, HandClock, clip_of


class Shop:
    """A store of clips, the keys beside it, and a clock moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.keys = Keys(folder / "keys")
        self.keys.make("ana")
        self.keys.make("berta")
        self.clips = Clips(folder, self.clock, reserve_bytes=0)

    def received(self, clip_id: str, sealed: bytes) -> Received:
        return self.clips.receive(clip_id, "video", [sealed[:7], sealed[7:]])

    def keep(self, clip_id: str, customer: str = "ana", plain: bytes = b"film") -> Clip:
        sealed = seal(plain, self.keys.public(customer))
        clip = clip_of(clip_id, sealed, customer=customer, plain_bytes=len(plain))
        assert self.clips.keep(clip, [self.received(clip_id, sealed)])
        return clip

    def read(self, clip_id: str, customer: str = "ana") -> bytes:
        return self.clips.open(clip_id, "video", lambda w: self.keys.unwrap(customer, w)).read()

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "files").iterdir())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_kept_clip_comes_back_as_it_went_and_survives_a_new_start(shop: Shop) -> None:
    clip = shop.keep("c1", plain=b"film" * 50_000)
    again = Clips(shop.folder, shop.clock)
    assert again.get("c1") == clip
    assert again.of_customer("ana") == [clip]
    assert again.of_visit("v1") == [clip]
    assert shop.read("c1") == b"film" * 50_000
    assert list(again.check()) == []


def test_a_clip_that_arrives_twice_is_kept_once(shop: Shop) -> None:
    sealed = seal(b"film", shop.keys.public("ana"))
    clip = clip_of("c1", sealed)
    first, second = shop.received("c1", sealed), shop.received("c1", sealed)
    assert shop.clips.keep(clip, [first])
    assert not shop.clips.keep(clip, [second])
    assert shop.files() == ["c1.video"]


def test_another_clip_of_the_same_id_is_refused_and_leaves_nothing(shop: Shop) -> None:
    shop.keep("c1")
    sealed = seal(b"else", shop.keys.public("ana"))
    with pytest.raises(ClipConflict):
        shop.clips.keep(clip_of("c1", sealed), [shop.received("c1", sealed)])
    assert shop.files() == ["c1.video"]
    assert shop.read("c1") == b"film"


def test_bytes_that_were_torn_on_the_way_are_not_kept(shop: Shop) -> None:
    sealed = seal(b"film", shop.keys.public("ana"))
    with pytest.raises(ClipBroken):
        shop.clips.keep(clip_of("c1", sealed), [shop.received("c1", sealed[:-1])])
    assert shop.files() == []


def test_a_removed_clip_never_comes_back(shop: Shop) -> None:
    clip = shop.keep("c1")
    shop.clips.remove("c1")
    assert shop.files() == []
    sealed = seal(b"film", shop.keys.public("ana"))
    with pytest.raises(UnknownClip):
        shop.clips.keep(clip, [shop.received("c1", sealed)])
    assert shop.files() == []
    with pytest.raises(UnknownClip):
        shop.clips.get("c1")


def test_retention_takes_what_she_did_not_choose_and_nothing_else(shop: Shop) -> None:
    shop.keep("old")
    shop.keep("chosen")
    shop.clips.choose("chosen", kept=True)
    shop.clock.at = NOON + timedelta(hours=72, seconds=5)
    assert shop.clips.expire(72 * 3600) == []
    shop.clock.at = NOON + timedelta(hours=72, seconds=11)
    assert shop.clips.expire(72 * 3600) == ["old"]
    assert shop.files() == ["chosen.video"]
    assert shop.clips.get("chosen").kept


def test_forgetting_one_leaves_the_others_whole(shop: Shop) -> None:
    shop.keep("c1")
    shop.keep("c2", customer="berta")
    digest = sha256((shop.folder / "files" / "c1.video").read_bytes()).hexdigest()
    assert shop.clips.inventory("ana") == {"c1.video": digest}
    shop.clips.forget("ana")
    assert shop.files() == ["c2.video"]
    assert shop.read("c2", "berta") == b"film"
    assert list(shop.clips.check()) == []


def test_a_backup_of_the_whole_store_opens_for_nobody_once_the_key_is_destroyed(
    shop: Shop, tmp_path: Path
) -> None:
    shop.keep("c1")
    backup = (shop.folder / "files" / "c1.video").read_bytes()
    shop.keys.destroy("ana")
    shop.clips.forget("ana")
    shop.keep("c2", customer="berta")
    (shop.folder / "files" / "c2.video").write_bytes(backup)
    with pytest.raises(KeyDestroyed):
        shop.read("c2", "ana")


def test_a_full_disk_refuses_the_new_clip_and_touches_no_old_one(shop: Shop) -> None:
    shop.keep("c1")
    full = Clips(shop.folder, shop.clock, reserve_bytes=2**62)
    with pytest.raises(NoRoom) as caught:
        full.receive("c2", "video", [b"x" * 100])
    assert caught.value.wanted_bytes > 2**62
    assert shop.files() == ["c1.video"]


def test_check_tells_missing_torn_altered_and_nameless_files(shop: Shop) -> None:
    for name in ("missing", "torn", "altered"):
        shop.keep(name)
    files = shop.folder / "files"
    (files / "missing.video").unlink()
    torn = (files / "torn.video").read_bytes()
    (files / "torn.video").write_bytes(torn[:-1])
    (files / "altered.video").write_bytes(torn[:-1] + bytes([torn[-1] ^ 1]))
    (files / "nameless.video").write_bytes(b"x")
    faults = {fault.name: fault.reason for fault in shop.clips.check()}
    assert set(faults) == {"missing.video", "torn.video", "altered.video", "nameless.video"}


def test_start_up_finishes_a_removal_that_a_crash_interrupted(shop: Shop) -> None:
    shop.keep("c1")
    shop.clips._doom("id=?", "c1")
    (shop.folder / "files" / "c9.video.part").write_bytes(b"half")
    (shop.folder / "files" / "c8.video").write_bytes(b"renamed, but its row never came")
    again = Clips(shop.folder, shop.clock)
    assert shop.files() == []
    assert again.find("c1") is None
    assert list(again.check()) == []


_CHILD = """
import random, sys
from pathlib import Path
from customers.keys import Keys
from customers.seal import seal
from mirror.clips import Clips
from tests.drawn_clips import HandClock, clip_of
folder, rng = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
public = Keys(folder / "keys").public("ana")
clips = Clips(folder, HandClock(), reserve_bytes=0)
held = [clip.id for clip in clips.of_customer("ana")]
print("ready", flush=True)
for i in range(10_000):
    name = f"c{sys.argv[2]}-{i}"
    if held and rng.random() < 0.4:
        gone = held.pop(rng.randrange(len(held)))
        print("removing", gone, flush=True)
        clips.remove(gone)
        print("removed", gone, flush=True)
    else:
        sealed = seal(rng.randbytes(rng.randrange(1, 200_000)), public)
        clip = clip_of(name, sealed)
        clips.keep(clip, [clips.receive(name, "video", [sealed])])
        held.append(name)
        print("kept", name, flush=True)
"""


def kills(shop: Shop, times: int) -> Iterator[None]:
    """Kill a busy store at random moments; after each death prove every promise."""
    rng = random.Random(11)
    kept: set[str] = set()
    for turn in range(times):
        arguments = [sys.executable, "-c", _CHILD, str(shop.folder), str(turn)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0, 0.25))
            child.send_signal(signal.SIGKILL)
            child.wait()
            words = [line.split() for line in child.stdout.read().splitlines()]
        kept |= {name for word, name in words if word == "kept"}
        removing = {name for word, name in words if word == "removing"}
        removed = {name for word, name in words if word == "removed"}
        clips = Clips(shop.folder, shop.clock, reserve_bytes=0)
        assert list(clips.check()) == []
        there = {clip.id for clip in clips.of_customer("ana")}
        assert kept - removing <= there
        assert not there & removed
        assert shop.files() == sorted(f"{name}.video" for name in there)
        kept = there
        clips.close()
        yield


def test_kill_minus_9_leaves_no_orphan_no_torn_file_and_loses_nothing_acknowledged(
    shop: Shop,
) -> None:
    assert sum(1 for _ in kills(shop, 4)) == 4


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_three_hundred_kills_of_the_store(shop: Shop) -> None:
    assert sum(1 for _ in kills(shop, 300)) == 300


def test_the_facts_of_a_clip_survive_json(shop: Shop) -> None:
    clip = shop.keep("c1")
    row = shop.clips._database.row("SELECT facts FROM clips")
    assert row is not None
    assert json.loads(row["facts"])["id"] == clip.id
