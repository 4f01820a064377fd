"""The file of an embedding matrix: a header, the labels, the rows as float16.

Everything is little-endian. The header has room of 4096 bytes and ends in its own CRC-32; labels (int64) and
rows (float16, in label order) follow, each from a multiple of 4096 on, so that the rows can be mapped.

All checksums are verified when the file is opened: CRC-32 runs at 3 GB/s on one core of a plain machine, so a
million embeddings of 768 dimensions cost half a second, less on several cores, in a process of their own.
BLAKE2b would be five times slower, and verifying later would mean taking answers back.
"""

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.domain.vectors import Labels
from app.errors import VectorIndexError
from app.vector_index.files import combined_checksum, replace_atomically
from app.vector_index.half_rows import BLOCK_ROWS, HalfMatrix

_MAGIC = b"PHOTOF16"
_VERSION = 1
_HEADER = struct.Struct("<8sII256sQqII")  # magic, version, dim, identity, count, high water, two checksums
_CHECKSUM = struct.Struct("<I")
_ALIGNMENT = 4096


@dataclass(frozen=True, slots=True)
class StoredMatrix:
    """What a matrix file holds."""

    labels: Labels  # (n,) ascending
    rows: HalfMatrix  # (n, dim), mapped
    high_water: int


@dataclass(frozen=True, slots=True)
class _Header:
    identity: str
    dim: int
    count: int
    high_water: int
    labels_checksum: int
    rows_checksum: int

    @property
    def rows_at(self) -> int:
        return _ALIGNMENT + _aligned(self.count * 8)

    @property
    def file_size(self) -> int:
        return self.rows_at + self.count * self.dim * 2

    def pack(self) -> bytes:
        fields = _HEADER.pack(
            _MAGIC,
            _VERSION,
            self.dim,
            _identity_bytes(self.identity),
            self.count,
            self.high_water,
            self.labels_checksum,
            self.rows_checksum,
        )
        return (fields + _CHECKSUM.pack(zlib.crc32(fields))).ljust(_ALIGNMENT, b"\0")


def read_matrix(path: Path, identity: str, dim: int) -> StoredMatrix:
    """Open and verify; raises VectorIndexError with the reason, FileNotFoundError when there is no file."""
    try:
        with path.open("rb") as file:
            header = _read_header(file, identity, dim)
            labels = _read_labels(file, header)
            rows = _map_rows(file, header)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise VectorIndexError(f"{path.name} cannot be read: {error.strerror or error}") from error
    if _rows_checksum(rows) != header.rows_checksum:
        raise VectorIndexError("damaged: the checksum of its embeddings is wrong")
    return StoredMatrix(labels, rows, header.high_water)


def write_matrix(
    path: Path,
    identity: str,
    labels: Labels,
    high_water: int,
    dim: int,
    halves: Callable[[int, int], HalfMatrix],
) -> None:
    """Write atomically; `halves(start, end)` gives the rows of `labels[start:end]`.

    Raises VectorIndexError when the disk refuses.
    """

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as file:
            header = _write_body(file, identity, labels, high_water, dim, halves)
            file.seek(0)
            file.write(header.pack())
        read_matrix(temporary, identity, dim)

    replace_atomically(path, fill)


def _write_body(
    file: BinaryIO,
    identity: str,
    labels: Labels,
    high_water: int,
    dim: int,
    halves: Callable[[int, int], HalfMatrix],
) -> _Header:
    label_bytes = labels.astype("<i8").tobytes()
    file.write(b"\0" * _ALIGNMENT)
    file.write(label_bytes.ljust(_aligned(len(label_bytes)), b"\0"))
    checksums = []
    for start in range(0, len(labels), BLOCK_ROWS):
        block = np.ascontiguousarray(halves(start, min(start + BLOCK_ROWS, len(labels))), dtype="<f2")
        checksums.append(zlib.crc32(block.data.cast("B")))
        file.write(block.data)
    return _Header(
        identity, dim, len(labels), high_water, zlib.crc32(label_bytes), combined_checksum(checksums)
    )


def _read_header(file: BinaryIO, identity: str, dim: int) -> _Header:
    packed = file.read(_ALIGNMENT)
    size = _HEADER.size
    if len(packed) < _ALIGNMENT:
        raise VectorIndexError("damaged: shorter than its header")
    if packed[:8] != _MAGIC:
        raise VectorIndexError("foreign: not an embedding matrix of Photosift")
    if _CHECKSUM.unpack(packed[size : size + 4])[0] != zlib.crc32(packed[:size]):
        raise VectorIndexError("damaged: the checksum of its header is wrong")
    _require_empty(packed[size + 4 :])
    _, version, stored_dim, stored_identity, *numbers = _HEADER.unpack(packed[:size])
    if version != _VERSION:
        raise VectorIndexError(f"foreign: format {version} instead of {_VERSION}")
    header = _Header(stored_identity.rstrip(b"\0").decode("utf-8", "replace"), stored_dim, *numbers)
    _require_fit(header, identity, dim, file.seek(0, 2))
    return header


def _require_fit(header: _Header, identity: str, dim: int, file_size: int) -> None:
    if _identity_bytes(header.identity) != _identity_bytes(identity):
        raise VectorIndexError(f"foreign: made by the model {header.identity}")
    if header.dim != dim:
        raise VectorIndexError(f"foreign: {header.dim} dimensions instead of {dim}")
    if file_size < header.file_size:
        raise VectorIndexError("damaged: it was cut off")
    if file_size > header.file_size:
        raise VectorIndexError("damaged: it has bytes behind its end")


def _read_labels(file: BinaryIO, header: _Header) -> Labels:
    file.seek(_ALIGNMENT)
    label_bytes = file.read(header.count * 8)
    if zlib.crc32(label_bytes) != header.labels_checksum:
        raise VectorIndexError("damaged: the checksum of its labels is wrong")
    _require_empty(file.read(header.rows_at - file.tell()))
    return np.frombuffer(label_bytes, dtype="<i8").astype(np.int64)


def _require_empty(filler: bytes) -> None:
    """No checksum covers what fills up a block: one changed byte there tells of a disk that fails."""
    if any(filler):
        raise VectorIndexError("damaged: there is something where nothing was written")


def _map_rows(file: BinaryIO, header: _Header) -> HalfMatrix:
    if header.count == 0:
        return np.empty((0, header.dim), np.float16)
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    rows: NDArray[np.float16] = np.frombuffer(
        mapped, dtype="<f2", count=header.count * header.dim, offset=header.rows_at
    ).reshape(header.count, header.dim)
    return rows


def _rows_checksum(rows: HalfMatrix) -> int:
    def blocks() -> Iterator[HalfMatrix]:
        return (rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS))

    with ThreadPoolExecutor(4) as pool:
        return combined_checksum(pool.map(lambda block: zlib.crc32(block.data.cast("B")), blocks()))


def _identity_bytes(identity: str) -> bytes:
    return identity.encode()[:256].rstrip(b"\0")


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
