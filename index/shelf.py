"""A shop's shelf: catalogue and vectors kept in step, changed at any time, searched at any time.

Promises: an acknowledged change survives `kill -9` and is seen by the next search, in every process
that has the shelf open; a search sees one moment of the shop, so no hit is stale, lost or swapped;
a vector of another model never enters.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from index import catalogue, changes
from index.choice import Wish
from index.counting import Counting
from index.database import DATABASE_NAME, Database
from index.errors import NoShop, ShopBroken, ShopBusy
from index.facets import Facets
from index.filters import Filter
from index.hit import Answer
from index.look import answer_in
from index.manifest import FORMAT, Manifest, make_folder, read_manifest, write_manifest
from index.query import Query
from index.replica import Replica
from index.report import IndexReport, SelfTest, report_on, self_test
from index.tending import Tending
from index.writer import Writer
from vision.spec import EncoderSpec

SNAPSHOTS = 50  # tries to see catalogue and vectors at one moment while others write


class Shelf(Writer):
    """One open shop; may be used from any thread, and by several processes at once.

    `Reader` tells what it holds, `Writer` changes it, and here is what needs the vectors in memory.
    """

    def __init__(
        self, folder: Path, spec: EncoderSpec, database: Database, replica: Replica
    ) -> None:
        super().__init__(folder, spec, database)
        self._replica = replica
        self._tending = Tending(folder, replica, database)
        self._counting = Counting(spec)

    @classmethod
    def open(
        cls, folder: Path, spec: EncoderSpec, *, create: bool = False, wish: Wish | None = None
    ) -> "Shelf":
        """Open the shop in `folder`, or make an empty one there if `create` and there is none.

        `wish` says how much memory the vectors may take, and which kind of index if one is wanted.
        Raises NoShop, WrongSpace (it holds vectors of another model), ShopBroken, ShopBusy.
        """
        folder = folder.resolve()
        manifest = _find_manifest(folder)
        if manifest is None and not create:
            raise NoShop(str(folder))
        if manifest is None:
            _make_folder(folder)
        else:
            manifest.require(spec)
            if not (folder / DATABASE_NAME).exists():
                raise ShopBroken(str(folder), "its catalogue is missing")
        database = Database(folder)
        with ExitStack() as unless_whole:
            unless_whole.callback(database.close)
            if manifest is None:
                manifest = _claim(database, folder, spec)
            with database.reading() as connection:
                if catalogue.identity_of(connection)[0] != manifest.identity:
                    raise ShopBroken(str(folder), "its manifest belongs to another catalogue")
                replica = Replica(folder, manifest.identity, spec.dimension, connection, wish)
            unless_whole.pop_all()
        return cls(folder, spec, database, replica)

    def close(self) -> None:
        """Save the cache if that is worthwhile, and let go of the files."""
        self._tending.stop()
        self._replica.save_if_worthwhile()
        self._database.close()

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def save_cache(self) -> None:
        """Make the vectors ready for the next opening if so much changed that it would feel it.

        For a large shop that makes a base: some minutes for a million pictures, once.
        """
        with self._database.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM pictures").fetchone()
        if self._replica.tiered.base is None and self._replica.is_upkeep_due(count):
            self._tending.make_base(at_once=True)  # before all vectors are in memory one by one
        with self._database.reading() as connection:
            self._replica.catch_up(connection)
        if self._replica.is_upkeep_due():
            self._tending.make_base(at_once=True)
        self._replica.save_if_worthwhile()

    def facets(self, skus: Sequence[str] | None = None, wanted: Filter | None = None) -> Facets:
        """Values and how many products carry them, over `skus`, what passes `wanted`, or all.

        Raises BadFilter, ShopBusy. From memory (a few milliseconds for a million products), except
        over `skus` and the first time.
        """
        if skus is not None:
            return super().facets(skus)
        for _ in range(SNAPSHOTS):
            with self._database.reading() as connection:
                sequence = self._replica.catch_up(connection)
                found = self._replica.facets(connection, wanted, sequence)
            if found is not None:
                return found
        raise ShopBusy(str(self._folder))

    def tend(self) -> None:
        """Look after the vectors in the background from now on, until `close`."""
        self._tending.start()

    def index_report(self) -> tuple[IndexReport, str]:
        """What the vectors in this process are and take, and what their upkeep is doing."""
        return report_on(self._replica), self._tending.state

    def index_test(self) -> SelfTest | None:
        """Recall and time of some searches against comparing all; None for an empty shop."""
        with self._database.reading() as connection:
            return self_test(connection, self._replica)

    def search(self, query: Query) -> Answer:
        """The hits of `query`, best first; raises WrongSpace, StrangeVector, BadFilter,
        ShopBusy.

        A product counts by its best picture. min(top, distinct products that pass the filter) hits
        always come back. `took_ms` tells `vectors` and `catalogue`.
        """
        self._check_vector(query.embedding)
        for _ in range(SNAPSHOTS):
            with self._database.reading() as connection:
                census = self._counting.at(connection, self._replica)
                answer = answer_in(connection, self._replica, self._spec, query, census)
            if answer is not None:
                return answer
        raise ShopBusy(str(self._folder))


def _find_manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except NoShop:
        return None


def _make_folder(folder: Path) -> None:
    try:
        make_folder(folder)
    except OSError as refused:
        reason = refused.strerror or str(refused)
        raise ShopBroken(str(folder), f"its folder cannot be made ({reason})") from refused


def _claim(database: Database, folder: Path, spec: EncoderSpec) -> Manifest:
    """Make an empty shop the shop of `spec`; the manifest comes last.

    Raises WrongSpace: tables may be left from a shop of another model that lost its manifest.
    """
    with database.writing() as connection:
        if not catalogue.identity_of(connection)[1]:
            changes.claim(connection, spec)
        identity, space, dimension = catalogue.identity_of(connection)
    manifest = Manifest(FORMAT, identity, spec.name, spec.version, space, dimension)
    manifest.require(spec)
    write_manifest(folder, manifest)
    return manifest
