"""A model becomes faster behind: exported, then proven on photos that came by, and nothing waits for it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from app.domain.model import Provenance
from app.embedding import accelerator as accelerator_module
from app.embedding.accelerator import Accelerator
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.encoder_process import ProcessEncoder
from app.embedding.exported_tower import is_exported
from app.embedding.proof import read_proof
from app.errors import CancelledError, EncoderError, ProcessDiedError

DICE = np.random.default_rng(0)
PHOTOS = list(DICE.integers(0, 256, (72, 64, 64, 3), np.uint8))


@pytest.fixture
def checkpoint(checkpoint_of: Callable[[str], Path], tmp_path: Path) -> Checkpoint:
    return open_checkpoint(str(shutil.copytree(checkpoint_of("siglip2-fixres"), tmp_path / "model")))


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 110) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited too long until {what}"
        time.sleep(0.02)


class Bench:
    """An accelerator whose workshop is replaced by functions of the test."""

    def __init__(self, checkpoint: Checkpoint, *, prove_precision: bool = True) -> None:
        self.calls: list[str] = []
        self.failure: Exception | None = None
        self.notes: list[str] = []
        self.renewed = 0
        self.deaf = False
        self.lacks_gpu_proof = True
        self.ended = threading.Event()
        self.accelerator = Accelerator(
            checkpoint,
            prove_precision=prove_precision,
            lacks_gpu_proof=lambda: self.lacks_gpu_proof,
            on_faster=self._renew,
            on_note=self._hear,
        )
        self.accelerator._process = SimpleNamespace(  # type: ignore[assignment]
            call=self._call, stop=lambda **_: None, close=lambda **_: None
        )

    def _hear(self) -> None:
        self.notes.append(self.accelerator.note)
        if self.deaf:
            raise CancelledError("The encoder process was closed.")

    def _renew(self) -> None:
        self.renewed += 1

    def _call(self, method: str, *arguments: object) -> None:
        self.calls.append(" on ".join([method, *(one for one in arguments if isinstance(one, str))]))
        if self.failure is not None:
            raise self.failure

    def wait(self) -> None:
        thread = self.accelerator._thread
        assert thread is not None
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def bench(checkpoint: Checkpoint) -> Iterator[Bench]:
    bench = Bench(checkpoint)
    yield bench
    bench.accelerator.close()


@pytest.fixture(autouse=True)
def few_photos_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator_module, "SAMPLE", 64)


def test_few_photos_are_not_worth_it(bench: Bench) -> None:
    for _ in range(5):
        bench.accelerator.take(PHOTOS[:31])  # the same ones again
    assert bench.accelerator._thread is None


def test_first_the_export_then_the_proof_on_distinct_photos(bench: Bench) -> None:
    bench.accelerator.take(PHOTOS[:40])
    wait_for(lambda: bench.renewed == 1, "the export is there")
    bench.accelerator.take(PHOTOS[:40])
    assert bench.calls == ["export"]
    bench.accelerator.take(PHOTOS[40:])
    bench.wait()
    assert bench.calls == ["export", "prove"]
    assert bench.renewed == 2
    assert bench.notes[0].startswith("Making the model faster")
    assert any(note.startswith("Comparing") for note in bench.notes)
    assert bench.accelerator.note == ""


@pytest.mark.parametrize("family", ["siglip2-fixres", "siglip2-naflex"])
def test_a_gpu_needs_no_export_and_gets_its_own_proof(
    family: str, checkpoint_of: Callable[[str], Path]
) -> None:
    bench = Bench(open_checkpoint(str(checkpoint_of(family))))
    bench.accelerator.take(PHOTOS, "cuda")
    bench.wait()
    assert bench.calls == ["prove on cuda"]
    assert bench.renewed == 1


def test_a_gpu_that_was_measured_is_not_measured_again(bench: Bench) -> None:
    bench.lacks_gpu_proof = False
    bench.accelerator.take(PHOTOS, "cuda")
    bench.wait()
    assert (bench.calls, bench.renewed) == ([], 0)


def test_who_wishes_for_float32_gets_the_export_alone(checkpoint: Checkpoint) -> None:
    bench = Bench(checkpoint, prove_precision=False)
    bench.accelerator.take(PHOTOS)
    bench.wait()
    assert bench.calls == ["export"]


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (EncoderError("openvino cannot be used on this computer"), "openvino cannot be used"),
        (EncoderError("it cannot be written: No space left on device."), "No space left"),
        (ProcessDiedError("The workshop process ended."), "perhaps memory ran out"),
        (ZeroDivisionError("a bug"), "a bug"),
    ],
)
def test_what_cannot_be_made_faster_stays_as_it_is_and_says_why(
    bench: Bench, failure: Exception, said: str
) -> None:
    bench.failure = failure
    bench.accelerator.take(PHOTOS)
    bench.wait()
    assert said in bench.accelerator.note
    assert bench.renewed == 0
    bench.accelerator.take(PHOTOS)  # it is not tried again until the program starts anew
    assert bench.calls == ["export"]


@pytest.mark.expects_log_warnings
def test_without_enough_memory_nothing_begins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    bench.accelerator.take(PHOTOS)
    bench.wait()
    assert bench.calls == []
    assert "GB of memory" in bench.accelerator.note


def test_listeners_that_were_closed_meanwhile_do_no_harm(bench: Bench) -> None:
    bench.deaf = True

    bench.accelerator.take(PHOTOS)

    bench.wait()  # an exception that a thread leaves behind fails the test
    assert bench.notes == ["Making the model faster on this machine…", ""]


def test_closing_while_photos_are_collected_ends_it(bench: Bench) -> None:
    bench.accelerator.take(PHOTOS[:40])
    wait_for(lambda: bench.renewed == 1, "the export is there")
    bench.accelerator.close()
    bench.wait()
    assert bench.calls == ["export"]


def test_a_real_encoder_becomes_faster_while_it_works(checkpoint: Checkpoint) -> None:
    encoder = ProcessEncoder(checkpoint, "cpu", "auto")
    told: list[str] = []
    encoder.subscribe(lambda: told.append(encoder.note()))
    try:
        first = encoder.submit_photos(PHOTOS).result(timeout=110)
        wait_for(lambda: read_proof(checkpoint) is not None, "the precisions are compared")
        wait_for(lambda: encoder._accelerator._finished, "the encoder knows")
        later = encoder.submit_photos(PHOTOS).result(timeout=60)
    finally:
        encoder.close()
    proof = read_proof(checkpoint)
    assert proof is not None
    assert first.provenance == Provenance("torch", "float32", "cpu")
    assert later.provenance == Provenance("openvino", proof.chosen, "cpu")
    assert (first.embeddings * later.embeddings).sum(axis=1).min() > 0.995
    assert any("faster on this machine" in note for note in told)


def test_closing_ends_the_work_at_once_and_leaves_nothing_half_made(checkpoint: Checkpoint) -> None:
    encoder = ProcessEncoder(checkpoint, "cpu", "auto")
    encoder.submit_photos(PHOTOS[:40]).result(timeout=110)
    wait_for(lambda: encoder._accelerator._process.running, "the export has begun")
    encoder.close()
    assert not encoder._accelerator._process.running
    assert (
        not is_exported(checkpoint) or (checkpoint.folder / "photosift-openvino" / "image-float32").is_dir()
    )
