"""Code that torch compiles for one model, one GPU and one size of batch.

Compiling takes seconds to minutes and speeds a vision transformer up by some percent, so it only pays on
many photos. Both are measured when precisions are compared (`app.embedding.gpu_proof`), and a tower compiles
once as many photos have come by as make up for it: not knowing how many will come, whoever waits that long
loses at most as much again (the ski rental problem; Karlin et al., Competitive Snoopy Caching, 1988).

What is compiled is kept among the user's caches, never beside a checkpoint, which may be somebody else's: it
is code that is run.
"""

import logging
import math
import os
import threading
from typing import Any

from app.embedding.batches import out_of_memory
from app.embedding.reasons import first_line
from app.paths import compiled_folder

_log = logging.getLogger(__name__)


class Compiled:
    """The compiled form of a model, made when it pays. Thread-safe."""

    def __init__(self, model: Any, batch: int, after: int) -> None:
        """For batches of exactly so many pictures, from the first one on that follows `after` pictures."""
        self._model = model
        self._batch = batch
        self._left = after
        self._form: Any = None
        self._works = True
        self._lock = threading.Lock()

    @property
    def in_use(self) -> bool:
        """Whether batches have gone through it, and nothing has spoken against it so far."""
        return self._form is not None

    def form_for(self, count: int) -> Any | None:
        """What runs a batch of `count` pictures; None where the model itself has to."""
        with self._lock:
            if self._left > 0:
                self._left -= count
                return None
            if count != self._batch or not self._works:
                return None
            if self._form is None:
                self._form = compiled(self._model)
            return self._form

    def give_up(self, error: Exception) -> None:
        """For as long as this program runs. Raises the error if it is a lack of memory: nothing is wrong."""
        if out_of_memory(error):
            raise error
        self._works = False
        self._form = None
        _log.warning("the model is not compiled: %s", first_line(error))


def compiled(model: Any) -> Any:
    """It compiles when it is called, and raises what torch, its compiler or the system's raises."""
    import torch

    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(compiled_folder())
    # More than one means processes of `sys.executable`, which in a bundle is Photosift. Not set in torch's
    # configuration, which is one for each thread: whichever thread comes first compiles.
    return torch.compile(model, dynamic=False, options={"compile_threads": 1})


def forget_compiled() -> None:
    """The next call of a compiled model compiles again, as another program would, from what is on disk."""
    import torch

    torch.compiler.reset()


def pays_after(seconds: float, saved: float) -> int:
    """Photos after which compiling for so many seconds has paid; `saved`: seconds on each photo, above 0."""
    return math.ceil(seconds / saved)
