"""Fixtures: a small shop behind the real application, with a fake eye and drawn pictures."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw

from api.app import create_app
from api.settings import Settings
from api.shop import Shop, shop_of
from index.build import apply_source
from index.shelf import Shelf
from tests.fakes import FakeEncoder

COLOURS = {
    "red": (200, 30, 40),
    "green": (30, 150, 60),
    "blue": (40, 60, 190),
    "black": (15, 15, 15),
    "yellow": (240, 210, 40),
}


def drawn(colour: str, shape: str = "bag", size: tuple[int, int] = (120, 160)) -> Image.Image:
    """A bag (a box) or a ball in `colour` on near-white, deterministic."""
    image = Image.new("RGB", size, (246, 245, 243))
    w, h = size
    box = (w // 6, h // 4, w * 5 // 6, h * 5 // 6)
    pen = ImageDraw.Draw(image)
    (pen.rectangle if shape == "bag" else pen.ellipse)(box, fill=COLOURS[colour])
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    """The bytes of `image` as a file of `kind`."""
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Ten drawn products: bags and balls in five colours, the bags one group."""
    folder = tmp_path / "source"
    (folder / "images").mkdir(parents=True)
    lines = ["sku,title,price,colour,categories,group,image,season"]
    for shape in ("bag", "ball"):
        for place, colour in enumerate(COLOURS):
            name = f"images/{shape}-{colour}.png"
            drawn(colour, shape).save(folder / name)
            group = "bags" if shape == "bag" else ""
            price = 10 * (place + 1) + (5 if shape == "ball" else 0)
            lines.append(
                f"{shape}-{colour},{colour.title()} {shape},{price},{colour},Toys/{shape}s,"
                f"{group},{name},Fall"
            )
    file = folder / "catalogue.csv"
    file.write_text("\n".join(lines), "utf-8")
    return file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        shop=tmp_path / "shop", name="Test shop", currency="EUR", decoders=0,
        regions=tmp_path / "left out",
    )  # fmt: skip


@pytest.fixture
def open_shop(settings: Settings, catalogue: Path) -> Iterator[Callable[[FakeEncoder], Shop]]:
    """Opens the ten products as a shop seen by the given encoder."""
    opened: list[Shop] = []

    def build(encoder: FakeEncoder) -> Shop:
        shelf = Shelf.open(settings.shop, encoder.spec, create=True)
        apply_source(shelf, encoder, catalogue)
        opened.append(shop_of(settings, shelf, encoder))
        return opened[-1]

    yield build
    for shop in opened:
        shop.close()


@pytest.fixture
def shop(open_shop: Callable[[FakeEncoder], Shop]) -> Shop:
    return open_shop(FakeEncoder())


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    """Callers of the real application; a failure inside answers as it would in service."""
    with from_this_machine(shop) as client:
        yield client


def from_this_machine(shop: Shop) -> TestClient:
    """Callers on the shop's own machine, who may write as long as it has no keys."""
    return TestClient(
        create_app(shop),
        base_url="http://127.0.0.1",
        client=("127.0.0.1", 50_000),
        raise_server_exceptions=False,
    )
