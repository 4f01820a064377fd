"""Photos a second: the whole product against the loop of the tutorials, on the same 12-megapixel JPEGs.

The product is the real one: a folder is added, scanned, decoded in processes, embedded in the encoder's
process, stored in SQLite with thumbnails and put into the vector index; its time ends when the worker has
nothing left to do. Both sides are warm: models are loaded and processes run before the clock starts. The loop
takes one half of the photos before the product and one after it, so that a change of the machine's mood meets
both. float32 on the processor.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.bootstrap import Services, open_services
from app.domain.media import DecodeRequest
from app.domain.status import ModelState
from app.media.decode import decode_photo
from app.paths import LibraryPaths
from app.service_process import ServiceProcess
from app.settings import Settings, SettingsStore
from tests.benchmarks.camera_jpegs import make_jpegs, mean_megabytes, source
from tests.benchmarks.figures import Figure
from tests.benchmarks.process_family import MemoryPeak, processor_seconds
from tests.benchmarks.tutorial_loop import LoopTimes, TutorialLoop
from tests.checkpoints import cached_checkpoint

_BAR = 1.6
_WARM = 8  # photos that nobody times: all decoding processes start, the model runs once
_BATCH = 8
_LIMIT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class _Product:
    """What the product needed."""

    seconds: float  # for all photos
    model_seconds: float  # for one photo, in batches, with nothing else running
    decode_seconds: float  # of one core, for one photo
    processor_seconds: float  # of all cores and processes, for all photos
    peak_bytes: int


def run(quick: bool) -> Iterator[Figure]:
    """8 photos when quick, else 40."""
    count = 8 if quick else 40
    checkpoint = str(cached_checkpoint("siglip2-fixres", "base"))
    with tempfile.TemporaryDirectory(prefix="photosift-indexing-") as folder:
        home = Path(folder)
        warm, photos = home / "warm", home / "photos"
        made = make_jpegs(photos, count + _WARM)
        warm.mkdir()
        for path in made[count:]:
            path.rename(warm / path.name)
        megabytes = mean_megabytes(made[:count])
        loops, product = _measure(home, checkpoint, warm, photos)
    yield _figure(loops, product, count, megabytes)


def _measure(home: Path, checkpoint: str, warm: Path, photos: Path) -> tuple[list[LoopTimes], _Product]:
    """The loop's two halves, and the product between them."""
    paths = [str(path) for path in sorted(photos.iterdir())]
    half = len(paths) // 2
    store = SettingsStore(home / "settings.json")
    store.save(Settings(checkpoint=checkpoint, device="cpu"))
    loop = ServiceProcess(TutorialLoop, (checkpoint,), name="tutorial")
    with closing(open_services(LibraryPaths(home / "library"), store)) as services:
        loop.call("embed", [str(path) for path in warm.iterdir()])
        _warm_up(services, warm)
        first = loop.call("embed", paths[:half])
        product = _measure_product(services, photos, without=[loop.pid or 0])
        second = loop.call("embed", paths[half:])
    loop.close()
    return [first, second], product


def _warm_up(services: Services, warm: Path) -> None:
    """Load the model and start every process."""
    services.models.load()
    services.indexing.start(lambda progress: None)
    deadline = time.monotonic() + _LIMIT_SECONDS
    while services.models.status().state is not ModelState.READY:
        if services.models.status().state is ModelState.FAILED or time.monotonic() > deadline:
            raise RuntimeError(f"the model did not load: {services.models.status().message}")
        time.sleep(0.1)
    _index(services, warm)


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
    began = time.process_time()
    decoded = [decode_photo(DecodeRequest(path, spec)) for path in paths]
    decode_seconds = (time.process_time() - began) / len(paths)
    pixels = [one.pixels for one in decoded if one.pixels is not None]
    began = time.perf_counter()
    target.encoder.encode_images(pixels)
    model_seconds = (time.perf_counter() - began) / len(pixels)
    return _Product(seconds, model_seconds, decode_seconds, processor, memory.peak_bytes)


def _figure(loops: Sequence[LoopTimes], product: _Product, count: int, megabytes: float) -> Figure:
    loop_rate = count / sum(loop.total for loop in loops)
    rate = count / product.seconds
    # What the machine could do at best: the model with all cores, and decoding with all cores, in turns.
    ideal = product.model_seconds + product.decode_seconds / (os.cpu_count() or 1)
    details = {
        "photos": count,
        "repeats": 1,
        "pictures": source(),
        "mean_megabytes": megabytes,
        "loop_photos_per_s": loop_rate,
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
    ratio = rate / loop_rate
    name = "indexing: photos a second, against the tutorials' loop"
    return Figure(name, ratio, "x", f">= {_BAR}x", ratio >= _BAR, details)
