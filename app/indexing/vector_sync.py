"""Makes a vector index equal to the embeddings table, which is the truth."""

import logging

import numpy as np

from app.domain.progress import CancelToken
from app.domain.vectors import VectorIndex
from app.library.library import Library

_log = logging.getLogger(__name__)


def synchronise(
    library: Library, index: VectorIndex, identity: str, cancel: CancelToken | None = None
) -> int:
    """Add what the index lacks and remove what it should not have; the number of labels that differed.

    No photo is embedded again for it. Labels are never reused, so labels alone tell the difference.
    """
    wanted = library.embeddings.labels(identity)
    present = index.labels()
    surplus = np.setdiff1d(present, wanted, assume_unique=True)
    lacking = np.setdiff1d(wanted, present, assume_unique=True)
    if len(surplus):
        index.remove(surplus)
    for start in range(0, len(lacking), 4096):
        if cancel is not None:
            cancel.check()
        part = lacking[start : start + 4096]
        index.add(part, library.embeddings.vectors(identity, part))
    if len(surplus) or len(lacking):
        _log.info("index of %s: %d added, %d removed", identity, len(lacking), len(surplus))
    return len(surplus) + len(lacking)
