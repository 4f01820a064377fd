"""Photos whose embeddings are near each other, found for many at once."""

import numpy as np

from app.domain.vectors import LabelPairs, Labels
from app.vector_index.matrix import EmbeddingMatrix

_BLOCK = 8192  # rows that are compared at once


def lookalikes(matrix: EmbeddingMatrix, labels: Labels, at_least: float, most: int) -> LabelPairs:
    """For each label the `most` best of the labels above it that score `at_least`, in no order.

    Asked for all labels, ascending and block by block, this finds every pair once. Labels that are not there
    are passed over.
    """
    asked, ours = matrix.get_present(labels)
    every = matrix.labels
    if not len(asked):
        return LabelPairs(asked, asked)
    first, second, scores = [], [], []
    for start in range(int(np.searchsorted(every, asked[0])), len(every), _BLOCK):
        others, theirs = matrix.get_present(every[start : start + _BLOCK])
        products = ours @ theirs.T
        mine, its = np.nonzero((products >= at_least) & (others[None, :] > asked[:, None]))
        first.append(mine)
        second.append(others[its])
        scores.append(products[mine, its])
    return _best_of_each(asked, np.concatenate(first), np.concatenate(second), np.concatenate(scores), most)


def _best_of_each(
    asked: Labels,
    mine: Labels,
    others: Labels,
    scores: np.ndarray[tuple[int], np.dtype[np.float32]],
    most: int,
) -> LabelPairs:
    order = np.lexsort((-scores, mine))
    mine, others = mine[order], others[order]
    starts = np.searchsorted(mine, mine)  # where the run of equal numbers begins
    kept = np.arange(len(mine)) - starts < most
    return LabelPairs(asked[mine[kept]], others[kept])
