"""Changing a shop: one product or many, in transactions that are durable when they return."""

from collections.abc import Callable, Container, Sequence
from pathlib import Path

from index import catalogue, changes
from index.blend import words_of
from index.database import Database
from index.disposal import Disposal
from index.entry import Entry, SeenPicture
from index.errors import ShopBusy, StrangeVector, UnknownProduct
from index.flip import Flip, Flipped, flip_in
from index.product import Picture, Product
from index.reader import Reader
from index.revise import Merge, Revised, Words, revise_in
from vision.embedding import Embedding, require_space
from vision.spec import EncoderSpec

REVISIONS = 50  # tries to embed a product's words while others change them


class Writer(Reader):
    """Changes the shop in `folder`; may be used from any thread.

    Promise: what a method wrote is durable, and seen by the next search, when it returns.
    """

    def __init__(self, folder: Path, spec: EncoderSpec, database: Database) -> None:
        super().__init__(folder, spec, database)
        self._disposal = Disposal(database, folder)

    @property
    def disposal(self) -> Disposal:
        """Getting rid of files that no product needs: after bulk work, and at opening."""
        return self._disposal

    # One product

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
        only_if: Container[str] | None = None,
    ) -> Revised:
        """Write what `merge` makes of the product that is there, with no other change between.

        Its pictures stay, unless `seen` takes their place. `embed` is called for words only where
        the vectors need them, and never while other writers wait; `keep` makes sure of the files
        of `seen` once nobody can unlink them. Durable when this returns.
        With `only_if` the product must be one of these versions.
        Raises UnknownProduct (none there, none `seen`), ChangedMeanwhile, StrangeVector,
        WrongSpace, ShopBusy, and what `merge` and `embed` raise.
        """
        for picture in seen:
            self._check_vector(picture.own)
        words = Words("", None)
        if seen and (text := words_of(merge(self.find(sku)), self.title_weight)):
            words = Words(text, embed(text))  # as a rule these are right, and one turn is enough
        for _ in range(REVISIONS):
            with self._database.writing() as connection:
                catalogue.require_version(connection, sku, only_if)
                done = revise_in(connection, sku, merge, seen, words, self._spec.space, keep)
            if isinstance(done, Revised):
                self._disposal.run()
                return done
            words = Words(done, embed(done))
        raise ShopBusy(str(self._folder))

    def flip(self, flip: Flip, only_if: Container[str] | None = None) -> Flipped:
        """Another price or stock, nothing else touched. Durable when this returns.

        Raises UnknownProduct, ChangedMeanwhile (it is none of the versions `only_if`), ShopBusy.
        """
        with self._database.writing() as connection:
            catalogue.require_version(connection, flip.sku, only_if)
            (done,) = flip_in(connection, [flip])
        if isinstance(done, UnknownProduct):
            raise done
        return done

    def flip_all(self, flips: Sequence[Flip]) -> list[Flipped | UnknownProduct]:
        """All that can be done of `flips`, in one transaction; each one's outcome in its place.

        Raises ShopBusy. Durable when this returns.
        """
        with self._database.writing() as connection:
            return flip_in(connection, flips)

    def delete(self, sku: str, only_if: Container[str] | None = None) -> None:
        """Remove the product, and the shop's files of pictures that no other product shows.

        Raises UnknownProduct, ChangedMeanwhile, ShopBusy. Durable when this returns.
        """
        with self._database.writing() as connection:
            catalogue.require_version(connection, sku, only_if)
            product_id = catalogue.get_id(connection, sku)
            changes.delete_product(connection, changes.next_sequence(connection), product_id)
        self._disposal.run()

    def words_wanted(self, product: Product) -> str:
        """The words to embed and hand to `put` or `change` with this product; "" for none."""
        return words_of(product, self.title_weight)

    # Many

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
