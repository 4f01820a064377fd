"""Made embeddings, seeded and shaped like SigLIP's, in any number.

They are shaped by the cosines that are known of SigLIP's: unrelated photos mostly 0.3 to 0.6, look-alikes
above 0.9, a text and its photos about 0.15, a text and other photos -0.1 to 0.1. A photo is a point in a
latent space of 24 dimensions (the intrinsic dimension), near one of 2,000 topics of very unequal size (the
clusters), seen through a fixed random non-linear map into 768 dimensions, with a little isotropic noise.
Picture queries are further photos. Text queries are latent points too, but most of their length lies in a
direction that only texts have and in noise of their own: they stand outside the cloud of photos, which is the
harder case. Real embeddings may be easier or harder: a figure made with these is for comparing, and for
noticing when it falls.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings

DIM = 768
TOPICS = 2000
LATENT = 24
_BLOCK = 10_000
_PICTURES, _TEXTS = 1, 2  # what the random numbers of queries begin with; those of photos with 0


class EmbeddingMaker:
    """Deterministic embeddings; the first of many photos are the same as those of few."""

    def __init__(self, seed: int = 7) -> None:
        random = np.random.default_rng(seed)
        self._seed = seed
        self._shared = _unit(random.standard_normal((1, DIM)))
        self._of_texts = _unit(random.standard_normal((1, DIM)))
        self._topics = random.standard_normal((TOPICS, LATENT)).astype(np.float32)
        weights = 1.0 / np.arange(1, TOPICS + 1) ** 0.7
        self._shares = weights / weights.sum()
        self._first = _normal(random, LATENT, 256) / np.float32(np.sqrt(LATENT))
        self._second = _normal(random, 256, DIM) / np.float32(16)

    def blocks(self, count: int, first: int = 0) -> Iterator[Embeddings]:
        """Photos `first` to `first + count`, (at most 10,000, 768) float32 of unit length at a time.

        `first` must be a multiple of 10,000.
        """
        for start in range(first, first + count, _BLOCK):
            random = np.random.default_rng([self._seed, 0, start])
            yield self._photos(random, _BLOCK)[: first + count - start]

    def photos(self, count: int, first: int = 0) -> Embeddings:
        """The same at once."""
        return np.concatenate(list(self.blocks(count, first)))

    def pictures(self, count: int) -> Embeddings:
        """Queries: photos that are not in the library."""
        return self._photos(np.random.default_rng([self._seed, _PICTURES]), count)

    def texts(self, count: int) -> Embeddings:
        """Queries in words."""
        random = np.random.default_rng([self._seed, _TEXTS])
        own = np.float32(0.3) * self._seen(random, count) + _noise(random, count, 0.3)
        return _unit(self._of_texts - np.float32(0.05) * self._shared + own)

    def _photos(self, random: np.random.Generator, count: int) -> Embeddings:
        return _unit(np.float32(0.8) * self._shared + self._seen(random, count) + _noise(random, count, 0.15))

    def _seen(self, random: np.random.Generator, count: int) -> Embeddings:
        topics = self._topics[random.choice(TOPICS, count, p=self._shares)]
        latent = topics + np.float32(0.5) * _normal(random, count, LATENT)
        return _unit(np.tanh(np.float32(1.5) * (latent @ self._first)) @ self._second)


def _normal(random: np.random.Generator, rows: int, columns: int) -> Embeddings:
    return random.standard_normal((rows, columns), np.float32)


def _noise(random: np.random.Generator, count: int, length: float) -> Embeddings:
    return _normal(random, count, DIM) * np.float32(length / np.sqrt(DIM))


def _unit(rows: NDArray[Any]) -> Embeddings:
    unit: Embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit
