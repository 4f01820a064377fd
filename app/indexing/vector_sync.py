"""Makes a vector index equal to the embeddings table, which is the truth."""

import logging

import numpy as np

from app.domain.progress import CancelToken
from app.domain.vectors import Labels, VectorIndex
from app.errors import DamagedEmbeddingError
from app.library.library import Library

_log = logging.getLogger(__name__)

_BLOCK = 512  # a larger one holds the interpreter for milliseconds while it is packed for the other process
_NEWEST = 256
_EQUAL = 2e-3  # rounding to float16 moves a component by less


def synchronise(
    library: Library, index: VectorIndex, identity: str, cancel: CancelToken | None = None
) -> int:
    """Add what the index lacks and remove what it should not have; the number of labels that differed.

    No photo is embedded again for it, but those whose embedding was damaged; what is forgotten meanwhile is
    passed over. Labels are never reused while the library keeps what was committed. An older copy of the
    library that was put back, or a power cut, takes the newest back: a look at those tells.
    """
    try:
        return _equalise(library, index, identity, cancel)
    except DamagedEmbeddingError:
        damaged = library.embeddings.forget_damaged(identity)
        _log.warning("%d embeddings of %s were damaged; their photos are embedded again", damaged, identity)
        return _equalise(library, index, identity, cancel) + damaged


def _equalise(library: Library, index: VectorIndex, identity: str, cancel: CancelToken | None) -> int:
    wanted = library.embeddings.labels(identity)
    present = index.labels()
    surplus = np.setdiff1d(present, wanted, assume_unique=True)
    lacking = np.setdiff1d(wanted, present, assume_unique=True)
    if len(surplus):
        index.remove(surplus)
    for start in range(0, len(lacking), _BLOCK):
        if cancel is not None:
            cancel.check()
        part = lacking[start : start + _BLOCK]
        there, vectors = library.embeddings.present(identity, part)
        if len(there):
            index.add(there, vectors)
    common = np.intersect1d(present, wanted, assume_unique=True)
    replaced = _replace_others(library, index, identity, common[-_NEWEST:])
    if replaced:
        _log.warning("the index of %s belonged to another state of the library", identity)
        for start in range(0, len(common), _BLOCK):
            if cancel is not None:
                cancel.check()
            replaced += _replace_others(library, index, identity, common[start : start + _BLOCK])
    if len(surplus) or len(lacking):
        _log.info("index of %s: %d added, %d removed", identity, len(lacking), len(surplus))
    return len(surplus) + len(lacking) + replaced


def _replace_others(library: Library, index: VectorIndex, identity: str, labels: Labels) -> int:
    """Give labels the embedding that the library has for them: how many had another."""
    labels, stored = library.embeddings.present(identity, labels)
    if not len(labels):
        return 0
    differs = np.abs(index.get(labels) - stored).max(axis=1) > _EQUAL
    if differs.any():
        index.add(labels[differs], stored[differs])
    return int(np.count_nonzero(differs))
