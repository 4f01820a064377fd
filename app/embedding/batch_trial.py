"""How many pictures a GPU computes at once, found by trying: every GPU and every model has its own number."""

import logging
from collections.abc import Callable

from app.embedding.batches import out_of_memory

_log = logging.getLogger(__name__)

_SIZES = (8, 16, 32, 64, 128, 256)
_GAIN = 1.05  # times the throughput of the size before: for less, no larger one is tried
_NEARLY = 0.95  # of the best throughput is as good: what is smaller needs less memory and answers sooner
_PATIENCE = 0.5  # seconds; a picture that is searched for waits for the batch that is being computed


def find_batch_size(seconds_of: Callable[[int], float], free_memory: Callable[[], None]) -> int:
    """The smallest size that is nearly as fast as any; `seconds_of` computes one batch of a size.

    Errors of the device other than a lack of memory pass through.
    """
    rates: dict[int, float] = {}
    for size in _SIZES:
        try:
            seconds = seconds_of(size)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            break
        before = max(rates.values(), default=0.0)
        rates[size] = size / max(seconds, 1e-9)
        if rates[size] < _GAIN * before or seconds > _PATIENCE:
            break
    free_memory()  # of what was only needed for the largest
    found = min((size for size, rate in rates.items() if _is_good(rate, rates)), default=_SIZES[0])
    _log.info("batches of %d: photos a second by size: %s", found, {s: round(r) for s, r in rates.items()})
    return found


def _is_good(rate: float, rates: dict[int, float]) -> bool:
    return rate >= _NEARLY * max(rates.values())
