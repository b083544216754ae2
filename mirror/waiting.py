"""Clips that wait on the mirror for the server: sealed, and handed over once each.

A waiting clip is its sealed files and, written last, a note of its facts; without the note nothing
is waiting. It is handed over only after its spool is gone, so that a crash never makes it anew. The
server knows ids: a clip whose acknowledgement was lost is acknowledged again, not kept twice.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from customers.files import remove_whole, sync_folder, write_whole
from mirror.clip import Clip
from mirror.clips import KINDS, Kind, clip_from_fields
from mirror.errors import UnknownClip
from mirror.finish import Made
from mirror.spool import SUFFIX

_NOTE = ".json"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Waiting:
    """The folder of waiting clips and of spools; opening it removes what means nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = set(self.ids())
        for path in folder.iterdir():
            if path.suffix == SUFFIX and path.stem in known:
                remove_whole(path)  # its clip was finished before the crash
            elif path.suffix != SUFFIX and path.stem not in known:
                remove_whole(path)

    def spool_path(self, clip_id: str) -> Path:
        """Where the running clip is written; raises UnknownClip for what can be no id."""
        if not _ID.fullmatch(clip_id):  # it came over the network and becomes a file's name
            raise UnknownClip(clip_id)
        return self.folder / f"{clip_id}{SUFFIX}"

    def spools(self) -> list[Path]:
        """Spools that a crash left (or that are being written)."""
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def put(self, made: Made) -> None:
        """Let a clip wait; from here on a crash cannot lose it. Its spool is removed."""
        for kind, data in made.files.items():
            write_whole(self.folder / f"{made.clip.id}.{kind}", data)
        facts = json.dumps(asdict(made.clip), default=lambda moment: moment.isoformat())
        write_whole(self.folder / f"{made.clip.id}{_NOTE}", facts.encode())
        remove_whole(self.spool_path(made.clip.id))

    def ids(self) -> list[str]:
        """The ids of all that wait."""
        return sorted(path.stem for path in self.folder.glob(f"*{_NOTE}"))

    def older_than(self, now: datetime, age_s: float) -> list[str]:
        """The ids of what has waited longer than `age_s`, by this machine's own clock."""
        limit = now.timestamp() - age_s
        notes = self.folder.glob(f"*{_NOTE}")
        return sorted(path.stem for path in notes if path.stat().st_mtime < limit)

    def clips(self) -> Iterator[tuple[Clip, dict[Kind, Path]]]:
        """What waits and may be handed over, with its files."""
        for clip_id in self.ids():
            if not self.spool_path(clip_id).exists():
                note = self.folder / f"{clip_id}{_NOTE}"
                yield clip_from_fields(json.loads(note.read_bytes())), self._files(clip_id)

    def remove(self, clip_id: str) -> None:
        """The note first: a crash in between leaves files that mean nothing."""
        spool = self.spool_path(clip_id)
        remove_whole(self.folder / f"{clip_id}{_NOTE}")
        for path in (*self._files(clip_id).values(), spool):
            path.unlink(missing_ok=True)
        sync_folder(self.folder)

    def _files(self, clip_id: str) -> dict[Kind, Path]:
        paths = {kind: self.folder / f"{clip_id}.{kind}" for kind in KINDS}
        return {kind: path for kind, path in paths.items() if path.exists()}
