"""Writes embeddings as arrays that `numpy.load` opens, block by block.

path         text; bytes that are no text are surrogates, as `os.fsdecode` makes them
content_key  text
vector       (n, dim) float16, bit by bit as the library stores them; their length is 1 but for rounding
offline      whether the photo's folder was not there
model        the identity of the model, one text
"""

import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import dtype_to_descr, write_array_header_1_0
from numpy.typing import NDArray

from app.library.embedding_snapshot import EmbeddingSnapshot

_FAST = 1  # of deflate's levels


def write_npz(
    path: Path, snapshot: EmbeddingSnapshot, identity: str, on_progress: Callable[[int, int], None]
) -> None:
    """Several passes over the photos, since a member of the file is a column. Raises OSError."""
    count = len(snapshot)
    gone = [folder for folder, place in snapshot.folders().items() if not os.path.isdir(place)]
    longest_path = max(max(len(photo.path) for photo in block) for block in snapshot.photos())
    longest_key = max(max(len(photo.content_key) for photo in block) for block in snapshot.photos())
    paths = ([photo.path for photo in block] for block in snapshot.photos())
    keys = ([photo.content_key for photo in block] for block in snapshot.photos())
    offline = ([photo.folder_id in gone for photo in block] for block in snapshot.photos())

    def vectors() -> Iterator[NDArray[np.float16]]:
        done = 0
        for block in snapshot.vectors():
            yield block
            done += len(block)
            on_progress(done, count)

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive:
        _add(archive, "vector", np.dtype("<f2"), (count, snapshot.dim), vectors(), packed=False)
        _add(archive, "path", np.dtype(f"<U{longest_path}"), (count,), paths)
        _add(archive, "content_key", np.dtype(f"<U{longest_key}"), (count,), keys)
        _add(archive, "offline", np.dtype(bool), (count,), offline)
        _add(archive, "model", np.dtype(f"<U{len(identity)}"), (), iter([identity]))


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
