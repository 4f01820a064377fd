"""How many batches are with a model at once: one where it computes on the processor, two on a GPU."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.model import EncodedPhotos
from app.errors import AppError, EncoderError
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for


class HeldEncoder(FakeEncoder):
    """Answers the first batch at once and each later one when the test lets it; wishes for `call_size`."""

    def __init__(self, call_size: int | None) -> None:
        super().__init__()
        self.call_size = call_size
        self.first = True
        self.turns = threading.Lock()
        self.free = threading.Event()  # set: nothing is held any more
        self.held: list[tuple[Sequence[np.ndarray], Future[EncodedPhotos]]] = []
        self.sizes: list[int] = []

    def submit_photos(self, pixels: Sequence[np.ndarray]) -> "Future[EncodedPhotos]":
        self.sizes.append(len(pixels))
        with self.turns:
            if not self.first and not self.free.is_set():
                future: Future[EncodedPhotos] = Future()
                self.held.append((pixels, future))
                return future
        self.first = False
        return self._answer(pixels)

    def finish(self, number: int = 0) -> None:
        pixels, future = self.held.pop(number)
        future.set_result(self._answer(pixels).result())

    def fail(self) -> None:
        """As when the process dies that computes: everything in it fails at once."""
        self.failure = EncoderError("its process ended")
        with self.turns:
            self.free.set()
        while self.held:
            self.held.pop()[1].set_exception(self.failure)

    def finish_all(self) -> None:
        with self.turns:
            self.free.set()
        while self.held:
            self.finish()

    def _answer(self, pixels: Sequence[np.ndarray]) -> "Future[EncodedPhotos]":
        answer = super().submit_photos(pixels)
        if answer.exception() is None and self.call_size is not None:
            answer = _done(replace(answer.result(), call_size=self.call_size))
        return answer


def _done(encoded: EncodedPhotos) -> "Future[EncodedPhotos]":
    future: Future[EncodedPhotos] = Future()
    future.set_result(encoded)
    return future


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def begin(rig: Rig) -> Callable[[HeldEncoder], list[str]]:
    """Thirty photos; returns when no more of them can be on their way to the model."""

    def start(encoder: HeldEncoder) -> list[str]:
        _, folder = rig.add_folder()
        for number in range(30):
            make_photo(folder / f"{number:02}.jpg", number)
        rig.use(encoder, batch_size=2)
        rig.start()
        stage = rig.worker._pipeline._stage
        wait_for(lambda: len(stage._batches) == (1 if encoder.call_size is None else 2), "batches are held")
        wait_for(lambda: stage.waiting >= 4, "more wait behind")
        return [f"photos/{number:02}.jpg" for number in range(30)]

    return start


def test_a_processor_gets_one_batch_after_the_other(
    rig: Rig, begin: Callable[[HeldEncoder], list[str]]
) -> None:
    encoder = HeldEncoder(call_size=None)
    names = begin(encoder)
    assert len(encoder.held) == 1
    encoder.finish_all()
    rig.wait_for_photos(*names)
    assert max(encoder.sizes) == 2


def test_a_gpu_has_the_next_batch_while_it_computes_one(
    rig: Rig, begin: Callable[[HeldEncoder], list[str]]
) -> None:
    encoder = HeldEncoder(call_size=4)
    names = begin(encoder)
    assert len(encoder.held) == 2
    first, idle, behind = encoder.sizes[:3]
    assert (first, behind) == (2, 4)
    assert 2 <= idle <= 4  # a GPU with nothing to do takes what has been decoded by then

    encoder.finish(1)  # the second one first: it is taken after the other
    encoder.finish()
    wait_for(lambda: len(encoder.held) == 2, "two are with it again")

    encoder.finish_all()
    rig.wait_for_photos(*names)
    assert encoder.images_encoded == 30
    assert max(encoder.sizes) == 4


@pytest.mark.expects_log_warnings
def test_batches_that_fail_together_are_one_failure_and_lose_no_photo(
    rig: Rig, begin: Callable[[HeldEncoder], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HeldEncoder(call_size=4)
    names = begin(encoder)
    behind: list[int] = []
    stage = rig.worker._pipeline._stage
    note_failure = stage._note_failure

    def note(batch: Any, error: AppError) -> None:
        behind.append(len(stage._batches))
        encoder.failure = None
        note_failure(batch, error)

    monkeypatch.setattr(stage, "_note_failure", note)
    encoder.fail()
    rig.wait_for_photos(*names)
    assert behind == [0]  # the second batch waits again, and is not counted
    assert encoder.images_encoded == 30
    assert rig.library.photos.problems() == ()


def test_a_model_that_goes_with_two_batches_leaves_their_photos(
    rig: Rig, begin: Callable[[HeldEncoder], list[str]]
) -> None:
    encoder = HeldEncoder(call_size=4)
    names = begin(encoder)
    rig.use(None)
    rig.wait_for_photos(*names)
    other = FakeEncoder(revision="another")
    rig.use(other)
    rig.wait_for_photos(*names)
    assert other.images_encoded == 30


def test_stopping_takes_what_both_batches_gave(rig: Rig, begin: Callable[[HeldEncoder], list[str]]) -> None:
    encoder = HeldEncoder(call_size=4)
    begin(encoder)
    sent = sum(encoder.sizes)
    timer = threading.Timer(0.0, encoder.finish_all)
    timer.start()
    rig.worker.stop()
    timer.join()
    assert rig.target is not None
    embedded = rig.library.photos.counts(rig.target.identity).embedded
    assert embedded >= sent


def test_a_batch_is_no_larger_than_what_has_room(rig: Rig) -> None:
    encoder = HeldEncoder(call_size=10_000)
    encoder.free.set()
    _, folder = rig.add_folder()
    names = [f"photos/{number:02}.jpg" for number in range(30)]
    for number in range(30):
        make_photo(folder / f"{number:02}.jpg", number)
    pixels = encoder.spec.pixel_spec.width**2 * 3
    rig.worker._pipeline._look_ahead_bytes = 12 * pixels
    rig.use(encoder, batch_size=2)
    rig.start()
    rig.wait_for_photos(*names)
    assert max(encoder.sizes) <= 6
