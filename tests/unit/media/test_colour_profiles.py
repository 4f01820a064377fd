"""Colour profiles: what the model, the grid and the preview see are the colours that were meant."""

import io
import itertools
import os
import struct

import numpy as np
import pytest
from media_samples import encoded, webp
from PIL import Image, ImageCms

from app.domain.media import DecodeRequest, Framing, PixelSpec
from app.media.decode import decode_photo, make_preview

SPEC = PixelSpec(Framing.SQUASH, 32, 32, 2)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

# The primaries as profiles state them, adapted to D50.
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def profile(primaries):
    """An RGB profile with these primaries and the tone curve of sRGB."""
    data = bytearray(SRGB.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be")))
    entries = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * data[131], 12)}
    offsets = []
    for name, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        offset = struct.unpack_from(">I", data, entries[name] + 4)[0]
        struct.pack_into(">3i", data, offset + 8, *(round(value * 65536) for value in values))
        offsets.append(offset)
    assert len(set(offsets)) == 3
    return bytes(data)


def cmyk_profile():
    """A profile of four inks in which cyan is green and the others darken, as no formula would guess."""
    curve = bytes(range(256))
    grid = b""
    for cyan, magenta, yellow, black in itertools.product((0, 1), repeat=4):
        dark = 40 * (magenta + yellow + black)
        grid += bytes([max(0, (140 if cyan else 255) - dark), 60 if cyan else 128, 180 if cyan else 128])
    matrix = struct.pack(">9i", *(65536 if n % 4 == 0 else 0 for n in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + curve * 4 + grid + curve * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"text" + bytes(4) + b"test\0"
    description = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = ((b"A2B0", table), (b"wtpt", white), (b"cprt", text), (b"desc", description))
    directory, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += bytes(-len(data) % 4)
        directory += struct.pack(">4sII", name, at + len(body), len(data))
        body += data
    size = at + len(body)
    header = struct.pack(">I4xI4s4s4s", size, 0x02400000, b"prtr", b"CMYK", b"Lab ") + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + directory + body


def decoded(folder, data, name="a.jpg"):
    path = folder / name
    path.write_bytes(data)
    photo = decode_photo(DecodeRequest(os.fspath(path), SPEC))
    preview = make_preview(os.fspath(path))
    model = tuple(int(v) for v in photo.pixels[16, 16])
    shown = [webp(bytes_).getpixel((16, 16)) for bytes_ in (photo.thumbnail, preview)]
    return photo, model, shown


def flat(colour, format_="JPEG", icc=None, **options):
    quality = {"quality": 100, "subsampling": 0} if format_ == "JPEG" else {}
    return encoded(Image.new("RGB", (64, 64), colour), format_, icc_profile=icc, **quality, **options)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("primaries", "expected"),
    [(DISPLAY_P3, (216, 81, 49)), (ADOBE_RGB, (227, 90, 58))],
    ids=["p3", "adobe"],
)
def test_wide_colours_come_out_as_srgb_for_the_model_and_the_eye(tmp_path, format_, primaries, expected):
    lossless = {"lossless": True} if format_ == "WEBP" else {"quality": 100} if format_ == "AVIF" else {}
    _, model, shown = decoded(tmp_path, flat((200, 90, 60), format_, profile(primaries), **lossless))
    assert np.allclose(model, expected, atol=4)
    for colour in shown:
        assert np.allclose(colour, expected, atol=8)


def test_srgb_is_left_as_it_is(tmp_path):
    _, model, _ = decoded(tmp_path, flat((200, 90, 60), icc=SRGB))
    assert np.allclose(model, (200, 90, 60), atol=2)


def test_palettes_have_profiles_too(tmp_path):
    picture = Image.new("RGB", (64, 64), (200, 90, 60)).quantize(4)
    _, model, _ = decoded(tmp_path, encoded(picture, "PNG", icc_profile=profile(ADOBE_RGB)))
    assert np.allclose(model, (227, 90, 58), atol=5)


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_equal_pixels_under_another_profile_are_another_picture(tmp_path, format_):
    keys = {
        name: decoded(tmp_path, flat((200, 90, 60), format_, icc))[0].pixel_key
        for name, icc in (("none", None), ("srgb", SRGB), ("broken", b"garbage"), ("p3", profile(DISPLAY_P3)))
    }
    assert keys["none"] == keys["srgb"] == keys["broken"] != keys["p3"]


def test_a_broken_profile_costs_no_photo(tmp_path):
    _, model, _ = decoded(tmp_path, flat((200, 90, 60), icc=profile(DISPLAY_P3)[:300]))
    assert np.allclose(model, (200, 90, 60), atol=2)


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_inks_follow_their_profile(tmp_path, format_):
    picture = Image.new("CMYK", (64, 64), (255, 0, 0, 0))
    options = {"quality": 100} if format_ == "JPEG" else {}
    _, plain, _ = decoded(tmp_path, encoded(picture, format_, **options))
    assert np.allclose(plain, (0, 255, 255), atol=6)
    photo, model, shown = decoded(tmp_path, encoded(picture, format_, icc_profile=cmyk_profile(), **options))
    for colour in (model, *shown):
        assert np.allclose(colour, (0, 153, 52), atol=8)
    other, _, _ = decoded(tmp_path, encoded(picture, format_, **options))
    assert photo.pixel_key != other.pixel_key


def test_a_profile_of_another_kind_of_colours_is_not_applied(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    cmyk = Image.new("CMYK", (64, 64), (0, 200, 200, 0))
    out = io.BytesIO()
    cmyk.save(out, "JPEG", quality=100, icc_profile=lab)
    _, model, _ = decoded(tmp_path, out.getvalue())
    assert np.allclose(model, (255, 55, 55), atol=6)
