"""Embeddings as the table holds them: blobs of little-endian float16."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.errors import LibraryError

STORED = np.dtype("<f2")
_DAMAGED = "An embedding in the library is damaged. Close Photosift and run: photosift doctor --mend"


def stored_rows(blobs: Sequence[bytes], dim: int) -> NDArray[np.float16]:
    """(n, dim), bit by bit as stored. Raises LibraryError for what was never stored like this."""
    if any(len(blob) != dim * STORED.itemsize for blob in blobs):
        raise LibraryError(_DAMAGED)
    rows: NDArray[np.float16] = np.frombuffer(b"".join(blobs), STORED).reshape(len(blobs), dim)
    if not np.isfinite(rows).all():
        raise LibraryError(_DAMAGED)
    return rows
