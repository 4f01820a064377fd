"""Photos a second: the whole product against the loop of the tutorials, on the same 12-megapixel JPEGs.

The product is the real one: a folder is added, scanned, decoded in processes, embedded in the encoder's
process, stored in SQLite with thumbnails and put into the vector index; its time ends when the worker has
nothing left to do. Both sides are warm: models are loaded, exported and proven and processes run before the
clock starts. The loop takes one half of the photos before the product and one after it, so that a change of
the machine's mood meets both. On the processor, in float32 and in the precision that proved itself on the
photos that came before.

`--quick` looks whether everything works, with a model a fifth as large: no bar is meant for that.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from app.bootstrap import Services, open_services
from app.domain.media import DecodeRequest, PixelSpec
from app.domain.status import ModelState
from app.embedding import accelerator
from app.media.decode_pool import DecodePool
from app.paths import LibraryPaths
from app.service_process import ServiceProcess
from app.settings import Settings, SettingsStore
from tests.benchmarks.camera_jpegs import make_jpegs, make_small_jpegs, mean_megabytes, source
from tests.benchmarks.figures import Figure
from tests.benchmarks.process_family import MemoryPeak, processor_seconds
from tests.benchmarks.tutorial_loop import LoopTimes, TutorialLoop
from tests.checkpoints import cached_checkpoint

_EFFICIENCY_BAR = 0.85
_BATCH = 8
_BATCHES = 4  # that the model alone is timed with
_LIMIT_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class _System:
    """A model and its bars; None where there is none."""

    name: str
    size: str
    side: int
    patch: int
    best_bar: float | None
    float32_bar: float | None


_SYSTEMS = (
    _System("base-patch32-256", "base", 256, 32, 6.0, 1.8),
    _System("base-patch16-224", "base", 224, 16, 4.5, 1.8),
)
_QUICK = _System("small-patch16-224", "small", 224, 16, None, None)


@dataclass(frozen=True, slots=True)
class _Product:
    """What the product needed."""

    seconds: float  # for all photos
    model_seconds: float  # for one photo, in batches, with nothing else running
    decode_seconds: float  # of one core, for one photo
    processor_seconds: float  # of all cores and processes, for all photos
    peak_bytes: int
    runtime: str
    precision: str
    proof: str


def run(quick: bool) -> Iterator[Figure]:
    """8 photos and a small model when quick, else 200 photos and two base models."""
    count, sample = (8, 60) if quick else (200, accelerator.SAMPLE)
    with (
        tempfile.TemporaryDirectory(prefix="photosift-indexing-") as folder,
        mock.patch.object(accelerator, "SAMPLE", sample),
    ):
        home = Path(folder)
        warm, photos = home / "warm", home / "photos"
        made = make_jpegs(photos, count + _BATCH)
        make_small_jpegs(warm, sample)  # what precisions are compared on
        for path in made[count:]:
            path.rename(warm / path.name)
        megabytes = mean_megabytes(made[:count])
        for system in (_QUICK,) if quick else _SYSTEMS:
            checkpoint = cached_checkpoint(
                "siglip2-fixres", system.size, side=system.side, patch=system.patch
            )
            precisions = ("auto",) if quick else ("float32", "auto")
            loops, products = _measure(home / system.name, str(checkpoint), warm, photos, precisions)
            yield from _figures(system, loops, products, count, megabytes)


def _measure(
    home: Path, checkpoint: str, warm: Path, photos: Path, precisions: Sequence[str]
) -> tuple[list[LoopTimes], list[_Product]]:
    """The loop's two halves, and the product between them: in float32, then as fast as it may."""
    paths = [str(path) for path in sorted(photos.iterdir())]
    half = len(paths) // 2
    loop = ServiceProcess(TutorialLoop, (checkpoint,), name="tutorial")
    loop.call("embed", [str(path) for path in sorted(warm.iterdir())[:_BATCH]])
    first = loop.call("embed", paths[:half])
    products = []
    for precision in precisions:
        store = SettingsStore(home / precision / "settings.json")
        store.save(Settings(checkpoint=checkpoint, device="cpu", precision=precision))
        with closing(open_services(LibraryPaths(home / precision / "library"), store)) as services:
            _warm_up(services, warm, precision)
            products.append(_measure_product(services, photos, without=[loop.pid or 0]))
    second = loop.call("embed", paths[half:])
    loop.close()
    return [first, second], products


def _warm_up(services: Services, warm: Path, precision: str) -> None:
    """Load the model, start every process, and let the model become as fast as it gets."""
    services.models.load()
    services.indexing.start(lambda progress: None)
    _wait(lambda: services.models.status().state is ModelState.READY, services, "the model is loaded")
    _index(services, warm)
    _wait(lambda: _is_settled(services, precision), services, "the model is as fast as it gets")


def _wait(condition: Callable[[], bool], services: Services, what: str) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        status = services.models.status()
        if status.state is ModelState.FAILED or time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain until {what}: {status}")
        time.sleep(0.1)


def _is_settled(services: Services, precision: str) -> bool:
    """Exported, proven where that is to be, and in use."""
    target, proof = services.models.target, services.models.precision_proof()
    if target is None or (precision == "auto" and proof is None):
        return False
    wanted = proof.chosen if proof is not None else "float32"
    by = target.encoder.provenance()
    return (by.runtime, by.precision) == ("openvino", wanted) and not services.models.status().message


def _index(services: Services, folder: Path) -> float:
    """Seconds until every photo of a new folder can be found."""
    wanted = services.library.counts().embedded + len(list(folder.iterdir()))
    started = time.perf_counter()
    services.library.add_folder(str(folder))
    idle = services.indexing.wait_until_idle(_LIMIT_SECONDS)
    seconds = time.perf_counter() - started
    if not idle or services.library.counts().embedded != wanted:
        raise RuntimeError(f"not every photo was embedded: {services.library.counts()}")
    return seconds


def _measure_product(services: Services, photos: Path, without: Sequence[int]) -> _Product:
    before = processor_seconds(without)
    with MemoryPeak(without) as memory:
        seconds = _index(services, photos)
    processor = processor_seconds(without) - before
    target = services.models.target
    assert target is not None, "the model is loaded"
    paths = sorted(map(str, photos.iterdir()))[:_BATCH]
    spec = target.encoder.spec.pixel_spec
    decode_seconds, pixels = _decode_alone(paths, spec)
    began = time.perf_counter()
    for _ in range(_BATCHES):
        target.encoder.encode_images(pixels)
    model_seconds = (time.perf_counter() - began) / (_BATCHES * len(pixels))
    by, proof = target.encoder.provenance(), services.models.precision_proof()
    return _Product(
        seconds,
        model_seconds,
        decode_seconds,
        processor,
        memory.peak_bytes,
        by.runtime,
        by.precision,
        str(proof.result) if proof else "",
    )


def _figures(
    system: _System, loops: Sequence[LoopTimes], products: Sequence[_Product], count: int, megabytes: float
) -> Iterator[Figure]:
    loop_rate = count / sum(loop.total for loop in loops)
    kinds = (("float32", system.float32_bar), ("best verified precision", system.best_bar))
    for product, (kind, bar) in zip(products, kinds[-len(products) :], strict=True):
        details = _details(loops, product, count, megabytes)
        ratio = count / product.seconds / loop_rate
        name = f"indexing_vs_tutorial {system.name}, {kind}"
        yield _judged(name, ratio, "x", bar, details)
        if bar is not None:
            efficiency = details["product_efficiency"]
            yield _judged(f"{name}, efficiency", efficiency, "", _EFFICIENCY_BAR, {"photos": count})


def _decode_alone(paths: Sequence[str], spec: PixelSpec) -> tuple[float, list[NDArray[np.uint8]]]:
    """Seconds of one core for one photo, in a process like those of the product, and what came out."""
    with closing(DecodePool(1)) as pool:
        pool.submit(DecodeRequest(paths[0], spec)).result()  # the process starts
        before = processor_seconds()
        decoded = [pool.submit(DecodeRequest(path, spec)).result() for path in paths]
        seconds = (processor_seconds() - before) / len(paths)
    return seconds, [one.pixels for one in decoded if one.pixels is not None]


def _judged(name: str, value: float, unit: str, bar: float | None, details: dict[str, Any]) -> Figure:
    if bar is None:
        return Figure(name, value, unit, "", None, {"reason": "a quick look has no bar", **details})
    return Figure(name, value, unit, f">= {bar}{unit}", value >= bar, details)


def _details(loops: Sequence[LoopTimes], product: _Product, count: int, megabytes: float) -> dict[str, Any]:
    rate = count / product.seconds
    # What the machine could do at best: the model with all cores, and decoding with all cores, in turns.
    ideal = product.model_seconds + product.decode_seconds / (os.cpu_count() or 1)
    return {
        "photos": count,
        "repeats": 1,
        "pictures": source(),
        "weights": "random",
        "mean_megabytes": megabytes,
        "runtime": product.runtime,
        "precision": product.precision,
        "proof": product.proof,
        "loop_photos_per_s": count / sum(loop.total for loop in loops),
        "loop_halves_photos_per_s": [count / 2 / loop.total for loop in loops],
        "loop_open_s": sum(loop.opening for loop in loops) / count,
        "loop_processor_s": sum(loop.processing for loop in loops) / count,
        "loop_model_s": sum(loop.model for loop in loops) / count,
        "loop_core_s": sum(loop.processor for loop in loops) / count,
        "loop_peak_mb": max(loop.peak_bytes for loop in loops) / 1e6,
        "loop_threads": loops[0].threads,
        "product_photos_per_s": rate,
        "product_model_only_photos_per_s": 1 / product.model_seconds,
        "product_core_s": product.processor_seconds / count,
        "product_decode_core_s": product.decode_seconds,
        "product_efficiency": rate * ideal,
        "product_peak_mb": product.peak_bytes / 1e6,
        "batch": _BATCH,
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
