"""What shoppers keep: products they liked, and snaps with their pictures and answers.

Promises: what is answered as saved is on the disk, and what is answered as deleted is gone from it:
the picture is unlinked, its row scrubbed (secure_delete) and the journal cut. A crash in between
leaves a picture without a row, which the next opening removes. Nobody's things are found without
the secret of the device that saved them.
"""

import json
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from api.errors import NoSuchSaved, SavedFull
from api.home import DOOR
from api.notebook import Notebook
from index.manifest import sync_folder, write_atomically

FOLDER: Final = "saved"
MOST_ITEMS: Final = 500
"""Of one device: more than anybody looks through."""
FORGOTTEN_DAYS: Final = 365
"""A device that did not come back for so long has lost its secret: its things are removed."""
MOST_SNAPS: Final = 200
MOST_BYTES: Final = 50_000_000
"""Of one device's snaps: nobody fills the shop's room alone."""
UNRETURNED_DAYS: Final = 7
"""A device that was here on one day only, so long ago, makes room where there is none."""
ORPHAN_S: Final = 900.0
_MIGRATIONS = (
    """
    CREATE TABLE items (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        kind TEXT NOT NULL,
        sku TEXT NOT NULL,
        said TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        wish TEXT,
        saved_at TEXT NOT NULL
    );
    CREATE INDEX items_by_owner ON items (owner, seq);
    CREATE UNIQUE INDEX products_by_owner ON items (owner, sku) WHERE kind = 'product';
    CREATE UNIQUE INDEX wishes_by_owner ON items (owner, wish) WHERE wish IS NOT NULL;
    CREATE TABLE owners (owner TEXT PRIMARY KEY, version INTEGER NOT NULL, seen_on TEXT NOT NULL)
    """,
    "ALTER TABLE owners ADD COLUMN first_on TEXT",
)
_COLUMNS = "seq, id, kind, sku, said, saved_at"


@dataclass(frozen=True, slots=True)
class Item:
    """One saved thing: a product (`sku`) or a snap (`answer`, what was found then)."""

    seq: int
    id: str
    kind: str
    sku: str
    answer: dict[str, Any]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Items, youngest first; `next_seq` is where the next page begins, None at the end."""

    items: list[Item]
    next_seq: int | None


class Saved:
    """The saved things of the shop whose home is `home`; for any thread and several processes.

    `most_bytes` bounds the pictures of all devices together. Where they fill it, those of devices
    that never came back go, the oldest first.
    """

    def __init__(
        self,
        home: Path,
        most_bytes: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder, self._most_bytes, self._clock = home / FOLDER, most_bytes, clock
        self._book = Notebook(home / DOOR / "saved.sqlite3", _MIGRATIONS)
        self.tidy()

    def keep_product(self, owner: str, sku: str) -> tuple[Item, bool]:
        """A heart for a product, and whether it is new. Raises SavedFull."""
        return self._keep(owner, "product", sku, {}, None, None)

    def keep_snap(
        self, owner: str, picture: bytes, answer: dict[str, Any], wish: str | None
    ) -> tuple[Item, bool]:
        """A snap with its picture (a JPEG of ours) and what was found; `wish` names the request,
        so that the same one sent again keeps nothing twice. Raises SavedFull."""
        return self._keep(owner, "snap", "", answer, picture, wish)

    def find_wish(self, owner: str, wish: str) -> Item | None:
        """What this very request has kept before."""
        rows = self._book.rows(
            f"SELECT {_COLUMNS} FROM items WHERE owner=? AND wish=?", (owner, wish)
        )
        return _item(rows[0]) if rows else None

    def page(self, owner: str, limit: int, before_seq: int | None = None) -> Page:
        """At most `limit` items older than `before_seq`, youngest first."""
        rows = self._book.rows(
            f"SELECT {_COLUMNS} FROM items WHERE owner=? AND seq<? ORDER BY seq DESC LIMIT ?",
            (owner, before_seq if before_seq is not None else 1 << 62, limit + 1),
        )
        items = [_item(row) for row in rows[:limit]]
        return Page(items, items[-1].seq if len(rows) > limit else None)

    def get(self, owner: str, item_id: str) -> Item:
        """One thing of the owner's own; raises NoSuchSaved."""
        rows = self._book.rows(
            f"SELECT {_COLUMNS} FROM items WHERE owner=? AND id=?", (owner, item_id)
        )
        if not rows:
            raise NoSuchSaved(item_id)
        return _item(rows[0])

    def picture(self, owner: str, item_id: str) -> bytes:
        """The picture of a snap; raises NoSuchSaved."""
        item = self.get(owner, item_id)
        try:
            return self._path(item.id).read_bytes()
        except FileNotFoundError as absent:
            raise NoSuchSaved(item_id) from absent

    def version(self, owner: str) -> str:
        """Differs whenever the owner's things changed. Who asks has come back: one write a day."""
        rows = self._book.rows("SELECT version, seen_on FROM owners WHERE owner=?", (owner,))
        if not rows:
            return "0"
        if rows[0][1] != (today := self._day()):
            with self._book.writing() as connection:
                connection.execute("UPDATE owners SET seen_on=? WHERE owner=?", (today, owner))
        return str(rows[0][0])

    def knows(self, owner: str) -> bool:
        """Whether the owner has ever saved anything here."""
        return bool(self._book.rows("SELECT 1 FROM owners WHERE owner=?", (owner,)))

    def delete(self, owner: str, item_id: str) -> None:
        """Gone for good; raises NoSuchSaved."""
        self._remove("owner=? AND id=?", (owner, self.get(owner, item_id).id))

    def delete_product(self, owner: str, sku: str) -> None:
        """Take the heart back; there may have been none."""
        self._remove("owner=? AND kind='product' AND sku=?", (owner, sku))

    def delete_all(self, owner: str) -> None:
        """Forget the owner."""
        self._remove("owner=?", (owner,))
        with self._book.writing() as connection:
            connection.execute("DELETE FROM owners WHERE owner=?", (owner,))

    def every(self, owner: str) -> list[Item]:
        """All of the owner's things, youngest first."""
        return self.page(owner, 1 << 31).items

    def owners(self, prefix: str) -> list[str]:
        """Whoever has saved something, of a kind: `device:` or `customer:`."""
        rows = self._book.rows(
            "SELECT owner FROM owners WHERE substr(owner, 1, ?) = ?", (len(prefix), prefix)
        )
        return [str(row[0]) for row in rows]

    def merge(self, source: str, target: str) -> int:
        """Hand everything of `source` over to `target`, such as a device's to a customer; how many
        things that were. A product that both have is kept once. All of it or, where it would be
        more than one may keep, nothing (raises SavedFull)."""
        with self._book.writing() as connection:
            connection.execute(
                "DELETE FROM items WHERE owner=? AND kind='product' AND sku IN"
                " (SELECT sku FROM items WHERE owner=? AND kind='product')",
                (source, target),
            )
            moved = connection.execute(
                "UPDATE items SET owner=?, wish=NULL WHERE owner=?", (target, source)
            )
            items, size = connection.execute(
                "SELECT count(*), coalesce(sum(bytes), 0) FROM items WHERE owner=?", (target,)
            ).fetchone()
            if items > MOST_ITEMS or size > MOST_BYTES:
                raise SavedFull("together it is more than one person may keep: delete some first")
            connection.execute("DELETE FROM owners WHERE owner=?", (source,))
            self._touch(connection, target)
        return moved.rowcount

    def tidy(self) -> None:
        """Remove what devices left that never came back, and pictures without a row."""
        oldest = self._day(FORGOTTEN_DAYS)
        gone = self._book.rows("SELECT owner FROM owners WHERE seen_on < ?", (oldest,))
        for (owner,) in gone:
            self.delete_all(str(owner))
        if not self._folder.is_dir():
            return
        known = {f"{row[0]}.jpg" for row in self._book.rows("SELECT id FROM items")}
        for path in self._folder.iterdir():
            with suppress(OSError):
                if path.name not in known and time.time() - path.stat().st_mtime > ORPHAN_S:
                    path.unlink()

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    def _keep(
        self, owner: str, kind: str, sku: str, answer: dict[str, Any], picture: bytes | None,
        wish: str | None,
    ) -> tuple[Item, bool]:  # fmt: skip
        item = Item(0, secrets.token_hex(12), kind, sku, answer, self._clock())
        size = len(picture or b"")
        if picture is not None:
            self._make_room(owner, size)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(self._path(item.id), picture)
        try:
            same, seq = self._insert(item, owner, size, wish)
        except SavedFull:
            self._unlink(item.id)
            raise
        if same is not None:
            self._unlink(item.id)
            return same, False
        return replace(item, seq=seq), True

    def _insert(
        self, item: Item, owner: str, size: int, wish: str | None
    ) -> tuple[Item | None, int]:
        """What was kept before in the place of `item`, or None and where it stands now."""
        with self._book.writing() as connection:
            same = connection.execute(
                f"SELECT {_COLUMNS} FROM items WHERE owner=?1 AND (wish=?2 OR (kind='product' AND"
                " kind=?3 AND sku=?4))",
                (owner, wish, item.kind, item.sku),
            ).fetchone()
            if same is not None:
                self._touch(connection, owner)
                return _item(same), 0
            self._require_room(connection, owner, size)
            values = (item.id, owner, item.kind, item.sku, json.dumps(item.answer), size, wish,
                      item.saved_at.isoformat())  # fmt: skip
            made = connection.execute(
                "INSERT INTO items (id, owner, kind, sku, said, bytes, wish, saved_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            self._touch(connection, owner)
            return None, int(made.lastrowid or 0)

    def _require_room(self, connection: Any, owner: str, size: int) -> None:
        items, snaps, own = connection.execute(
            "SELECT count(*), coalesce(sum(kind='snap'), 0), coalesce(sum(bytes), 0) FROM items"
            " WHERE owner=?",
            (owner,),
        ).fetchone()
        if items >= MOST_ITEMS:
            raise SavedFull(f"{MOST_ITEMS} things are saved already: delete some first")
        if size and snaps >= MOST_SNAPS:
            raise SavedFull(f"{MOST_SNAPS} snaps are saved already: delete some first")
        if size and own + size > MOST_BYTES:
            raise SavedFull(
                f"{MOST_BYTES // 10**6} MB of snaps are saved already: delete some first"
            )
        (held,) = connection.execute("SELECT coalesce(sum(bytes), 0) FROM items").fetchone()
        if size and held + size > self._most_bytes:
            raise SavedFull("the shop keeps no more pictures just now")

    def _make_room(self, owner: str, size: int) -> None:
        """Forget devices that never came back, the oldest first, until `size` fits in."""
        ((held,),) = self._book.rows("SELECT coalesce(sum(bytes), 0) FROM items")
        over = int(str(held)) + size - self._most_bytes
        if over <= 0:
            return
        before = self._day(UNRETURNED_DAYS)
        for other, its in self._book.rows(
            "SELECT owner, sum(bytes) FROM owners JOIN items USING (owner) WHERE first_on = seen_on"
            " AND seen_on < ? AND owner LIKE 'device:%' AND owner <> ? GROUP BY owner"
            " HAVING sum(bytes) > 0 ORDER BY seen_on",
            (before, owner),
        ):
            if over <= 0:
                return
            self.delete_all(str(other))
            over -= int(str(its))

    def _day(self, ago: int = 0) -> str:
        return (self._clock() - timedelta(days=ago)).date().isoformat()

    def _touch(self, connection: Any, owner: str) -> None:
        connection.execute(
            "INSERT INTO owners (owner, version, seen_on, first_on) VALUES (?1, 1, ?2, ?2)"
            " ON CONFLICT (owner) DO UPDATE SET version=version+1, seen_on=?2",
            (owner, self._day()),
        )

    def _remove(self, where: str, values: tuple[str, ...]) -> None:
        with self._book.writing() as connection:
            rows = connection.execute(f"SELECT id FROM items WHERE {where}", values).fetchall()
            connection.execute(f"DELETE FROM items WHERE {where}", values)
            self._touch(connection, values[0])
        for (item_id,) in rows:
            self._unlink(item_id)
        self._book.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _unlink(self, item_id: str) -> None:
        path = self._path(item_id)
        if path.exists():
            path.unlink(missing_ok=True)
            sync_folder(self._folder)

    def _path(self, item_id: str) -> Path:
        return self._folder / f"{Path(item_id).name}.jpg"


def _item(row: tuple[Any, ...]) -> Item:
    seq, item_id, kind, sku, said, saved_at = row
    return Item(seq, item_id, kind, sku, json.loads(said), datetime.fromisoformat(saved_at))
