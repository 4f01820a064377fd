"""The table of token embeddings, read from the checkpoint's file row by row.

It is most of a text tower: 256,000 rows are 786 MB for the smallest SigLIP 2. A query needs sixty-four of
them at most, so none is kept. Reading beats mapping: a mapped file's pages count as ours, neighbours and all.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.embedding.weights import Weights, read_weights
from app.errors import CheckpointError

TABLE = "text_model.embeddings.token_embedding.weight"
_STORED: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}


class TokenRows:
    """Looks rows up. Thread-safe. Every number is exactly the stored one, as float32."""

    def __init__(self, folder: Path, weights: Weights | None = None) -> None:
        """Raises CheckpointError when the table is not there, or is no table of numbers that we can read."""
        tensor = (weights or read_weights(folder)).tensors.get(TABLE)
        if tensor is None:
            raise CheckpointError(
                f"The weights in {folder} are incomplete: {TABLE} and perhaps more are missing. "
                "Download the checkpoint again."
            )
        if tensor.dtype not in _STORED or len(tensor.shape) != 2:
            raise CheckpointError(
                f"{tensor.path} holds weights that are not supported: {tensor.dtype} in {TABLE}. "
                "Choose a checkpoint in float32, float16 or bfloat16."
            )
        self.count, self.dim = tensor.shape
        self._path, self._start, self._dtype = tensor.path, tensor.start, _STORED[tensor.dtype]
        self._signature = _signature(tensor.path.stat())

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(*ids.shape, dim) float32. Raises CheckpointError when the file is another one by now."""
        if int(ids.min()) < 0 or int(ids.max()) >= self.count:
            raise CheckpointError(
                f"The tokenizer in {self._path.parent} is not the one of its weights. "
                "Download the checkpoint again."
            )
        distinct, places = np.unique(ids, return_inverse=True)
        return _as_float32(self._read(distinct))[places.reshape(ids.shape)]

    def _read(self, ids: NDArray[np.int64]) -> NDArray[Any]:
        width = self.dim * self._dtype.itemsize
        rows = np.empty((len(ids), self.dim), self._dtype)
        try:
            with self._path.open("rb", buffering=0) as file:
                unchanged = _signature(os.fstat(file.fileno())) == self._signature
                for row, number in zip(rows, ids.tolist(), strict=True):
                    file.seek(self._start + number * width)
                    unchanged &= file.readinto(memoryview(row).cast("B")) == width
        except OSError as error:
            raise CheckpointError(f"{self._path} cannot be read: {error.strerror}.") from error
        if not unchanged:
            raise CheckpointError(
                f"The model in {self._path.parent} has changed. Choose it again in the settings."
            )
        return rows


def _as_float32(rows: NDArray[Any]) -> NDArray[np.float32]:
    if rows.dtype == _STORED["BF16"]:  # the upper half of a float32
        return (rows.astype("<u4") << 16).view("<f4").astype(np.float32, copy=False)
    return rows.astype(np.float32, copy=False)


def _signature(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
