"""How well the demo model finds scenes it never saw, through the product's own decoding, encoder and index.

A query names six attributes of a scene; relevant are all scenes that have all of them. The same run with
untrained weights is the control: should it score, the benchmark would measure something else than meaning.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from app.demo.captions import Language, caption
from app.demo.drawing import draw
from app.demo.scenes import ATTRIBUTES, Scene, Wanted, held_out_pairs, is_held_out, random_scene, wanted_of
from app.domain.media import DecodeRequest
from app.domain.model import Embeddings, ImageTextEncoder
from app.domain.vectors import VectorIndex
from app.embedding.encoder_process import open_encoder
from app.media.decode_pool import DecodePool
from app.paths import resource
from app.vector_index.index_process import open_index
from tests.benchmarks.figures import Figure

SCENES = 500
QUICK_SCENES = 200
SEED = 31
NAMED = 6
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Query:
    """Six attributes of one scene, and the places of all scenes that have them."""

    wanted: Wanted
    relevant: frozenset[int]
    has_pair: bool  # names two attributes that training never showed together


@dataclass(frozen=True, slots=True)
class Recall:
    """Shares of the queries with a relevant scene on top, and among the five best."""

    at_1: float
    at_5: float


@dataclass(frozen=True, slots=True)
class Scores:
    """All that one checkpoint is measured by."""

    languages: dict[Language, Recall]
    pairs: Recall
    same_kind_at_5: float


def run(quick: bool) -> Iterable[Figure]:
    """Draw the scenes, measure the shipped checkpoint, then the control."""
    checkpoint = resource("demo/photosift-drawn-scenes")
    scenes = held_out_scenes(QUICK_SCENES if quick else SCENES)
    queries = [_query(place, scenes) for place in range(len(scenes))]
    with tempfile.TemporaryDirectory() as scratch:
        photos = _draw_all(scenes, Path(scratch))
        started = time.monotonic()
        trained = measure(checkpoint, photos, scenes, queries, Path(scratch) / "trained")
        seconds = time.monotonic() - started
        untrained_folder = _untrained(checkpoint, Path(scratch) / "checkpoint")
        untrained = measure(untrained_folder, photos, scenes, queries, Path(scratch) / "untrained")
    yield from _figures(trained, untrained, queries, seconds)


def held_out_scenes(number: int, seed: int = SEED) -> list[Scene]:
    """Compositions that training never saw, half of them with a pair of attributes it never saw together."""
    rng = Random(seed)
    with_pair: set[Scene] = set()
    without: set[Scene] = set()
    while len(with_pair) < number // 2 or len(without) < number - number // 2:
        scene = random_scene(rng)
        if is_held_out(scene):
            group, room = (
                (with_pair, number // 2) if held_out_pairs(scene) else (without, number - number // 2)
            )
            if len(group) < room:
                group.add(scene)
    return sorted(with_pair | without, key=lambda scene: [getattr(scene, name) for name in ATTRIBUTES])


def measure(
    checkpoint: Path, photos: Sequence[Path], scenes: Sequence[Scene], queries: Sequence[Query], folder: Path
) -> Scores:
    """Index the photos with the checkpoint and ask every query in every language."""
    with closing(open_encoder(str(checkpoint))) as encoder:
        embeddings = _embed(encoder, photos)
        with closing(open_index(folder, encoder.spec.identity, encoder.spec.dim)) as index:
            index.add(range(1, len(photos) + 1), embeddings)  # labels are row numbers, from 1
            hits = {language: _ask(encoder, index, queries, language) for language in Language}
            alike = _same_kind(index, embeddings, scenes)
    return Scores(
        languages={language: _recall(each) for language, each in hits.items()},
        pairs=_recall(
            [hit for hit, query in zip(hits[Language.ENGLISH], queries, strict=True) if query.has_pair]
        ),
        same_kind_at_5=alike,
    )


def _query(place: int, scenes: Sequence[Scene]) -> Query:
    """Of the seven attributes all but one; a pair that training never saw is always named."""
    scene, rng = scenes[place], Random(SEED + place)
    pairs = held_out_pairs(scene)
    needed = {"kind"} | {name for name in ATTRIBUTES if pairs and getattr(scene, name) in pairs[0]}
    left_out = rng.choice([name for name in ATTRIBUTES if name not in needed])
    wanted = wanted_of(scene, tuple(name for name in ATTRIBUTES if name != left_out))
    assert len(wanted) == NAMED
    relevant = frozenset(other for other, each in enumerate(scenes) if each.shows(wanted))
    return Query(wanted, relevant, has_pair=bool(pairs))


def _draw_all(scenes: Sequence[Scene], folder: Path) -> list[Path]:
    """The scenes as photos of the demo library's size and quality."""
    paths = [folder / f"{place}.jpg" for place in range(len(scenes))]
    for place, (scene, path) in enumerate(zip(scenes, paths, strict=True)):
        draw(scene, (800, 600), seed=SEED * 100_000 + place).save(path, "JPEG", quality=90)
    return paths


def _embed(encoder: ImageTextEncoder, photos: Sequence[Path]) -> Embeddings:
    with closing(DecodePool(2)) as pool:
        futures = [pool.submit(DecodeRequest(str(path), encoder.spec.pixel_spec)) for path in photos]
        decoded = [future.result() for future in futures]
    batches = [decoded[start : start + _BATCH] for start in range(0, len(decoded), _BATCH)]
    pixels = ([photo.pixels for photo in batch if photo.pixels is not None] for batch in batches)
    return np.concatenate([encoder.encode_images(batch) for batch in pixels])


def _ask(
    encoder: ImageTextEncoder, index: VectorIndex, queries: Sequence[Query], language: Language
) -> list[list[bool]]:
    """For each query whether each of the five best is relevant."""
    rng = Random(SEED)
    texts = encoder.encode_texts([caption(query.wanted, language, rng) for query in queries])
    found = (_places(index, text, 5) for text in texts)
    return [
        [place in query.relevant for place in places] for query, places in zip(queries, found, strict=True)
    ]


def _places(index: VectorIndex, embedding: NDArray[np.float32], k: int) -> list[int]:
    """The places of the k scenes nearest to the embedding, best first."""
    return [int(label) - 1 for label in index.search(embedding, k).labels]


def _recall(hits: Sequence[Sequence[bool]]) -> Recall:
    return Recall(statistics.fmean(each[0] for each in hits), statistics.fmean(any(each) for each in hits))


def _same_kind(index: VectorIndex, embeddings: Embeddings, scenes: Sequence[Scene]) -> float:
    """The share of the five photos most similar to each photo, itself apart, that show the same kind."""
    shares = []
    for place, embedding in enumerate(embeddings):
        others = [other for other in _places(index, embedding, 6) if other != place][:5]
        shares.append(statistics.fmean(scenes[other].kind is scenes[place].kind for other in others))
    return statistics.fmean(shares)


def _untrained(checkpoint: Path, folder: Path) -> Path:
    """A copy of the checkpoint with fresh random weights."""
    import torch
    from transformers import SiglipConfig, SiglipModel

    shutil.copytree(checkpoint, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    torch.manual_seed(SEED)
    SiglipModel(SiglipConfig.from_pretrained(checkpoint)).float().save_pretrained(folder)
    return folder


def _figures(
    trained: Scores, untrained: Scores, queries: Sequence[Query], seconds: float
) -> Iterator[Figure]:
    relevant = statistics.median(len(query.relevant) for query in queries)
    details = {"scenes": len(queries), "named_attributes": NAMED, "seconds": seconds, "seed": SEED}
    yield Figure("demo_recall.relevant", relevant, "scenes", "median <= 2", relevant <= 2, details)
    for language, recall in trained.languages.items():
        if language is Language.ENGLISH:
            yield _at_least("en.r_at_1", recall.at_1, 0.6, details)
            yield _at_least("en.r_at_5", recall.at_5, 0.95, details)
        else:
            yield _at_least(f"{language}.r_at_5", recall.at_5, 0.9, details | {"r_at_1": recall.at_1})
    pairs = details | {"queries": sum(query.has_pair for query in queries), "r_at_1": trained.pairs.at_1}
    yield _at_least("unseen_pairs.r_at_5", trained.pairs.at_5, 0.85, pairs)
    yield _at_least("image_to_image.same_kind_at_5", trained.same_kind_at_5, 0.8, details)
    yield from _controls(untrained, details)


def _at_least(name: str, value: float, bar: float, details: dict[str, float]) -> Figure:
    return Figure(f"demo_recall.{name}", value, "share", f">= {bar}", value >= bar, details)


def _controls(untrained: Scores, details: dict[str, float]) -> Iterator[Figure]:
    worst = max(recall.at_5 for recall in untrained.languages.values())
    yield Figure("demo_recall.control.text_r_at_5", worst, "share", "< 0.1", worst < 0.1, details)
    alike = untrained.same_kind_at_5
    yield Figure("demo_recall.control.same_kind_at_5", alike, "share", "< 0.1", alike < 0.1, details)
