"""Writes embeddings as arrays that `numpy.load` opens, block by block.

path         text; bytes that are no text are surrogates, as `os.fsdecode` makes them
content_key  text
vector       (n, dim) float16, bit by bit as the library stores them; their length is 1 but for rounding
offline      whether the photo's folder was not there
model        the identity of the model, one text
"""

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib.format import dtype_to_descr, write_array_header_1_0
from numpy.typing import NDArray

from app.domain.stored_embeddings import EmbeddedPhoto
from app.library.embedding_snapshot import EmbeddingSnapshot

_FAST = 1  # of deflate's levels


def write_npz(
    path: Path, snapshot: EmbeddingSnapshot, identity: str, on_progress: Callable[[int, int], None]
) -> None:
    """Raises OSError."""
    count = len(snapshot)
    gone = {folder for folder, place in snapshot.folders().items() if not os.path.isdir(place)}
    with (
        tempfile.TemporaryFile(dir=path.parent) as columns,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive,
    ):
        laid_by = _LaidBy(columns)

        def vectors() -> Iterator[NDArray[np.float16]]:
            done = 0
            for photos, block in snapshot.blocks():
                laid_by.add(photos, gone)
                yield block
                done += len(block)
                on_progress(done, count)

        _add(archive, "vector", np.dtype("<f2"), (count, snapshot.dim), vectors(), packed=False)
        paths, keys = np.dtype(f"<U{laid_by.longest_path}"), np.dtype(f"<U{laid_by.longest_key}")
        _add(archive, "path", paths, (count,), ([os.fsdecode(one) for one in row[0]] for row in laid_by))
        _add(archive, "content_key", keys, (count,), (row[1].astype(keys) for row in laid_by))
        _add(archive, "offline", np.dtype(bool), (count,), (row[2] for row in laid_by))
        _add(archive, "model", np.dtype(f"<U{len(identity)}"), (), iter([identity]))


class _LaidBy:
    """The small columns, in a file while the vectors are written: an archive takes one after another."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.longest_path = 0  # characters
        self.longest_key = 0

    def add(self, photos: list[EmbeddedPhoto], gone: set[int]) -> None:
        """At the end."""
        self.longest_path = max(self.longest_path, *(len(photo.path) for photo in photos))
        self.longest_key = max(self.longest_key, *(len(photo.content_key) for photo in photos))
        np.save(self._file, np.array([os.fsencode(photo.path) for photo in photos]))
        np.save(self._file, np.array([photo.content_key.encode() for photo in photos]))
        np.save(self._file, np.array([photo.folder_id in gone for photo in photos]))

    def __iter__(self) -> Iterator[tuple[NDArray[np.bytes_], NDArray[np.bytes_], NDArray[np.bool_]]]:
        """Paths and keys as bytes, and whether they are offline, a block at a time."""
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        while self._file.tell() < end:
            yield np.load(self._file), np.load(self._file), np.load(self._file)


def _add(
    archive: zipfile.ZipFile,
    name: str,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    blocks: Iterator[Any],
    *,
    packed: bool = True,
) -> None:
    """Vectors are not packed: they hardly shrink."""
    member = f"{name}.npy"
    with archive.open(member if packed else zipfile.ZipInfo(member), "w", force_zip64=True) as file:
        header = {"descr": dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.asarray(block, dtype).tobytes())
