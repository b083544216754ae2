import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from api import doctor_mirror
from api.doctor_mirror import mirror_findings


@pytest.mark.parametrize(
    ("swaps", "lockable", "ok"),
    [([], False, True), (["/dev/sda3"], False, False), (["/dev/sda3"], True, True)],
)
def test_a_swap_in_the_clear_is_wrong_unless_memory_can_be_locked(
    monkeypatch: pytest.MonkeyPatch, swaps: list[str], lockable: bool, ok: bool
) -> None:
    monkeypatch.setattr(doctor_mirror, "open_swaps", lambda: swaps)
    monkeypatch.setattr(doctor_mirror, "can_lock", lambda: lockable)
    encoders, swap = mirror_findings()
    assert (encoders.ok, swap.ok) == (True, ok)
    assert "GPL" in encoders.detail
    assert bool(swap.cure) is not ok


def test_without_the_mirror_there_is_nothing_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_mirror, "find_spec", lambda _: None)
    assert mirror_findings() == []
