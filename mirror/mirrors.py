"""The mirrors of a shop as the server knows them: their names, their wishes, their last word."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sqlite3 import Row

from customers.database import Database
from mirror.desk import MirrorState, Recording
from mirror.errors import BadOrder, UnknownClip, UnknownMirror

_SCHEMA = """
CREATE TABLE mirrors (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE recordings (
  clip_id TEXT PRIMARY KEY, mirror_id TEXT NOT NULL REFERENCES mirrors(id),
  visit_id TEXT NOT NULL, customer_id TEXT NOT NULL, asked_at TEXT NOT NULL,
  pre_roll_s REAL NOT NULL, stopped_at TEXT, outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX recordings_of_mirror ON recordings(mirror_id, outcome)
"""
_VERSION = 1
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
KEPT, GONE = "kept", "gone"
_UNSAID = "The mirror could not make it."
_LOST = "The mirror has nothing of it: it was interrupted, or never heard of it."


@dataclass(frozen=True, slots=True)
class Mirror:
    """One mirror: its id stands on its sign and in addresses, its name is for people."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """A clip that was asked for: at which mirror, in which visit, whose, and what became of it.

    `outcome` is "" while it is under way, "kept", "gone", or why there is no such clip.
    """

    recording: Recording
    mirror_id: str
    visit_id: str
    customer_id: str
    outcome: str


class Mirrors:
    """The store in `folder`; the mirrors' last words, and what was said about company,
    live in memory: after a start of the server it is asked for again."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "mirrors.db", _SCHEMA, _VERSION)
        self._states: dict[str, tuple[MirrorState, datetime]] = {}
        self._confirmed: dict[str, datetime] = {}

    def add(self, mirror_id: str, name: str) -> Mirror:
        """A mirror joins, or gets another name; raises BadOrder for an id that is no address."""
        if not _ID.fullmatch(mirror_id) or not 1 <= len(name.strip()) <= 200:
            raise BadOrder("a mirror's id is 1 to 40 of a-z, 0-9 and '-', and it has a name")
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO mirrors VALUES (?,?) ON CONFLICT(id) DO UPDATE SET name=excluded.name",
                (mirror_id, name.strip()),
            )
        return Mirror(mirror_id, name.strip())

    def get(self, mirror_id: str) -> Mirror:
        """The mirror; raises UnknownMirror."""
        row = self._database.row("SELECT * FROM mirrors WHERE id=?", mirror_id)
        if row is None:
            raise UnknownMirror(mirror_id)
        return Mirror(row["id"], row["name"])

    def all(self) -> list[Mirror]:
        """Every mirror, by id."""
        rows = self._database.rows("SELECT * FROM mirrors ORDER BY id")
        return [Mirror(row["id"], row["name"]) for row in rows]

    def hear(self, mirror_id: str, state: MirrorState, now: datetime) -> None:
        """A mirror's word on itself; clips that it could not make are settled by it."""
        self._states[mirror_id] = (state, now)
        for clip_id, why in state.refused.items():
            with self._database.write() as connection:
                connection.execute(
                    "UPDATE recordings SET outcome=? WHERE clip_id=? AND mirror_id=?"
                    " AND outcome=''",
                    (why or _UNSAID, clip_id, mirror_id),
                )

    def miss(self, mirror_id: str, state: MirrorState, latest: Recording | None) -> None:
        """Settle stopped clips that the mirror has nothing of and is not told of any more.

        So one that died with a mirror's memory, or was over before it was heard of, is not waited
        for without end. Should such a clip come after all, it is kept.
        """
        if state.making is None:
            return
        known = {*state.making, *state.waiting, state.recording_clip}
        known |= {latest.clip_id} if latest else set()
        sql = (
            "SELECT clip_id FROM recordings"
            " WHERE mirror_id=? AND outcome='' AND stopped_at IS NOT NULL"
        )
        for row in self._database.rows(sql, mirror_id):
            if row["clip_id"] not in known:
                self.settle(row["clip_id"], _LOST)

    def last_word(self, mirror_id: str) -> tuple[MirrorState, datetime] | None:
        """What the mirror last said and when; None since the server's start."""
        return self._states.get(mirror_id)

    def confirm(self, visit_id: str, now: datetime) -> None:
        """Whoever is in the picture beside her may stay in it."""
        self._confirmed[visit_id] = now

    def confirmed(self, visit_id: str) -> datetime | None:
        """When that was last said in a visit."""
        return self._confirmed.get(visit_id)

    def ask(
        self, mirror_id: str, visit_id: str, customer_id: str, pre_roll_s: float, now: datetime
    ) -> Recording:
        """A clip is wanted from now; raises BadOrder where one is being recorded."""
        if self.wanted(visit_id) is not None:
            raise BadOrder("a clip is being recorded already: stop it first")
        recording = Recording(secrets.token_urlsafe(12), now, pre_roll_s)
        values = (
            recording.clip_id, mirror_id, visit_id, customer_id, now.isoformat(), pre_roll_s, None,
        )  # fmt: skip
        with self._database.write() as connection:
            connection.execute("INSERT INTO recordings VALUES (?,?,?,?,?,?,?,'')", values)
        return recording

    def stop(self, clip_id: str, now: datetime) -> Recording:
        """The clip ends now; stopping it again changes nothing. Raises UnknownClip."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE recordings SET stopped_at=? WHERE clip_id=? AND stopped_at IS NULL",
                (now.isoformat(), clip_id),
            )
        return self.order(clip_id).recording

    def wanted(self, visit_id: str) -> Recording | None:
        """The clip that is being recorded in a visit (not stopped, not settled)."""
        sql = "SELECT * FROM recordings WHERE visit_id=? AND outcome='' AND stopped_at IS NULL"
        row = self._database.row(sql, visit_id)
        return _recording(row) if row else None

    def latest(self, visit_id: str) -> Recording | None:
        """The clip last asked for in a visit, stopped or not, while it is not settled."""
        sql = "SELECT * FROM recordings WHERE visit_id=? AND outcome='' ORDER BY rowid DESC"
        row = self._database.row(sql, visit_id)
        return _recording(row) if row else None

    def order(self, clip_id: str) -> Order:
        """What was asked for; raises UnknownClip."""
        row = self._database.row("SELECT * FROM recordings WHERE clip_id=?", clip_id)
        if row is None:
            raise UnknownClip(clip_id)
        return Order(
            _recording(row), row["mirror_id"], row["visit_id"], row["customer_id"], row["outcome"]
        )

    def settle(self, clip_id: str, outcome: str) -> None:
        """Say what became of a clip that was asked for."""
        with self._database.write() as connection:
            values = (outcome, clip_id)
            connection.execute("UPDATE recordings SET outcome=? WHERE clip_id=?", values)

    def gone(self, clip_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `clip_ids` that nobody may have any more."""
        marks = ",".join("?" * len(clip_ids))
        sql = f"SELECT clip_id FROM recordings WHERE outcome='{GONE}' AND clip_id IN ({marks})"
        return tuple(row["clip_id"] for row in self._database.rows(sql, *clip_ids))

    def inventory(self, customer_id: str) -> dict[str, str]:
        """Nothing that a receipt would name."""
        return {}

    def forget(self, customer_id: str) -> None:
        """What she asked for is nobody's; the ids stay, so that mirrors destroy what waits."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE recordings SET customer_id='', visit_id='', asked_at='2000-01-01T00:00Z',"
                f" pre_roll_s=0, stopped_at='2000-01-01T00:00Z', outcome='{GONE}'"
                " WHERE customer_id=?",
                (customer_id,),
            )
        self._database.scrub()

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _recording(row: Row) -> Recording:
    stopped = row["stopped_at"]
    return Recording(
        row["clip_id"],
        datetime.fromisoformat(row["asked_at"]),
        row["pre_roll_s"],
        datetime.fromisoformat(stopped) if stopped else None,
    )
