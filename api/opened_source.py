"""A catalogue as it was named on the command line: unpacked if it is a zip, its columns said."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.progress import stage_bar
from api.settings import Settings
from index.archive import ArchiveLimits, is_archive, prune, unpack
from index.build import Progress
from index.database import DATABASE_NAME, Database
from index.errors import BadMapping
from index.mapping import NOTHING_SAID, ColumnMap
from index.mappings import SavedMappings
from index.trial import Trial, try_source

UNPACKED_FOLDER = "unpacked"


def read_mapping(said: Sequence[str]) -> ColumnMap:
    """What --map options say, each FIELD=COLUMN. Raises BadMapping."""
    fields: dict[str, str] = {}
    for one in said:
        wanted, equals, column = one.partition("=")
        if not equals or not wanted.strip() or not column.strip():
            raise BadMapping(one, "write FIELD=COLUMN, for example title=Nombre")
        fields[column.strip()] = wanted.strip()
    return ColumnMap(fields)


class OpenedSource:
    """A source for the shop that `settings` name, and what was `said` of its columns."""

    def __init__(self, settings: Settings, source: Path, said: ColumnMap) -> None:
        self._settings, self._source, self._said = settings, source, said
        self._header: Sequence[str] = ()
        self.notes: list[str] = []

    def mapping(self, header: Sequence[str]) -> tuple[ColumnMap, ColumnMap]:
        """What was said of these columns now, and earlier."""
        self._header = list(header)
        return self._said, self._saved(header)

    @contextmanager
    def unpacked(self, *, quiet: bool, keep: bool) -> Iterator[Path]:
        """The source, or where it lies once it is unpacked: in the shop's folder, since its
        products show the pictures there, or (not `keep`) somewhere until the block ends.

        When the block ends well, what the zip no longer holds is removed. Raises BadSource.
        """
        if not is_archive(self._source):
            yield self._source
            return
        limits = ArchiveLimits(picture_bytes=self._settings.max_upload_bytes)
        if keep:
            into = self._settings.shop.resolve() / UNPACKED_FOLDER / self._source.stem
            yield self._unpack(into, limits, quiet=quiet)
            prune(self._source, into, limits)
            return
        self.notes.append(
            "the zip was unpacked for this look only: products of it that the shop holds already "
            "are told as changed"
        )
        with tempfile.TemporaryDirectory(prefix="vistazo-") as folder:
            yield self._unpack(Path(folder) / self._source.stem, limits, quiet=quiet)

    def trial(self, source: Path) -> Trial:
        """What each column becomes. Raises BadSource, BadMapping."""
        return try_source(source, self._said, self.mapping)

    def remember(self) -> None:
        """Keep with the shop what was said of the columns. Raises ShopBusy."""
        if not self._said.fields or not self._header:
            return
        database = Database(self._settings.shop)
        try:
            SavedMappings(database).keep(self._header, self._said)
        finally:
            database.close()

    def _unpack(self, into: Path, limits: ArchiveLimits, *, quiet: bool) -> Path:
        with stage_bar(quiet=quiet) as show:
            found = unpack(
                self._source, into, limits, lambda i, n: show(Progress("unpacking", i, n))
            )
        if found.passed_over:
            shown = ", ".join(found.passed_over[:5])
            self.notes.append(
                f"{len(found.passed_over):,} files of the zip are neither pictures nor tables and "
                f"were passed over: {shown}"
            )
        return found.source

    def _saved(self, header: Sequence[str]) -> ColumnMap:
        if not (self._settings.shop / DATABASE_NAME).is_file():
            return NOTHING_SAID
        database = Database(self._settings.shop)
        try:
            return SavedMappings(database).find(header)
        finally:
            database.close()
