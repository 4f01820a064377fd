"""Poster frames: which frame, how it lies, and what the container says."""

import contextlib
import io
import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from media_samples import UPRIGHT, corners, encoded, noise, scene

from app.domain.media import DecodeRequest, Framing, PixelSpec, TakenFrom
from app.errors import DamagedMediaError, MediaError, UnsupportedMediaError
from app.media.content_key import WHOLE_FILE_LIMIT, content_key, file_content_key
from app.media.decode import decode_photo, make_preview
from app.media.video import video_demuxer

SPEC = PixelSpec(Framing.SQUASH, 64, 64, 2)


def film(path, codec="mpeg4", *, black=0, frames=20, rotation=0, tags=None, aspect=None):
    """A still scene, its first frames black, a keyframe every fifth frame."""
    import av

    is_quicktime = path.suffix.lower() in (".mov", ".mp4", ".m4v")
    options = {"movflags": "use_metadata_tags"} if is_quicktime else {}  # else Apple's tags are dropped
    with av.open(os.fspath(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 320, 240, "yuv420p", 5
        if rotation:
            stream.set_display_rotation(rotation)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        container.metadata.update(tags or {})
        for number in range(frames):
            shown = np.zeros((240, 320, 3), np.uint8) if number < black else np.asarray(scene(320, 240))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        container.mux(stream.encode())
    return path


def poster(path):
    from PIL import Image

    return Image.open(io.BytesIO(decode_photo(DecodeRequest(os.fspath(path))).thumbnail)).convert("RGB")


@pytest.mark.parametrize(
    ("name", "codec", "format_"),
    [
        ("a.mp4", "libx264", "MP4"),
        ("a.MOV", "mpeg4", "MOV"),
        ("a.m4v", "mpeg4", "MP4"),
        ("a.avi", "mpeg4", "AVI"),
        ("a.mkv", "mpeg4", "MKV"),
        ("a.webm", "libvpx", "WEBM"),
    ],
)
def test_every_container_shows_a_frame(tmp_path, name, codec, format_):
    path = film(tmp_path / name, codec)
    decoded = decode_photo(DecodeRequest(os.fspath(path), SPEC))
    assert corners(poster(path)) == UPRIGHT
    found = decoded.metadata
    assert (found.format, found.width, found.height) == (format_, 320, 240)
    assert decoded.pixels.shape == (64, 64, 3)
    assert decoded.size == path.stat().st_size
    assert decoded.content_key == content_key(path.read_bytes())
    assert make_preview(os.fspath(path))[8:12] == b"WEBP"


def test_a_black_beginning_is_passed_over(tmp_path):
    assert corners(poster(film(tmp_path / "a.mp4", black=11))) == UPRIGHT


def test_a_video_that_is_black_throughout_is_shown_black(tmp_path):
    assert max(poster(film(tmp_path / "a.mp4", black=20)).getpixel((9, 9))) < 20


def test_a_film_that_was_shot_upright_stands_upright(tmp_path):
    path = film(tmp_path / "a.mp4", rotation=-90)  # a quarter turn clockwise
    found = decode_photo(DecodeRequest(os.fspath(path))).metadata
    assert (found.width, found.height) == (240, 320)
    assert corners(poster(path)) == ["blue", "red", "white", "green"]


def test_oblong_pixels_are_made_square(tmp_path):
    from fractions import Fraction

    path = film(tmp_path / "a.mp4", aspect=Fraction(4, 3))
    assert decode_photo(DecodeRequest(os.fspath(path))).metadata.width == 427


def test_the_container_says_when_and_where(tmp_path):
    tags = {
        "creation_time": "2019-07-04T13:30:12.000000Z",
        "com.apple.quicktime.location.ISO6709": "+48.8577+002.2950+035.0/",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone X",
    }
    found = decode_photo(DecodeRequest(os.fspath(film(tmp_path / "a.mov", tags=tags)))).metadata
    assert (found.taken_at, found.taken_from) == (
        datetime(2019, 7, 4, 13, 30, 12, tzinfo=UTC),
        TakenFrom.CONTAINER,
    )
    assert (found.latitude, found.longitude, found.altitude_m) == (48.8577, 2.295, 35.0)
    assert (found.camera_make, found.camera_model) == ("Apple", "iPhone X")


@pytest.mark.parametrize(
    ("tags", "hours"),
    [
        ({"creation_time": "2019-07-04T13:30:12.000000Z"}, 2),
        ({"creation_time": "2019-07-04T13:44:00.000000Z"}, 0),
        ({"com.apple.quicktime.creationdate": "2019-07-04T15:30:12+0900"}, 9),
    ],
)
def test_the_name_tells_the_wall_clock_that_the_container_does_not(tmp_path, tags, hours):
    path = film(tmp_path / "VID_20190704_153012.mov", tags=tags)
    taken_at = decode_photo(DecodeRequest(os.fspath(path))).metadata.taken_at
    assert taken_at.utcoffset() == timedelta(hours=hours)


def test_a_clock_that_was_never_set_dates_nothing(tmp_path):
    path = film(tmp_path / "a.mov", tags={"creation_time": "1904-01-01T00:00:00.000000Z"})
    assert decode_photo(DecodeRequest(os.fspath(path))).metadata.taken_at is None


def test_a_picture_under_a_videos_name_opens_as_what_it_is(tmp_path):
    (tmp_path / "a.mov").write_bytes(encoded(scene()))
    assert decode_photo(DecodeRequest(os.fspath(tmp_path / "a.mov"))).metadata.format == "JPEG"


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_truncated_video_shows_a_frame_or_is_refused(tmp_path, name, share):
    data = film(tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * share)])
    with contextlib.suppress(MediaError):  # nothing else may come
        assert decode_photo(DecodeRequest(os.fspath(tmp_path / name))).metadata.width == 320


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", DamagedMediaError),
        (bytes(5000), DamagedMediaError),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", UnsupportedMediaError),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", UnsupportedMediaError),
        (b"\x00\x00\x00\x18ftypisom" + bytes(200), DamagedMediaError),
        (b"\x1a\x45\xdf\xa3" + bytes(200), DamagedMediaError),
    ],
)
def test_what_is_no_video_is_refused(tmp_path, data, error):
    (tmp_path / "a.mp4").write_bytes(data)
    with pytest.raises(error, match=r"^[A-Z].{20,}\.$"):
        decode_photo(DecodeRequest(os.fspath(tmp_path / "a.mp4")))


def test_play_lists_have_no_demuxer():
    assert video_demuxer(b"#EXTM3U") is None
    assert video_demuxer(b"RIFF\0\0\0\0WAVE") is None


@pytest.mark.parametrize(("brand", "format_"), [(b"msf1", "HEIF"), (b"avis", "AVIF")])
def test_a_sequence_in_a_pictures_format_shows_its_first_frame(tmp_path, brand, format_):
    data = film(tmp_path / "a.mp4").read_bytes()
    length = int.from_bytes(data[:4], "big")
    header = data[:8] + brand + bytes(4) + brand * ((length - 16) // 4)
    path = tmp_path / "a.heic"
    path.write_bytes(header + data[length:])
    assert corners(poster(path)) == UPRIGHT
    assert decode_photo(DecodeRequest(os.fspath(path))).metadata.format == format_


def test_a_film_under_a_pictures_name_is_refused(tmp_path):
    path = film(tmp_path / "a.mp4").rename(tmp_path / "a.jpg")
    with pytest.raises(UnsupportedMediaError, match="film"):
        decode_photo(DecodeRequest(os.fspath(path)))


def test_a_large_file_has_one_key_however_it_is_read(tmp_path):
    data = noise(64, 64).tobytes() * (WHOLE_FILE_LIMIT // (64 * 64 * 3) + 500)
    assert len(data) > WHOLE_FILE_LIMIT
    assert file_content_key(io.BytesIO(data), len(data)) == content_key(data)
    assert file_content_key(io.BytesIO(b"small"), 5) == content_key(b"small")
