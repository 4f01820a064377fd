"""FFmpeg through PyAV, on a short leash: one container in an open file, and nothing that it refers to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from app.media.limits import check_pixels

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

_QUARTER_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
_LIMITED = 1  # FFmpeg's number of the range 16 to 235
_FULL_RANGE = [min(255, max(0, round((value - 16) * 255 / 219))) for value in range(256)]
_FLATTEST = 1 / 8  # beyond, an aspect ratio is nonsense
_PROBE_BYTES = 20_000_000  # how far into a file FFmpeg may look for its streams


@contextmanager
def opened(file: BinaryIO, demuxer: str) -> "Iterator[InputContainer]":
    """A container in this format and no other: play lists and the like could name other files."""
    import av  # 60 MB: only where there are such files
    import av.logging

    av.logging.set_level(None)
    options = {"protocol_whitelist": "", "probesize": str(_PROBE_BYTES)}
    with av.open(file, "r", format=demuxer, options=options) as container:
        yield container


def upright(frame: "VideoFrame", aspect: float = 1.0) -> Image.Image:
    """A frame as an RGB picture with square pixels, turned as its container says.

    `aspect` is the width of its pixels by their height.
    """
    check_pixels((frame.width, frame.height))
    picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    if aspect != 1 and _FLATTEST <= aspect <= 1 / _FLATTEST:
        picture = picture.resize((max(1, round(picture.width * aspect)), picture.height))
    turn = _QUARTER_TURNS.get(round(frame.rotation) % 360)
    return picture.transpose(turn) if turn is not None else picture


def grey(frame: "VideoFrame") -> Image.Image:
    """A frame of one channel from 0 to 255, such as the transparency of a picture."""
    check_pixels((frame.width, frame.height))
    values = Image.fromarray(np.ascontiguousarray(frame.to_ndarray(format="gray")))
    return values.point(_FULL_RANGE) if frame.color_range == _LIMITED else values
