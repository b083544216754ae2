"""A shop's shelf: catalogue and vectors kept in step, changed at any time, searched at any time.

Promises: an acknowledged change survives `kill -9` and is seen by the next search, in every process
that has the shelf open; a search sees one moment of the shop, so no hit is stale, lost or swapped;
a vector of another model never enters.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from index import catalogue, changes
from index.blend import words_of
from index.conditions import known_fields
from index.database import DATABASE_NAME, Database
from index.disposal import Disposal
from index.entry import Entry, SeenPicture
from index.errors import NoShop, ShopBroken, ShopBusy, StrangeVector, UnknownProduct
from index.facets import Facets, count_facets
from index.hit import Answer
from index.look import answer_in
from index.manifest import FORMAT, Manifest, read_manifest, write_manifest
from index.product import Picture, Product
from index.query import Query
from index.replica import Replica
from index.revise import Merge, Revised, Words, revise_in
from vision.embedding import Embedding, require_space, unit
from vision.spec import EncoderSpec

SNAPSHOTS = 50  # tries to see catalogue and vectors at one moment while others write
REVISIONS = 50  # tries to embed a product's words while others change them


class Shelf:
    """One open shop; may be used from any thread, and by several processes at once."""

    def __init__(
        self, folder: Path, spec: EncoderSpec, database: Database, replica: Replica
    ) -> None:
        self._folder = folder
        self._spec = spec
        self._database = database
        self._replica = replica
        self._disposal = Disposal(database, folder)

    @classmethod
    def open(cls, folder: Path, spec: EncoderSpec, *, create: bool = False) -> "Shelf":
        """Open the shop in `folder`, or make an empty one there if `create` and there is none.

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
                replica = Replica(folder, manifest.identity, spec.dimension, connection)
            unless_whole.pop_all()
        return cls(folder, spec, database, replica)

    @property
    def folder(self) -> Path:
        """Where the shop lies, absolute."""
        return self._folder

    @property
    def spec(self) -> EncoderSpec:
        """The model whose vectors it holds."""
        return self._spec

    @property
    def database(self) -> Database:
        """The truth itself, for bulk work."""
        return self._database

    @property
    def disposal(self) -> Disposal:
        """Getting rid of files that no product needs: after bulk work, and at opening."""
        return self._disposal

    def __len__(self) -> int:
        """How many products it holds."""
        with self._database.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM products").fetchone()
        return int(count)

    def close(self) -> None:
        """Save the cache if that is worthwhile, and let go of the files."""
        self._replica.save_if_worthwhile()
        self._database.close()

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Changing one product

    def put(
        self,
        product: Product,
        pictures: Sequence[Picture],
        vectors: Sequence[Embedding],
        words: Embedding | None = None,
    ) -> bool:
        """Add the product, or put it in the place of the one with its SKU; True if it is new.

        `vectors` are the pictures' own, as the encoder gave them; `words` is the embedding of
        `words_wanted(product)`, None when that is empty. Durable when this returns.
        Raises StrangeVector, WrongSpace, ShopBusy.
        """
        if len(pictures) != len(vectors) or not pictures:
            raise StrangeVector(f"{len(pictures)} pictures came with {len(vectors)} vectors")
        seen = tuple(SeenPicture(p, v) for p, v in zip(pictures, vectors, strict=True))
        text = self._words_for(product, words)
        return self.write([Entry(product, seen, text, words)])[0]

    def change(self, product: Product, words: Embedding | None = None) -> None:
        """Replace the fields of the product with this SKU; its pictures stay.

        `words` is needed only if `words_wanted(product)` is not what it was.
        Raises UnknownProduct, StrangeVector, ShopBusy.
        """
        with self._database.writing() as connection:
            product_id = catalogue.get_id(connection, product.sku)
            weight = catalogue.title_weight(connection)
            wanted = words_of(product, weight)
            if wanted != catalogue.words_in(connection, product_id):
                self._check_words(wanted, words)
            entry = Entry(product, (), wanted, words)
            sequence = changes.next_sequence(connection)
            changes.change_product(
                connection, sequence, product_id, entry, weight, self._spec.space
            )

    def revise(
        self,
        sku: str,
        merge: Merge,
        embed: Callable[[str], Embedding],
        seen: Sequence[SeenPicture] = (),
        keep: Callable[[], None] = lambda: None,
    ) -> Revised:
        """Write what `merge` makes of the product that is there, with no other change between.

        Its pictures stay, unless `seen` takes their place. `embed` is called for words only where
        the vectors need them, and never while other writers wait; `keep` makes sure of the files
        of `seen` once nobody can unlink them. Durable when this returns.
        Raises UnknownProduct (none there, none `seen`), StrangeVector, WrongSpace, ShopBusy, and
        what `merge` and `embed` raise.
        """
        for picture in seen:
            self._check_vector(picture.own)
        words = Words("", None)
        for _ in range(REVISIONS):
            with self._database.writing() as connection:
                done = revise_in(connection, sku, merge, seen, words, self._spec.space, keep)
            if isinstance(done, Revised):
                self._disposal.run()
                return done
            words = Words(done, embed(done))
        raise ShopBusy(str(self._folder))

    def delete(self, sku: str) -> None:
        """Remove the product, and the shop's files of pictures that no other product shows.

        Raises UnknownProduct, ShopBusy. Durable when this returns.
        """
        with self._database.writing() as connection:
            product_id = catalogue.get_id(connection, sku)
            changes.delete_product(connection, changes.next_sequence(connection), product_id)
        self._disposal.run()

    def words_wanted(self, product: Product) -> str:
        """The words to embed and hand to `put` or `change` with this product; "" for none."""
        return words_of(product, self.title_weight)

    @property
    def title_weight(self) -> float:
        """How much a title weighs in this shop's vectors; 0 for a shop of pictures only."""
        with self._database.reading() as connection:
            return catalogue.title_weight(connection)

    # Changing many

    def write(self, entries: Sequence[Entry], remove: Sequence[str] = ()) -> list[bool]:
        """Write `entries` and remove SKUs, all in one transaction; which entries are new.

        SKUs to remove that are not there are no error. Raises StrangeVector, WrongSpace, ShopBusy.
        """
        for entry in entries:
            self._check_entry(entry)
        with self._database.writing() as connection:
            weight = catalogue.title_weight(connection)
            sequence = changes.next_sequence(connection)
            for sku in remove:
                if (product_id := catalogue.find_id(connection, sku)) is not None:
                    changes.delete_product(connection, sequence, product_id)
            new = [changes.write_entry(connection, sequence, e, weight) for e in entries]
        self._disposal.run()
        return new

    def save_cache(self) -> None:
        """Write the vectors' cache if so much changed that the next opening would feel it."""
        with self._database.reading() as connection:
            self._replica.catch_up(connection)
        self._replica.save_if_worthwhile()

    # Reading

    def get(self, sku: str) -> Product:
        """The product; raises UnknownProduct."""
        found = self.find(sku)
        if found is None:
            raise UnknownProduct(sku)
        return found

    def find(self, sku: str) -> Product | None:
        """The product, or None."""
        with self._database.reading() as connection:
            product_id = catalogue.find_id(connection, sku)
            if product_id is None:
                return None
            return catalogue.products_by_id(connection, [product_id])[product_id]

    def product_with_pictures(self, sku: str) -> tuple[Product, list[Picture]]:
        """The product and its pictures in order, of one moment; raises UnknownProduct."""
        with self._database.reading() as connection:
            known = catalogue.get_id(connection, sku)
            product = catalogue.products_by_id(connection, [known])[known]
            return product, catalogue.pictures_of(connection, known)

    def pictures(self, sku: str) -> list[Picture]:
        """The product's pictures in order, with absolute paths; raises UnknownProduct."""
        with self._database.reading() as connection:
            found = catalogue.pictures_of(connection, catalogue.get_id(connection, sku))
        return [replace(p, path=str(self._folder / p.path)) for p in found]

    def vector_of(self, sku: str) -> Embedding:
        """The middle of the product's pictures, to find more like it; raises UnknownProduct."""
        with self._database.reading() as connection:
            vectors = catalogue.vectors_of(connection, catalogue.get_id(connection, sku))
        middle = vectors.sum(axis=0)
        if not np.linalg.norm(middle) > 1e-6:  # two opposite pictures: the first speaks
            middle = vectors[0]
        return Embedding(unit(middle), self._spec.space)

    def facets(self, skus: Sequence[str] | None = None) -> Facets:
        """Values and how many products carry them, over `skus` or the whole shop."""
        with self._database.reading() as connection:
            return count_facets(connection, skus)

    def fields(self) -> list[str]:
        """Every field that a filter may name."""
        with self._database.reading() as connection:
            return known_fields(connection)

    # Searching

    def search(self, query: Query) -> Answer:
        """The hits of `query`, best first; raises WrongSpace, StrangeVector, BadFilter,
        ShopBusy.

        A product counts by its best picture. min(top, distinct products that pass the filter) hits
        always come back. `took_ms` tells `vectors` and `catalogue`.
        """
        self._check_vector(query.embedding)
        for _ in range(SNAPSHOTS):
            with self._database.reading() as connection:
                answer = answer_in(connection, self._replica, self._spec, query)
            if answer is not None:
                return answer
        raise ShopBusy(str(self._folder))

    def _words_for(self, product: Product, words: Embedding | None) -> str:
        wanted = self.words_wanted(product)
        self._check_words(wanted, words)
        return wanted

    def _check_words(self, wanted: str, words: Embedding | None) -> None:
        if wanted and words is None:
            raise StrangeVector(f"the embedding of its words {wanted[:60]!r} is missing")

    def _check_entry(self, entry: Entry) -> None:
        if not entry.pictures:
            raise StrangeVector(f"the product {entry.sku!r} has none, so no search could find it")
        embeddings = [seen.own for seen in entry.pictures]
        if entry.words_embedding is not None:
            embeddings.append(entry.words_embedding)
        for embedding in embeddings:
            self._check_vector(embedding)

    def _check_vector(self, embedding: Embedding) -> None:
        require_space(embedding, self._spec.space)
        if embedding.vector.shape != (self._spec.dimension,):
            raise StrangeVector(
                f"it has {embedding.vector.shape[0]} dimensions, not {self._spec.dimension}"
            )


def _find_manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except NoShop:
        return None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
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
