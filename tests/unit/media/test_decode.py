"""One file, read once: everything it yields, and every way in which reading it can fail."""

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from media_samples import UPRIGHT, corners, encoded, noise, scene, turned, webp

from app.domain.media import DecodeRequest, Framing, PixelSpec
from app.errors import DamagedMediaError, FileAccessError, MediaTooLargeError
from app.media import decode
from app.media.decode import decode_photo, decode_query_image, make_preview

SPEC = PixelSpec(Framing.SQUASH, 224, 224, 2)


@pytest.fixture
def file(tmp_path):
    def write(data, name="photo.jpg"):
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


def test_one_reading_yields_everything(file):
    data = turned(scene(800, 600), 8)
    path = file(data)
    photo = decode_photo(DecodeRequest(path, SPEC, 256))
    assert photo.pixels.shape == (224, 224, 3)
    assert photo.pixels.dtype == np.uint8
    assert corners(webp(photo.thumbnail)) == UPRIGHT
    assert webp(photo.thumbnail).size == (256, 192)
    assert (photo.size, photo.mtime_ns) == (len(data), os.stat(path).st_mtime_ns)
    assert (photo.metadata.width, photo.metadata.height, photo.metadata.orientation) == (800, 600, 8)
    assert photo.content_key != photo.pixel_key


def test_without_a_model_there_are_no_model_pixels(file):
    assert decode_photo(DecodeRequest(file(encoded(scene())))).pixels is None


def test_pixels_alone_are_the_pixels_of_a_full_reading(file):
    path = file(turned(scene(2400, 1800), 6))
    whole = decode_photo(DecodeRequest(path, SPEC))
    pixels = decode_photo(DecodeRequest(path, SPEC, pixels_only=True))
    assert pixels.thumbnail == b""
    assert (pixels.content_key, pixels.pixel_key) == (whole.content_key, whole.pixel_key)
    np.testing.assert_array_equal(pixels.pixels, whole.pixels)


def test_the_file_is_read_once(file, monkeypatch):
    path = file(encoded(scene()))
    opened = []

    def counting(*arguments, **options):
        opened.append(arguments[0])
        return open(*arguments, **options)

    monkeypatch.setattr(decode, "open", counting, raising=False)
    decode_photo(DecodeRequest(path, SPEC))
    assert opened == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_a_name_that_is_no_text_opens(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xff.jpg")
    with open(path, "wb") as out:
        out.write(encoded(scene()))
    assert decode_photo(DecodeRequest(path, SPEC)).metadata.width == 640


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_errors_of_a_name_that_is_no_text_can_be_printed():
    with pytest.raises(FileAccessError) as caught:
        decode_photo(DecodeRequest("/nowhere/\udcff.jpg"))
    str(caught.value).encode()


def test_a_missing_file_is_said_to_be_gone(tmp_path):
    with pytest.raises(FileAccessError, match="no longer there"):
        decode_photo(DecodeRequest(str(tmp_path / "gone.jpg")))


def test_a_locked_file_is_said_to_be_locked(file, monkeypatch):
    def locked(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(decode, "open", locked, raising=False)
    with pytest.raises(FileAccessError, match="locked"):
        decode_photo(DecodeRequest(file(encoded(scene()))))


def test_a_failing_drive_is_named(file, monkeypatch):
    def broken(*_, **__):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(decode, "open", broken, raising=False)
    with pytest.raises(FileAccessError, match=r"drive \(Input/output error\)"):
        decode_photo(DecodeRequest(file(encoded(scene()))))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path):
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    with pytest.raises(FileAccessError, match="regular file"):
        decode_photo(DecodeRequest(str(path)))


def test_a_folder_with_the_name_of_a_photo_is_refused(tmp_path):
    with pytest.raises(FileAccessError):
        decode_photo(DecodeRequest(str(tmp_path)))


def test_a_name_no_file_can_have_is_refused():
    with pytest.raises(FileAccessError):
        decode_photo(DecodeRequest("/tmp/a\0.jpg"))


def test_a_file_too_large_to_hold_is_refused_unread(file, monkeypatch):
    monkeypatch.setattr(decode, "LARGEST_FILE", 100)
    with pytest.raises(MediaTooLargeError):
        decode_photo(DecodeRequest(file(encoded(scene()))))


def test_reading_changes_nothing_about_the_file(file):
    path = file(encoded(scene()))
    Path(path).chmod(stat.S_IRUSR)
    before = os.stat(path)
    decode_photo(DecodeRequest(path, SPEC))
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns


def test_a_dropped_picture_becomes_pixels_and_a_thumbnail():
    pixels, thumbnail = decode_query_image(encoded(scene(), "PNG"), SPEC, 128)
    assert pixels.shape == (224, 224, 3)
    assert webp(thumbnail).size == (128, 96)


def test_a_dropped_picture_gives_the_same_pixels_as_the_file(file):
    data = encoded(scene(1600, 1200))
    pixels, _ = decode_query_image(data, SPEC)
    assert np.array_equal(pixels, decode_photo(DecodeRequest(file(data), SPEC)).pixels)


def test_dropped_nonsense_is_refused():
    with pytest.raises(DamagedMediaError):
        decode_query_image(encoded(noise(100, 100))[:3000], SPEC)


def test_a_preview_is_upright_and_large(file):
    assert webp(make_preview(file(turned(scene(2400, 1800), 6)), 1600)).size == (1600, 1200)
