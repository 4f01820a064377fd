"""Photos a second on a GPU, beside what the model alone could do there with its inputs at hand.

The product's encoder runs in its process and gets decoded pixels as indexing hands them over: as many as it
wishes for, and the next while it computes. The limit is the same model in the same precision with batches of
the same size that lie on the device already; both are measured in turns. How exact the half precisions are is
compared as the product does it before it uses one: with the demonstration's trained model, and with random
weights as a check of plumbing alone.

Without a usable GPU every figure is skipped, and no checkpoint is made.
"""

import itertools
import shutil
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.model import EncodedPhotos, Tower
from app.domain.precision import PrecisionProof
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.devices import REFERENCE_DEVICE, Runtime, choose_device
from app.embedding.encoder_process import ProcessEncoder
from app.embedding.gpu_proof import gpu_conditions, prove_on_gpu
from app.embedding.pixels import Pixels
from app.embedding.proof import NEIGHBOURS, SAMPLE, SMALLEST_COSINE, SMALLEST_OVERLAP
from app.embedding.siglip import Siglip2Encoder
from app.embedding.towers import load_image_tower
from app.paths import resource
from app.services.model_catalogue import catalogue
from tests.benchmarks.figures import Figure, skipped, spread
from tests.benchmarks.precision_agreement import drawn_photos
from tests.checkpoints import make_system

_SYSTEMS = ("base-patch16-256", "so400m-patch16-384")
_HALF = ("bfloat16", "float16")
_SHARE_BAR = 0.90
_UNDER_WAY = 2  # calls, as in `app.indexing.embedding_stage`
_USUAL_CALL = 8  # photos, where the encoder has no wish
_PICTURES = 512  # that are handed over again and again
_LIMIT_RUNS = 5  # of a batch, at least


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured."""

    seconds: float  # of the encoder, in each round
    rounds: int
    pictures: int = _PICTURES


def run(quick: bool) -> Iterator[Figure]:
    """Three rounds of ten seconds for each system; when quick, one of three seconds for the base model."""
    device, reason = choose_device("auto")
    if device == REFERENCE_DEVICE:
        yield from _nothing(reason or "no GPU that torch can use was found")
        return
    effort = Effort(3.0, 1) if quick else Effort(10.0, 3)
    yield from demo_fidelity(device)
    for system in _SYSTEMS[:1] if quick else _SYSTEMS:
        model = next(one for one in catalogue() if (one.hub_id or "").endswith(f"siglip2-{system}"))
        with tempfile.TemporaryDirectory(prefix="photosift-gpu-") as name:
            folder = make_system(Path(name) / system, model)
            yield from throughput(system, open_checkpoint(str(folder)), device, effort)


def demo_fidelity(device: str) -> Iterator[Figure]:
    """Of the half precisions, with weights that mean something."""
    with tempfile.TemporaryDirectory(prefix="photosift-gpu-") as name:
        folder = Path(shutil.copytree(resource("demo/photosift-drawn-scenes"), Path(name) / "demo"))
        demo = open_checkpoint(str(folder))
        photos = [np.ascontiguousarray(photo) for photo in drawn_photos(SAMPLE, demo)]
        yield from _fidelity("the demo model", demo, photos, device, judged=True)


def throughput(system: str, checkpoint: Checkpoint, device: str, effort: Effort) -> Iterator[Figure]:
    """The rates, the share, and the fidelity of one system."""
    spec = checkpoint.spec.pixel_spec
    dice = np.random.default_rng(0)
    pictures = [dice.integers(0, 256, (spec.height, spec.width, 3), np.uint8) for _ in range(effort.pictures)]
    fastest = yield from _fidelity(system, checkpoint, pictures[:SAMPLE], device, judged=False)
    rates, limits, details = _rates(checkpoint, pictures, device, fastest, effort)
    details |= {"weights": "random", "hardware": gpu_conditions(checkpoint, device)}
    yield Figure(
        _rate_name(system),
        statistics.median(rates),
        "photos/s",
        "",
        None,
        {"reason": "no bar", **spread(rates), **details},
    )
    shares = [rate / limit for rate, limit in zip(rates, limits, strict=True)]
    share = statistics.median(shares)
    yield Figure(
        _share_name(system),
        share,
        "",
        f">= {_SHARE_BAR:.2f}",
        share >= _SHARE_BAR,
        {"limit_photos_per_s": statistics.median(limits), **spread(shares), **details},
    )


def _rates(
    checkpoint: Checkpoint, pictures: Sequence[Pixels], device: str, precision: str, effort: Effort
) -> tuple[list[float], list[float], dict[str, Any]]:
    """Of the encoder in its process and of the model alone, in turns, and how they came about."""
    tower = load_image_tower(checkpoint).move(Runtime(device, precision))
    rates, limits = [], []
    with closing(ProcessEncoder(checkpoint, device, precision)) as encoder:
        encoder.prepare(Tower.IMAGE)
        first = encoder.submit_photos(pictures[:_USUAL_CALL]).result()  # says how many it wishes for
        call = first.call_size or _USUAL_CALL
        batch = call // 2 if first.call_size else call
        _product_rate(encoder, pictures, call, effort.seconds / 3)  # warm
        for _ in range(effort.rounds):
            rates.append(_product_rate(encoder, pictures, call, effort.seconds))
            runs = max(_LIMIT_RUNS, int(effort.seconds / tower.seconds_of(batch)))
            limits.append(batch / tower.seconds_of(batch, runs))
        note, by = encoder.note(), encoder.provenance()
    del tower
    details = {
        "call": call,
        "batch": batch,
        "precision": by.precision,
        "device": by.device,
        "note": note,
        "in_process_photos_per_s": _local_rate(checkpoint, pictures, device, precision),
    }
    return rates, limits, details


def _product_rate(encoder: ProcessEncoder, pictures: Sequence[Pixels], call: int, seconds: float) -> float:
    """Photos a second from the first that is handed over to the last that comes back."""
    under_way: deque[Future[EncodedPhotos]] = deque()
    endless = itertools.cycle(pictures)
    done, started = 0, time.perf_counter()
    while under_way or not done:
        while len(under_way) < _UNDER_WAY and (not done or time.perf_counter() - started < seconds):
            under_way.append(encoder.submit_photos(list(itertools.islice(endless, call))))
        done += len(under_way.popleft().result().embeddings)
    return done / (time.perf_counter() - started)


def _local_rate(checkpoint: Checkpoint, pictures: Sequence[Pixels], device: str, precision: str) -> float:
    """Of the same encoder without a process of its own, all pictures in one call."""
    with closing(Siglip2Encoder(checkpoint, device, precision)) as encoder:
        encoder.encode_photos(pictures)
        started = time.perf_counter()
        encoder.encode_photos(pictures)
        return len(pictures) / (time.perf_counter() - started)


def _fidelity(
    model: str, checkpoint: Checkpoint, photos: Sequence[Pixels], device: str, *, judged: bool
) -> Generator[Figure, None, str]:
    """What the product's own proof measures; returns the half precision that is the fastest."""
    proof = prove_on_gpu(checkpoint, photos, device)
    results = {result.precision: result for result in proof.results}
    for precision in _HALF:
        result = results.get(precision)
        for name, bar in _fidelity_names(model, precision):
            if result is None:
                yield skipped(name, f">= {bar}", f"{proof.processor} does not compute {precision}")
                continue
            value = result.cosine if bar == SMALLEST_COSINE else result.overlap
            details = {
                "photos": proof.photos,
                "times_as_fast_as_float32": result.speed,
                "chosen": proof.chosen,
                "weights": "trained" if judged else "random",
                "hardware": proof.processor,
            }
            yield Figure(
                name, value, "", f">= {bar}" if judged else "", value >= bar if judged else None, details
            )
    yield _compiled(model, proof)
    return max(results.values(), key=lambda result: result.speed).precision if results else "float32"


def _compiled(model: str, proof: PrecisionProof) -> Figure:
    if proof.compiled is None:
        return skipped(_compiled_name(model), "", f"nothing can be compiled for {proof.processor} here")
    details = {"reason": "no bar", **asdict(proof.compiled)}
    return Figure(_compiled_name(model), proof.compiled.speed, "", "", None, details)


def _nothing(reason: str) -> Iterator[Figure]:
    for model in ("the demo model", *_SYSTEMS):
        for precision in _HALF:
            for name, bar in _fidelity_names(model, precision):
                yield skipped(name, f">= {bar}", reason)
        yield skipped(_compiled_name(model), "", reason)
    for system in _SYSTEMS:
        yield skipped(_rate_name(system), "", reason, "photos/s")
        yield skipped(_share_name(system), f">= {_SHARE_BAR:.2f}", reason)


def _fidelity_names(model: str, precision: str) -> tuple[tuple[str, float], ...]:
    """Each figure's name, and the bar of the product's own proof."""
    of = f"gpu_throughput {precision}, {model}"
    return (
        (f"{of}: worst cosine to float32", SMALLEST_COSINE),
        (f"{of}: top-{NEIGHBOURS} overlap with float32", SMALLEST_OVERLAP),
    )


def _compiled_name(model: str) -> str:
    return f"gpu_throughput {model}: times as fast compiled, in the precision that is used"


def _rate_name(system: str) -> str:
    return f"gpu_throughput {system}: through the encoder's process"


def _share_name(system: str) -> str:
    return f"gpu_throughput {system}: share of the model-only limit"
