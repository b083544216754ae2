"""API keys: 256 random bits each, shown once and kept as their SHA-256.

Promise: a key that was revoked or has run out opens nothing from the next request on, in every
process that serves the shop; nor does a sign-in that was made with it. A rotated key and the one
it replaces both work until the first ends, so that whoever holds it changes over without a gap.
"""

import json
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from api.errors import BadParameter, KeyNeeded, KeyReused, NoSuchKey
from api.home import DOOR
from api.notebook import Notebook
from api.roles import Role

PREFIX = "vistazo_"
"""Scanners for leaked secrets find a key by it."""
LIFETIME_DAYS = 365.0
GRACE_DAYS = 7.0
SIGNED_IN_S = 12 * 3600
NAME_MOST_CHARS = 80
ORIGINS_MOST = 20
_MIGRATIONS = (
    """
    CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        origins TEXT NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT,
        revoked_at TEXT,
        used_on TEXT
    )
    """,
    """
    CREATE TABLE sign_ins (
        digest TEXT PRIMARY KEY, key_id TEXT NOT NULL, ends_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)
_COLUMNS = "id, role, name, origins, created_at, expires_at, revoked_at, used_on"


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. With `origins` it works on pages of these alone; `used_on` is the
    day (ISO) on which it was last shown, "" for never."""

    id: str
    role: Role
    name: str
    origins: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_on: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > NAME_MOST_CHARS or not self.name.isprintable():
            raise BadParameter("name", f"say whose key it is, in 1 to {NAME_MOST_CHARS} characters")
        if self.origins and self.role is not Role.SHOPPER:
            raise BadParameter("origins", "only a shopper's key may be published on a page")
        if len(self.origins) > ORIGINS_MOST:
            raise BadParameter("origins", f"a key has at most {ORIGINS_MOST}")

    def fault(self, now: datetime) -> str:
        """Why it opens nothing at `now`, or ""."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "this key was revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "this key has run out"
        return ""


class Keys:
    """The keys of the shop whose home is `home`; for use by any thread and several processes."""

    def __init__(self, home: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._clock = clock
        self._book = Notebook(home / DOOR / "keys.sqlite3", _MIGRATIONS)
        self._lock = threading.Lock()
        self._seen = -1
        self._by_digest: dict[str, Key] = {}

    def create(
        self,
        role: Role,
        name: str,
        *,
        origins: Sequence[str] = (),
        lifetime_days: float | None = LIFETIME_DAYS,
        named: str | None = None,
    ) -> tuple[Key, str]:
        """A new key, and its secret, which is shown this once. Where a request of the name `named`
        made one like it in the last day, that one, and "": nobody knows its secret any more.
        Raises BadParameter, and KeyReused where that request made another one."""
        now = self._clock()
        if lifetime_days is not None and not 0 < lifetime_days <= 36_500:
            raise BadParameter("days", "a key lives for more than 0 and at most 36,500 days")
        expires_at = None if lifetime_days is None else now + timedelta(days=lifetime_days)
        checked = tuple(dict.fromkeys(map(read_origin, origins)))
        key = Key(self._free_id(named), role, name.strip(), checked, now, expires_at)
        if (before := self._made_by(named)) is not None:
            if not _alike(before, key):
                raise KeyReused
            return before, ""
        kind = "pk" if checked else "sk"
        token = f"{PREFIX}{kind}_{secrets.token_urlsafe(32)}"
        values = (key.id, _digest(token), role.value, key.name, json.dumps(checked),
                  now.isoformat(), expires_at and expires_at.isoformat())  # fmt: skip
        with self._book.writing() as connection:
            connection.execute(
                "INSERT INTO keys (id, digest, role, name, origins, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        self._forget()
        return key, token

    def who(self, token: str) -> Key:
        """The key with this secret; raises KeyNeeded for one that is unknown or opens nothing."""
        key = self._known().get(_digest(token))
        if key is None:
            raise KeyNeeded("the one that came was never issued")
        if fault := key.fault(self._clock()):
            raise KeyNeeded(fault)
        return key

    def sign_in(self, key: Key) -> str:
        """A secret that stands for the key for SIGNED_IN_S at most; only its SHA-256 is kept."""
        now = self._clock()
        token = f"{PREFIX}in_{secrets.token_urlsafe(32)}"
        ends_at = (now + timedelta(seconds=SIGNED_IN_S)).isoformat()
        with self._book.writing() as connection:
            connection.execute("DELETE FROM sign_ins WHERE ends_at <= ?", (now.isoformat(),))
            connection.execute(
                "INSERT INTO sign_ins VALUES (?, ?, ?)", (_digest(token), key.id, ends_at)
            )
        return token

    def who_signed_in(self, token: str) -> Key:
        """The key of a sign-in; raises KeyNeeded for one that is unknown, or ended, or whose key
        opens nothing any more."""
        now = self._clock()
        rows = self._book.rows(
            "SELECT key_id FROM sign_ins WHERE digest = ? AND ends_at > ?",
            (_digest(token), now.isoformat()),
        )
        if not rows:
            raise KeyNeeded("the sign-in has ended")
        key = self.get(str(rows[0][0]))
        if fault := key.fault(now):
            raise KeyNeeded(fault)
        return key

    def sign_out(self, token: str) -> None:
        """The sign-in opens nothing any more; there may have been none."""
        with self._book.writing() as connection:
            connection.execute("DELETE FROM sign_ins WHERE digest = ?", (_digest(token),))

    def all(self) -> list[Key]:
        """Every key ever made, oldest first."""
        return sorted(self._known().values(), key=lambda key: key.created_at)

    def get(self, key_id: str) -> Key:
        """The key of this id; raises NoSuchKey."""
        found = next((key for key in self._known().values() if key.id == key_id), None)
        if found is None:
            raise NoSuchKey(key_id)
        return found

    def any_made(self) -> bool:
        """Whether the first key was made; from then on nothing is written without one."""
        return bool(self._known())

    def origins(self) -> frozenset[str]:
        """Pages of these origins may ask: those of all keys that work."""
        now = self._clock()
        return frozenset(o for k in self._known().values() if not k.fault(now) for o in k.origins)

    def rotate(
        self, key_id: str, grace_days: float = GRACE_DAYS, named: str | None = None
    ) -> tuple[Key, str]:
        """A key like this one, with a new secret and as long a life; the old one ends after the
        grace. A request of the name `named` that did so in the last day is told again, as by
        `create`. Raises NoSuchKey, KeyReused, and BadParameter for one that has ended already."""
        old, now, before = self.get(key_id), self._clock(), self._made_by(named)
        if before is None and (fault := old.fault(now)):
            raise BadParameter("key", f"{fault}: make a new one")
        if not 0 <= grace_days <= 365:
            raise BadParameter("grace_days", "it is 0 to 365")
        lived = None if old.expires_at is None else old.expires_at - old.created_at
        days = None if lived is None else max(lived.total_seconds() / 86_400, 1.0)
        made = self.create(old.role, old.name, origins=old.origins, lifetime_days=days, named=named)
        ends = now + timedelta(days=grace_days)
        if old.expires_at is None or ends < old.expires_at:
            self._set(key_id, "expires_at", ends.isoformat())
        return made

    def revoke(self, key_id: str) -> Key:
        """The key opens nothing any more; raises NoSuchKey. Revoked twice is revoked."""
        key = self.get(key_id)
        if key.revoked_at is None:
            self._set(key_id, "revoked_at", self._clock().isoformat())
            with self._book.writing() as connection:
                connection.execute("DELETE FROM sign_ins WHERE key_id = ?", (key_id,))
        return self.get(key_id)

    def note_use(self, key: Key) -> None:
        """Remember the day: a rotated key that nobody shows any more can go. One write a day."""
        today = self._clock().date().isoformat()
        if key.used_on != today and self.get(key.id).used_on != today:
            self._set(key.id, "used_on", today)

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    def _set(self, key_id: str, column: str, value: str) -> None:
        with self._book.writing() as connection:
            connection.execute(f"UPDATE keys SET {column}=? WHERE id=?", (value, key_id))
        self._forget()

    def _made_by(self, named: str | None) -> Key | None:
        """The key that the request of this name made in the last day."""
        wanted = None if named is None else _id_of(named)
        found = next((key for key in self._known().values() if key.id == wanted), None)
        is_young = found is not None and self._clock() - found.created_at < timedelta(days=1)
        return found if is_young else None

    def _free_id(self, named: str | None) -> str:
        """The id for a key that the request of this name makes; one nobody can know beforehand
        where it has none, or made a key longer ago."""
        wanted = None if named is None else _id_of(named)
        is_taken = any(key.id == wanted for key in self._known().values())
        return secrets.token_hex(4) if wanted is None or is_taken else wanted

    def _forget(self) -> None:
        with self._lock:
            self._seen = -1

    def _known(self) -> dict[str, Key]:
        """All keys by digest, read again only when somebody has written: 3 µs instead of 60."""
        changes = self._book.outer_changes
        with self._lock:
            if changes != self._seen:
                rows = self._book.rows(f"SELECT digest, {_COLUMNS} FROM keys")
                self._by_digest = {str(digest): _key_of(row) for digest, *row in rows}
                self._seen = changes
            return self._by_digest


def read_origin(text: str) -> str:
    """`text` as browsers write an origin; raises BadParameter."""
    parts = urlsplit(text.strip().lower().rstrip("/"))
    whole = (
        parts.scheme in ("http", "https") and parts.netloc and not parts.path and not parts.query
    )
    if not whole or not re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?", parts.netloc):
        raise BadParameter("origins", f"{text[:80]!r} is no origin such as https://shop.example")
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(default)}"


def _id_of(named: str) -> str:
    return sha256(named.encode()).hexdigest()[:8]


def _alike(one: Key, other: Key) -> bool:
    """Whether the same was asked for; their lives may differ, which a rotation shortens."""
    return (one.role, one.name, one.origins) == (other.role, other.name, other.origins)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _key_of(row: Sequence[object]) -> Key:
    key_id, role, name, origins, created_at, expires_at, revoked_at, used_on = row
    key = Key(
        str(key_id), Role(str(role)), str(name), tuple(json.loads(str(origins))),
        datetime.fromisoformat(str(created_at)),
    )  # fmt: skip
    return replace(
        key, expires_at=_moment(expires_at), revoked_at=_moment(revoked_at),
        used_on=str(used_on or ""),
    )  # fmt: skip


def _moment(text: object) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text))
