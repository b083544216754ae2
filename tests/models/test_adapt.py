"""A shop of drawn things is learned: what is published serves, and is what was measured."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from PIL import Image, ImageDraw

from models import adapt as adapting  # after the skip
from models.adapt import Asked, adapt
from models.errors import BadName, BadTable
from models.registry import find_card
from tests.tiny_card import tiny_model
from vision.encoder import OnnxEncoder

pytestmark = pytest.mark.workshop
HUES = {"red": (200, 30, 40), "green": (30, 150, 60), "blue": (40, 60, 190), "gold": (220, 180, 30)}


def silent(stage: str, done: int, total: int) -> None:
    assert stage


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 things of four colours and two shapes, each of another size, twelve with two pictures."""
    folder = tmp_path_factory.mktemp("shop")
    rows = []
    for i in range(48):
        colour, shape = list(HUES)[i % 4], "ball" if i % 8 < 4 else "box"
        names = []
        for view in range(2 if i < 16 else 1):
            image = Image.new("RGB", (64, 64), (245, 245, 243))
            pen, edge, at = ImageDraw.Draw(image), 12 + i % 7 * 5, 4 + 3 * view
            act = pen.ellipse if shape == "ball" else pen.rectangle
            act((at, at, at + edge, at + edge), fill=HUES[colour])
            names.append(f"{i}-{view}.png")
            image.save(folder / names[-1])
        rows.append({"sku": f"s{i}", "title": f"{colour} {shape}", "colour": colour,
                     "category": [f"Toys/{shape}"], "image": names})  # fmt: skip
    (folder / "broken.png").write_bytes(b"no picture")
    rows[20]["image"].append("broken.png")
    file = folder / "catalogue.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return file


def asked(table: Path, place: Path, **changed: object) -> Asked:
    fields = {
        "table": table, "model": str(tiny_model(place / "tiny")), "name": "toys",
        "store": place / "store", "work": place / "work", "judgements": None, "minutes": 1.0,
        "rounds": 2,
        "seed": 0, "threads": 1, "dry_run": False,
    }  # fmt: skip
    return Asked(**{**fields, **changed})  # type: ignore[arg-type]


@pytest.fixture
def no_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model sees next to nothing, and what it loses here is chance."""
    monkeypatch.setattr(adapting, "losses", lambda figures: [])


@pytest.mark.usefixtures("no_losses")
def test_what_is_published_serves_in_one_space_and_tells_where_it_comes_from(
    table: Path, tmp_path: Path
) -> None:
    told = adapt(asked(table, tmp_path), silent)
    card = find_card("toys", tmp_path / "store")
    assert told["published"] == f"toys@{card.version}"
    assert (told["products"], told["pictures"]) == (48, 64)
    encoder = OnnxEncoder(card.spec, threads=1)
    side = card.spec.size_px
    pixels = np.random.default_rng(0).integers(0, 256, (3, side, side, 3), dtype=np.uint8)
    assert len(encoder.pictures(pixels)) == 3
    assert encoder.words(["red ball"])[0].vector.shape == (card.spec.dimension,)
    assert "adapted to a shop" in card.source
    assert any("48 products" in line for line in card.data)
    assert card.measured["adapted"]["figures"].keys() == told["figures"].keys()
    assert {"colour, from a picture", "category, from its word"} <= set(told["figures"])


@pytest.mark.usefixtures("no_losses")
def test_the_same_seed_gives_the_same_model_and_a_broken_run_goes_on(
    table: Path, tmp_path: Path
) -> None:
    def breaking(stage: str, done: int, total: int) -> None:
        if stage == "Measuring":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt(asked(table, tmp_path), breaking)
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").glob("*.npy")}
    assert kept
    first = adapt(asked(table, tmp_path), silent)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    again = adapt(asked(table, tmp_path, work=tmp_path / "other work"), silent)
    assert again["published"] == first["published"]


def test_a_loss_is_not_published_and_is_named(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "losses", lambda figures: ["colour, from a picture"])
    told = adapt(asked(table, tmp_path), silent)
    assert (told["code"], told["published"]) == ("adapt-loss", None)
    assert told["losses"] == ["colour, from a picture"]
    assert not list((tmp_path / "store").rglob("card.json"))


@pytest.mark.usefixtures("no_losses")
def test_a_dry_run_publishes_nothing(table: Path, tmp_path: Path) -> None:
    told = adapt(asked(table, tmp_path, dry_run=True), silent)
    assert (told["code"], told["published"]) == ("adapted", None)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("name", ["builtin", "../up", "", "a b", "tiny"])
def test_a_name_that_is_taken_or_no_name_is_refused(table: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        adapt(asked(table, tmp_path, name=name), silent)


def test_a_table_that_is_too_small_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sku,image\n")
    with pytest.raises(BadTable):
        adapt(asked(tmp_path / "t.csv", tmp_path), silent)
