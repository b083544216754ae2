import io

import pytest
from PIL import Image, ImageChops, ImageStat

from mirror.cut import cut
from mirror.encode import X264
from mirror.preview import SPRITE_FRAMES, SPRITE_PX, THUMBNAIL_PX, previews
from tests.drawn_camera import Drawing, packets


@pytest.mark.parametrize(("frames", "gop"), [(40, 30), (130, 10), (1, 10)])
def test_a_clip_has_a_thumbnail_and_a_strip_of_it_all(frames: int, gop: int) -> None:
    stream = packets(frames, Drawing(width_px=640, height_px=480, gop=gop))
    mp4 = cut(stream, 0, 10**9, X264).mp4
    thumbnail, sprite = (Image.open(io.BytesIO(data)) for data in previews(mp4))
    assert thumbnail.size == (THUMBNAIL_PX, 360)
    assert sprite.size == (SPRITE_PX * SPRITE_FRAMES, 120)
    first, last = (sprite.crop((x, 0, x + SPRITE_PX, 120)) for x in (0, SPRITE_PX * 11))
    apart = sum(ImageStat.Stat(ImageChops.difference(first, last)).mean)
    assert (apart > 5) is (frames > 1)  # the figure has turned
