"""Words are made faster behind, once, and only where that is of use."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.model import Tower
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.encoder_process import ProcessEncoder
from app.embedding.exported_text import open_exported_text, text_export_is_needed
from app.embedding.siglip import AUTOMATIC, Siglip2Encoder
from app.embedding.text_accelerator import TextAccelerator
from app.embedding.text_export import export_text_tower

SECONDS = 100.0


@pytest.fixture
def checkpoint(checkpoint_of: Callable[[str], Path], tmp_path: Path) -> Checkpoint:
    """One of its own, since exports lie beside it."""
    return open_checkpoint(str(shutil.copytree(checkpoint_of("siglip2-fixres"), tmp_path / "checkpoint")))


class Answers:
    """What the accelerator asks, and that it said it is done."""

    def __init__(self, *wanted: bool | None) -> None:
        self.wanted = list(wanted)
        self.asked = threading.Event()
        self.faster = threading.Event()

    def next(self) -> bool | None:
        answer = self.wanted.pop(0)
        if not self.wanted:
            self.asked.set()
        return answer


@pytest.fixture
def accelerator_of(checkpoint: Checkpoint) -> Iterator[Callable[[Answers], TextAccelerator]]:
    made: list[TextAccelerator] = []

    def make(answers: Answers, settled: float = 0.01) -> TextAccelerator:
        made.append(
            TextAccelerator(
                checkpoint,
                is_wanted=answers.next,
                on_faster=answers.faster.set,
                settled_seconds=settled,
            )
        )
        return made[-1]

    yield make
    for accelerator in made:
        accelerator.close()


def test_it_makes_the_exports_once_it_is_certain_that_they_are_wanted(
    checkpoint: Checkpoint, accelerator_of: Callable[[Answers], TextAccelerator]
) -> None:
    answers = Answers(None, None, True)
    accelerator = accelerator_of(answers)
    accelerator.begin()
    accelerator.begin()  # every search says so
    assert answers.faster.wait(SECONDS)
    assert not text_export_is_needed(checkpoint)
    assert open_exported_text(checkpoint) is not None


def test_where_they_are_of_no_use_nothing_is_made(
    checkpoint: Checkpoint, accelerator_of: Callable[[Answers], TextAccelerator]
) -> None:
    answers = Answers(False)
    accelerator = accelerator_of(answers)
    accelerator.begin()
    assert answers.asked.wait(SECONDS)
    accelerator.close()
    assert not answers.faster.is_set()
    assert text_export_is_needed(checkpoint)


def test_a_short_visit_makes_nothing(
    checkpoint: Checkpoint, accelerator_of: Callable[..., TextAccelerator]
) -> None:
    answers = Answers(True)
    accelerator = accelerator_of(answers, 1000.0)
    accelerator.begin()
    accelerator.close()
    assert not answers.asked.is_set()


def test_what_cannot_be_made_leaves_a_reason_in_the_log(
    checkpoint: Checkpoint,
    accelerator_of: Callable[[Answers], TextAccelerator],
    caplog: pytest.LogCaptureFixture,
) -> None:
    (checkpoint.folder / "tokenizer.json").write_text("{}")
    answers = Answers(True)
    accelerator = accelerator_of(answers)
    accelerator.begin()
    thread = accelerator._thread
    assert thread is not None
    thread.join(SECONDS)
    assert not answers.faster.is_set()
    assert "words are embedded by torch" in caplog.text


def test_the_encoder_goes_over_to_the_exports_without_another_answer(checkpoint: Checkpoint) -> None:
    encoder = ProcessEncoder(checkpoint, "cpu", AUTOMATIC)
    before = encoder.encode_texts(["a dog"])
    first = encoder.pid
    assert encoder._wants_text_export() is True
    export_text_tower(checkpoint)
    encoder._renew_texts()
    assert encoder.pid != first  # without torch
    assert encoder._wants_text_export() is False
    assert float((encoder.encode_texts(["a dog"]) @ before.T)[0, 0]) > 0.995
    encoder.release(Tower.TEXT)
    assert encoder.pid is None
    assert encoder._wants_text_export() is None
    encoder.close()


@pytest.mark.expects_log_warnings
def test_exports_that_fail_while_running_give_way_to_torch(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = Siglip2Encoder(checkpoint, "cpu").encode_texts(["a dog"])
    export_text_tower(checkpoint)
    encoder = Siglip2Encoder(checkpoint, "cpu", AUTOMATIC)
    exported = encoder._text_tower()

    def fail(*_: object) -> None:
        raise RuntimeError("the plugin crashed")

    monkeypatch.setattr(exported._model, "run", fail)
    assert np.allclose(encoder.encode_texts(["a dog"]), reference, atol=1e-6)
    assert "the plugin crashed" in encoder.note()
    assert not encoder.lacks_text_export()  # not again and again


def test_whoever_asks_for_float32_does_not_get_less(checkpoint: Checkpoint) -> None:
    export_text_tower(checkpoint)
    encoder = Siglip2Encoder(checkpoint, "cpu", "float32")
    reference = Siglip2Encoder(checkpoint, "cpu", "float32")
    reference._exports_work = False
    cosine = encoder.encode_texts(["a dog"]) @ reference.encode_texts(["a dog"]).T
    assert float(cosine[0, 0]) > 0.99999
    assert not encoder.lacks_text_export()
