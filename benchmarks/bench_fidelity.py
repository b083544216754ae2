"""Does the quick decode change what the eye sees? Cosine against a full decode, photo by photo."""

import io
import statistics
from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmarks.photos import as_phone_photo
from vision.decode import Limits, decode
from vision.encoder import OnnxEncoder
from vision.photo import Photo
from vision.preprocess import preprocess


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Cosines between the embeddings of the quick and of the full decode of 12 MP photos."""

    photos: int
    median: float
    p5: float
    worst: float


def run(photos: list[bytes], encoder: OnnxEncoder) -> Fidelity:
    """Embed each photo, enlarged to 12 MP, both ways."""
    spec = encoder.spec
    found = []
    for photo in photos:
        data = as_phone_photo(photo)
        quick = decode(data, box=None, side_px=spec.size_px, limits=Limits())
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        full = Photo(pixels, pixels.shape[1], pixels.shape[0])
        both = np.stack([preprocess(p, spec.size_px, spec.resize) for p in (quick, full)])
        a, b = encoder.pictures(both)
        found.append(float(a.vector @ b.vector))
    low = statistics.quantiles(found, n=20)[0]
    return Fidelity(len(found), statistics.median(found), low, min(found))
