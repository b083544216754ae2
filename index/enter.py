"""One product with its pictures into a shop, as the API receives them."""

from collections.abc import Sequence

import numpy as np

from index.blend import words_of
from index.embed import PICTURES_AT_ONCE, embed_words
from index.entry import Entry, SeenPicture
from index.errors import BadProduct
from index.examine import digest_of, keep_picture, see, sha256_of
from index.lanes import parts
from index.product import Picture, Product
from index.shelf import Shelf
from vision.decode import Limits
from vision.embedding import Embedding
from vision.encoder import Encoder


def enter_product(
    shelf: Shelf, encoder: Encoder, product: Product, pictures: Sequence[bytes], limits: Limits
) -> bool:
    """Add or replace `product` with these pictures (whole files); True if it is new.

    The pictures are kept in the shop. When this returns, all of it is durable and the next search
    finds it; when it raises, nothing of it is visible.
    Raises BadProduct (no picture), NotAPicture, PictureTooLarge, EncoderBusy, EncoderBroken,
    ShopBusy, ShopBroken.
    """
    if not pictures:
        raise BadProduct("pictures", "a new product needs at least one")
    pixels = [see(data, encoder.spec, limits) for data in pictures]
    own = [
        vector
        for part in parts(pixels, PICTURES_AT_ONCE)
        for vector in encoder.pictures(np.stack(part))
    ]
    digests = [digest_of(one) for one in pixels]
    text, words = _words(shelf, encoder, product)
    hashes = [sha256_of(data) for data in pictures]
    paths = [keep_picture(shelf.folder, *one) for one in zip(pictures, hashes, strict=True)]
    seen = tuple(
        SeenPicture(Picture(product.sku, n, paths[n], hashes[n], digests[n]), own[n])
        for n in range(len(pictures))
    )
    return shelf.write([Entry(product, seen, text, words)])[0]


def change_fields(shelf: Shelf, encoder: Encoder, product: Product) -> None:
    """Replace the fields of the product with this SKU; its pictures stay and are not seen again.

    Raises UnknownProduct, EncoderBusy, EncoderBroken, ShopBusy, ShopBroken.
    """
    shelf.change(product, _words(shelf, encoder, product)[1])


def _words(shelf: Shelf, encoder: Encoder, product: Product) -> tuple[str, Embedding | None]:
    text = words_of(product, shelf.title_weight)
    return text, embed_words(encoder, [text])[0] if text else None
