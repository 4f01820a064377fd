"""The file that hnswlib writes, and beside it a record that tells whether to believe it.

hnswlib's format has no version and no checksum, and nothing may be added to it. So `<identity>.hnsw` has a
record `<identity>.hnsw.json`. Two files cannot be replaced at once: the record goes first and names both the
graph that is about to come and the one that is still there, so a crash between the two loses nothing.
"""

import json
import zlib
from pathlib import Path
from typing import Any

import pydantic

from app.errors import VectorIndexError
from app.vector_index.files import discard, file_checksum, replace_atomically

_FORMAT = "photosift-hnsw-2"


class GraphRecord(pydantic.BaseModel, frozen=True):
    """What a graph file holds."""

    identity: str
    dim: int
    m: int
    elements: int  # deleted ones included
    high_water: int
    deleted: list[int]  # hnswlib keeps the marks, but does not tell which
    directions: str = ""  # of the projection; empty when the graph holds whole embeddings
    size: int = 0
    checksum: int = 0


class _RecordFile(pydantic.BaseModel, frozen=True):
    """Newest first; `check` is the CRC-32 of the records as JSON."""

    format: str
    records: list[GraphRecord]
    check: int

    @property
    def intact(self) -> bool:
        return self.check == _check(self.records)


def record_path(path: Path) -> Path:
    """Where the record of a graph file is."""
    return path.with_name(path.name + ".json")


def read_record(path: Path, identity: str, dim: int, m: int) -> GraphRecord:
    """Verify a graph file; raises VectorIndexError with the reason, FileNotFoundError when there is none."""
    size = path.stat().st_size
    records = _read_records(record_path(path))
    for record in records:
        if record.identity != identity:
            raise VectorIndexError(f"foreign: made by the model {record.identity}")
        if (record.dim, record.m) != (dim, m):
            raise VectorIndexError(f"foreign: {record.dim} dimensions, M={record.m}")
    candidates = [record for record in records if record.size == size]
    if not candidates:
        raise VectorIndexError(f"damaged: {size} bytes long instead of {records[0].size}")
    checksum = file_checksum(path)
    for record in candidates:
        if record.checksum == checksum:
            return record
    raise VectorIndexError("damaged: its checksum is wrong")


def write_graph(path: Path, index: Any, record: GraphRecord) -> None:
    """Save an hnswlib index and its record atomically. Raises VectorIndexError when the disk refuses."""

    def fill(temporary: Path) -> None:
        _save_verified(index, temporary)
        new = record.model_copy(
            update={"size": temporary.stat().st_size, "checksum": file_checksum(temporary)}
        )
        _write_records(record_path(path), [new, *_believed(path)[:2]])

    replace_atomically(path, fill)


def discard_graph(path: Path) -> None:
    """Remove a graph file and its record."""
    discard(path)
    discard(record_path(path))


def _save_verified(index: Any, temporary: Path) -> None:
    """hnswlib reports neither a missing folder nor a full disk: the size tells."""
    temporary.touch()
    try:
        index.save_index(str(temporary))
    except RuntimeError as error:
        raise OSError(str(error)) from error
    size, expected = temporary.stat().st_size, index.index_file_size()
    if size != expected:
        raise OSError(f"only {size} of {expected} bytes were written")


def _believed(path: Path) -> list[GraphRecord]:
    """The record of the graph that is there now, if any."""
    try:
        size = path.stat().st_size
        return [record for record in _read_records(record_path(path)) if record.size == size]
    except (OSError, VectorIndexError):
        return []


def _read_records(path: Path) -> list[GraphRecord]:
    try:
        stored = _RecordFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise VectorIndexError("damaged: its record is missing") from error
    except pydantic.ValidationError as error:
        raise VectorIndexError("damaged: its record cannot be read") from error
    if stored.format != _FORMAT:
        raise VectorIndexError(f"foreign: format {stored.format}")
    if not stored.intact or not stored.records:
        raise VectorIndexError("damaged: the checksum of its record is wrong")
    return stored.records


def _write_records(path: Path, records: list[GraphRecord]) -> None:
    content = _RecordFile(format=_FORMAT, records=records, check=_check(records)).model_dump_json()
    replace_atomically(path, lambda temporary: _write_text(temporary, content))


def _write_text(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")


def _check(records: list[GraphRecord]) -> int:
    return zlib.crc32(json.dumps([record.model_dump() for record in records], sort_keys=True).encode())
