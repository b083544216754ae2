"""Putting one product on the shelf: its fields, its pictures and how the encoder sees them."""

from collections.abc import Sequence

import numpy as np

from api.errors import BadParameter
from api.product_fields import ProductFields, apply_fields
from api.shop import Shop
from index.examine import digest_of, keep_picture, see, sha256_of
from index.product import Picture, Product
from vision.embedding import Embedding
from vision.photo import Pixels

MAX_PICTURES = 16


def stock_product(shop: Shop, sku: str, said: ProductFields, pictures: Sequence[bytes]) -> bool:
    """Add or change the product; True if it is new. Durable and searchable when this returns.

    With pictures they take the place of those it had; without, only fields change. Every picture is
    decoded and encoded before anything is written, so a bad one leaves the product as it was.
    Raises VisionError, CatalogueError or BadParameter.
    """
    product = apply_fields(sku, shop.shelf.find(sku), said)
    if pictures:
        return _put(shop, product, pictures)
    if shop.shelf.find(sku) is None:
        raise BadParameter("image", "a new product needs at least one picture")
    shop.shelf.change(product, _words(shop, product))
    return False


def _put(shop: Shop, product: Product, pictures: Sequence[bytes]) -> bool:
    if len(pictures) > MAX_PICTURES:
        raise BadParameter("image", f"a product has at most {MAX_PICTURES} pictures")
    spec = shop.encoder.spec
    seen = [see(data, spec, shop.picture_limits) for data in pictures]
    vectors = shop.encoder.pictures(np.stack(seen))
    kept = [
        _keep(shop, product.sku, ordinal, data, pixels)
        for ordinal, (data, pixels) in enumerate(zip(pictures, seen, strict=True))
    ]
    return shop.shelf.put(product, kept, vectors, _words(shop, product))


def _keep(shop: Shop, sku: str, ordinal: int, data: bytes, pixels: Pixels) -> Picture:
    sha256 = sha256_of(data)
    path = keep_picture(shop.shelf.folder, data, sha256)
    return Picture(sku, ordinal, path, sha256, digest_of(pixels))


def _words(shop: Shop, product: Product) -> Embedding | None:
    wanted = shop.shelf.words_wanted(product)
    return shop.encoder.words([wanted])[0] if wanted else None
