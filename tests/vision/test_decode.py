"""Bytes become a Photo, whatever the bytes are."""

import contextlib
import io
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from vision.budget import PixelBudget
from vision.decode import Limits, decode
from vision.errors import BoxOutside, DecoderBusy, NotAPicture, PictureTooLarge, VisionError
from vision.photo import Box, Photo

SIDE = 64
LIMITS = Limits(max_bytes=5_000_000, max_pixels=4_000_000, max_side_px=8_000)


def scene(width_px: int = 200, height_px: int = 120) -> Image.Image:
    """Red left, blue right, a green band at the top: orientation and crop can be read off it."""
    pixels = np.zeros((height_px, width_px, 3), np.uint8)
    pixels[:, : width_px // 2] = (220, 30, 30)
    pixels[:, width_px // 2 :] = (30, 30, 220)
    pixels[: height_px // 4] = (30, 200, 30)
    return Image.fromarray(pixels)


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def seen(data: bytes, box: Box | None = None, side_px: int = SIDE) -> Photo:
    return decode(data, box=box, side_px=side_px, limits=LIMITS)


def at(photo: Photo, x: float, y: float) -> npt.NDArray[np.int64]:
    height, width = photo.pixels.shape[:2]
    return photo.pixels[int(y * height), int(x * width)].astype(np.int64)


def near(found: npt.NDArray[np.int64], wanted: tuple[int, int, int], by: int = 25) -> bool:
    return bool(np.abs(found - np.array(wanted)).max() <= by)


def looks_right(photo: Photo) -> bool:
    return (
        near(at(photo, 0.25, 0.6), (220, 30, 30))
        and near(at(photo, 0.75, 0.6), (30, 30, 220))
        and near(at(photo, 0.5, 0.1), (30, 200, 30))
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP"])
def test_every_format_is_read(kind: str) -> None:
    photo = seen(file_of(scene(), kind))
    assert looks_right(photo)
    assert (photo.width_px, photo.height_px) == (200, 120)


def heic_of(image: Image.Image, **options: object) -> bytes:
    """A HEIC as a phone writes it; the encoder (GPL) is a test dependency only."""
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=95, **options)
    return out.getvalue()


def test_heic_is_read() -> None:
    photo = seen(heic_of(scene()))
    assert looks_right(photo)
    assert (photo.width_px, photo.height_px) == (200, 120)


def test_a_heic_turned_by_the_phone_stands_upright_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = seen(heic_of(scene().transpose(Image.Transpose.ROTATE_90), exif=exif.tobytes()))
    assert looks_right(photo)
    assert (photo.width_px, photo.height_px) == (200, 120)


def test_a_truncated_or_oversized_heic_is_refused() -> None:
    data = heic_of(scene())
    with pytest.raises(NotAPicture):
        seen(data[: len(data) * 2 // 3])
    with pytest.raises(PictureTooLarge):
        decode(data, box=None, side_px=SIDE, limits=Limits(max_pixels=1000))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_whatever_its_exif_orientation(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = scene() if orientation == 1 else scene().transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = seen(file_of(stored, "JPEG", quality=95, exif=exif))
    assert looks_right(photo)
    assert (photo.width_px, photo.height_px) == (200, 120)


def test_a_box_is_cut_from_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = file_of(scene().transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif)
    photo = seen(data, Box(110, 40, 80, 70))
    assert near(photo.pixels.reshape(-1, 3).mean(axis=0).astype(np.int64), (30, 30, 220))
    assert (photo.width_px, photo.height_px) == (200, 120)


def test_a_box_of_one_pixel_is_a_picture() -> None:
    assert seen(file_of(scene(), "PNG"), Box(199, 119, 1, 1)).pixels.shape[:2] == (1, 1)


@pytest.mark.parametrize("box", [Box(150, 0, 51, 10), Box(0, 100, 10, 21), Box(500, 500, 1, 1)])
def test_a_box_outside_the_picture_is_refused_with_the_sizes(box: Box) -> None:
    with pytest.raises(BoxOutside) as found:
        seen(file_of(scene(), "PNG"), box)
    assert (found.value.width_px, found.value.height_px) == (200, 120)


def test_transparency_is_laid_on_white() -> None:
    layer = Image.new("RGBA", (50, 50), (10, 10, 10, 0))
    for kind in ("PNG", "WEBP"):
        assert near(at(seen(file_of(layer, kind)), 0.5, 0.5), (255, 255, 255), by=2)


def test_a_palette_with_a_transparent_colour_is_laid_on_white() -> None:
    image = Image.new("P", (20, 20), 0)
    image.putpalette([200, 0, 0, 0, 0, 200])
    assert near(at(seen(file_of(image, "PNG", transparency=0)), 0.5, 0.5), (255, 255, 255), by=2)


def test_cmyk_becomes_rgb() -> None:
    photo = seen(file_of(scene().convert("CMYK"), "JPEG", quality=95))
    assert near(at(photo, 0.25, 0.6), (220, 30, 30), by=60)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str) -> None:
    ramp = np.linspace(0, 65535, 100 * 100).reshape(100, 100).astype(np.uint16)
    photo = seen(file_of(Image.fromarray(ramp), kind), side_px=100)
    assert photo.pixels[50, 50, 0] == pytest.approx(128, abs=3)


def test_a_wide_gamut_profile_is_brought_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    assert lab  # the profile below is a real one: Display P3 primaries, gamma 2.2, built by hand
    data = file_of(scene(), "PNG", icc_profile=p3_profile())
    red = at(seen(data), 0.25, 0.6)
    assert red[0] > 222  # P3's red is outside sRGB: more red, not the same number
    assert not near(red, (220, 30, 30), by=5)


def test_a_broken_profile_is_ignored() -> None:
    assert looks_right(seen(file_of(scene(), "PNG", icc_profile=b"not a profile at all")))


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [scene(), Image.new("RGB", (200, 120), (255, 255, 255))]
    for kind in ("GIF", "WEBP", "PNG"):
        data = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
        assert looks_right(seen(data)), kind


def test_the_size_is_judged_before_a_pixel_is_decoded() -> None:
    bomb = file_of(Image.new("1", (7_000, 7_000)), "PNG")
    assert len(bomb) < 20_000
    with pytest.raises(PictureTooLarge) as found:
        seen(bomb)
    assert found.value.found == 49_000_000


def test_a_header_that_promises_a_billion_pixels_is_refused() -> None:
    data = bytearray(file_of(Image.new("RGB", (8, 8)), "PNG"))
    data[16:24] = struct.pack(">II", 2_000_000, 2_000_000)
    with pytest.raises((PictureTooLarge, NotAPicture)):
        seen(bytes(data))


def test_a_file_too_heavy_is_refused() -> None:
    with pytest.raises(PictureTooLarge, match="bytes"):
        seen(b"\xff\xd8" + b"\0" * 5_000_000)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"<svg xmlns=''/>", "SVG"), (b"%PDF-1.7", "PDF"), (b"MZ\x90\0" * 9, "known")],
)
def test_what_is_no_picture_is_told_apart(data: bytes, reason: str) -> None:
    with pytest.raises(NotAPicture, match=reason):
        seen(data)


def test_a_truncated_picture_is_refused_whatever_its_format() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP"):
        data = file_of(scene(), kind)
        with pytest.raises(NotAPicture):
            seen(data[: len(data) // 2])


def test_a_line_of_one_pixel_is_read() -> None:
    assert seen(file_of(Image.new("RGB", (5_000, 1), (9, 9, 9)), "PNG")).pixels.size > 0


def test_a_large_jpeg_is_decoded_no_finer_than_needed() -> None:
    photo = seen(file_of(scene(1600, 1200), "JPEG"))
    assert min(photo.pixels.shape[:2]) >= SIDE
    assert max(photo.pixels.shape[:2]) <= 400
    assert looks_right(photo)


def test_a_small_box_in_a_large_picture_keeps_the_input_side() -> None:
    data = file_of(scene(1600, 1200), "JPEG")
    photo = seen(data, Box(100, 400, 150, 100))
    assert min(photo.pixels.shape[:2]) >= SIDE


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_a_large_picture_of_any_mode_is_averaged_like_a_small_one(mode: str) -> None:
    grey = np.tile(np.linspace(0, 255, 1500).astype(np.uint8), (1600, 1))
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(grey).convert(mode)
    photo = seen(file_of(image, "PNG"))
    assert min(photo.pixels.shape[:2]) >= SIDE
    assert abs(float(photo.pixels.mean()) - 127) < 4
    if mode != "I;16":
        assert max(photo.pixels.shape[:2]) <= 400
    assert photo.pixels[:, -1].mean() > 230 > 25 > photo.pixels[:, 0].mean()


def test_a_large_transparent_picture_is_averaged_with_the_white_behind_it() -> None:
    layer = np.zeros((1200, 1200, 4), np.uint8)
    layer[::2, :, 3] = 255  # every other line black, the rest transparent black
    photo = seen(file_of(Image.fromarray(layer), "PNG"))
    assert abs(float(photo.pixels.mean()) - 127) < 3


def test_a_picture_too_many_at_once_is_told_to_come_back() -> None:
    budget = PixelBudget(capacity=30_000)
    limits = Limits(budget=budget)
    data = file_of(scene(), "PNG")  # 24,000 pixels
    with budget.hold(10_000), pytest.raises(DecoderBusy):
        decode(data, box=None, side_px=SIDE, limits=limits)
    with budget.hold(10_000), pytest.raises(DecoderBusy):
        decode(heic_of(scene()), box=None, side_px=SIDE, limits=limits)
    assert decode(data, box=None, side_px=SIDE, limits=limits)


@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from(["JPEG", "PNG"]))
@settings(max_examples=40, deadline=None)
def test_a_rendition_keeps_the_input_side_where_the_file_has_it(w: int, h: int, kind: str) -> None:
    photo = seen(file_of(scene(w, h), kind))
    assert min(photo.pixels.shape[:2]) >= min(SIDE, w, h)
    assert (photo.width_px, photo.height_px) == (w, h)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_mutated_files_give_a_photo_or_a_vision_error(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"]))
    raw = bytearray(file_of(scene(60, 40), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(1, len(raw)))]
    with contextlib.suppress(VisionError):  # anything else is a failure of this test
        assert seen(bytes(raw)).pixels.dtype == np.uint8


def test_real_snaps_decode_close_to_a_full_decode(shared_data: Path) -> None:
    import cv2

    for path in sorted((shared_data / "snaps" / "images").iterdir())[:20]:
        data = path.read_bytes()
        full = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        quick = seen(data, side_px=64).pixels
        small = [cv2.resize(p, (32, 32), interpolation=cv2.INTER_AREA) for p in (full, quick)]
        assert np.abs(small[0].astype(int) - small[1].astype(int)).mean() < 4, path.name


def p3_profile() -> bytes:
    """A minimal matrix/TRC ICC v2 profile with Display P3 primaries (D50-adapted), gamma 2.2."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags = {
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011), b"gXYZ": xyz(0.2919, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1572, 0.0666, 0.7841), b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 3) + b"P3\0" + b"\0" * 78 + b"\0",
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
    }  # fmt: skip
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        padded = value + b"\0" * (-len(value) % 4)
        table += name + struct.pack(">II", offset + len(body), len(value))
        body += padded
    size = offset + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += struct.pack(">3i", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))
    return head.ljust(128, b"\0") + table + body
