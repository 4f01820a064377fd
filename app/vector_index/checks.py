"""What an embedding must be before it may enter an index or be searched with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.domain.vectors import Labels
from app.errors import VectorIndexError

_NORM_TOLERANCE = 0.01  # float16 storage moves the length by less than 0.001


def checked_labels(labels: Sequence[int] | Labels) -> Labels:
    """(n,) int64, all positive as SQLite's rowids are; raises VectorIndexError otherwise."""
    array = np.asarray(labels, dtype=np.int64).reshape(-1)
    if array.size and array.min() <= 0:
        raise VectorIndexError("An embedding was stored under a number that is not positive.")
    return array


def checked_embeddings(embeddings: Embeddings, count: int, dim: int) -> Embeddings:
    """(count, dim) contiguous float32 with rows of unit length; raises VectorIndexError otherwise."""
    array = np.ascontiguousarray(embeddings, dtype=np.float32)
    if array.shape != (count, dim):
        raise VectorIndexError(
            f"Embeddings of shape {array.shape} do not fit {count} labels of {dim} dimensions."
        )
    lengths = np.linalg.norm(array, axis=1)
    if not np.all(np.abs(lengths - 1.0) <= _NORM_TOLERANCE):  # NaN fails this comparison too
        raise VectorIndexError(
            "An embedding is not of unit length; the model may have failed on this device."
        )
    return array


def checked_query(embedding: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """(dim,) contiguous float32 of unit length; raises VectorIndexError otherwise."""
    query: NDArray[np.float32] = checked_embeddings(np.asarray(embedding).reshape(1, -1), 1, dim)[0]
    return query
