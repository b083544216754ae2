from hypothesis import given
from hypothesis import strategies as st

from mirror.packet import Packet, StreamFormat
from mirror.ring import OVERHEAD_BYTES, Ring

FORMAT = StreamFormat(64, 48, (b"sps",), (b"pps",))
STEP = 3000


def packet(i: int, *, entry: bool = False, size: int = 100) -> Packet:
    return Packet(bytes(size), i * STEP, i * STEP, entry, entry, FORMAT)


def numbers(packets: list[Packet]) -> list[int]:
    return [p.shown_tick // STEP for p in packets]


@given(
    gop=st.integers(1, 40),
    count=st.integers(1, 300),
    max_frames=st.integers(1, 120),
    max_packets=st.integers(5, 200),
)
def test_the_ring_stays_in_its_bounds_and_always_begins_at_an_entry(
    gop: int, count: int, max_frames: int, max_packets: int
) -> None:
    bound = max_packets * (100 + OVERHEAD_BYTES)
    ring = Ring(max_frames / 30, bound)
    for i in range(count):
        ring.add(packet(i, entry=i % gop == 0))
        assert ring.size_bytes <= bound
        assert ring.span_ticks <= (max_frames + gop) * STEP
    held = ring.since(0)
    assert not held or held[0].entry
    wanted = min(max_frames, count - 1)
    if (max_frames + gop + 1) * (100 + OVERHEAD_BYTES) <= bound:
        assert numbers(held)[0] <= count - 1 - wanted
        assert numbers(held) == list(range(numbers(held)[0], count))


def test_since_reaches_back_to_the_entry_before_the_asked_frame_and_no_further() -> None:
    ring = Ring(60, 10**9)
    for i in range(90):
        ring.add(packet(i, entry=i % 30 == 0))
    assert numbers(ring.since(45 * STEP))[0] == 30
    assert numbers(ring.since(30 * STEP))[0] == 30
    assert numbers(ring.since(29 * STEP))[0] == 0


def test_after_clearing_nothing_shown_before_the_floor_is_ever_given() -> None:
    ring = Ring(60, 10**9)
    for i in range(60):
        ring.add(packet(i, entry=i % 10 == 0))
    ring.clear(65 * STEP)
    assert ring.since(0) == []
    assert ring.size_bytes == 0
    for i in range(60, 90):
        ring.add(packet(i, entry=i % 10 == 0))
    assert numbers(ring.since(0)) == list(range(70, 90))


def test_a_group_larger_than_the_bound_empties_the_ring_instead_of_the_memory() -> None:
    ring = Ring(60, 1000)
    for i in range(50):
        ring.add(packet(i, entry=i == 0))
    assert ring.size_bytes <= 1000
    assert ring.since(0) == []
    ring.add(packet(50, entry=True))
    assert numbers(ring.since(0)) == [50]
