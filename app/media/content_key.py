"""Keys that recognise a file's content and a picture's pixels again.

The content key knows a file that was moved, renamed or copied; the pixel key knows a picture whose metadata
alone was edited, so that its embedding is used again.
"""

import hashlib
import struct
from collections.abc import Callable
from typing import BinaryIO

import xxhash
from PIL import Image

from app.media.jpeg_stream import picture_data

WHOLE_FILE_LIMIT = 32 * 1024 * 1024
_HEAD = 4 * 1024 * 1024
_TAIL = 1024 * 1024
_SAMPLE = 64 * 1024
_SAMPLES = 8

_DIGEST_BYTES = 20
_SIDE = 128  # fine enough that pictures which a model can tell apart differ


def content_key(data: bytes) -> str:
    """BLAKE2b of a whole file up to 32 MB, of its size and fixed samples above.

    The prefix is the version of the recipe: keys of another one are never equal. A key of samples must be
    confirmed in full before anything is deleted as a duplicate.
    """
    if len(data) <= WHOLE_FILE_LIMIT:
        return "w1-" + _digest(data)
    view = memoryview(data)
    return _sampled_key(len(data), lambda start, length: view[start : start + length])


def file_content_key(file: BinaryIO, size: int) -> str:
    """The content key of an open file of this size that is too large to be read whole, such as a video."""
    if size <= WHOLE_FILE_LIMIT:
        file.seek(0)
        return content_key(file.read())

    def read(start: int, length: int) -> bytes:
        file.seek(start)
        return file.read(length)

    return _sampled_key(size, read)


def jpeg_pixel_key(data: bytes, orientation: int, profile: bytes = b"") -> str:
    """The pixel key of a JPEG: of its compressed picture data, which no edit of metadata touches.

    Decoded pixels would not do: JPEGs are decoded at a scale that depends on the model. `profile` is that of
    its colours where it changes what is seen. XXH3, ten times as fast as BLAKE2b: whoever makes two pictures
    meet on purpose gains no more than that one of them is found as the other.
    """
    digest = xxhash.xxh3_128(bytes([orientation]))
    digest.update(profile)
    for part in picture_data(data):
        digest.update(part)
    return "j2-" + digest.hexdigest()


def pixel_key(picture: Image.Image, orientation: int, size: tuple[int, int], profile: bytes = b"") -> str:
    """The pixel key of any other picture: of the RGB picture, decoded in full, at 128 x 128.

    `size` is its width and height: a model that keeps the aspect ratio tells pictures apart by it.
    """
    small = picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return "p1-" + _digest(struct.pack("<BII", orientation, *size), small.tobytes(), profile)


def _sampled_key(size: int, read: Callable[[int, int], bytes | memoryview]) -> str:
    middle = size - _HEAD - _TAIL - _SAMPLE
    starts = [_HEAD + middle * n // (_SAMPLES - 1) for n in range(_SAMPLES)]
    samples = [read(start, _SAMPLE) for start in starts]
    return "s1-" + _digest(struct.pack("<Q", size), read(0, _HEAD), read(size - _TAIL, _TAIL), *samples)


def _digest(*parts: bytes | memoryview) -> str:
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
