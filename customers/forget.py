"""Forgetting: the key first, then files, rows and links, then a signed receipt.

Promise: once `forget` has begun, it is finished, by this process or by the next one's start; the
ledger, synced before anything is destroyed, remembers what was begun. It lies beside the keys, not
beside the data: a backup of the data that is put back is forgotten again at the next start.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from customers.customers import Customers
from customers.database import Database
from customers.errors import UnknownCustomer
from customers.keys import Keys
from customers.receipt import Receipt, Signer

_SCHEMA = """
CREATE TABLE forgotten (
  customer_id TEXT PRIMARY KEY, asked_at TEXT NOT NULL, key_fingerprint TEXT NOT NULL,
  files TEXT NOT NULL, counts TEXT NOT NULL, receipt TEXT
)
"""
_VERSION = 1


class Holding(Protocol):
    """Whatever else holds things of hers: clips, queues, indexes."""

    def inventory(self, customer_id: str) -> Mapping[str, str]:
        """What it holds of hers: SHA-256 by name."""
        ...

    def forget(self, customer_id: str) -> None:
        """Destroy all of hers; may be asked again."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What the ledger wrote down before anything was destroyed."""

    at: datetime
    key_fingerprint: str
    files: Mapping[str, str]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Oblivion:
    """Everything that forgetting has to reach."""

    customers: Customers
    keys: Keys
    signer: Signer
    holdings: Sequence[Holding]


class Ledger:
    """Who was to be forgotten, and the receipts; beside the keys, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "forgotten.db", _SCHEMA, _VERSION)

    def begin(self, customer_id: str, asked: Asked) -> None:
        """Remember for ever that she is to be forgotten, and what there was; first time counts."""
        files, counts = json.dumps(dict(asked.files)), json.dumps(dict(asked.counts))
        values = (customer_id, asked.at.isoformat(), asked.key_fingerprint, files, counts, None)
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO forgotten VALUES (?,?,?,?,?,?)", values)

    def asked(self, customer_id: str) -> Asked:
        """What was written down when she asked; raises UnknownCustomer."""
        row = self._database.row("SELECT * FROM forgotten WHERE customer_id=?", customer_id)
        if row is None:
            raise UnknownCustomer(customer_id)
        files, counts = json.loads(row["files"]), json.loads(row["counts"])
        asked_at = datetime.fromisoformat(row["asked_at"])
        return Asked(asked_at, row["key_fingerprint"], files, counts)

    def finish(self, receipt: Receipt) -> None:
        """Keep the receipt; a later one, of a backup forgotten again, does not replace it."""
        values = (json.dumps(receipt.fields()), receipt.customer_id)
        with self._database.write() as connection:
            connection.execute(
                "UPDATE forgotten SET receipt=? WHERE customer_id=? AND receipt IS NULL", values
            )

    def receipt(self, customer_id: str) -> dict[str, object] | None:
        """The fields of her receipt, None where there is none yet."""
        row = self._database.row("SELECT * FROM forgotten WHERE customer_id=?", customer_id)
        return json.loads(row["receipt"]) if row and row["receipt"] else None

    def all(self) -> list[str]:
        """Everybody who was ever to be forgotten."""
        return [row["customer_id"] for row in self._database.rows("SELECT * FROM forgotten")]

    def unfinished(self) -> list[str]:
        """Those whose forgetting a crash interrupted."""
        sql = "SELECT * FROM forgotten WHERE receipt IS NULL"
        return [row["customer_id"] for row in self._database.rows(sql)]

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def forget(customer_id: str, reach: Oblivion, ledger: Ledger, now: datetime) -> Receipt:
    """Forget her; the signed receipt comes back, the same one however often it is asked.

    Raises UnknownCustomer where nobody of this id was ever here.
    """
    if customer_id not in ledger.all():
        reach.customers.get(customer_id)
        files: dict[str, str] = {}
        for holding in reach.holdings:
            files |= holding.inventory(customer_id)
        counts = reach.customers.count(customer_id)
        fingerprint = reach.keys.fingerprint(customer_id)
        ledger.begin(customer_id, Asked(now, fingerprint, files, counts))
    return _finish(customer_id, reach, ledger, now)


def finish_forgetting(reach: Oblivion, ledger: Ledger, now: datetime) -> list[str]:
    """At start-up: finish what a crash interrupted, and forget again whom a backup brought back."""
    present = set(reach.customers.ids()) | {id_ for id_ in ledger.all() if reach.keys.exists(id_)}
    again = sorted(set(ledger.unfinished()) | (present & set(ledger.all())))
    for customer_id in again:
        _finish(customer_id, reach, ledger, now)
    return again


def _finish(customer_id: str, reach: Oblivion, ledger: Ledger, now: datetime) -> Receipt:
    asked = ledger.asked(customer_id)
    reach.keys.destroy(customer_id)  # from here on nothing of hers can be read, wherever it lies
    for holding in reach.holdings:
        holding.forget(customer_id)
    reach.customers.erase(customer_id)
    made = Receipt(
        customer_id, asked.at, now, asked.key_fingerprint, asked.files, asked.counts
    )  # fmt: skip
    ledger.finish(reach.signer.sign(made))
    return _receipt(ledger.receipt(customer_id) or {})


def _receipt(fields: Mapping[str, object]) -> Receipt:
    values = {name: value for name, value in fields.items() if name != "form"}
    for name in ("asked_at", "finished_at"):
        values[name] = datetime.fromisoformat(str(values[name]))
    return Receipt(**values)  # type: ignore[arg-type]  # the very fields that were written
