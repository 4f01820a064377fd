"""Copies beside the computing: in the right order, without a wait, and plain where they cannot be had."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from app.embedding.devices import REFERENCE, Runtime
from app.embedding.transfer import PinnedTransfer, PlainTransfer, before_batches, transfer_to


class FakeStream:
    """Remembers for whom it waits."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.log = log

    def wait_stream(self, other: "FakeStream") -> None:
        self.log.append(f"{self.name} waits for {other.name}")


class FakeEvent:
    """The end of what was queued before it."""

    def __init__(self, cuda: "FakeCuda") -> None:
        self.cuda = cuda
        self.name = ""

    def record(self) -> None:
        self.cuda.events += 1
        self.name = f"event {self.cuda.events} on {self.cuda.current.name}"

    def synchronize(self) -> None:
        self.cuda.log.append(f"wait for {self.name}")


class FakeCuda:
    """Stands for `torch.cuda`: one thread, streams that only write down what happens."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.events = 0
        self.names = iter(["there", "back"])
        self.current = FakeStream("computing", self.log)

    def Stream(self) -> FakeStream:
        return FakeStream(next(self.names), self.log)

    def Event(self, *, blocking: bool) -> FakeEvent:
        assert blocking
        return FakeEvent(self)

    def current_stream(self) -> FakeStream:
        return self.current

    @contextmanager
    def stream(self, stream: FakeStream) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    def synchronize(self) -> None:
        self.log.append("wait for all")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    """Tensors write down where they are copied and for which stream their memory is kept."""
    cuda = FakeCuda()
    plain_to, plain_empty, plain_copy = torch.Tensor.to, torch.empty, torch.Tensor.copy_

    def to(tensor: Any, *arguments: Any, **options: Any) -> Any:
        cuda.log.append(f"copy on {cuda.current.name}, non_blocking={options.pop('non_blocking', False)}")
        return plain_to(tensor, *arguments, **options).clone()

    def copy(tensor: Any, other: Any, *, non_blocking: bool = False) -> Any:
        cuda.log.append(f"copy on {cuda.current.name}, non_blocking={non_blocking}")
        return plain_copy(tensor, other)

    monkeypatch.setattr(torch.Tensor, "to", to)
    monkeypatch.setattr(torch.Tensor, "copy_", copy)
    monkeypatch.setattr(
        torch.Tensor, "record_stream", lambda _, stream: cuda.log.append(f"kept for {stream.name}")
    )
    monkeypatch.setattr(
        torch, "empty", lambda shape, *, dtype, pin_memory=False: plain_empty(shape, dtype=dtype)
    )
    return cuda


def test_a_batch_is_copied_aside_and_computing_waits_for_it_alone(cuda: FakeCuda) -> None:
    transfer = PinnedTransfer("cpu", cuda)
    laid_out = transfer.host((2, 3), torch.uint8)
    laid_out.numpy()[:] = 7
    cuda.log.clear()

    sent = transfer.send(laid_out)

    assert np.array_equal(sent.numpy(), np.full((2, 3), 7))
    assert cuda.log == [
        "copy on there, non_blocking=True",
        "computing waits for there",
        "kept for computing",
    ]


def test_results_come_back_once_and_beside_what_is_queued_behind_them(cuda: FakeCuda) -> None:
    transfer = PinnedTransfer("cpu", cuda)
    cuda.log.clear()

    rows = transfer.fetch([torch.ones(2, 4), torch.zeros(1, 4)])

    assert np.array_equal(rows, [[1] * 4, [1] * 4, [0] * 4])
    assert rows.dtype == np.float32
    assert cuda.log == [
        "back waits for computing",
        "copy on back, non_blocking=True",
        "wait for event 1 on back",
    ]


def test_no_batch_waits_for_the_one_before_but_they_do_not_pile_up(cuda: FakeCuda) -> None:
    transfer = PinnedTransfer("cpu", cuda)
    cuda.log.clear()
    for _ in range(2):
        transfer.sent_batch()
    assert cuda.log == []
    transfer.sent_batch()
    assert cuda.log == ["wait for event 1 on computing"]

    other = threading.Thread(target=transfer.sent_batch)  # has a queue of its own
    other.start()
    other.join()
    assert len(cuda.log) == 1


def test_where_pinned_memory_cannot_be_had_copies_are_plain(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: cannot lock pages\nlong explanation")

    monkeypatch.setattr(torch.cuda, "Stream", refuse)
    assert isinstance(transfer_to(Runtime("cuda")), PlainTransfer)
    assert "one batch after the other: CUDA error: cannot lock pages" in caplog.text


def test_the_processor_has_plain_copies_and_nobody_goes_first() -> None:
    transfer = transfer_to(REFERENCE)
    assert isinstance(transfer, PlainTransfer)
    sent = transfer.send(transfer.host((1, 2), torch.uint8).fill_(3))
    transfer.sent_batch()
    transfer.wait()
    assert np.array_equal(transfer.fetch([sent, sent]), [[3, 3], [3, 3]])
    with before_batches(REFERENCE):
        pass
