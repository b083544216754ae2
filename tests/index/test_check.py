"""Every kind of damage is found, by its code, on a shop that somebody else is serving; what can be
mended is mended, and nothing else is touched."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from index import catalogue
from index.build import apply_source
from index.check import check_shop, compare
from index.database import DATABASE_NAME
from index.disposal import ABANDONED_AFTER_S
from index.entry import Entry, SeenPicture
from index.errors import NoShop
from index.examine import keep_picture, sha256_of
from index.fault import KINDS
from index.flip import Flip
from index.product import Picture, Product
from index.query import Query
from index.repair import repair_shop
from index.replica import Replica
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture
from vision.encoder import Encoder

PRODUCTS = 6
ENCODER = FakeEncoder()


def later_s() -> float:
    """When whatever was written until now is old."""
    return time.time() + 2 * ABANDONED_AFTER_S


def upload(shelf: Shelf, sku: str, n: int) -> None:
    data = drawn_picture(n)
    name = sha256_of(data)
    picture = Picture(sku, 0, keep_picture(shelf.folder, data, name), name, "")
    (own,) = ENCODER.words([sku])
    words = ENCODER.words([f"Bag {n}"])[0]
    product = Product(sku, title=f"Bag {n}", price=float(n), colour="red")
    shelf.write([Entry(product, (SeenPicture(picture, own),), f"Bag {n}", words)])


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Six products of a catalogue and one upload, served while the shop is checked."""
    source = tmp_path / "source"
    source.mkdir()
    lines = ["sku,image,title,price,brand"]
    for n in range(PRODUCTS):
        (source / f"{n}.png").write_bytes(drawn_picture(n))
        lines.append(f"p{n},{n}.png,Bag {n},{n},Joust")
    (source / "catalogue.csv").write_text("\n".join(lines))
    with Shelf.open(tmp_path / "shop", ENCODER.spec, create=True) as shelf:
        apply_source(shelf, ENCODER, source)
        upload(shelf, "up", 77)
        yield shelf


def execute(shelf: Shelf, *statements: str) -> None:
    """Damage the catalogue behind everybody's back."""
    with sqlite3.connect(shelf.folder / DATABASE_NAME) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def vector_with(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Shelf], None]:
    def plant(shelf: Shelf) -> None:
        with sqlite3.connect(shelf.folder / DATABASE_NAME) as connection:
            blob = connection.execute("SELECT vector FROM vectors WHERE picture_id = 2").fetchone()
            vector = change(np.frombuffer(blob[0], np.float32).copy())
            connection.execute(
                "UPDATE vectors SET vector = ? WHERE picture_id = 2", (vector.tobytes(),)
            )
        connection.close()

    return plant


def sql(*statements: str) -> Callable[[Shelf], None]:
    return lambda shelf: execute(shelf, *statements)


def upload_of(shelf: Shelf) -> Path:
    return Path(shelf.pictures("up")[0].path)


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def file(name: str, data: bytes = b"x") -> Callable[[Shelf], None]:
    def plant(shelf: Shelf) -> None:
        path = shelf.folder / name.format(shown=shelf.pictures("up")[0].sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return plant


def cache_then(damage: Callable[[Path], None]) -> Callable[[Shelf], None]:
    def plant(shelf: Shelf) -> None:
        shelf._replica.save()
        note = json.loads((shelf.folder / "vectors.json").read_bytes())
        damage(shelf.folder / note["file"])

    return plant


def damage_pages(shelf: Shelf) -> None:
    execute(shelf, "PRAGMA wal_checkpoint(TRUNCATE)")
    with (shelf.folder / DATABASE_NAME).open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for page in range(4, size // 4096, 3):
            file.seek(page * 4096)
            file.write(b"\xff" * 512)


def damage_lookup(shelf: Shelf) -> None:
    """A row that its index does not know: as after a lost write."""
    execute(
        shelf,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'article <> ''''', 'article <> ''z''') "
        "WHERE name = 'products_by_article'",
    )


PLANTED: dict[str, Callable[[Shelf], None]] = {
    "manifest-missing": lambda shelf: (shelf.folder / "manifest.json").unlink(),
    "manifest-broken": lambda shelf: flip_a_byte(shelf.folder / "manifest.json")
    or (shelf.folder / "manifest.json").write_text("{"),
    "wrong-catalogue": sql("UPDATE shop SET identity = 'another'"),
    "lookup-damaged": damage_lookup,
    "picture-of-nobody": sql("UPDATE pictures SET product_id = 999 WHERE id = 7"),
    "vector-of-nobody": sql(
        "INSERT INTO vectors SELECT 999, vector, own, NULL FROM vectors LIMIT 1"
    ),
    "term-of-nobody": sql("INSERT INTO terms VALUES ('brand', 'ghost', 999, NULL, 'Ghost')"),
    "no-vector": sql("DELETE FROM vectors WHERE picture_id = 2"),
    "no-picture": sql(
        "DELETE FROM vectors WHERE picture_id = 2", "DELETE FROM pictures WHERE id = 2"
    ),
    "product-damaged": sql("UPDATE products SET attributes = '[' WHERE id = 2"),
    "terms-differ": sql("UPDATE terms SET value = 'jost' WHERE field = 'brand' AND product_id = 2"),
    "back-from-the-dead": sql("INSERT INTO removed VALUES (2, 1)"),
    "number-behind": sql("UPDATE shop SET sequence = 1"),
    "upload-missing": lambda shelf: upload_of(shelf).unlink(),
    "upload-damaged": lambda shelf: flip_a_byte(upload_of(shelf)),
    "picture-missing": lambda shelf: Path(shelf.pictures("p1")[0].path).unlink(),
    "needless-file": file(f"pictures/{'0' * 64}.jpg"),
    "half-written": file(".vectors.json.12.ab.part"),
    "thumbnail-damaged": file("thumbnails/ab/{shown}-160.jpg", b"\xff\xd8 but no end"),
    "cache-damaged": cache_then(flip_a_byte),
}  # fmt: skip
VECTORS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a bit that fell over": lambda v: np.append(v[:-1], np.nextafter(v[-1], np.float32(9))),
    "another length": lambda v: 1.01 * v,
    "another dimension": lambda v: v[:-1],
    "no number": lambda v: np.append(v[:-1], np.float32("nan")),
    "nothing": lambda v: v[:0],
    "of another picture": lambda v: -v,
}
MENDED = {code for code, kind in KINDS.items() if kind.repair}


def codes(shelf: Shelf) -> set[str]:
    return {found.code for found in check_shop(shelf.folder, now_s=later_s()).found}


def mend(shelf: Shelf, open_encoder: Callable[[], Encoder] = lambda: ENCODER) -> None:
    found = check_shop(shelf.folder, now_s=later_s()).found
    repair_shop(shelf.folder, found, later_s(), open_encoder)


def test_a_sound_shop_has_no_faults_and_is_not_touched(shelf: Shelf) -> None:
    before = {p: p.read_bytes() for p in shelf.folder.rglob("*") if p.is_file()}
    checked = check_shop(shelf.folder, now_s=later_s())
    assert (checked.products, checked.pictures, checked.found) == (7, 7, [])
    after = {p: p.read_bytes() for p in shelf.folder.rglob("*") if p.is_file()}
    assert {p.name for p, data in after.items() if before.get(p) != data} <= {
        f"{DATABASE_NAME}-shm"  # readers write down there where they are
    }


@pytest.mark.parametrize("code", PLANTED)
def test_every_kind_of_damage_is_found_and_mended_if_it_can_be(shelf: Shelf, code: str) -> None:
    PLANTED[code](shelf)
    assert code in codes(shelf)
    if code not in MENDED:
        return
    mend(shelf)
    assert codes(shelf) <= {"no-picture"}  # of the product whose picture belonged to nobody
    if code != "picture-of-nobody":
        check_all_is_there(shelf)


@pytest.mark.parametrize("what", VECTORS)
def test_a_vector_that_is_not_what_was_written_is_found_and_made_again(
    shelf: Shelf, what: str
) -> None:
    before = shelf.vector_of("p1")
    vector_with(VECTORS[what])(shelf)
    assert "vector-damaged" in codes(shelf)
    mend(shelf)
    assert codes(shelf) == set()
    assert np.allclose(shelf.vector_of("p1").vector, before.vector, atol=1e-6)
    check_all_is_there(shelf)


def check_all_is_there(shelf: Shelf) -> None:
    """All products with their uploads, and searches find them all, in a new process too."""
    assert upload_of(shelf).read_bytes() == drawn_picture(77)
    if not (shelf.folder / "manifest.json").exists():
        return
    for one in (shelf, Shelf.open(shelf.folder, ENCODER.spec)):
        hits = one.search(Query(ENCODER.words(["any"])[0], top=50, unfold=True)).hits
        assert {hit.product.sku for hit in hits} == {"up", *(f"p{n}" for n in range(PRODUCTS))}
        if one is not shelf:
            one.close()


def test_a_file_with_damaged_pages_is_told_and_left_alone(shelf: Shelf) -> None:
    damage_pages(shelf)
    assert "catalogue-damaged" in codes(shelf)


def test_a_catalogue_that_is_gone_or_no_database_is_told(tmp_path: Path) -> None:
    with Shelf.open(tmp_path, ENCODER.spec, create=True) as shelf:
        folder = shelf.folder
    for path in folder.glob(f"{DATABASE_NAME}*"):
        path.unlink()
    assert [f.code for f in check_shop(folder, now_s=later_s()).found] == ["catalogue-missing"]
    (folder / DATABASE_NAME).write_bytes(b"no database, but long enough to look at" * 100)
    assert [f.code for f in check_shop(folder, now_s=later_s()).found] == ["catalogue-damaged"]


def test_a_folder_that_holds_nothing_is_no_shop(tmp_path: Path) -> None:
    with pytest.raises(NoShop):
        check_shop(tmp_path, now_s=later_s())


def test_files_that_may_still_get_their_row_are_no_fault(shelf: Shelf) -> None:
    file(f"pictures/{'0' * 64}.jpg")(shelf)
    assert check_shop(shelf.folder, now_s=time.time()).found == []


def test_a_picture_that_cannot_be_seen_again_stays_a_fault(shelf: Shelf) -> None:
    Path(shelf.pictures("p1")[0].path).unlink()
    execute(shelf, "DELETE FROM vectors WHERE picture_id = 2")
    mend(shelf)
    assert codes(shelf) == {"no-vector", "picture-missing"}


def test_the_encoder_is_opened_only_if_a_picture_must_be_seen(shelf: Shelf) -> None:
    def refuse() -> Encoder:
        raise AssertionError

    PLANTED["terms-differ"](shelf)
    mend(shelf, refuse)
    assert codes(shelf) == set()


def test_vectors_in_memory_that_differ_are_told_one_by_one(shelf: Shelf) -> None:
    with shelf.database.reading() as connection:
        identity, _, dimension = catalogue.identity_of(connection)
        replica = Replica(shelf.folder, identity, dimension, connection)
        assert compare(connection, replica, dimension) == []
        rows = replica.tiered._new.rows
        rows[[0, 1]] = rows[[1, 0]]
        replica.tiered.remove(np.array([3]))
        assert compare(connection, replica, dimension) == [1, 2, 3]


def test_a_shop_is_checked_while_others_write_to_it(shelf: Shelf) -> None:
    stages: list[str] = []

    def write_meanwhile(stage: str, done: int, total: int) -> None:
        stages.append(stage)
        shelf.flip(Flip("p1", stock=len(stages)))
        upload(shelf, f"new{len(stages)}", 100 + len(stages))
        if len(stages) > 1:
            shelf.delete(f"new{len(stages) - 1}")

    assert check_shop(shelf.folder, now_s=time.time(),
                      on_stage=write_meanwhile).found == []  # fmt: skip
    assert {"vectors", "terms", "pictures", "memory"} <= set(stages)
