"""Words are made faster behind, once, and only where that is of use."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.domain.model import Tower
from app.embedding import encoder_process
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.encoder_process import ProcessEncoder
from app.embedding.export import exports_of
from app.embedding.siglip import AUTOMATIC, Siglip2Encoder
from app.embedding.text_accelerator import TextAccelerator
from app.errors import EncoderError, ProcessDiedError


@pytest.fixture
def checkpoint(checkpoint_of: Callable[[str], Path], tmp_path: Path) -> Checkpoint:
    """One of its own, since exports lie beside it."""
    return open_checkpoint(str(shutil.copytree(checkpoint_of("siglip2-fixres"), tmp_path / "checkpoint")))


@pytest.fixture
def ready(text_exported: Callable[[str], Checkpoint], tmp_path: Path) -> Checkpoint:
    """One whose exports are made."""
    folder = shutil.copytree(text_exported("siglip2-fixres").folder, tmp_path / "ready")
    return open_checkpoint(str(folder))


class Bench:
    """An accelerator whose questions are answered, and whose workshop is a function of the test."""

    def __init__(self, checkpoint: Checkpoint, *wanted: bool | None, settled_seconds: float = 0.01) -> None:
        self.calls: list[str] = []
        self.failure: Exception | None = None
        self.renewed = 0
        self._wanted = list(wanted)
        self.accelerator = TextAccelerator(
            checkpoint,
            is_wanted=lambda: self._wanted.pop(0),
            on_faster=self._renew,
            settled_seconds=settled_seconds,
        )
        self.accelerator._process = SimpleNamespace(  # type: ignore[assignment]
            call=self._call, stop=lambda **_: None, close=lambda **_: None
        )

    def begin(self) -> None:
        """As every search does, until all is done."""
        self.accelerator.begin()
        self.accelerator.begin()
        thread = self.accelerator._thread
        assert thread is not None
        thread.join(20)
        assert not thread.is_alive()

    def _renew(self) -> None:
        self.renewed += 1

    def _call(self, method: str) -> None:
        self.calls.append(method)
        if self.failure is not None:
            raise self.failure


def test_it_works_once_it_is_certain_that_it_is_wanted(checkpoint: Checkpoint) -> None:
    bench = Bench(checkpoint, None, None, True)
    bench.begin()
    bench.begin()
    assert (bench.calls, bench.renewed) == (["export_text"], 1)


def test_where_it_is_of_no_use_nothing_is_made(checkpoint: Checkpoint) -> None:
    bench = Bench(checkpoint, False)
    bench.begin()
    assert (bench.calls, bench.renewed) == ([], 0)


def test_a_short_visit_makes_nothing(checkpoint: Checkpoint) -> None:
    bench = Bench(checkpoint, settled_seconds=1000.0)
    bench.accelerator.begin()
    bench.accelerator.close()
    bench.begin()  # closed is closed
    assert bench.calls == []


@pytest.mark.parametrize(
    "failure", [EncoderError("the disk is full"), ProcessDiedError("it died"), RuntimeError("a bug")]
)
def test_what_cannot_be_made_leaves_a_reason_in_the_log(
    checkpoint: Checkpoint, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(checkpoint, True)
    bench.failure = failure
    bench.begin()
    assert bench.renewed == 0
    assert str(failure) in caplog.text


@pytest.mark.timeout(300)  # two processes load the model
def test_the_encoder_goes_over_to_the_exports_without_another_answer(
    checkpoint: Checkpoint, ready: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ProcessEncoder(checkpoint, "cpu", AUTOMATIC)
    assert small._wants_text_export() is False
    small.close()
    monkeypatch.setattr(encoder_process, "_WORTHWHILE_BYTES", 0)
    encoder = ProcessEncoder(checkpoint, "cpu", AUTOMATIC)
    before = encoder.encode_texts(["a dog"])
    first = encoder.pid
    assert encoder._wants_text_export() is True
    shutil.copytree(exports_of(ready), exports_of(checkpoint))
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
    ready: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = Siglip2Encoder(ready, "cpu").encode_texts(["a dog"])
    encoder = Siglip2Encoder(ready, "cpu", AUTOMATIC)
    exported = encoder._text_tower()

    def fail(*_: object) -> None:
        raise RuntimeError("the plugin crashed")

    monkeypatch.setattr(exported._model, "run", fail)
    assert np.allclose(encoder.encode_texts(["a dog"]), reference, atol=1e-6)
    assert "the plugin crashed" in encoder.note()
    assert not encoder.lacks_text_export()  # not again and again


def test_whoever_asks_for_float32_does_not_get_less(ready: Checkpoint) -> None:
    encoder = Siglip2Encoder(ready, "cpu", "float32")
    reference = Siglip2Encoder(ready, "cpu", "float32")
    reference._exports_work = False
    cosine = encoder.encode_texts(["a dog"]) @ reference.encode_texts(["a dog"]).T
    assert float(cosine[0, 0]) > 0.99999
    assert not encoder.lacks_text_export()
