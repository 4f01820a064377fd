"""The structure of a JPEG file: which of its bytes are the picture, and whether its end is there."""

from collections.abc import Iterator
from dataclasses import dataclass

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_COMMENT = 0xFE
_APPLICATION = range(0xE0, 0xF0)
_ADOBE = 0xEE  # says how the colours were transformed, so it belongs to the picture
_STANDALONE = {0x01, *range(0xD0, 0xD9)}

_ARITHMETIC_FRAMES = (0xC9, 0xCA)  # extended, progressive
_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive

_LOST_TAIL = 1024  # zero bytes at the end that make a missing end suspicious


@dataclass(frozen=True, slots=True)
class _Segment:
    """One marker segment before the first scan."""

    marker: int
    start: int
    end: int


def picture_data(data: bytes) -> Iterator[memoryview]:
    """The parts of a JPEG that decide its pixels: tables, frame and scans without any metadata."""
    view = memoryview(data)
    end = 2
    for segment in _segments(data):
        end = segment.start
        if segment.marker == _START_OF_SCAN:
            break
        end = segment.end
        metadata = segment.marker == _COMMENT or segment.marker in _APPLICATION
        if not metadata or segment.marker == _ADOBE:
            yield view[segment.start : segment.end]
    yield view[end:]


def is_cut_off(data: bytes, size: tuple[int, int]) -> bool:
    """Whether most of a JPEG's picture (width, height) is certainly missing, though libjpeg would not say so.

    libjpeg fills what it does not find with grey. That happens when the end of the file is nothing but zeros,
    as interrupted copies leave it, and when the scan ends too early for so large a picture.
    """
    return _tail_is_lost(data) or _scan_is_too_short(data, size)


def is_arithmetic(data: bytes) -> bool:
    """Whether a JPEG is coded in the way that most programs, and Pillow's wheels, leave out."""
    return any(segment.marker in _ARITHMETIC_FRAMES for segment in _segments(data))


def _tail_is_lost(data: bytes) -> bool:
    if not data.endswith(bytes(_LOST_TAIL)):
        return False
    scan = next((s.start for s in _segments(data) if s.marker == _START_OF_SCAN), 2)
    return data.find(bytes([0xFF, _END_OF_IMAGE]), scan) < 0


def _scan_is_too_short(data: bytes, size: tuple[int, int]) -> bool:
    """Huffman codes need at least one bit for each block of 8 x 8 pixels."""
    segments = list(_segments(data))
    if not segments or not any(segment.marker in _HUFFMAN_FRAMES for segment in segments):
        return False
    blocks = -(-size[0] // 8) * -(-size[1] // 8)
    return len(data) - segments[-1].end < blocks // 8


def _segments(data: bytes) -> Iterator[_Segment]:
    """Marker segments up to and including the first start of scan; stops where the structure breaks."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield _Segment(marker, at, min(end, len(data)))
        if marker == _START_OF_SCAN:
            return
        at = end
