"""One photo, read once: keys, metadata, thumbnail and model pixels are all made from the same bytes."""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.domain.media import DecodedPhoto, DecodeRequest, PhotoMetadata, PixelSpec
from app.errors import FileAccessError, MediaTooLargeError, RefusedBeforeError
from app.media.completing import complete
from app.media.content_key import content_key, file_content_key
from app.media.fingerprint import fingerprint
from app.media.formats import is_video_name
from app.media.opening import NeededSize, OpenedPicture, open_picture, open_video
from app.media.preparing import fit_within, needed_size, prepare_pixels
from app.media.sidecars import find_sidecar, read_sidecar
from app.media.sniffing import sniff
from app.media.thumbnails import PREVIEW_SIZE, THUMBNAIL_SIZE, encode_preview, encode_thumbnail, shrunk

_HEAD = 4096  # bytes; enough to tell a picture from a video
LARGEST_FILE = 500_000_000  # bytes; it is held in memory while the picture is decoded


@dataclass(frozen=True, slots=True)
class _Opened:
    """A picture and the version of the file that it came from."""

    picture: OpenedPicture
    content_key: str
    size: int
    mtime_ns: int


def decode_photo(request: DecodeRequest) -> DecodedPhoto:
    """Read and decode one photo. Raises a MediaError whose text is written for people."""
    if request.refused:
        _refuse_again(request)
    spec, thumbnail_size = request.pixel_spec, request.thumbnail_size
    opened = _open(request.path, lambda full: needed_size(spec, thumbnail_size, full))
    picture = opened.picture
    metadata, thumbnail, seen = picture.metadata, b"", None
    if not request.pixels_only:
        metadata = _completed(metadata, request)
        small = shrunk(picture.image, thumbnail_size)
        thumbnail = encode_thumbnail(small, thumbnail_size, picture.icc_profile)
        seen = fingerprint(small)
    return DecodedPhoto(
        content_key=opened.content_key,
        pixel_key=picture.pixel_key,
        size=opened.size,
        mtime_ns=opened.mtime_ns,
        metadata=metadata,
        thumbnail=thumbnail,
        pixels=_model_pixels(picture, spec) if spec is not None else None,
        fingerprint=seen,
    )


def _completed(metadata: PhotoMetadata, request: DecodeRequest) -> PhotoMetadata:
    """With what the sidecar says, and the file's name."""
    sidecar = request.sidecar or find_sidecar(request.path)
    return complete(metadata, request.path, read_sidecar(sidecar) if sidecar else None)


def read_key(path: str, size: int, mtime_ns: int) -> str | None:
    """The content key of a file that may be no picture; None when it is another version of the file.

    A file that is being written must not be known by what was half of it. Raises FileAccessError.
    """
    with _access(path) as (file, status):
        key = file_content_key(file, status.st_size)
        versions = {(seen.st_size, seen.st_mtime_ns) for seen in (status, os.fstat(file.fileno()))}
    return key if versions == {(size, mtime_ns)} else None


def _refuse_again(request: DecodeRequest) -> None:
    """A content that failed before fails at once; no codec sees it again."""
    with _access(request.path) as (file, status):
        reason = dict(request.refused).get(file_content_key(file, status.st_size))
    if reason is not None:
        raise RefusedBeforeError(reason)


def decode_query_image(
    data: bytes, spec: PixelSpec, thumbnail_size: int = THUMBNAIL_SIZE
) -> tuple[NDArray[np.uint8], bytes]:
    """Model pixels (height, width, 3) and a WebP thumbnail of a picture that was dropped or pasted."""
    picture = open_picture(data, "", lambda full: needed_size(spec, thumbnail_size, full))
    thumbnail = encode_thumbnail(picture.image, thumbnail_size, picture.icc_profile)
    return _model_pixels(picture, spec), thumbnail


def make_preview(path: str, size: int = PREVIEW_SIZE) -> bytes:
    """WebP of a photo, longest side `size` pixels at most."""
    picture = _open(path, lambda full: fit_within(full, size)).picture
    return encode_preview(picture.image, size, picture.icc_profile)


def read_file(path: str) -> tuple[bytes, int]:
    """All bytes of a file and its modification time in ns from before they were read."""
    with _access(path) as (file, status):
        if status.st_size > LARGEST_FILE:
            raise MediaTooLargeError(
                f"The file is too large to open ({status.st_size / 1e9:.1f} GB). Save a smaller copy of it."
            )
        return file.read(), status.st_mtime_ns


def _model_pixels(picture: OpenedPicture, spec: PixelSpec) -> NDArray[np.uint8]:
    return prepare_pixels(picture.image, spec, picture.full_size, picture.icc_profile)


def _open(path: str, needed: NeededSize) -> _Opened:
    if is_video_name(path):
        with _access(path) as (file, status):
            if sniff(file.read(_HEAD), "") is None:  # else a picture under a video's name
                file.seek(0)
                picture = open_video(file, path, needed)
                key = file_content_key(file, status.st_size)
                return _Opened(picture, key, status.st_size, status.st_mtime_ns)
    data, mtime_ns = read_file(path)
    return _Opened(open_picture(data, path, needed), content_key(data), len(data), mtime_ns)


@contextlib.contextmanager
def _access(path: str) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """A regular file, open, and its status from before. Whatever its drive refuses is said for people."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise FileAccessError("This is not a regular file, so it cannot be read as a picture.")
        with open(path, "rb") as file:
            yield file, status
    except FileNotFoundError as error:
        raise FileAccessError("The file is no longer there. It was moved, renamed or deleted.") from error
    except PermissionError as error:
        raise FileAccessError(
            "The file may not be read: it is locked by another program or its permissions forbid it."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or "unknown error"
        raise FileAccessError(
            f"The file could not be read from its drive ({reason}). Check the drive and its connection."
        ) from error
