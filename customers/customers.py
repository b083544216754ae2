"""The people the shop remembers: customers, visits, consents, and who did what to hers.

What names a person (label, signed name, guardian) is stored sealed with her own key: once that is
destroyed, no backup of this database says who she was. Every row is on the disk when a method
returns.
"""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Row

from customers.access import Act, Caller, Role
from customers.consent import AgeStatement, Consent, ConsentRules, Purpose
from customers.customer import Customer
from customers.database import Database
from customers.errors import BadVisit, UnknownConsent, UnknownCustomer, UnknownVisit
from customers.keys import Keys
from customers.seal import open_text, seal_text
from customers.visit import Visit

_SCHEMA = """
CREATE TABLE customers (id TEXT PRIMARY KEY, created_at TEXT NOT NULL, label BLOB NOT NULL);
CREATE TABLE visits (
  id TEXT PRIMARY KEY, mirror_id TEXT NOT NULL,
  customer_id TEXT NOT NULL REFERENCES customers(id),
  started_at TEXT NOT NULL, ended_at TEXT
);
CREATE UNIQUE INDEX one_open_visit_a_mirror ON visits(mirror_id) WHERE ended_at IS NULL;
CREATE TABLE consents (
  id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers(id),
  visit_id TEXT NOT NULL REFERENCES visits(id), facts TEXT NOT NULL, signed BLOB NOT NULL,
  revoked_at TEXT
);
CREATE TABLE log (
  customer_id TEXT NOT NULL, at TEXT NOT NULL, role TEXT NOT NULL, caller_id TEXT NOT NULL,
  act TEXT NOT NULL, thing TEXT NOT NULL
);
CREATE INDEX log_of_customer ON log(customer_id)
"""
_VERSION = 1
_TABLES = ("log", "consents", "visits", "customers")  # from the leaves to the root


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Who did what to a thing of hers, and when: what she may read."""

    at: datetime
    role: Role
    caller_id: str
    act: Act
    thing: str


class Customers:
    """The store in `folder`; her keys lie in `keys`, which is backed up apart or not at all."""

    def __init__(self, folder: Path, keys: Keys, rules: ConsentRules) -> None:
        self._keys, self._rules = keys, rules
        self._database = Database(folder / "people.db", _SCHEMA, _VERSION)

    def welcome(self, now: datetime, label: str = "") -> Customer:
        """A new customer, with a key of her own."""
        customer = Customer(_new_id(), now.astimezone(UTC), label)
        public = self._keys.make(customer.id)
        row = (customer.id, customer.created_at.isoformat(), seal_text(label, public))
        with self._database.write() as connection:
            connection.execute("INSERT INTO customers VALUES (?,?,?)", row)
        return customer

    def get(self, customer_id: str) -> Customer:
        """The customer; raises UnknownCustomer, and KeyDestroyed while she is being forgotten."""
        row = self._database.row("SELECT * FROM customers WHERE id=?", customer_id)
        if row is None:
            raise UnknownCustomer(customer_id)
        created_at = datetime.fromisoformat(row["created_at"])
        return Customer(customer_id, created_at, self._open(customer_id, row["label"]))

    def ids(self) -> list[str]:
        """The ids of everybody who is remembered."""
        return [row["id"] for row in self._database.rows("SELECT id FROM customers ORDER BY id")]

    def start_visit(self, customer_id: str, mirror_id: str, now: datetime) -> Visit:
        """A visit begins; raises BadVisit where another one is open at this mirror."""
        self.get(customer_id)
        open_visit = self.find_open(mirror_id)
        if open_visit is not None:
            raise BadVisit(f"the visit {open_visit.id} is still open at this mirror: end it first")
        visit = Visit(_new_id(), mirror_id, customer_id, now.astimezone(UTC))
        row = (visit.id, mirror_id, customer_id, visit.started_at.isoformat(), None)
        with self._database.write() as connection:
            connection.execute("INSERT INTO visits VALUES (?,?,?,?,?)", row)
        return visit

    def end_visit(self, visit_id: str, now: datetime) -> Visit:
        """The visit ends; ending it again changes nothing. Raises UnknownVisit."""
        visit = self.visit(visit_id)
        if visit.open:
            ended_at = max(now.astimezone(UTC), visit.started_at)
            visit = replace(visit, ended_at=ended_at)
            with self._database.write() as connection:
                values = (ended_at.isoformat(), visit_id)
                connection.execute("UPDATE visits SET ended_at=? WHERE id=?", values)
        return visit

    def visit(self, visit_id: str) -> Visit:
        """The visit; raises UnknownVisit."""
        row = self._database.row("SELECT * FROM visits WHERE id=?", visit_id)
        if row is None:
            raise UnknownVisit(visit_id)
        return _visit(row)

    def find_open(self, mirror_id: str) -> Visit | None:
        """The visit that is before this mirror now."""
        sql = "SELECT * FROM visits WHERE mirror_id=? AND ended_at IS NULL"
        row = self._database.row(sql, mirror_id)
        return _visit(row) if row else None

    def visits_of(self, customer_id: str) -> list[Visit]:
        """Her visits, oldest first."""
        sql = "SELECT * FROM visits WHERE customer_id=? ORDER BY started_at, id"
        return [_visit(row) for row in self._database.rows(sql, customer_id)]

    def agree(self, consent: Consent) -> Consent:
        """Record a consent under a new id; raises BadConsent, BadVisit and UnknownVisit."""
        self._rules.check(consent)
        visit = self.visit(consent.visit_id)
        if not visit.open:
            raise BadVisit("it has ended: a consent belongs to a visit that is open")
        if (visit.customer_id, visit.mirror_id) != (consent.customer_id, consent.mirror_id):
            raise BadVisit("the consent names another customer or mirror than the visit")
        consent = replace(consent, id=_new_id())
        signed = json.dumps([consent.name, consent.guardian])
        sealed = seal_text(signed, self._keys.public(consent.customer_id))
        row = (consent.id, consent.customer_id, consent.visit_id, _facts(consent), sealed, None)
        with self._database.write() as connection:
            connection.execute("INSERT INTO consents VALUES (?,?,?,?,?,?)", row)
        return consent

    def consent(self, consent_id: str) -> Consent:
        """The consent as it stands now; raises UnknownConsent."""
        row = self._database.row("SELECT * FROM consents WHERE id=?", consent_id)
        if row is None:
            raise UnknownConsent(consent_id)
        return self._consent(row)

    def consents_of_visit(self, visit_id: str) -> list[Consent]:
        """All consents given in a visit, revoked ones included."""
        sql = "SELECT * FROM consents WHERE visit_id=? ORDER BY rowid"
        return [self._consent(row) for row in self._database.rows(sql, visit_id)]

    def revoke(self, consent_id: str, now: datetime) -> Consent:
        """The consent ends now; revoking it again changes nothing. Raises UnknownConsent."""
        consent = self.consent(consent_id)
        if consent.revoked_at is None:
            at = max(now.astimezone(UTC), consent.given_at)
            consent = replace(consent, revoked_at=at)
            with self._database.write() as connection:
                values = (at.isoformat(), consent_id)
                connection.execute("UPDATE consents SET revoked_at=? WHERE id=?", values)
        return consent

    def note(self, customer_id: str, caller: Caller, act: Act, thing: str, now: datetime) -> None:
        """Write into her log who did what to a thing of hers."""
        values = (customer_id, now.isoformat(), caller.role.value, caller.id, act.value, thing)
        with self._database.write() as connection:
            connection.execute("INSERT INTO log VALUES (?,?,?,?,?,?)", values)

    def log_of(self, customer_id: str) -> list[LogEntry]:
        """Her log, oldest first."""
        sql = "SELECT * FROM log WHERE customer_id=? ORDER BY rowid"
        return [
            LogEntry(
                datetime.fromisoformat(row["at"]), Role(row["role"]), row["caller_id"],
                Act(row["act"]), row["thing"],
            )
            for row in self._database.rows(sql, customer_id)
        ]  # fmt: skip

    def count(self, customer_id: str) -> dict[str, int]:
        """How many rows of hers there are, by table."""
        return {
            table: self._database.rows(
                f"SELECT count(*) AS n FROM {table} WHERE {_owner(table)}=?", customer_id
            )[0]["n"]
            for table in _TABLES
        }

    def erase(self, customer_id: str) -> None:
        """Delete every row of hers and overwrite it; may be asked again."""
        with self._database.write() as connection:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE {_owner(table)}=?", (customer_id,))
        self._database.scrub()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _open(self, customer_id: str, sealed: bytes) -> str:
        return open_text(sealed, lambda wrapped: self._keys.unwrap(customer_id, wrapped))

    def _consent(self, row: Row) -> Consent:
        fields = json.loads(row["facts"])
        name, guardian = json.loads(self._open(row["customer_id"], row["signed"]))
        revoked_at = row["revoked_at"]
        return consent_from_fields(
            fields | {"name": name, "guardian": guardian, "revoked_at": revoked_at}
        )


def consent_fields(consent: Consent) -> dict[str, object]:
    """A consent as plain JSON values."""
    fields = {name: getattr(consent, name) for name in consent.__dataclass_fields__}
    for name in ("given_at", "until_at", "revoked_at"):
        fields[name] = fields[name].isoformat() if fields[name] else None
    fields["purposes"] = sorted(purpose.value for purpose in consent.purposes)
    fields["age"] = consent.age.value
    return fields


def consent_from_fields(fields: dict[str, object]) -> Consent:
    """A consent from what `consent_fields` made; raises BadConsent, KeyError and ValueError."""
    values = dict(fields)
    for name in ("given_at", "until_at", "revoked_at"):
        moment = values[name]
        values[name] = datetime.fromisoformat(str(moment)) if moment else None
    values["purposes"] = frozenset(Purpose(str(word)) for word in values["purposes"])  # type: ignore[attr-defined]  # JSON's list
    values["age"] = AgeStatement(str(values["age"]))
    return Consent(**values)  # type: ignore[arg-type]  # checked by Consent itself


def _owner(table: str) -> str:
    return "id" if table == "customers" else "customer_id"


def _facts(consent: Consent) -> str:
    """What of a consent names nobody."""
    named = ("name", "guardian", "revoked_at")
    fields = consent_fields(consent)
    return json.dumps({name: value for name, value in fields.items() if name not in named})


def _visit(row: Row) -> Visit:
    ended = row["ended_at"]
    return Visit(
        row["id"], row["mirror_id"], row["customer_id"], datetime.fromisoformat(row["started_at"]),
        datetime.fromisoformat(ended) if ended else None,
    )  # fmt: skip


def _new_id() -> str:
    return secrets.token_urlsafe(12)
