"""Decoding a 12 MP JPEG to the model's input against a full Pillow decode of it."""

import io

import numpy as np
from PIL import Image

from benchmarks.pairing import Pairing, pair
from benchmarks.photos import as_phone_photo
from vision.decode import Limits, decode
from vision.preprocess import preprocess
from vision.spec import EncoderSpec


def run(photos: list[bytes], spec: EncoderSpec, rounds: int) -> list[Pairing]:
    """Pair our decode with Pillow's, without and with the step to the model's input."""
    large = [as_phone_photo(photo) for photo in photos[:4]]
    side = spec.size_px

    def ours(i: int) -> object:
        return decode(large[i % 4], box=None, side_px=side, limits=Limits())

    def ours_to_input(i: int) -> object:
        photo = decode(large[i % 4], box=None, side_px=side, limits=Limits())
        return preprocess(photo, side, spec.resize)

    def pillow(i: int) -> object:
        return np.asarray(Image.open(io.BytesIO(large[i % 4])).convert("RGB"))

    def pillow_to_input(i: int) -> object:
        image = Image.open(io.BytesIO(large[i % 4])).convert("RGB")
        return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))

    return [
        pair("decode 12 MP JPEG", ours, pillow, "full Pillow decode", rounds),
        pair(
            "decode 12 MP JPEG to model input", ours_to_input, pillow_to_input,
            "full Pillow decode and resize", rounds,
        ),
    ]  # fmt: skip
