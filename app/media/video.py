"""Videos: one frame that stands for all, and what the container says."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from app.domain.media import PhotoMetadata, TakenFrom
from app.errors import DamagedMediaError, UnsupportedMediaError
from app.media.dates import is_plausible, with_offset_of
from app.media.ffmpeg import opened, upright
from app.media.name_dates import date_in_name
from app.media.text import clean_text
from app.media.xmp import parse_xmp_date

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_MOVIE_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
_MATROSKA = b"\x1a\x45\xdf\xa3"

_PLACES = (0.1, 0.3, 0.5, 0.8, 0.0)  # where to look for a frame, as shares of the length
_KEYFRAMES_AT_EACH = 4
_DARK, _EVEN = 20, 10  # mean and deviation of luminance, of 255, below which a frame shows nothing

_POSITION = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")

_NO_VIDEO = "The file does not hold a video in a format that Photosift opens, whatever its name says."
_EMPTY = "The file is empty, or begins with nothing but zeros. Copy it again from the original."
_NO_FRAME = (
    "No picture could be read from this video: it is damaged, or its kind is not one that can be decoded."
)


def video_demuxer(head: bytes) -> str | None:
    """FFmpeg's name of the container that begins with these bytes; None for what is no video."""
    if head[4:8] in _MOVIE_BOXES:
        return "mov"
    if head.startswith(_MATROSKA):
        return "matroska"
    return "avi" if head.startswith(b"RIFF") and head[8:11] == b"AVI" else None


def read_video(file: BinaryIO, path: str) -> tuple[Image.Image, PhotoMetadata]:
    """An upright RGB frame, and the metadata. Raises MediaError, or what FFmpeg makes of a broken file."""
    head = file.read(64)
    file.seek(0)
    if not head.strip(b"\0"):
        raise DamagedMediaError(_EMPTY)
    demuxer = video_demuxer(head)
    if demuxer is None:
        raise UnsupportedMediaError(_NO_VIDEO)
    with opened(file, demuxer) as container:
        if not container.streams.video:
            raise UnsupportedMediaError("The file holds sound only, no picture.")
        stream = container.streams.video[0]
        frame = _representative(container, stream)
        format_ = _format(demuxer, head, path)
        return frame, _describe(container, frame.size, format_, path)


def _representative(container: "InputContainer", stream: "VideoStream") -> Image.Image:
    """The first keyframe about a tenth into the video that is not black, else the best there is."""
    fallback: Image.Image | None = None
    for picture in _candidates(container, stream):
        if not _shows_nothing(picture):
            return picture
        fallback = fallback or picture
    if fallback is None:
        raise DamagedMediaError(_NO_FRAME)
    return fallback


def _candidates(container: "InputContainer", stream: "VideoStream") -> Iterator[Image.Image]:
    import av

    stream.codec_context.thread_count = 1  # whole photos are decoded side by side instead
    stream.codec_context.skip_frame = "NONKEY"
    aspect = stream.sample_aspect_ratio
    for place in _PLACES:
        try:
            if container.duration:
                container.seek(int(place * container.duration) + (container.start_time or 0))
            for count, frame in enumerate(container.decode(stream), 1):
                yield upright(frame, float(aspect) if aspect else 1.0)
                if count == _KEYFRAMES_AT_EACH:
                    break
        except av.FFmpegError:
            continue  # damaged here; perhaps not elsewhere


def _shows_nothing(picture: Image.Image) -> bool:
    grey = np.asarray(picture.resize((64, 64)).convert("L"), dtype=np.float32)
    return float(grey.mean()) < _DARK and float(grey.std()) < _EVEN


def _format(demuxer: str, head: bytes, path: str) -> str:
    if demuxer == "mov":
        return "MOV" if head[8:12] == b"qt  " or head[4:8] != b"ftyp" else "MP4"
    if demuxer == "matroska":
        return "WEBM" if path.lower().endswith(".webm") else "MKV"
    return "AVI"


def _describe(container: "InputContainer", size: tuple[int, int], format_: str, path: str) -> PhotoMetadata:
    tags = {name.lower(): value for name, value in container.metadata.items()}
    apple = "com.apple.quicktime."
    latitude, longitude, altitude = _position(
        tags.get(f"{apple}location.iso6709") or tags.get("location", "")
    )
    taken_at = _taken_at(tags, path)
    return PhotoMetadata(
        width=size[0],
        height=size[1],
        format=format_,
        taken_at=taken_at,
        taken_from=TakenFrom.CONTAINER if taken_at else None,
        camera_make=clean_text(tags.get(f"{apple}make") or tags.get("make")),
        camera_model=clean_text(tags.get(f"{apple}model") or tags.get("model")),
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude,
        title=clean_text(tags.get("title"), 300),
        caption=clean_text(tags.get("description") or tags.get("comment")),
    )


def _taken_at(tags: dict[str, str], path: str) -> datetime | None:
    """Apple writes the wall clock with its offset; others UTC, which a wall clock in the name completes."""
    local = parse_xmp_date(tags.get("com.apple.quicktime.creationdate", ""))
    if local is not None and is_plausible(local):
        return local
    universal = parse_xmp_date(tags.get("creation_time", ""))
    if universal is None or not is_plausible(universal):
        return None
    named = date_in_name(path)
    if named is not None and named.tzinfo is None:
        completed = with_offset_of(named, universal)
        return completed if completed.tzinfo else universal
    return universal


def _position(text: str) -> tuple[float | None, float | None, float | None]:
    """Latitude, longitude and altitude from ISO 6709, "+48.8577+002.2950+035.0/"."""
    match = _POSITION.match(text)
    if match is None:
        return None, None, None
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > 90 or abs(longitude) > 180 or latitude == longitude == 0:
        return None, None, None
    return latitude, longitude, float(match[3]) if match[3] else None
