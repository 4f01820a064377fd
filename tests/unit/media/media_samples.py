"""Picture files made on the spot: a scene whose corners tell how it lies, in any format and orientation."""

import io
import struct

import numpy as np
from PIL import Image, ImageDraw

TURNS_AWAY = {  # what a camera held that way stores, for each EXIF orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene(width=640, height=480):
    """A smooth picture with its corners, from top left to bottom right, in red, green, blue and white."""
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([200 - 100 * across, 60 + 80 * down, 120 + 60 * across * down], axis=-1)
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    w, h = width // 4, height // 4
    for box, colour in (
        ((0, 0, w, h), (230, 20, 20)),
        ((width - w, 0, width, h), (20, 230, 20)),
        ((0, height - h, w, height), (20, 20, 230)),
        ((width - w, height - h, width, height), (250, 250, 250)),
    ):
        draw.rectangle(box, fill=colour)
    return picture


def corners(picture):
    """The colours near the four corners, by name."""
    names = []
    for x, y in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)):
        red, green, blue = picture.getpixel((int(picture.width * x), int(picture.height * y)))
        channels = {"red": red, "green": green, "blue": blue}
        names.append("white" if min(red, green, blue) > 180 else max(channels, key=channels.get))
    return names


UPRIGHT = ["red", "green", "blue", "white"]


def encoded(picture, format_="JPEG", **options):
    out = io.BytesIO()
    if format_ == "JPEG":
        options = {"quality": 92, **options}
    picture.save(out, format_, **options)
    return out.getvalue()


def turned(picture, orientation, format_="JPEG", **options):
    """The file of a camera that was held so that this orientation makes the picture upright."""
    turn = TURNS_AWAY[orientation]
    stored = picture if turn is None else picture.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(stored, format_, exif=exif.tobytes(), **options)


def noise(width, height, seed=0):
    """A picture that no codec can shrink."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def webp(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


_SHORT, _LONG, _BYTE, _ASCII, _RATIONAL, _SRATIONAL = 3, 4, 1, 2, 5, 10
_FORMATS = {_SHORT: "H", _LONG: "I", _BYTE: "B"}


def dng(picture, *, orientation=1, preview=None):
    """A raw file as a camera held in that orientation writes it; `preview` is a JPEG as it stores it."""
    sensor = _mosaic(picture)
    raw_tags = {
        254: (_LONG, [0]),
        256: (_LONG, [sensor.shape[1]]),
        257: (_LONG, [sensor.shape[0]]),
        258: (_SHORT, [16]),
        259: (_SHORT, [1]),
        262: (_SHORT, [32803]),
        273: (_LONG, [8]),
        277: (_SHORT, [1]),
        278: (_LONG, [sensor.shape[0]]),
        279: (_LONG, [sensor.nbytes]),
        33421: (_SHORT, [2, 2]),
        33422: (_BYTE, [0, 1, 1, 2]),
        50717: (_LONG, [65535]),
    }
    camera_tags = {
        271: (_ASCII, b"Photosift\0"),
        272: (_ASCII, b"Test camera\0"),
        274: (_SHORT, [orientation]),
        306: (_ASCII, b"2021:03:04 05:06:07\0"),
        50706: (_BYTE, [1, 4, 0, 0]),
        50708: (_ASCII, b"Photosift Test camera\0"),
        50721: (_SRATIONAL, [(int(v), 1) for v in np.eye(3).ravel()]),
        50728: (_RATIONAL, [(1, 1)] * 3),
        50778: (_SHORT, [21]),
    }
    body = struct.pack("<2sHI", b"II", 42, 0) + sensor.tobytes()
    if preview is None:
        first = len(body)
        body += _directory({**raw_tags, **camera_tags}, first)
    else:
        at = len(body)
        body += preview + b"\0" * (len(preview) % 2)
        sub = len(body)
        body += _directory(raw_tags, sub)
        first = len(body)
        with Image.open(io.BytesIO(preview)) as header:
            width, height = header.size
        preview_tags = {
            254: (_LONG, [1]),
            256: (_LONG, [width]),
            257: (_LONG, [height]),
            258: (_SHORT, [8, 8, 8]),
            259: (_SHORT, [7]),
            262: (_SHORT, [6]),
            273: (_LONG, [at]),
            277: (_SHORT, [3]),
            278: (_LONG, [height]),
            279: (_LONG, [len(preview)]),
            330: (_LONG, [sub]),
        }
        body += _directory({**preview_tags, **camera_tags}, first)
    return body[:4] + struct.pack("<I", first) + body[8:]


def _mosaic(picture):
    """Sensor values (height, width) uint16 under a red-green-green-blue filter."""
    linear = (np.asarray(picture) / 255.0) ** 2.2 * 65535
    sensor = linear[..., 1].copy()
    sensor[::2, ::2] = linear[::2, ::2, 0]
    sensor[1::2, 1::2] = linear[1::2, 1::2, 2]
    return sensor.astype("<u2")


def _directory(tags, at):
    entries, extra = [], b""
    after = at + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        packed, count = _packed(kind, values)
        if len(packed) > 4:
            entries.append(struct.pack("<HHII", tag, kind, count, after + len(extra)))
            extra += packed + b"\0" * (len(packed) % 2)
        else:
            entries.append(struct.pack("<HHI", tag, kind, count) + packed.ljust(4, b"\0"))
    return struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", 0) + extra


def _packed(kind, values):
    if kind == _ASCII:
        return values, len(values)
    if kind in (_RATIONAL, _SRATIONAL):
        return b"".join(struct.pack("<ii", *pair) for pair in values), len(values)
    return struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values), len(values)
