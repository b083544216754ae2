"""What goes into the catalogue in one piece: a product with its pictures and their vectors."""

from dataclasses import dataclass

from index.product import Picture, Product
from vision.embedding import Embedding


@dataclass(frozen=True, slots=True, eq=False)
class SeenPicture:
    """A picture and how the encoder sees it, before any words are added.

    `stamp` is the file's size and times when it was read ("" if not trusted): while it stays the
    same, the file need not be read again.
    """

    picture: Picture
    own: Embedding
    stamp: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A product, its pictures in order, and the embedded `words` that go into its vectors.

    `from_source` says that a catalogue source named it, so that a source may remove it again;
    `row_digest` is that of the source's row, None if an equal row could mean something else.
    """

    product: Product
    pictures: tuple[SeenPicture, ...]
    words: str = ""
    words_embedding: Embedding | None = None
    from_source: bool = False
    row_digest: bytes | None = None

    @property
    def sku(self) -> str:
        """The product's."""
        return self.product.sku
