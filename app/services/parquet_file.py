"""Writes embeddings as a Parquet file, a group of rows at a time. Needs pyarrow, an optional package.

path         text; bytes that are no text are U+FFFD
path_bytes   the path as it is, only where it is no text
content_key  text
model        the identity of the model
offline      whether the photo's folder was not there
vector       dim x float32, widened from the float16 that the library stores, which changes no number
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.stored_embeddings import EmbeddedPhoto
from app.errors import EmbeddingFileError
from app.library.embedding_snapshot import EmbeddingSnapshot


def check_parquet() -> None:
    """Raise EmbeddingFileError when the package is not here."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise EmbeddingFileError(
            'Parquet files need a package that is not here. Get it with: pip install "photosift[parquet]"'
        ) from error


def write_parquet(
    path: Path, snapshot: EmbeddingSnapshot, identity: str, on_progress: Callable[[int, int], None]
) -> None:
    """Raises OSError."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = _schema(snapshot.dim, identity)
    gone = {folder for folder, place in snapshot.folders().items() if not os.path.isdir(place)}
    done = 0
    with (
        path.open("wb") as file,
        parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=["model"]) as writer,
    ):
        for photos, vectors in snapshot.blocks():
            writer.write_table(pa.table(_columns(photos, vectors, identity, gone), schema=schema))
            done += len(photos)
            on_progress(done, len(snapshot))


def _schema(dim: int, identity: str) -> Any:
    import pyarrow as pa

    about = {"model": identity, "dim": dim, "vector": "float32, widened from float16 as stored"}
    return pa.schema(
        [
            ("path", pa.string()),
            ("path_bytes", pa.binary()),
            ("content_key", pa.string()),
            ("model", pa.string()),
            ("offline", pa.bool_()),
            ("vector", pa.list_(pa.float32(), dim)),
        ],
        metadata={"photosift": json.dumps(about)},
    )


def _columns(
    photos: list[EmbeddedPhoto], vectors: NDArray[np.float16], identity: str, gone: set[int]
) -> dict[str, Any]:
    import pyarrow as pa

    names = [os.fsencode(photo.path) for photo in photos]
    texts = [name.decode("utf-8", "replace") for name in names]
    numbers = pa.array(vectors.astype(np.float32).reshape(-1))
    return {
        "path": texts,
        "path_bytes": [
            None if text.encode() == name else name for text, name in zip(texts, names, strict=True)
        ],
        "content_key": [photo.content_key for photo in photos],
        "model": [identity] * len(photos),
        "offline": [photo.folder_id in gone for photo in photos],
        "vector": pa.FixedSizeListArray.from_arrays(numbers, vectors.shape[1]),
    }
