"""Fewer dimensions for the graph: the directions in which a library's embeddings lie.

Embeddings of a model fill only part of their space. A graph of their projections on the directions that hold
almost all of their length is found in, built and loaded in a third of the time and memory, and misses hardly
a neighbour more as long as enough candidates are scored exactly by whole embeddings. How many directions that
takes differs between models and libraries, so it is measured on the library itself.
"""

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.errors import VectorIndexError

KEPT = 0.98  # of the squared length; what is lost moves a score by less than the candidates' reserve
LOST_TOO_MUCH = 3 * (1 - KEPT)  # from here on, other directions are looked for
SAMPLE = 8192  # embeddings that tell the directions
_STEP = 32  # hnswlib is fastest with a multiple of 16
_FEWEST = 64
_WORTH_IT = 0.75  # of the dimensions; above that the whole embeddings are as good


class Projection:
    """Orthonormal directions. Inner products of projections are close to those of the embeddings."""

    def __init__(self, directions: NDArray[np.float16]) -> None:
        """(kept, dim), as they are stored."""
        self._stored = directions
        self._columns = np.ascontiguousarray(directions.T, np.float32)

    @classmethod
    def fitted(cls, sample: Embeddings) -> "Projection | None":
        """The directions that hold nearly all of a sample; None when that takes nearly all dimensions."""
        dim = sample.shape[1]
        if len(sample) < dim or dim < 2 * _FEWEST:
            return None
        # not around their mean: the inner product with it belongs to the score
        shares, directions = np.linalg.eigh(sample.T @ sample)
        kept = np.cumsum(shares[::-1]) / shares.sum()
        needed = max(_FEWEST, -(-(int(np.searchsorted(kept, KEPT)) + 1) // _STEP) * _STEP)
        if needed > _WORTH_IT * dim:
            return None
        return cls(directions[:, ::-1][:, :needed].T.astype(np.float16))

    @classmethod
    def from_text(cls, text: str, dim: int) -> "Projection":
        """Raises VectorIndexError when it does not fit embeddings of `dim` dimensions."""
        try:
            numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f2")
            return cls(numbers.reshape(-1, dim).astype(np.float16))
        except (ValueError, binascii.Error) as error:
            raise VectorIndexError("damaged: its directions cannot be read") from error

    def as_text(self) -> str:
        """For a record."""
        return base64.b64encode(self._stored.astype("<f2").tobytes()).decode("ascii")

    @property
    def dim(self) -> int:
        """How many directions there are."""
        return int(self._columns.shape[1])

    def of(self, embeddings: Embeddings) -> Embeddings:
        """(n, dim) from embeddings of all dimensions."""
        return np.ascontiguousarray(embeddings @ self._columns)

    def lost(self, sample: Embeddings) -> float:
        """The share of a sample's squared length that its projections lack."""
        whole = float(np.square(sample).sum())
        return 1.0 - float(np.square(self.of(sample)).sum()) / whole if whole else 0.0
