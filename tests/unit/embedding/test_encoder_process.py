"""The encoder in its own process: same embeddings, own lanes, starts again, leaves nothing behind."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.domain.model import Tower
from app.embedding.checkpoint import open_checkpoint
from app.embedding.encoder_process import ProcessEncoder, open_encoder
from app.embedding.siglip import Siglip2Encoder
from app.errors import CancelledError, CheckpointError, EncoderError

PIXELS = [np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8) for number in range(3)]


@pytest.fixture
def folder(checkpoint_of: Callable[[str], Path]) -> Path:
    return checkpoint_of("siglip2-fixres")


@pytest.fixture
def encoder(folder: Path) -> Iterator[ProcessEncoder]:
    encoder = open_encoder(str(folder), "cpu")
    yield encoder
    encoder.close()


def kill(encoder: ProcessEncoder) -> None:
    assert encoder.pid is not None
    psutil.Process(encoder.pid).kill()


def test_opening_starts_no_process(encoder: ProcessEncoder) -> None:
    assert encoder.pid is None
    assert encoder.note() == ""
    encoder.release()
    assert encoder.pid is None


def test_a_missing_checkpoint_is_told_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        open_encoder(str(tmp_path / "nothing"), "cpu")


def test_it_gives_what_the_encoder_gives(encoder: ProcessEncoder, folder: Path) -> None:
    local = Siglip2Encoder(open_checkpoint(str(folder)), "cpu")
    encoder.prepare(Tower.TEXT)
    future = encoder.submit_images(PIXELS)
    urgent = encoder.encode_images(PIXELS[:1], urgent=True)
    assert np.allclose(future.result(timeout=110), local.encode_images(PIXELS), atol=1e-6)
    assert np.allclose(urgent, local.encode_images(PIXELS[:1]), atol=1e-6)
    assert np.allclose(encoder.encode_texts(["A dog"]), local.encode_texts(["a dog"]), atol=1e-6)
    assert encoder.provenance() == local.provenance()
    assert encoder.spec == local.spec
    with pytest.raises(Exception, match="pixels are"):
        encoder.encode_images([np.zeros((5, 5, 3), np.uint8)])


def test_it_starts_again_after_it_died_and_ends_when_nothing_is_in_use(encoder: ProcessEncoder) -> None:
    future = encoder.submit_images(PIXELS)  # the process needs seconds to load the model
    kill(encoder)
    with pytest.raises(EncoderError, match="ended unexpectedly"):
        future.result(timeout=30)
    assert encoder.encode_texts(["a dog"]).shape == (1, 32)
    encoder.release(Tower.TEXT)
    assert encoder.pid is not None  # pictures were asked for, too
    encoder.release(Tower.IMAGE)
    assert encoder.pid is None


def test_a_batch_that_waits_can_be_called_off(encoder: ProcessEncoder) -> None:
    running, waiting = encoder.submit_images(PIXELS), encoder.submit_images(PIXELS)
    assert waiting.cancel()
    kill(encoder)
    assert isinstance(running.exception(timeout=30), EncoderError)
    assert waiting.cancelled()


def test_closing_ends_what_is_under_way_and_refuses_the_rest(encoder: ProcessEncoder) -> None:
    future = encoder.submit_images(PIXELS)
    encoder.close()
    assert isinstance(future.exception(timeout=0), CancelledError)  # loading takes longer than closing waits
    with pytest.raises(CancelledError):
        encoder.encode_texts(["a dog"])


def test_the_parent_stays_free_of_torch(folder: Path) -> None:
    code = f"""
import sys
from app.embedding.encoder_process import open_encoder
if __name__ == "__main__":
    encoder = open_encoder({str(folder)!r}, "cpu")
    assert encoder.encode_texts(["a dog"]).shape == (1, 32)
    encoder.close()
    print({{"torch", "transformers"}} & sys.modules.keys())
"""
    script = folder.parent / "parent.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment
    )
    assert result.stdout.strip() == "set()"
    assert result.stderr == ""


def test_batches_come_after_other_programs_and_unused_memory_is_given_back(encoder: ProcessEncoder) -> None:
    encoder.be_considerate(os.getpriority(os.PRIO_PROCESS, 0) + 3 if sys.platform == "linux" else 3)
    encoder.encode_images(PIXELS)
    assert encoder.pid is not None
    if sys.platform == "linux":
        threads = [int(name) for name in os.listdir(f"/proc/{encoder.pid}/task")]
        usual = os.getpriority(os.PRIO_PROCESS, encoder.pid)  # of the thread that answers calls
        assert max(os.getpriority(os.PRIO_PROCESS, thread) for thread in threads) == usual + 3
    encoder.release_unused(3600)
    assert encoder.pid is not None
    encoder.release_unused(0)
    assert encoder.pid is None
    encoder.release_unused(0)  # nothing is there to be given back
