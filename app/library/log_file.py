"""The write-ahead log as SQLite will read it: up to the first page whose checksum is wrong.

SQLite says nothing when it stops early, since that is how it finds the end after a power cut. So whoever
wants to know whether committed pages lie behind a damaged one has to look before the library is opened.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x377F0682  # the last bit tells the byte order of the checksums
_HEADER = struct.Struct(">8I")  # magic, version, page size, sequence, two salts, two checksums
_FRAME_HEADER_BYTES = 24  # page number, size of the database after a commit, two salts, two checksums

_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LogState:
    """How many pages of the log count, and how many committed transactions lie behind a damaged page."""

    pages: int = 0
    lost_pages: int = 0
    lost_commits: int = 0


def log_path(database: Path) -> Path:
    """Where SQLite keeps the log of a database."""
    return database.with_name(f"{database.name}-wal")


def read_log(database: Path) -> LogState:
    """Follow the checksums through the log; nothing is changed."""
    try:
        data = log_path(database).read_bytes()
    except FileNotFoundError:
        return LogState()
    if len(data) <= _HEADER.size:
        return LogState()
    magic, _, page_size, *_ = _HEADER.unpack_from(data)
    frames = _frames(data, page_size)
    if magic & ~1 != _MAGIC or frames is None:
        return LogState(lost_pages=len(data) // 4096, lost_commits=1)
    count = _intact(data[: _HEADER.size], frames, ">u4" if magic & 1 else "<u4")
    # Frames of an older round of the log carry other salts: they were folded back long ago. The first bad
    # frame may be one that was being written; only what follows it proves damage.
    behind = [frame for frame in frames[count + 1 :] if frame[8:16].tobytes() == data[16:24]]
    commits = sum(bool(frame[4:8].any()) for frame in behind)
    return LogState(count, len(behind), commits)


def _frames(data: bytes, page_size: int) -> NDArray[np.uint8] | None:
    """(n, 24 + page size) bytes; None when the header cannot be right."""
    if page_size < 512 or page_size > 65536 or page_size & (page_size - 1):
        return None
    size = _FRAME_HEADER_BYTES + page_size
    count = (len(data) - _HEADER.size) // size
    return np.frombuffer(data, np.uint8, count * size, _HEADER.size).reshape(count, size)


def _intact(header: bytes, frames: NDArray[np.uint8], byte_order: str) -> int:
    """How many frames, from the first, have the right checksum and salts."""
    running = _sum(header[:24], byte_order, (0, 0))
    if running != _stored(header[24:32]):
        return 0
    for number, frame in enumerate(frames):
        running = _sum(frame[:8].tobytes() + frame[_FRAME_HEADER_BYTES:].tobytes(), byte_order, running)
        if frame[8:16].tobytes() != header[16:24] or running != _stored(frame[16:24].tobytes()):
            return number
    return len(frames)


def _stored(pair: bytes) -> _Pair:
    first, second = struct.unpack(">2I", pair)
    return first, second


def _sum(data: bytes, byte_order: str, start: _Pair) -> _Pair:
    """SQLite's checksum: two sums that feed each other, modulo 2**32."""
    first, second = start
    for left, right in np.frombuffer(data, byte_order).reshape(-1, 2).tolist():
        first = (first + left + second) & 0xFFFFFFFF
        second = (second + right + first) & 0xFFFFFFFF
    return first, second
