"""Embeddings as the table holds them: blobs of little-endian float16."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.errors import DamagedEmbeddingError

STORED = np.dtype("<f2")
DAMAGED = (
    "An embedding in the library is damaged. Opening the window, or “photosift doctor --mend”, mends it."
)


def is_sound(blob: bytes, dim: int) -> bool:
    """Whether an embedding may have been stored like this."""
    return len(blob) == dim * STORED.itemsize and bool(np.isfinite(np.frombuffer(blob, STORED)).all())


def stored_rows(blobs: Sequence[bytes], dim: int) -> NDArray[np.float16]:
    """(n, dim), bit by bit as stored. Raises DamagedEmbeddingError."""
    if any(len(blob) != dim * STORED.itemsize for blob in blobs):
        raise DamagedEmbeddingError(DAMAGED)
    rows: NDArray[np.float16] = np.frombuffer(b"".join(blobs), STORED).reshape(len(blobs), dim)
    if not np.isfinite(rows).all():
        raise DamagedEmbeddingError(DAMAGED)
    return rows
