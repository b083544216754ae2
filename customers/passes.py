"""Passes: who shows one is known. And PINs: how an anonymous customer comes back to her visit.

A pass is 256 random bits, shown once and kept as its SHA-256. A PIN has six digits, is kept as
scrypt and locks its visit for `LOCK_S` after MAX_TRIES wrong ones: it can be guessed with a chance
of 5 in a million per quarter of an hour.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import scrypt, sha256
from pathlib import Path

from customers.access import Caller, Role
from customers.database import Database
from customers.errors import NotKnown, TooManyTries

MAX_TRIES, LOCK_S = 5, 900.0
_SCHEMA = """
CREATE TABLE passes (
  digest TEXT PRIMARY KEY, role TEXT NOT NULL, caller_id TEXT NOT NULL, until_at TEXT NOT NULL
);
CREATE INDEX passes_of ON passes(role, caller_id);
CREATE TABLE pins (
  visit_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL,
  wrong INTEGER NOT NULL DEFAULT 0, locked_until TEXT
)
"""
_VERSION = 1


class Passes:
    """The store in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "passes.db", _SCHEMA, _VERSION)

    def issue(self, caller: Caller, now: datetime, lifetime_s: float) -> str:
        """A new pass for `caller`; it is shown this once."""
        token = secrets.token_urlsafe(32)
        until_at = now + timedelta(seconds=lifetime_s)
        values = (_digest(token), caller.role.value, caller.id, until_at.isoformat())
        with self._database.write() as connection:
            connection.execute("INSERT INTO passes VALUES (?,?,?,?)", values)
        return token

    def who(self, token: str, now: datetime) -> Caller:
        """Whose pass this is; raises NotKnown."""
        row = self._database.row("SELECT * FROM passes WHERE digest=?", _digest(token))
        if row is None:
            raise NotKnown("this pass was never issued, or was taken back")
        if datetime.fromisoformat(row["until_at"]) <= now:
            raise NotKnown("this pass has run out")
        return Caller(Role(row["role"]), row["caller_id"])

    def take_back(self, caller: Caller) -> None:
        """All passes of `caller` end."""
        values = (caller.role.value, caller.id)
        with self._database.write() as connection:
            connection.execute("DELETE FROM passes WHERE role=? AND caller_id=?", values)

    def give_pin(self, visit_id: str, customer_id: str) -> str:
        """A new PIN for a visit; it is shown this once."""
        pin, salt = f"{secrets.randbelow(10**6):06d}", secrets.token_bytes(16)
        values = (visit_id, customer_id, salt, _stretch(pin, salt))
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO pins (visit_id, customer_id, salt, digest)"
                " VALUES (?,?,?,?)",
                values,
            )
        return pin

    def by_pin(self, visit_id: str, pin: str, now: datetime) -> str:
        """The customer whose PIN this is; raises NotKnown and TooManyTries."""
        row = self._database.row("SELECT * FROM pins WHERE visit_id=?", visit_id)
        if row is None:
            raise NotKnown("the visit or the PIN is wrong")
        if row["locked_until"]:
            wait_s = (datetime.fromisoformat(row["locked_until"]) - now).total_seconds()
            if wait_s > 0:
                raise TooManyTries(wait_s)
        right = hmac.compare_digest(row["digest"], _stretch(pin, row["salt"]))
        wrong = 0 if right else (row["wrong"] + 1) % MAX_TRIES
        locks = not right and wrong == 0
        locked_until = (now + timedelta(seconds=LOCK_S)).isoformat() if locks else None
        with self._database.write() as connection:
            values = (wrong, locked_until, visit_id)
            connection.execute("UPDATE pins SET wrong=?, locked_until=? WHERE visit_id=?", values)
        if locks:
            raise TooManyTries(LOCK_S)
        if not right:
            raise NotKnown("the visit or the PIN is wrong")
        return str(row["customer_id"])

    def inventory(self, customer_id: str) -> dict[str, str]:
        """Nothing that a receipt would name."""
        return {}

    def forget(self, customer_id: str) -> None:
        """Her passes and PINs are gone."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM passes WHERE role=? AND caller_id=?",
                (Role.CUSTOMER.value, customer_id),
            )
            connection.execute("DELETE FROM pins WHERE customer_id=?", (customer_id,))
        self._database.scrub()

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _stretch(pin: str, salt: bytes) -> bytes:
    return scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1)
