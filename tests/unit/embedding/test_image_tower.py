"""The torch tower of pictures as a GPU drives it: batches found by trying, remembered, and overlapping."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.embedding import batch_trial
from app.embedding.batch_trial import find_batch_size
from app.embedding.checkpoint import open_checkpoint
from app.embedding.devices import Runtime
from app.embedding.towers import ImageTower, load_image_tower
from app.embedding.transfer import PlainTransfer
from app.errors import EncoderError

OUT_OF_MEMORY = RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")


class Overlapping(PlainTransfer):
    """Does what a GPU's transfer does, and remembers in which order."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.log: list[str] = []

    def host(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        memory = super().host(shape, dtype)
        return memory.fill_(99)  # pinned memory holds what was there before

    def sent_batch(self) -> None:
        self.log.append("sent")

    def fetch(self, parts: Sequence[torch.Tensor]) -> np.ndarray:
        self.log.append("fetched")
        return super().fetch(parts)


class Full:
    """A model on a device with memory for so many pictures at once."""

    def __init__(self, model: Any, limit: int) -> None:
        self.model = model
        self.limit = limit
        self.batches: list[int] = []

    def __call__(self, **inputs: torch.Tensor) -> Any:
        self.batches.append(len(inputs["pixel_values"]))
        if self.batches[-1] > self.limit:
            raise OUT_OF_MEMORY
        return self.model(**inputs)


@pytest.fixture
def tower_of(checkpoint_of: Callable[[str], Path]) -> Callable[[str], ImageTower]:
    def load(family: str) -> ImageTower:
        tower = load_image_tower(open_checkpoint(str(checkpoint_of(family))))
        return ImageTower(tower.checkpoint, tower.model, tower.runtime, Overlapping())

    return load


def log_of(tower: ImageTower) -> list[str]:
    assert isinstance(tower._transfer, Overlapping)
    return tower._transfer.log


def pictures(count: int, family: str = "siglip2-fixres") -> list[np.ndarray]:
    dice = np.random.default_rng(count)
    shapes = [(64, 64), (32, 96), (16, 16), (128, 48)] if "naflex" in family else [(64, 64)]
    return [dice.integers(0, 256, (*shapes[number % len(shapes)], 3), np.uint8) for number in range(count)]


@pytest.mark.parametrize("family", ["siglip2-fixres", "siglip2-naflex"])
def test_batches_are_all_sent_before_the_results_are_fetched_once(
    family: str, tower_of: Callable[[str], ImageTower]
) -> None:
    tower = tower_of(family)
    some = pictures(7, family)
    alone = np.concatenate([tower.encode([picture]) for picture in some])
    log_of(tower).clear()
    tower.batch_size = 3

    embeddings = tower.embed(some)

    assert log_of(tower) == ["sent", "sent", "sent", "fetched"]
    assert np.allclose(embeddings, alone / np.linalg.norm(alone, axis=1, keepdims=True), atol=1e-5)


@pytest.mark.expects_log_warnings
def test_a_batch_that_did_not_fit_is_not_tried_again(tower_of: Callable[[str], ImageTower]) -> None:
    tower = tower_of("siglip2-fixres")
    some = pictures(12)
    expected = tower.embed(some)
    tower.model = model = Full(tower.model, limit=5)
    tower.batch_size = 8

    assert np.allclose(tower.embed(some), expected, atol=1e-5)
    assert model.batches == [8, 4, 4, 4]
    model.batches.clear()
    tower.embed(some)
    assert model.batches == [4, 4, 4]


def test_an_error_that_shows_late_is_an_error_for_people(
    tower_of: Callable[[str], ImageTower], monkeypatch: pytest.MonkeyPatch
) -> None:
    tower = tower_of("siglip2-fixres")

    def fail(_: object) -> np.ndarray:
        raise RuntimeError("CUDA error: illegal access\nlong explanation")

    monkeypatch.setattr(tower._transfer, "fetch", fail)
    with pytest.raises(EncoderError, match=r"failed on this device \(cpu\): CUDA error: illegal access$"):
        tower.embed(pictures(1))


def test_the_size_of_batches_is_found_on_the_device_itself(
    tower_of: Callable[[str], ImageTower], monkeypatch: pytest.MonkeyPatch
) -> None:
    tower = tower_of("siglip2-fixres")
    tower.model = model = Full(tower.model, limit=4)
    monkeypatch.setattr(batch_trial, "_SIZES", (1, 2, 4, 8))
    monkeypatch.setattr(batch_trial, "_GAIN", 0.0)  # timings mean nothing here: try them all
    monkeypatch.setattr(batch_trial, "_PATIENCE", 1e9)
    tower.try_batches()
    assert tower.batch_size in (1, 2, 4)
    assert model.batches == [1] * 4 + [2] * 4 + [4] * 4 + [8]


@pytest.mark.expects_log_warnings
def test_a_trial_that_fails_leaves_the_usual_size(
    tower_of: Callable[[str], ImageTower], monkeypatch: pytest.MonkeyPatch
) -> None:
    tower = tower_of("siglip2-fixres")
    tower.find_batch_size()
    assert tower.batch_size == 8  # the processor tries nothing
    assert tower.call_size is None
    tower.runtime = Runtime("mps")

    def fail(_: int) -> float:
        raise RuntimeError("no kernel")

    monkeypatch.setattr(tower, "seconds_of", fail)
    tower.find_batch_size()
    assert tower.batch_size == 8
    assert tower.call_size == 16


@pytest.mark.parametrize(
    ("rates", "found", "tried"),
    [
        ({8: 100, 16: 190, 32: 300, 64: 310, 128: 999}, 32, 4),  # 64 gains less than 5 %
        ({8: 100, 16: 99, 32: 999}, 8, 2),
        ({8: 1000, 16: 1900, 32: 3000, 64: 4000, 128: 5000, 256: 5200}, 128, 6),
        ({8: 1000, 16: 1900, 32: OUT_OF_MEMORY}, 16, 3),
        ({8: OUT_OF_MEMORY}, 8, 1),
        ({8: 10, 16: 19}, 8, 1),  # 0.8 s for eight: whoever searches waits long enough
    ],
)
def test_batches_grow_while_that_pays(rates: dict[int, Any], found: int, tried: int) -> None:
    sizes: list[int] = []
    freed: list[bool] = []

    def seconds_of(size: int) -> float:
        sizes.append(size)
        if isinstance(rates[size], Exception):
            raise rates[size]
        return size / rates[size]

    assert find_batch_size(seconds_of, lambda: freed.append(True)) == found
    assert len(sizes) == tried
    assert freed == [True]


def test_another_error_while_trying_is_not_a_lack_of_memory() -> None:
    def fail(_: int) -> float:
        raise RuntimeError("device lost")

    with pytest.raises(RuntimeError, match="device lost"):
        find_batch_size(fail, lambda: None)
