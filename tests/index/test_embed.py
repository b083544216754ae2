"""Rows become entries."""

from pathlib import Path

from index.embed import Embedder, Known, embed_words
from index.entry import Entry
from index.product import Product
from index.row import Row
from tests.fakes import FakeEncoder, drawn_picture
from vision.decode import Limits
from vision.embedding import Embedding
from vision.errors import NotWords


class Encoder(FakeEncoder):
    """Counts texts and cannot read "???"."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def words(self, texts):  # type: ignore[no-untyped-def] # as FakeEncoder
        if "???" in texts:
            raise NotWords("they are empty")
        self.read += texts
        return super().words(texts)


def embedder(
    encoder: Encoder, known: dict[str, Known] | None = None, held: tuple[str, ...] = ()
) -> Embedder:
    return Embedder(
        encoder,
        0.3,
        (known or {}).get,
        lambda entry: entry.sku in held,
        limits=Limits(),
        clock_ns=lambda: 2**62,
    )


def row(folder: Path, sku: str, *seeds: int, title: str = "") -> Row:
    for seed in seeds:
        (folder / f"{seed}.png").write_bytes(drawn_picture(seed))
    return Row(1, Product(sku, title=title), tuple(folder / f"{seed}.png" for seed in seeds))


def test_an_entry_has_its_pictures_in_order_with_what_was_seen(tmp_path: Path) -> None:
    encoder = Encoder()
    done = embedder(encoder).entries([row(tmp_path, "a", 2, 1), row(tmp_path, "b", 3)])
    assert [[Path(s.picture.path).stem for s in e.pictures] for e in done.entries] == [
        ["2", "1"],
        ["3"],
    ]
    assert [s.picture.ordinal for s in done.entries[0].pictures] == [0, 1]
    assert (done.encoded, encoder.pictures_seen) == (3, 3)
    assert all(s.stamp and s.picture.sha256 for e in done.entries for s in e.pictures)


def test_more_pictures_than_a_batch_holds_are_all_embedded(tmp_path: Path) -> None:
    done = embedder(Encoder()).entries([row(tmp_path, "a", *range(40))])
    assert len(done.entries[0].pictures) == 40


def test_a_picture_that_the_shop_has_seen_is_not_encoded(tmp_path: Path) -> None:
    encoder = Encoder()
    one = row(tmp_path, "a", 1)
    first = embedder(encoder).entries([one]).entries[0].pictures[0]
    known = {first.picture.sha256: Known(first.own, first.picture.pixel_digest)}
    again = embedder(encoder, known).entries([one])
    assert (again.encoded, encoder.pictures_seen) == (0, 1)
    assert again.entries[0].pictures[0].own is first.own


def test_what_the_shop_holds_just_so_costs_no_words(tmp_path: Path) -> None:
    encoder = Encoder()
    rows = [row(tmp_path, "a", 1, title="Bag"), row(tmp_path, "b", 2, title="Hat")]
    done = embedder(encoder, held=("a",)).entries(rows)
    assert [e.sku for e in done.held] == ["a"]
    assert [e.sku for e in done.entries] == ["b"]
    assert encoder.read == ["Hat"]


def test_a_title_is_embedded_once_for_all_products_that_bear_it(tmp_path: Path) -> None:
    encoder = Encoder()
    maker = embedder(encoder)
    for sku in ("a", "b"):
        (entry,) = maker.entries([row(tmp_path, sku, 1, title=" Red  bag ")]).entries
        assert entry.words == "Red bag"
        assert isinstance(entry.words_embedding, Embedding)
    assert encoder.read == ["Red bag"]


def test_a_title_that_cannot_be_read_costs_no_other_its_words(tmp_path: Path) -> None:
    encoder = Encoder()
    rows = [row(tmp_path, "a", 1, title="???"), row(tmp_path, "b", 2, title="Bag")]
    entries: list[Entry] = embedder(encoder).entries(rows).entries
    assert [e.words_embedding is None for e in entries] == [True, False]
    assert embed_words(encoder, []) == []
