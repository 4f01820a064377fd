"""Batches that do not fit, results that are none, and runtimes that compute something else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from app.embedding.batches import in_batches
from app.embedding.devices import REFERENCE, Runtime, choose_device, device_choices
from app.embedding.self_test import agree, sound_tower
from app.errors import EncoderError


class SmallMemory:
    """Encodes at most `limit` inputs at a time, like a device that is nearly full."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.batches: list[int] = []

    def encode(self, inputs: Sequence[int]) -> np.ndarray:
        self.batches.append(len(inputs))
        if len(inputs) > self.limit:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return np.array([[number, 1.0] for number in inputs], np.float32)


def test_batches_are_halved_until_they_fit_and_stay_small(caplog: pytest.LogCaptureFixture) -> None:
    device = SmallMemory(limit=3)
    embeddings = in_batches(device.encode, range(10), 8, REFERENCE)
    assert device.batches == [8, 4, 2, 2, 2, 2, 2]
    assert np.allclose(embeddings[:, 0] / embeddings[:, 1], range(10), atol=1e-5)
    assert "memory ran out" in caplog.text


def test_one_input_that_does_not_fit_is_an_error_for_people(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(EncoderError, match="smaller model"):
        in_batches(SmallMemory(limit=0).encode, [1, 2], 8, REFERENCE)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_what_is_no_direction_is_an_error(bad: float) -> None:
    with pytest.raises(EncoderError, match="no usable numbers"):
        in_batches(lambda inputs: np.full((len(inputs), 4), bad, np.float32), [1], 8, REFERENCE)


def test_a_failing_device_is_an_error_with_its_first_line() -> None:
    def fail(inputs: Sequence[int]) -> np.ndarray:
        raise RuntimeError("CUDA error: device lost\nlong explanation")

    with pytest.raises(EncoderError, match=r"failed on this device \(cpu\): CUDA error: device lost$"):
        in_batches(fail, [1], 8, REFERENCE)


@dataclass
class FakeTower:
    """Gives what was planned for each runtime."""

    plan: dict[Runtime, np.ndarray | Exception]
    runtime: Runtime = REFERENCE
    tried: list[Runtime] = field(default_factory=list)

    def probe(self) -> np.ndarray:
        found = self.plan[self.runtime]
        if isinstance(found, Exception):
            raise found
        return found

    def move(self, runtime: Runtime) -> "FakeTower":
        self.tried.append(runtime)
        return FakeTower(self.plan, runtime, self.tried)


RIGHT = np.array([[1.0, 2.0, 3.0]], np.float32)
WRONG = np.array([[1.0, 2.0, 9.0]], np.float32)
HALF, FULL = Runtime("cuda", "float16"), Runtime("cuda")


@pytest.mark.parametrize(
    ("half", "full", "used", "reasons"),
    [
        (RIGHT * 1.0001, RIGHT, HALF, []),
        (WRONG, RIGHT, FULL, ["cuda in float16: its results are wrong"]),
        (RIGHT * np.nan, RuntimeError("no kernel\nx"), REFERENCE, ["float16", "float32: no kernel."]),
    ],
)
def test_the_fastest_runtime_that_is_right_is_used(
    half: np.ndarray,
    full: np.ndarray | Exception,
    used: Runtime,
    reasons: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    plan = {REFERENCE: RIGHT, HALF: half, FULL: full}
    tower, note = sound_tower(lambda: FakeTower(plan), HALF)
    assert tower.runtime == used
    assert all(reason in note and reason in caplog.text for reason in reasons)
    assert bool(note) == bool(reasons)


def test_the_reference_is_not_compared_with_itself() -> None:
    tower, note = sound_tower(lambda: FakeTower({}), REFERENCE)
    assert (tower.runtime, tower.tried, note) == (REFERENCE, [], "")


def test_agreement_is_a_matter_of_direction_not_of_length() -> None:
    assert agree(RIGHT, RIGHT * 5)
    assert not agree(RIGHT, WRONG)
    assert not agree(RIGHT, RIGHT * np.nan)
    assert not agree(RIGHT * 0, RIGHT * 0)


def test_automatic_choice_is_a_device_that_works() -> None:
    device, note = choose_device("auto")
    assert device in ("cpu", "cuda", "mps")
    assert note == ""


def test_an_unknown_device_falls_back_to_the_processor(caplog: pytest.LogCaptureFixture) -> None:
    assert choose_device("tpu")[0] == "cpu"
    assert "does not know" in caplog.text


def test_choices_begin_with_automatic_and_end_with_the_processor() -> None:
    names = [name for name, _ in device_choices()]
    assert names[0] == "auto"
    assert names[-1] == "cpu"
