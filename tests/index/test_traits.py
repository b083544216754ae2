"""What can be told of a picture without a model."""

import io

import numpy as np
from PIL import Image

from index.traits import HASH_BYTES, LIKENESS_BYTES, traits_of
from tests.little_shop import drawn


def pixels(image: Image.Image) -> np.ndarray:  # type: ignore[type-arg] # of uint8
    return np.asarray(image.convert("RGB"))


def bits_apart(one: bytes, other: bytes) -> int:
    a, b = (np.frombuffer(x[:HASH_BYTES], np.uint8) for x in (one, other))
    return int(np.unpackbits(a ^ b).sum())


def test_a_copy_of_any_size_and_encoding_is_like_its_original() -> None:
    image = drawn("red", size=(400, 600))
    original = traits_of(pixels(image), 400, 600)
    assert (original.width_px, original.height_px) == (400, 600)
    assert len(original.likeness) == LIKENESS_BYTES
    file = io.BytesIO()
    image.resize((133, 200)).save(file, "JPEG", quality=40)
    copy = traits_of(pixels(Image.open(file)), 133, 200)
    assert bits_apart(original.likeness, copy.likeness) <= 4
    other = traits_of(pixels(drawn("red", "ball", (400, 600))), 400, 600)
    assert bits_apart(original.likeness, other.likeness) > 4


def test_contrast_tells_the_blank_from_the_pale() -> None:
    blank = traits_of(np.full((50, 40, 3), 255, np.uint8), 40, 50)
    assert blank.contrast == 0
    assert traits_of(pixels(drawn("yellow")), 120, 160).contrast > 3
