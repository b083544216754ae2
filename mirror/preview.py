"""Small pictures of a clip: one to know it by, and a strip to scrub along."""

import io
from collections.abc import Iterator

import av
from PIL import Image

from mirror.errors import NothingRecorded

THUMBNAIL_PX = 480
SPRITE_PX = 160
SPRITE_FRAMES = 12
_QUALITY = 80
# Five seconds: more is only decoded where keys are too few to make a strip of. She is waiting, and
# 1080p decodes at some 200 frames a second on one core.
_MAX_DECODED = 150
_ENOUGH_KEYS = 3


def previews(mp4: bytes) -> tuple[bytes, bytes]:
    """A thumbnail (JPEG, at most THUMBNAIL_PX wide, from the clip's middle) and a sprite.

    The sprite is a JPEG of SPRITE_FRAMES pictures beside each other, SPRITE_PX wide each, evenly
    spaced over the clip. Raises NothingRecorded where no picture can be decoded.
    """
    chosen = list(_evenly(mp4))
    if not chosen:
        raise NothingRecorded("no picture of the clip can be decoded")
    thumbnail = chosen[len(chosen) // 2]
    height = max(1, SPRITE_PX * thumbnail.height // thumbnail.width)
    sprite = Image.new("RGB", (SPRITE_PX * SPRITE_FRAMES, height))
    for i in range(SPRITE_FRAMES):
        picture = chosen[i * len(chosen) // SPRITE_FRAMES]
        sprite.paste(picture.resize((SPRITE_PX, height)), (i * SPRITE_PX, 0))
    return _jpeg(thumbnail), _jpeg(sprite)


def _evenly(mp4: bytes) -> Iterator[Image.Image]:
    """At most SPRITE_FRAMES pictures; of a long clip only the keys are decoded."""
    with av.open(io.BytesIO(mp4), "r") as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size]
        keys = sum(packet.is_keyframe for packet in packets)
        long = len(packets) > _MAX_DECODED and keys >= _ENOUGH_KEYS
        count = keys if long or keys >= SPRITE_FRAMES else len(packets)
        wanted = {i * count // SPRITE_FRAMES for i in range(SPRITE_FRAMES)}
        context = video.codec_context
        if count == keys:
            packets = [packet for packet in packets if packet.is_keyframe]
        shown = 0
        for packet in [*packets, None]:
            for frame in context.decode(packet):
                if shown in wanted:
                    yield _small(frame)
                shown += 1


def _small(frame: av.VideoFrame) -> Image.Image:
    width = min(THUMBNAIL_PX, frame.width)
    height = max(1, frame.height * width // frame.width)
    return Image.fromarray(frame.to_ndarray(format="rgb24", width=width, height=height))


def _jpeg(picture: Image.Image) -> bytes:
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()
