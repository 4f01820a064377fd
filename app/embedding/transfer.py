"""How inputs travel to a device and results back, so that a GPU computes while the next inputs come.

On an NVIDIA GPU a batch is laid into pinned memory, copied on a stream of its own while the batch before is
computed, and nothing waits until results are fetched. Elsewhere these are plain copies.
"""

import contextlib
import functools
import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.embedding.devices import Runtime
from app.embedding.reasons import first_line

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

_AHEAD = 2  # batches that are queued on the device while a further one is laid out for it


class Transfer(Protocol):
    """Thread-safe. Every method may raise RuntimeError from torch."""

    def host(self, shape: Sequence[int], dtype: "torch.dtype") -> "torch.Tensor":
        """Memory to lay inputs into, not cleared."""
        ...

    def send(self, inputs: "torch.Tensor") -> "torch.Tensor":
        """On the device; what is computed from it after this call waits until it has arrived."""
        ...

    def sent_batch(self) -> None:
        """All of a batch is queued: wait if too many are, so that inputs do not pile up on the device."""
        ...

    def fetch(self, parts: "Sequence[torch.Tensor]") -> NDArray[np.float32]:
        """The rows of all parts, once they are computed."""
        ...

    def wait(self) -> None:
        """Until nothing is queued any more."""
        ...


class PlainTransfer:
    """Copies, each of which is over when the call returns."""

    def __init__(self, device: str) -> None:
        self._device = device

    def host(self, shape: Sequence[int], dtype: "torch.dtype") -> "torch.Tensor":
        import torch

        return torch.empty(tuple(shape), dtype=dtype)

    def send(self, inputs: "torch.Tensor") -> "torch.Tensor":
        return inputs.to(self._device)

    def sent_batch(self) -> None:
        """Nothing is under way."""

    def fetch(self, parts: "Sequence[torch.Tensor]") -> NDArray[np.float32]:
        import torch

        return np.asarray(torch.cat(list(parts)).cpu().numpy(), np.float32)

    def wait(self) -> None:
        import torch

        if self._device == "mps":
            torch.mps.synchronize()


class PinnedTransfer:
    """Copies beside the computing, through memory that the device reads by itself.

    torch keeps pinned memory apart until the copies from it are over, so that it is never written too early.
    """

    def __init__(self, device: str, cuda: Any) -> None:
        """`cuda`: the module `torch.cuda`, or what stands for it. RuntimeError where it cannot be used."""
        self._device = device
        self._cuda = cuda
        self._there, self._back = cuda.Stream(), cuda.Stream()
        self._queued: dict[int, deque[Any]] = {}  # by thread: the ends of its batches
        self.send(self.host((1,), _bytes()))  # pinned memory is often limited: better to know now
        self.wait()

    def host(self, shape: Sequence[int], dtype: "torch.dtype") -> "torch.Tensor":
        return self._pinned(shape, dtype)

    def send(self, inputs: "torch.Tensor") -> "torch.Tensor":
        with self._cuda.stream(self._there):
            sent = inputs.to(self._device, non_blocking=True)
        computing = self._cuda.current_stream()
        computing.wait_stream(self._there)
        sent.record_stream(computing)  # its memory is not for the next copy until this is computed
        return sent

    def sent_batch(self) -> None:
        queued = self._queued.setdefault(threading.get_ident(), deque())
        queued.append(self._end())
        if len(queued) > _AHEAD:
            queued.popleft().synchronize()

    def fetch(self, parts: "Sequence[torch.Tensor]") -> NDArray[np.float32]:
        """On a stream of its own: another thread's batches may be queued behind these already."""
        import torch

        self._queued.pop(threading.get_ident(), None)
        rows = torch.cat(list(parts))
        computing = self._cuda.current_stream()
        self._back.wait_stream(computing)
        with self._cuda.stream(self._back):
            found = self._pinned(rows.shape, rows.dtype)
            found.copy_(rows, non_blocking=True)
            arrived = self._end()
        arrived.synchronize()
        return np.array(found.numpy(), np.float32)  # a copy: the pinned memory is for the next results

    def wait(self) -> None:
        self._cuda.synchronize()

    def _pinned(self, shape: Sequence[int], dtype: "torch.dtype") -> "torch.Tensor":
        import torch

        return torch.empty(tuple(shape), dtype=dtype, pin_memory=True)

    def _end(self) -> Any:
        """Of what is queued on the current stream by now."""
        event = self._cuda.Event(blocking=True)  # who waits for it leaves the processor to others
        event.record()
        return event


def transfer_to(runtime: Runtime) -> Transfer:
    """The best way that works here."""
    if runtime.device == "cuda":
        import torch

        try:
            return PinnedTransfer(runtime.device, torch.cuda)
        except RuntimeError as error:
            _log.warning("pictures are copied to the GPU one batch after the other: %s", first_line(error))
    return PlainTransfer(runtime.device)


def before_batches(runtime: Runtime) -> AbstractContextManager[object]:
    """Within the block, what this thread computes on a GPU goes before the batches that are queued there.

    Only with a model that has computed something already: its weights must have arrived.
    """
    if runtime.device != "cuda":
        return contextlib.nullcontext()
    import torch

    return torch.cuda.stream(_first_stream())


@functools.cache
def _first_stream() -> Any:
    import torch

    return torch.cuda.Stream(priority=-1)  # type: ignore[no-untyped-call]


def _bytes() -> "torch.dtype":
    import torch

    return torch.uint8
