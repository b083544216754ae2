"""Putting one product on the shelf: its fields, its pictures and how the encoder sees them."""

from collections.abc import Container, Sequence

import numpy as np

from api.errors import BadParameter
from api.product_fields import ProductFields, apply_fields
from api.shop import Shop
from index.entry import SeenPicture
from index.examine import digest_of, keep_picture, sha256_of
from index.product import Picture, Product, require_address
from index.revise import Revised
from vision.batching import patiently
from vision.photo import Pixels

MAX_PICTURES = 16


@patiently()  # shoppers' pictures are encoded first
def stock_product(
    shop: Shop,
    sku: str,
    said: ProductFields,
    pictures: Sequence[bytes],
    only_if: Container[str] | None = None,
) -> Revised:
    """Add or change the product; what was written, durable and searchable when this returns.

    With pictures they take the place of those it had; without, only fields change. Every picture is
    decoded and encoded before anything is written, so a bad one leaves the product as it was. Of
    two callers who change different fields at once both keep their change.
    Raises VisionError, CatalogueError or BadParameter.
    """

    require_address(sku)

    def merge(present: Product | None) -> Product:
        product = apply_fields(sku, present, said)
        if present is None and not pictures:
            raise BadParameter("image", "a new product needs at least one picture")
        return product

    merge(shop.shelf.find(sku))  # what makes no sense is refused before a picture is looked at
    seen = _seen(shop, sku, pictures) if pictures else ()

    def keep() -> None:  # again: a delete may have unlinked the same file since
        for data, one in zip(pictures, seen, strict=True):
            keep_picture(shop.shelf.folder, data, one.picture.sha256)

    embed = lambda words: shop.encoder.words([words])[0]  # noqa: E731 # an argument with a name
    return shop.shelf.revise(sku, merge, embed, seen, keep, only_if)


def _seen(shop: Shop, sku: str, pictures: Sequence[bytes]) -> tuple[SeenPicture, ...]:
    """The pictures, kept on the disk, and how the encoder sees them."""
    if len(pictures) > MAX_PICTURES:
        raise BadParameter("image", f"a product has at most {MAX_PICTURES} pictures")
    spec = shop.encoder.spec
    pixels = [
        shop.decoder.square(data, box=None, side_px=spec.size_px, resize=spec.resize).pixels
        for data in pictures
    ]
    vectors = shop.encoder.pictures(np.stack(pixels))
    return tuple(
        SeenPicture(_keep(shop, sku, ordinal, data, pixels[ordinal]), vectors[ordinal])
        for ordinal, data in enumerate(pictures)
    )


def _keep(shop: Shop, sku: str, ordinal: int, data: bytes, pixels: Pixels) -> Picture:
    sha256 = sha256_of(data)
    path = keep_picture(shop.shelf.folder, data, sha256)
    return Picture(sku, ordinal, path, sha256, digest_of(pixels))
