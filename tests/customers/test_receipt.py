from datetime import UTC, datetime
from pathlib import Path

import pytest

from customers.errors import BadReceipt
from customers.receipt import Receipt, Signer, verify

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "keys" / "receipts.key")


def signed(signer: Signer) -> dict[str, object]:
    made = Receipt("cu1", NOON, NOON, "ab" * 32, {"c1.video": "cd" * 32}, {"visits": 2})
    return signer.sign(made).fields()


def test_a_receipt_verifies_with_the_public_key_alone_also_after_a_new_start(
    signer: Signer, tmp_path: Path
) -> None:
    fields = signed(signer)
    public = Signer(tmp_path / "keys" / "receipts.key").public
    assert verify(fields, public).counts == {"visits": 2}


@pytest.mark.parametrize(
    "change",
    [
        {"customer_id": "cu2"},
        {"files": {}},
        {"counts": {"visits": 3}},
        {"finished_at": "2026-03-02T12:00:00+00:00"},
        {"signature": "00" * 64},
        {"signature": "no hex"},
        {"extra": 1},
    ],
)
def test_a_receipt_that_was_altered_proves_nothing(
    signer: Signer, change: dict[str, object]
) -> None:
    with pytest.raises(BadReceipt):
        verify(signed(signer) | change, signer.public)


def test_another_shop_s_key_does_not_verify_it(signer: Signer, tmp_path: Path) -> None:
    with pytest.raises(BadReceipt):
        verify(signed(signer), Signer(tmp_path / "other.key").public)


def test_what_is_no_receipt_at_all_is_refused(signer: Signer) -> None:
    for junk in ({}, {"signature": 5}, {"signature": "ab"}):
        with pytest.raises(BadReceipt):
            verify(junk, signer.public)
