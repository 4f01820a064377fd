"""Unusual photos: those that are far from their nearest neighbours.

The mean distance to the k nearest is the outlier score of Angiulli and Pizzuti, "Fast outlier detection in
high dimensional spaces" (PKDD 2002). It needs no threshold: it is an order.
"""

from pathlib import Path

import numpy as np

from app.domain.model import Embeddings
from app.domain.progress import CancelToken
from app.domain.vectors import Labels, VectorIndex
from app.services.photo_numbers import Numbers, PhotoNumbers

_NEIGHBOURS = 10
_KIND = f"unusual-{_NEIGHBOURS}"


class UnusualPhotos:
    """How unusual the photos of one model are, measured little by little and kept."""

    def __init__(self, folder: Path | None, identity: str) -> None:
        self.identity = identity
        self._numbers = PhotoNumbers(folder, identity, _KIND, of_neighbours=True)

    def measure(self, index: VectorIndex, seconds: float, cancel: CancelToken) -> float:
        """Go on for about so long; the share that is done. Raises CancelledError."""
        return self._numbers.bring_up_to_date(
            index, lambda labels, rows: _distances(index, labels, rows), seconds, cancel
        )

    def of(self, labels: Labels) -> Numbers:
        """From 0, one of many alike; NaN where it was not measured yet."""
        return self._numbers.of(labels)


def _distances(index: VectorIndex, labels: Labels, rows: Embeddings) -> Numbers:
    """The mean cosine distance of each to its nearest; 0 for a photo that is alone."""
    found = np.zeros(len(labels), np.float32)
    for place, (label, row) in enumerate(zip(labels.tolist(), rows, strict=True)):
        near = index.search(row, _NEIGHBOURS + 1)
        scores = near.scores[near.labels != label][:_NEIGHBOURS]
        if len(scores):
            found[place] = 1.0 - scores.mean()
    return found
