"""Opening pictures of every format, mode and orientation, and refusing what is broken."""

import io
import struct
import zlib

import numpy as np
import pytest
from media_samples import TURNS_AWAY, UPRIGHT, corners, dng, encoded, noise, scene, turned
from PIL import Image, ImageCms

from app.errors import DamagedMediaError, MediaError, MediaTooLargeError, UnsupportedMediaError
from app.media import opening
from app.media.colours import to_rgb, to_srgb
from app.media.opening import open_picture


def opened(data, name="a.jpg", needed=(10**6, 10**6)):
    return open_picture(data, name, lambda full: (min(full[0], needed[0]), min(full[1], needed[1])))


def heif(picture, **options):
    import pillow_heif

    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, quality=90, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    "format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "PCX", "TGA", "JPEG2000"]
)
def test_every_format_opens_whatever_its_name_says(format_):
    name = "a.tga" if format_ == "TGA" else "a.jpg"
    picture = opened(encoded(scene(), format_), name)
    assert picture.image.mode == "RGB"
    assert picture.full_size == picture.image.size == (640, 480)
    assert picture.metadata.format == format_
    assert corners(picture.image) == UPRIGHT


def test_heif_opens():
    picture = opened(heif(scene()))
    assert (picture.metadata.format, corners(picture.image)) == ("HEIF", UPRIGHT)


def test_icons_open():
    assert opened(encoded(scene(64, 64), "ICO", sizes=[(64, 64)])).full_size == (64, 64)


@pytest.mark.parametrize("orientation", TURNS_AWAY)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_pictures_are_turned_upright_once(format_, orientation):
    picture = opened(turned(scene(), orientation, format_))
    assert corners(picture.image) == UPRIGHT
    assert (picture.metadata.width, picture.metadata.height) == (640, 480)
    assert picture.metadata.orientation == orientation


@pytest.mark.parametrize("orientation", TURNS_AWAY)
def test_heif_is_turned_upright_once(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = TURNS_AWAY[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    picture = opened(heif(stored, exif=exif.tobytes()))
    assert corners(picture.image) == UPRIGHT
    assert picture.full_size == (640, 480)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_raw_preview_is_turned_by_the_orientation_of_the_raw_file(orientation):
    turn = TURNS_AWAY[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    picture = opened(dng(stored, orientation=orientation, preview=encoded(stored)), "a.dng")
    assert corners(picture.image) == UPRIGHT
    assert picture.full_size == (640, 480)
    assert picture.metadata.format == "RAW"
    assert picture.metadata.camera_model == "Test camera"


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_raw_preview_that_the_camera_turned_already_is_left_alone(orientation):
    stored = scene().transpose(TURNS_AWAY[orientation])
    picture = opened(dng(stored, orientation=orientation, preview=encoded(scene())), "a.dng")
    assert corners(picture.image) == UPRIGHT


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_raw_preview_with_its_own_orientation_is_turned_once(orientation):
    stored = scene().transpose(TURNS_AWAY[orientation])
    picture = opened(dng(stored, orientation=orientation, preview=turned(scene(), orientation)), "a.dng")
    assert corners(picture.image) == UPRIGHT


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_raw_file_without_preview_is_developed(orientation):
    turn = TURNS_AWAY[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    picture = opened(dng(stored, orientation=orientation), "a.tif")
    assert picture.metadata.format == "RAW"
    assert corners(picture.image)[:3] == UPRIGHT[:3]


def test_a_plain_picture_under_the_name_of_a_raw_file_opens():
    assert opened(encoded(scene(), "TIFF"), "a.nef").metadata.format == "TIFF"


def test_a_large_jpeg_is_decoded_at_a_reduced_scale():
    picture = opened(encoded(scene(4000, 3000)), needed=(448, 448))
    assert picture.image.size == (1000, 750)
    assert picture.full_size == (4000, 3000)


def test_a_turned_jpeg_is_reduced_no_further_than_its_upright_sides_allow():
    data = turned(scene(2000, 1000), 6)
    assert opened(data, needed=(1000, 400)).image.size == (1000, 500)


def test_other_large_pictures_are_averaged_down_half_as_far():
    assert opened(encoded(scene(2000, 1000), "PNG"), needed=(300, 150)).image.size == (667, 334)
    assert opened(encoded(scene(2000, 1000), "PNG"), needed=(600, 300)).image.size == (2000, 1000)


def _over_white(alpha):
    return tuple(round(channel * alpha / 255 + 255 - alpha) for channel in (200, 100, 0))


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("1", (2, 2), 1), (255, 255, 255)),
        (Image.new("L", (2, 2), 77), (77, 77, 77)),
        (Image.new("LA", (2, 2), (0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (2, 2), (200, 100, 0, 128)), _over_white(128)),
        (Image.new("RGBa", (2, 2), (100, 50, 0, 128)), _over_white(128)),
        (Image.new("PA", (2, 2), (0, 0)), (255, 255, 255)),
        (Image.new("CMYK", (2, 2), (0, 255, 255, 0)), (255, 0, 0)),
        (Image.new("HSV", (2, 2), (0, 255, 255)), (255, 0, 0)),
        (Image.new("YCbCr", (2, 2), (128, 128, 128)), (128, 128, 128)),
        (Image.new("LAB", (2, 2), (255, 128, 128)), (255, 255, 255)),
        (Image.fromarray(np.full((2, 2), 65535, np.uint16)), (255, 255, 255)),
        (Image.fromarray(np.full((2, 2), 2048, np.uint16)), (128, 128, 128)),
        (Image.fromarray(np.full((2, 2), 100, np.int32)), (100, 100, 100)),
        (Image.fromarray(np.full((2, 2), 0.5, np.float32)), (128, 128, 128)),
        (Image.fromarray(np.array([[-1, np.nan], [0, 1]], np.float32)), (0, 0, 0)),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else "",
)
def test_every_mode_becomes_rgb(picture, expected):
    rgb = to_rgb(picture)
    assert rgb.mode == "RGB"
    assert np.allclose(rgb.getpixel((0, 0)), expected, atol=2)


def test_a_transparent_palette_lies_over_white():
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([10, 20, 30])
    assert opened(encoded(picture, "PNG", transparency=0)).image.getpixel((0, 0)) == (255, 255, 255)


def _profile(name):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def _swapped_profile():
    """An RGB profile whose red and green primaries changed places."""
    data = bytearray(_profile("sRGB").replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be")))
    entries = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * data[131], 12)}
    red, green = (bytes(data[entries[tag] + 4 : entries[tag] + 12]) for tag in (b"rXYZ", b"gXYZ"))
    data[entries[b"rXYZ"] + 4 : entries[b"rXYZ"] + 12] = green
    data[entries[b"gXYZ"] + 4 : entries[b"gXYZ"] + 12] = red
    return bytes(data)


def test_colours_follow_their_profile():
    converted = to_srgb(Image.new("RGB", (2, 2), (255, 0, 0)), _swapped_profile())
    assert np.allclose(converted.getpixel((0, 0)), (0, 255, 0), atol=3)


@pytest.mark.parametrize("profile", [None, b"garbage", _profile("sRGB"), _profile("LAB")])
def test_colours_stay_when_the_profile_is_srgb_or_unusable(profile):
    picture = Image.new("RGB", (2, 2), (12, 34, 56))
    assert to_srgb(picture, profile) is picture


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_truncated_file_is_damaged_not_half_a_picture(format_, share):
    data = encoded(noise(300, 200), format_)
    with pytest.raises(DamagedMediaError):
        opened(data[: int(len(data) * share)])


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_heif_is_damaged(share):
    data = heif(noise(300, 200))
    with pytest.raises(MediaError):
        opened(data[: int(len(data) * share)])


def test_a_jpeg_whose_end_was_never_copied_is_damaged():
    data = encoded(noise(400, 300))
    half = len(data) // 2
    with pytest.raises(DamagedMediaError, match="cut off"):
        opened(data[:half] + bytes(len(data) - half))


def test_a_jpeg_padded_with_zeros_after_its_end_opens():
    assert opened(encoded(scene()) + bytes(5000)).full_size == (640, 480)


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (bytes(5000), "zeros")])
def test_files_without_content_are_damaged(data, reason):
    with pytest.raises(DamagedMediaError, match=reason):
        opened(data)


def test_what_is_no_picture_is_unsupported():
    with pytest.raises(UnsupportedMediaError):
        opened(b"%PDF-1.7 and so on")


def test_a_raw_name_around_nonsense_is_damaged():
    with pytest.raises(DamagedMediaError):
        opened(b"nonsense" * 100, "a.cr2")


def _png_bomb(width, height):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_decompression_bombs_are_refused_before_they_are_decoded():
    with pytest.raises(MediaTooLargeError):
        opened(_png_bomb(60_000, 60_000))


def test_a_panorama_that_is_none_is_damaged():
    with pytest.raises(DamagedMediaError):
        opened(_png_bomb(12_000, 11_000))


def _resized_header(data, width, height):
    """A JPEG that claims another size."""
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def _claimed(width, height, **options):
    """A JPEG with enough bytes for that size, though they say nothing."""
    data = _resized_header(encoded(scene(64, 64), **options), width, height)
    return data[:-2] + bytes(width * height // 64 // 8) + data[-2:]


def test_a_jpeg_with_too_few_bytes_for_its_size_is_damaged():
    with pytest.raises(DamagedMediaError, match="cut off"):
        opened(_resized_header(encoded(scene(64, 64)), 20_000, 20_000), needed=(1000, 1000))


def test_a_panorama_is_judged_by_the_scale_it_is_decoded_at():
    data = _claimed(60_000, 3_000)
    assert opened(data, needed=(1000, 300)).image.size == (7500, 375)
    with pytest.raises(MediaTooLargeError):
        opened(data)


def test_a_huge_progressive_jpeg_is_refused_because_it_is_held_whole():
    with pytest.raises(MediaTooLargeError):
        opened(_claimed(60_000, 20_000, progressive=True), needed=(100, 100))


def test_running_out_of_memory_means_the_picture_is_too_large(monkeypatch):
    def no_memory(_):
        raise MemoryError

    monkeypatch.setattr(opening, "to_rgb", no_memory)
    with pytest.raises(MediaTooLargeError):
        opened(encoded(scene(), "PNG"))


def test_every_error_is_a_sentence_for_people():
    for data in (b"", b"hello", bytes(100), encoded(noise(90, 90))[:2000], _png_bomb(60_000, 60_000)):
        with pytest.raises(MediaError, match=r"^[A-Z].{20,}\.$"):
            opened(data)


@pytest.mark.parametrize(("start", "said"), [(b"\0\0\0\x1cftypavif", "an AVIF"), (b"\xff\xd8\xff", "a JPEG")])
def test_what_a_damaged_file_begins_as_is_said_with_its_article(start, said):
    with pytest.raises(DamagedMediaError, match=f"begins as {said} picture"):
        open_picture(start + bytes(40), "", lambda full: full)
