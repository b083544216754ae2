"""Drawn products: every kind in every variant and view, the same each time."""

import numpy as np
import pytest

from models.drawn_product import VIEWS, Spec, draw_cutout, draw_product, stock
from models.drawn_shapes import shapes

COLOURS = ((190, 40, 46), (240, 228, 204), (34, 46, 82))


def spec(kind: str = "tshirt", options: tuple[str, ...] = (), **more: object) -> Spec:
    return Spec(kind, options, COLOURS, "cotton", **more)  # type: ignore[arg-type]  # keywords vary


@pytest.mark.parametrize("kind", sorted(shapes()["shapes"]))
def test_every_kind_fills_a_good_part_of_its_picture_and_no_edge(kind: str) -> None:
    alpha = draw_cutout(spec(kind)).alpha
    assert alpha.shape == (800, 600)
    assert 0.03 < alpha.mean() < 0.8
    edge = np.concatenate([alpha[:8].ravel(), alpha[-8:].ravel(), alpha[:, :8].ravel()])
    assert edge.max() == 0


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_picture_on_a_light_ground(view: str) -> None:
    picture = draw_product(spec(), view)
    assert picture.dtype == np.uint8
    assert picture.shape == (800, 600, 3)
    assert picture[:10].mean() > 235


def test_the_same_spec_gives_the_same_pixels_and_another_seed_other_folds() -> None:
    assert np.array_equal(draw_product(spec()), draw_product(spec()))
    assert not np.array_equal(draw_product(spec()), draw_product(spec(seed=1)))


def test_a_red_shirt_is_red() -> None:
    cutout = draw_cutout(spec())
    colour = np.median(cutout.pixels[cutout.alpha > 0.99], axis=0)
    assert np.abs(colour - COLOURS[0]).max() < 40


def test_a_pattern_and_a_motif_show_on_the_chest() -> None:
    plain = draw_product(spec()).astype(int)
    assert np.abs(draw_product(spec(pattern="stripes")) - plain)[300:500, 250:350].mean() > 20
    printed = draw_product(spec(pattern="print", motif="sun"))
    assert np.abs(printed - plain)[300:500, 200:400].mean() > 8
    assert np.array_equal(
        draw_product(spec(pattern="print", motif="sun"), "back"), draw_product(spec(), "back")
    )


def test_a_mirrored_view_is_the_front_seen_in_a_mirror() -> None:
    front, mirrored = draw_cutout(spec("mug")), draw_cutout(spec("mug"), "mirrored")
    assert np.array_equal(front.pixels[:, ::-1], mirrored.pixels)


def test_unknown_kinds_materials_and_views_are_refused() -> None:
    with pytest.raises(ValueError, match="no shape"):
        spec("submarine")
    with pytest.raises(ValueError, match="no material"):
        Spec("mug", (), COLOURS, "porridge")
    with pytest.raises(ValueError, match="no view"):
        draw_product(spec(), "inside")


def test_every_word_in_the_stock_is_defined() -> None:
    book = stock()
    for kind, row in book["kinds"].items():
        assert set(row["colours"]) <= set(book["colours"]), kind
        assert set(row["materials"]) <= set(book["materials"]), kind
        assert set(row["patterns"]) <= set(book["words"]), kind
    assert set(book["spanish"]) >= {c for k in book["kinds"].values() for c in k["colours"]}
