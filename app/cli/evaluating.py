"""`photosift evaluate`: how well a model finds, next to what was published about it. Opens no library."""

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import Any

from app.cli.output import EXIT_INTERRUPTED, EXIT_OK, printable, say
from app.cli.session import library_paths, named
from app.cli.step_bar import StepBar
from app.domain.evaluation import Benchmark, EvaluationReport, Measure, Task
from app.domain.progress import CancelToken
from app.embedding.checkpoint import open_checkpoint
from app.embedding.encoder_process import ProcessEncoder
from app.embedding.imported import ready_checkpoint
from app.errors import CheckpointError
from app.media.decode_pool import DecodePool
from app.paths import settings_file
from app.services.evaluation.captioned import read_coco, read_crossmodal, read_flickr30k, read_folder
from app.services.evaluation.embedding import BenchmarkEmbedder
from app.services.evaluation.evaluate import evaluate, limited
from app.services.evaluation.grouped import read_gpr1200
from app.services.evaluation.published import published_figures
from app.services.model_catalogue import hub_id_of
from app.settings import Settings, SettingsStore

_PATIENCE_SECONDS = 0.2  # waits are short, so that Ctrl+C is heard on every system
_SHOWN_LEFT_OUT = 5
_TASKS = {
    Task.TEXT_TO_IMAGE: "text to image",
    Task.IMAGE_TO_TEXT: "image to text",
    Task.IMAGE_TO_IMAGE: "image to image",
}


def run_evaluation(options: argparse.Namespace) -> int:
    """Reads the benchmark's files first, so that a mistake is told before a model is loaded."""
    benchmark = limited(_read(options), options.limit)
    settings = SettingsStore(settings_file(library_paths(options))).load()
    try:
        report = _measure(benchmark, options, settings)
    except KeyboardInterrupt:
        say("interrupted; nothing was measured to the end")
        return EXIT_INTERRUPTED
    if options.json:
        print(json.dumps(_as_json(report)))
    else:
        _print(report)
    return EXIT_OK


def _read(options: argparse.Namespace) -> Benchmark:
    match options.benchmark:
        case "coco":
            return read_coco(options.images, options.captions)
        case "flickr30k":
            return read_flickr30k(options.images, options.captions)
        case "xm3600":
            languages = tuple(filter(None, (each.strip() for each in (options.languages or "").split(","))))
            return read_crossmodal(options.images, options.captions, languages)
        case "gpr1200":
            return read_gpr1200(options.images)
        case _:
            return read_folder(options.folder, options.captions)


def _measure(benchmark: Benchmark, options: argparse.Namespace, settings: Settings) -> EvaluationReport:
    """On a thread of its own, so that this one hears Ctrl+C."""
    checkpoint = open_checkpoint(_source(options, settings), settings.naflex_patches)
    cancel = CancelToken()
    with ExitStack() as closing_last:
        thread = closing_last.enter_context(ThreadPoolExecutor(1, thread_name_prefix="evaluation"))
        encoder = closing_last.enter_context(
            closing(
                ProcessEncoder(
                    checkpoint,
                    options.device or settings.device,
                    options.precision or settings.precision,
                    accelerate=False,
                )
            )
        )
        decoder = closing_last.enter_context(closing(DecodePool(os.cpu_count() or 1)))
        closing_last.callback(cancel.cancel)
        bar = closing_last.enter_context(StepBar())
        embedder = BenchmarkEmbedder(encoder, decoder, bar.show, cancel)
        published = published_figures(checkpoint, benchmark.name)
        future = thread.submit(evaluate, benchmark, embedder, published)
        while not wait([future], timeout=_PATIENCE_SECONDS).done:
            continue
        return future.result()


def _source(options: argparse.Namespace, settings: Settings) -> str:
    """What was named, else what is in use. Raises CheckpointError."""
    if not options.model:
        if settings.checkpoint is None:
            raise CheckpointError("No model is chosen. Name one with --model FOLDER.")
        return settings.checkpoint
    hub_id = hub_id_of(options.model)
    return ready_checkpoint(named(hub_id) or hub_id)


# -- the report


def _print(report: EvaluationReport) -> None:
    captions = f", {report.captions:,} captions" if report.captions else ""
    print(f"{report.title}: {report.images:,} pictures{captions}")
    model = report.model
    computed = f"{model.runtime} {model.precision} on {model.device}"
    print(f"{printable(model.checkpoint)} ({model.identity}), {computed}")
    print()
    print(f"{'':36}{'%':>6}   {'95 % interval':15}  published")
    for measure in report.measures:
        print(_line(measure).rstrip())
    print()
    if report.source:
        print(f"Published figures: {report.source}")
    if report.differs and any(measure.published is not None for measure in report.measures):
        print("They are not comparable with these:")
    for reason in report.differs:
        print(f"  {reason}")
    for hint in report.hints:
        print(hint)
    if model.note:
        say(model.note)
    _say_left_out(report)


def _line(measure: Measure) -> str:
    at = f"R@{measure.at}" if measure.at else "mAP"
    name = " ".join(filter(None, (measure.language, _TASKS[measure.task], at)))
    interval = f"{measure.low:5.1f} to {measure.high:5.1f}"
    line = f"{name:36}{measure.value:6.1f}   {interval:15}  {_beside(measure)}"
    return f"{line.rstrip()}  ({measure.variant})" if measure.variant else line


def _beside(measure: Measure) -> str:
    if measure.published is None:
        return ""
    where = "within" if measure.agrees else "outside"
    return f"{measure.published:.1f} ({measure.difference:+.1f}, {where} the interval)"


def _say_left_out(report: EvaluationReport) -> None:
    if report.left_out:
        say(f"{len(report.left_out):,} left out:")
        for one in report.left_out[:_SHOWN_LEFT_OUT]:
            print(f"  {printable(one.name)}: {one.reason}", file=sys.stderr)
        if len(report.left_out) > _SHOWN_LEFT_OUT:
            print("  and more; --json names them all", file=sys.stderr)


def _as_json(report: EvaluationReport) -> dict[str, Any]:
    return {
        **asdict(report),
        "measures": [_measure_as_json(measure) for measure in report.measures],
        "left_out": [{"name": printable(one.name), "reason": one.reason} for one in report.left_out],
        "comparable": not report.differs,
    }


def _measure_as_json(measure: Measure) -> dict[str, Any]:
    difference = measure.difference
    return {
        "task": measure.task,
        "measure": f"R@{measure.at}" if measure.at else "mAP",
        "language": measure.language,
        "variant": measure.variant,
        "value": round(measure.value, 3),
        "low": round(measure.low, 3),
        "high": round(measure.high, 3),
        "published": measure.published,
        "difference": None if difference is None else round(difference, 3),
        "published_within_interval": measure.agrees,
    }
