"""Keys of content and of pixels: what must be equal, what must differ."""

import io
import itertools

import pytest
from media_samples import encoded, noise, scene, turned
from PIL import Image

from app.media import content_key as keys
from app.media.content_key import content_key
from app.media.opening import open_picture


def pixel_key_of(data, side=512):
    return open_picture(data, "a.jpg", lambda full: (side, side)).pixel_key


def with_metadata(data, comment=b"edited", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"):
    """The JPEG with segments added as a metadata editor adds them."""

    def segment(marker, body):
        return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body

    return (
        data[:2] + segment(0xE1, exif) + segment(0xFE, comment) + segment(0xED, b"Photoshop 3.0\0") + data[2:]
    )


def test_equal_content_has_equal_keys_and_a_changed_byte_another():
    data = noise(64, 64).tobytes()
    assert content_key(data) == content_key(bytes(bytearray(data)))
    assert content_key(data) != content_key(data[:-1] + bytes([data[-1] ^ 1]))
    assert content_key(data).startswith("w1-")


@pytest.fixture
def small_limits(monkeypatch):
    for name, value in {"WHOLE_FILE_LIMIT": 1000, "_HEAD": 200, "_TAIL": 100, "_SAMPLE": 10}.items():
        monkeypatch.setattr(keys, name, value)


@pytest.mark.parametrize("at", [0, 199, 200, 1890, 1999])
def test_large_files_are_known_by_their_ends_and_samples(small_limits, at):
    data = bytes(2000)
    changed = data[:at] + b"x" + data[at + 1 :]
    assert content_key(data).startswith("s1-")
    assert content_key(data) != content_key(changed)


def test_large_files_of_different_size_differ(small_limits):
    assert content_key(bytes(2000)) != content_key(bytes(2001))


def test_samples_reach_from_the_head_to_the_tail(small_limits):
    data = bytes(2000)
    seen = [at for at in range(2000) if content_key(data[:at] + b"x" + data[at + 1 :]) != content_key(data)]
    assert len(seen) == 200 + 100 + 8 * 10
    gaps = [after - before for before, after in itertools.pairwise(seen)]
    assert max(gaps) < 250


def test_a_metadata_edit_of_a_jpeg_keeps_its_pixel_key():
    data = encoded(scene())
    edited = with_metadata(data)
    assert Image.open(io.BytesIO(edited)).tobytes() == Image.open(io.BytesIO(data)).tobytes()
    assert content_key(edited) != content_key(data)
    assert pixel_key_of(edited) == pixel_key_of(data)


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "TIFF"])
def test_a_metadata_edit_of_another_format_keeps_its_pixel_key(format_):
    exif = Image.Exif()
    exif[0x010E] = "edited"
    options = {"lossless": True} if format_ == "WEBP" else {}
    plain, edited = (encoded(scene(), format_, exif=e, **options) for e in (b"", exif.tobytes()))
    assert plain != edited
    assert pixel_key_of(edited) == pixel_key_of(plain)


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_the_pixel_key_does_not_depend_on_the_scale_of_decoding(format_):
    data = encoded(scene(2000, 1500), format_)
    assert pixel_key_of(data, 200) == pixel_key_of(data, 1500)


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_different_pictures_have_different_pixel_keys(format_):
    pictures = [scene(), scene(640, 481), scene().transpose(Image.Transpose.FLIP_LEFT_RIGHT), noise(640, 480)]
    retouched = scene()
    retouched.paste((0, 0, 0), (300, 200, 306, 206))
    pictures.append(retouched)
    found = {pixel_key_of(encoded(picture, format_)) for picture in pictures}
    assert len(found) == len(pictures)


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_another_orientation_is_another_picture(format_):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(scene(), format_)
    assert pixel_key_of(encoded(scene(), format_, exif=exif.tobytes())) != pixel_key_of(data)


def test_broken_structures_still_have_keys():
    for data in (b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\xff\xff", turned(scene(8, 8), 1)[:30]):
        assert keys.jpeg_pixel_key(data, 1)
