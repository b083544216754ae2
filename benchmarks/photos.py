"""The pictures that the benchmarks run on: real ones where they are, else the drawn shop's."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

SEED = 7
PHONE_SIZE_PX = (4000, 3000)  # 12 megapixels
PAGE_PX = 2048  # SIDE_PX of api/pages/picture.js
SENSOR_NOISE = 2.0  # standard deviation in 8-bit steps: a phone in a lit room


def shared_folder() -> Path | None:
    """The folder of real photos: $VISTAZO_SHARED, else ../shared/data beside the checkout."""
    named = os.environ.get("VISTAZO_SHARED")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return folder if (folder / "snaps" / "snaps.csv").is_file() else None


def some_photos(count: int, drawn: Path) -> list[bytes]:
    """`count` picture files: real phone snaps, or those of the drawn shop in `drawn`."""
    shared = shared_folder()
    folder = shared / "snaps" / "images" if shared else drawn / "snaps"
    found = sorted(p for p in folder.iterdir() if p.suffix == ".jpg")
    return [found[i % len(found)].read_bytes() for i in range(count)]


def as_phone_photo(data: bytes) -> bytes:
    """A 12 MP baseline JPEG of the same scene, with a little sensor noise, some 3 MB."""
    rng = np.random.default_rng(SEED)
    image = Image.open(io.BytesIO(data)).convert("RGB")
    upright = image if image.width >= image.height else image.transpose(Image.Transpose.ROTATE_90)
    big = upright.resize(PHONE_SIZE_PX, Image.Resampling.BICUBIC)
    noise = rng.normal(0, SENSOR_NOISE, (*PHONE_SIZE_PX[::-1], 3))
    pixels = np.clip(np.asarray(big) + noise, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90)
    return out.getvalue()


def as_sent_by_the_page(data: bytes) -> bytes:
    """A 12 MP photo as our pages send it: 2,048 px, JPEG of quality 92, some 500 kB."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.thumbnail((PAGE_PX, PAGE_PX))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()
