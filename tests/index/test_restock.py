"""A shop moves to another space while people write to it; nothing they were promised is lost."""

import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from index.errors import ShopMoved
from index.product import Picture, Product
from index.restock import AT_ONCE, Restocked, hand_over, restock
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture, fake_spec
from tests.keeper import until
from vision.decode import Limits

PRODUCTS = 60
OLD, NEW = FakeEncoder(fake_spec("old", 0.0)), FakeEncoder(fake_spec("new", 0.0))


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    data = drawn_picture(1)
    (tmp_path / "seen.png").write_bytes(data)
    return Picture("", 0, str(tmp_path / "seen.png"), sha256(data).hexdigest(), "")


def put(shelf: Shelf, eye: FakeEncoder, sku: str, picture: Picture, price: float) -> None:
    vector = eye.words([sku])  # any unit vector of this space
    shelf.put(Product(sku=sku, title=sku, price=price), [replace(picture, sku=sku)], vector)


def write_until_moved(act: Callable[[int], None], told: list[int]) -> None:
    """Number what was acknowledged."""
    number = 0
    while True:
        try:
            act(number)
        except ShopMoved:
            return
        told.append(number)
        number += 1


def test_what_was_acknowledged_is_in_the_new_space(tmp_path: Path, picture: Picture) -> None:
    with (
        Shelf.open(tmp_path / "old", OLD.spec, create=True) as old,
        Shelf.open(tmp_path / "new", NEW.spec, create=True) as new,
    ):
        for n in range(PRODUCTS):
            put(old, OLD, f"kept-{n}", picture, 1.0)
            put(old, OLD, f"doomed-{n}", picture, 1.0)

        def change(n: int) -> None:
            sku = f"kept-{n % PRODUCTS}"
            old.change(replace(old.get(sku), price=float(n + 2)))

        def delete(n: int) -> None:
            if n < PRODUCTS:
                old.delete(f"doomed-{n}")
            else:
                put(old, OLD, f"doomed-{n % PRODUCTS}", picture, float(n))

        told: tuple[list[int], ...] = ([], [], [])
        acts = (change, delete, lambda n: put(old, OLD, f"added-{n}", picture, float(n)))
        writers = [
            threading.Thread(target=write_until_moved, args=pair, daemon=True)
            for pair in zip(acts, told, strict=True)
        ]
        for writer in writers:
            writer.start()
        until(lambda: min(map(len, told)) > 3)
        limits = Limits()
        done = restock(old, new, NEW, limits)
        done.add(restock(old, new, NEW, limits, since=done.sequence))
        hand_over(old, new, NEW, limits, since=done.sequence)
        for writer in writers:
            writer.join(60)
        changed, doomed, added = told
        for n in changed[-PRODUCTS:]:
            assert new.get(f"kept-{n % PRODUCTS}").price == float(n + 2)
        there = {n for n in range(PRODUCTS) if new.find(f"doomed-{n}") is not None}
        gone = set(doomed[:PRODUCTS]) - {n % PRODUCTS for n in doomed[PRODUCTS:]}
        assert there == set(range(PRODUCTS)) - gone
        assert [new.get(f"added-{n}").price for n in added] == [float(n) for n in added]
        assert new.find(f"added-{len(added)}") is None
        assert len(new) == len(old)


def test_a_product_deleted_while_its_turn_comes_is_passed_over(
    tmp_path: Path, picture: Picture
) -> None:
    with (
        Shelf.open(tmp_path / "old", OLD.spec, create=True) as old,
        Shelf.open(tmp_path / "new", NEW.spec, create=True) as new,
    ):
        for n in range(2 * AT_ONCE):
            put(old, OLD, f"p{n}", picture, 1.0)
        last = f"p{2 * AT_ONCE - 1}"

        def delete_last(done: int, total: int) -> None:
            if old.find(last) is not None:
                old.delete(last)

        restocked = restock(old, new, NEW, Limits(), delete_last)
        assert (new.find(last), len(new), restocked.lost) == (None, 2 * AT_ONCE - 1, {})


def test_what_a_later_run_finds_or_nobody_has_any_more_is_not_lost() -> None:
    done = Restocked(lost={"found": "gone", "deleted": "gone", "still": "gone", "again": "gone"})
    later = Restocked(lost={"again": "worse"}, looked_at={"found", "again"})
    later.here = {"found", "still", "again"}
    done.add(later)
    assert done.lost == {"still": "gone", "again": "worse"}


def test_who_moved_back_may_be_written_to_again(tmp_path: Path, picture: Picture) -> None:
    with (
        Shelf.open(tmp_path / "old", OLD.spec, create=True) as old,
        Shelf.open(tmp_path / "new", NEW.spec, create=True) as new,
    ):
        put(old, OLD, "one", picture, 1.0)
        hand_over(old, new, NEW, Limits(), since=0)
        with pytest.raises(ShopMoved):
            old.delete("one")
        assert old.get("one").price == 1.0
        put(new, NEW, "two", picture, 2.0)
        hand_over(new, old, OLD, Limits(), since=0)
        put(old, OLD, "three", picture, 3.0)
        assert [old.get(sku).price for sku in ("one", "two", "three")] == [1.0, 2.0, 3.0]
        with pytest.raises(ShopMoved):
            put(new, NEW, "four", picture, 4.0)


def test_a_move_that_fails_leaves_the_shop_as_it_was(tmp_path: Path, picture: Picture) -> None:
    class Broken(FakeEncoder):
        def pictures(self, batch):  # type: ignore[no-untyped-def]  # it answers nothing
            raise RuntimeError("no eye")

    broken = Broken(fake_spec("new", 0.0))
    with (
        Shelf.open(tmp_path / "old", OLD.spec, create=True) as old,
        Shelf.open(tmp_path / "new", NEW.spec, create=True) as new,
    ):
        put(old, OLD, "one", picture, 1.0)
        with pytest.raises(RuntimeError, match="no eye"):
            hand_over(old, new, broken, Limits(), since=0)
        put(old, OLD, "two", picture, 2.0)
        assert old.get("two").price == 2.0
