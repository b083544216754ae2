"""A receipt of forgetting: what was destroyed and when, signed, for her to keep and verify.

It names no person: an id that was never anything but random, the fingerprint of the destroyed key,
and what went with it. Whoever holds the shop's public key can verify it offline.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from customers.errors import BadReceipt
from customers.files import write_whole

FORM = "vistazo-receipt-1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was destroyed: `files` maps names to the SHA-256 of their (sealed) bytes.

    `counts` says how many rows of which kind went. `signature` is Ed25519 over the canonical JSON
    of all the rest, in hex.
    """

    customer_id: str
    asked_at: datetime
    finished_at: datetime
    key_fingerprint: str
    files: Mapping[str, str]
    counts: Mapping[str, int]
    signature: str = ""

    def fields(self) -> dict[str, Any]:
        """The receipt as plain JSON values, signature included."""
        return {
            "form": FORM,
            "customer_id": self.customer_id,
            "asked_at": self.asked_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
            "key_fingerprint": self.key_fingerprint,
            "files": dict(self.files),
            "counts": dict(self.counts),
            "signature": self.signature,
        }


class Signer:
    """The shop's signing key, made on first use in `path` (readable by its owner only)."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, Ed25519PrivateKey.generate().private_bytes_raw(), mode=0o600)
        self._key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())

    @property
    def public(self) -> str:
        """The public key in hex: publish it, print it beside the sign on the wall."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, receipt: Receipt) -> Receipt:
        """The same receipt, signed."""
        signature = self._key.sign(_message(receipt.fields())).hex()
        return Receipt(
            receipt.customer_id, receipt.asked_at, receipt.finished_at, receipt.key_fingerprint,
            receipt.files, receipt.counts, signature,
        )  # fmt: skip


def verify(fields: Mapping[str, Any], public: str) -> Receipt:
    """The receipt in `fields` if its signature holds under `public` (hex); raises BadReceipt."""
    try:
        signature = bytes.fromhex(fields["signature"])
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            signature, _message(fields)
        )
        if fields["form"] != FORM:
            raise BadReceipt(f"its form is {fields['form']!r}")
        return Receipt(
            fields["customer_id"], datetime.fromisoformat(fields["asked_at"]),
            datetime.fromisoformat(fields["finished_at"]), fields["key_fingerprint"],
            fields["files"], fields["counts"], fields["signature"],
        )  # fmt: skip
    except InvalidSignature as cause:
        raise BadReceipt("its signature does not hold") from cause
    except (KeyError, TypeError, ValueError) as cause:
        raise BadReceipt("it is incomplete or malformed") from cause


def _message(fields: Mapping[str, Any]) -> bytes:
    """Canonical JSON without the signature: sorted keys, no blanks, UTF-8."""
    rest = {name: value for name, value in fields.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
