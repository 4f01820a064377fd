"""Measures a model on a benchmark."""

import os
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.domain.evaluation import (
    Benchmark,
    BenchmarkCaption,
    EvaluatedModel,
    EvaluationReport,
    LeftOut,
    Measure,
    Task,
)
from app.domain.model import Embeddings
from app.errors import EvaluationError
from app.services.evaluation.captioned import CROSSMODAL_LANGUAGES, ONE_LANGUAGE
from app.services.evaluation.embedding import BenchmarkEmbedder
from app.services.evaluation.measures import (
    CUTS,
    Floats,
    Totals,
    average_precisions,
    caption_ranks,
    interval,
    mean_totals,
    recall_totals,
    resampled_shares,
    shares,
)
from app.services.evaluation.published import Published, hints

MEAN = "mean"
_PERCENT = 100.0


def limited(benchmark: Benchmark, limit: int | None) -> Benchmark:
    """The first pictures of a benchmark with their captions; the whole with None."""
    if limit is None or limit >= len(benchmark.images):
        return benchmark
    captions = {
        language: tuple(caption for caption in each if caption.image < limit)
        for language, each in benchmark.captions.items()
    }
    differs = (f"only the first {limit:,} pictures were taken", *benchmark.differs)
    return replace(benchmark, images=benchmark.images[:limit], captions=captions, differs=differs)


def evaluate(
    benchmark: Benchmark, embedder: BenchmarkEmbedder, published: Published | None = None
) -> EvaluationReport:
    """Embed and measure. Raises EvaluationError when no picture is there, and what the embedder raises."""
    if not any(os.path.exists(image.path) for image in benchmark.images):
        folder = os.path.dirname(benchmark.images[0].path) if benchmark.images else "the folder"
        raise EvaluationError(
            f"None of the {len(benchmark.images):,} pictures is in {folder}. Name the folder that holds them."
        )
    images = embedder.images(benchmark.images)
    if not len(images.places):
        raise EvaluationError(
            "None of the pictures can be read. Open one of them in a viewer: if it does not show it either,"
            f" download them again. The first: {images.left_out[0].reason}"
        )
    if benchmark.captions:
        captions = _captions_of(benchmark, images.places)
        measures = _caption_measures(images.embeddings, captions, embedder, published)
        asked = sum(map(len, captions.values()))
    else:
        groups = [benchmark.images[place].group for place in images.places]
        measures, asked = _group_measures(images.embeddings, groups, published), 0
    left_out = (*benchmark.left_out, *_with_captions(images.left_out, benchmark))
    differs = (*([f"{len(left_out):,} left out"] if left_out else []), *benchmark.differs)
    return EvaluationReport(
        benchmark.name,
        benchmark.title,
        _model(embedder),
        len(images.places),
        asked,
        tuple(measures),
        left_out,
        differs,
        published.source if published else "",
        hints(measures, texts=bool(benchmark.captions)) if not differs else (),
    )


def _model(embedder: BenchmarkEmbedder) -> EvaluatedModel:
    spec, provenance = embedder.encoder.spec, embedder.encoder.provenance()
    return EvaluatedModel(
        spec.checkpoint,
        spec.identity,
        provenance.runtime,
        provenance.precision,
        provenance.device,
        embedder.encoder.note(),
    )


def _captions_of(benchmark: Benchmark, places: NDArray[np.int64]) -> dict[str, tuple[BenchmarkCaption, ...]]:
    """Those of the pictures that were read, which are counted anew; languages without any are dropped."""
    row_of = {int(place): row for row, place in enumerate(places)}
    kept = {
        language: tuple(replace(one, image=row_of[one.image]) for one in captions if one.image in row_of)
        for language, captions in benchmark.captions.items()
    }
    kept = {language: captions for language, captions in kept.items() if captions}
    if not kept:
        raise EvaluationError(
            "No caption belongs to a picture that can be read. Look whether the captions are those of these"
            " pictures."
        )
    return kept


def _caption_measures(
    images: Embeddings,
    captions: dict[str, tuple[BenchmarkCaption, ...]],
    embedder: BenchmarkEmbedder,
    published: Published | None,
) -> list[Measure]:
    """Of each language, then their mean; all of them are resampled together, picture by picture."""
    keys: list[tuple[str, Task, int]] = []
    totals: list[Totals] = []
    for language, spoken in captions.items():
        what = f"captions ({language})" if language else "captions"
        texts = embedder.texts([one.text for one in spoken], what)
        image_of = np.array([one.image for one in spoken], np.int64)
        ranks = caption_ranks(images, texts, image_of)
        each_image = np.arange(len(images))
        for cut in CUTS:
            totals.append(recall_totals(ranks.of_own_image, image_of, len(images), cut))
            totals.append(recall_totals(ranks.of_best_caption, each_image, len(images), cut))
            keys += [(language, Task.TEXT_TO_IMAGE, cut), (language, Task.IMAGE_TO_TEXT, cut)]
    values, drawn = shares(totals), resampled_shares(totals)
    measures = [
        _recall(task, cut, values[place], drawn[:, place], language)
        for place, (language, task, cut) in enumerate(keys)
    ]
    whole = list(captions) == [ONE_LANGUAGE]
    if not whole:
        measures += _means(keys, values, drawn)
    measures.sort(key=lambda one: (one.language == MEAN, one.language, list(Task).index(one.task)))
    compared = ONE_LANGUAGE if whole else MEAN
    comparable = whole or set(captions) == set(CROSSMODAL_LANGUAGES)
    return [
        _beside(one, published) if comparable and one.language == compared and one.at == 1 else one
        for one in measures
    ]


def _means(keys: list[tuple[str, Task, int]], values: Floats, drawn: Floats) -> list[Measure]:
    """Over the languages, each counting the same."""
    measures = []
    for task in (Task.TEXT_TO_IMAGE, Task.IMAGE_TO_TEXT):
        for cut in CUTS:
            columns = [place for place, key in enumerate(keys) if key[1:] == (task, cut)]
            mean = float(values[columns].mean())
            measures.append(_recall(task, cut, mean, drawn[:, columns].mean(axis=1), MEAN))
    return measures


def _group_measures(images: Embeddings, groups: list[str], published: Published | None) -> list[Measure]:
    """Mean average precision, with groups resampled whole: their pictures find each other."""
    names, group_of = np.unique(groups, return_inverse=True)
    found = average_precisions(images, group_of)
    kinds = (("query counted, as published", found.with_query), ("query left out", found.without_query))
    if np.isnan(found.with_query).all():
        raise EvaluationError("No two pictures belong to one group, so there is nothing to look for.")
    totals = [mean_totals(values, group_of, len(names)) for _, values in kinds]
    values, drawn = shares(totals), resampled_shares(totals)
    measures = [
        _measure(Task.IMAGE_TO_IMAGE, None, values[place], drawn[:, place], variant=variant)
        for place, (variant, _) in enumerate(kinds)
    ]
    return [_beside(measures[0], published), *measures[1:]]


def _recall(task: Task, cut: int, value: float, drawn: Floats, language: str) -> Measure:
    return _measure(task, cut, value, drawn, language=language)


def _measure(
    task: Task, at: int | None, value: float, drawn: Floats, *, language: str = "", variant: str = ""
) -> Measure:
    low, high = interval(drawn)
    return Measure(task, at, _PERCENT * float(value), _PERCENT * low, _PERCENT * high, language, variant)


def _beside(measure: Measure, published: Published | None) -> Measure:
    return replace(measure, published=published.figures.get(measure.task)) if published else measure


def _with_captions(left_out: tuple[LeftOut, ...], benchmark: Benchmark) -> list[LeftOut]:
    """A picture that took no part takes its captions along, which is said."""
    lost: dict[str, int] = {}
    for captions in benchmark.captions.values():
        for caption in captions:
            name = benchmark.images[caption.image].name
            lost[name] = lost.get(name, 0) + 1
    return [
        replace(one, reason=f"{one.reason} Its {count} captions took no part.")
        if (count := lost.get(one.name, 0))
        else one
        for one in left_out
    ]
