"""Colour profiles: what the model, the grid and the preview see are the colours that were meant."""

import io
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


def test_a_profile_of_another_kind_of_colours_is_not_applied(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    cmyk = Image.new("CMYK", (64, 64), (0, 200, 200, 0))
    out = io.BytesIO()
    cmyk.save(out, "JPEG", quality=100, icc_profile=lab)
    _, model, _ = decoded(tmp_path, out.getvalue())
    assert np.allclose(model, (255, 55, 55), atol=6)
