import itertools

from hypothesis import given
from hypothesis import strategies as st

from mirror.clock import TICKS_PER_S
from mirror.timestamps import Placed, Timestamps

STEP_S = 1 / 30


def codes(stamps: Timestamps) -> list[str]:
    return [note.code for note in stamps.notes()]


def run(stamps: Timestamps, camera_s: list[float | None], start_s: float = 100.0) -> list[Placed]:
    return [stamps.place(c, c, start_s + i * STEP_S) for i, c in enumerate(camera_s)]


def shown_s(placed: list[Placed]) -> list[float]:
    return [p.shown_tick / TICKS_PER_S for p in placed]


def test_a_good_camera_s_rhythm_is_kept_whatever_its_clock_says() -> None:
    stamps = Timestamps()
    shown = shown_s(run(stamps, [7000 + i * STEP_S for i in range(100)]))
    assert shown[0] == 100.0
    assert all(abs(s - (100 + i * STEP_S)) < 1e-4 for i, s in enumerate(shown))
    assert codes(stamps) == []


def test_network_jitter_does_not_reach_the_frames() -> None:
    stamps = Timestamps()
    placed = [
        stamps.place(i * STEP_S, i * STEP_S, 50 + i * STEP_S + (i * 7 % 5) * 0.02)
        for i in range(100)
    ]
    steps = [b - a for a, b in zip(shown_s(placed), shown_s(placed)[1:], strict=False)]
    assert max(steps) - min(steps) < 1e-4


def test_reordered_frames_keep_their_order_of_showing() -> None:
    stamps = Timestamps()
    pts = [0, 3, 1, 2, 6, 4, 5]
    placed = [
        stamps.place((p + 2) * STEP_S, i * STEP_S, 10 + i * STEP_S) for i, p in enumerate(pts)
    ]
    order = sorted(range(7), key=lambda i: placed[i].shown_tick)
    assert order == sorted(range(7), key=lambda i: pts[i])
    for i, p in enumerate(placed):
        assert all(later.shown_tick >= p.decoded_tick for later in placed[i:])


def test_a_jump_forward_or_back_is_bridged_and_noted() -> None:
    for jump in (5000.0, -5000.0, 3.0):
        stamps = Timestamps()
        camera = [9000 + i * STEP_S + (jump if i >= 50 else 0) for i in range(100)]
        shown = shown_s(run(stamps, [*camera]))
        assert codes(stamps) == ["timestamps_jumped"]
        assert stamps.notes()[0].count == 1
        assert all(0 < b - a < 0.1 for a, b in itertools.pairwise(shown))


def test_frames_without_a_time_are_placed_by_their_arrival() -> None:
    for camera in ([None] * 50, [0.0] * 50):
        stamps = Timestamps()
        shown = shown_s(run(stamps, [*camera]))
        assert codes(stamps) == ["timestamps_missing"]
        assert all(abs(s - (100 + i * STEP_S)) < 0.01 for i, s in enumerate(shown))


def test_a_drifting_camera_is_followed() -> None:
    for rate in (0.97, 1.03):
        stamps = Timestamps()
        shown = shown_s(run(stamps, [i * STEP_S * rate for i in range(3000)]))
        assert codes(stamps) == ["timestamps_drifted"]
        assert abs(shown[-1] - (100 + 2999 * STEP_S)) < 0.3
        assert all(b > a for a, b in itertools.pairwise(shown))


def test_two_frames_never_share_a_tick() -> None:
    stamps = Timestamps()
    placed = [stamps.place(1.0 + i // 2 * STEP_S, i * STEP_S, 10 + i * STEP_S) for i in range(20)]
    assert len({p.shown_tick for p in placed}) == 20


def test_after_a_restart_the_camera_s_new_clock_is_taken_without_a_note() -> None:
    stamps = Timestamps()
    run(stamps, [i * STEP_S for i in range(30)])
    stamps.restart()
    shown = shown_s(run(stamps, [i * STEP_S for i in range(30)], start_s=130.0))
    assert shown[0] == 130.0
    assert codes(stamps) == []


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(-1e6, 1e6),
            st.none() | st.floats(-1e6, 1e6),
            st.floats(0, 0.2),
        ),
        max_size=200,
    )
)
def test_whatever_a_camera_sends_decoding_never_goes_back_far_and_ticks_are_unique(
    frames: list[tuple[float | None, float | None, float]],
) -> None:
    stamps, now_s, ticks = Timestamps(), 1000.0, []
    for pts_s, dts_s, pause_s in frames:
        now_s += pause_s
        placed = stamps.place(pts_s, dts_s, now_s)
        assert abs(placed.shown_tick / TICKS_PER_S - now_s) < 4 + len(frames) * 1e-3
        assert placed.decoded_tick <= placed.shown_tick
        ticks.append(placed.shown_tick)
    assert len(set(ticks[-32:])) == len(ticks[-32:])
