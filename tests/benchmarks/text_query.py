"""One query in words: its latency, memory and fidelity against a plain float32 forward in the same run.

The reference does what a tutorial does: AutoModel.get_text_features of a text padded to 64 tokens, with the
whole model loaded, in a process of its own. The product answers through its encoder's process, as it does for
the window, pipe included. Both take turns, query by query, so that whatever else the machine does slows both.
Cold is a process that is not running yet; what the system keeps of files in memory, it has by then.

The checkpoint has the real size, random weights, and a tokenizer of as many tokens as SigLIP 2's; `--quick`
takes narrower towers and a small tokenizer. With random weights, which precision proves itself says nothing
about real ones: that part is a check of the plumbing.
"""

import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from app.domain.query import QueryTerm
from app.embedding.accelerator import Workshop
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.encoder_process import ProcessEncoder
from app.embedding.exported_text import read_text_facts
from app.embedding.siglip import AUTOMATIC
from app.embedding.text_bank import captions
from app.errors import EncoderError
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.service_process import ServiceProcess
from app.services.term_embeddings import TermEmbeddings
from tests.benchmarks.figures import Figure, spread
from tests.checkpoints import cached_checkpoint
from tests.fake_encoder import FakeEncoder

_RATIO, _MEGABYTES, _COSINE = 0.4, 600.0, 0.9999
_WARM_UP = 5
_TOKENS = 256_000


def run(quick: bool) -> Iterator[Figure]:
    """Export, then queries in turns, then cold starts, then queries that were asked before."""
    texts = captions()[:: 8 if quick else 4]
    with tempfile.TemporaryDirectory(prefix="photosift-text-query-") as scratch:
        folder = _checkpoint(Path(scratch) / "model", quick)
        checkpoint = open_checkpoint(str(folder))
        with closing(ServiceProcess(_Reference, (str(folder),), name="reference")) as reference:
            expected = np.concatenate([reference.call("embed", text)[0] for text in texts])
            yield from _without_export(checkpoint, reference, texts, expected)
            yield _export(checkpoint)
            yield from _exported(checkpoint, reference, texts, expected)
        yield from _cold(checkpoint, texts)
        yield _known(Path(scratch), texts)


class _Reference:
    """What a tutorial writes, over there."""

    def __init__(self, folder: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder).eval()

    def embed(self, text: str) -> tuple[NDArray[np.float32], float]:
        """(1, dim) of unit length, and the seconds it took."""
        import torch

        started = time.perf_counter()
        tokens = self._tokenizer(
            [text.lower()], padding="max_length", max_length=64, truncation=True, return_tensors="pt"
        )
        with torch.inference_mode():
            output = self._model.get_text_features(input_ids=tokens["input_ids"]).pooler_output
        embedding = torch.nn.functional.normalize(output, dim=-1).numpy()
        return embedding, time.perf_counter() - started

    def memory(self) -> float:
        """Megabytes."""
        return _megabytes(os.getpid())


def _without_export(
    checkpoint: Checkpoint, reference: ServiceProcess, texts: Sequence[str], expected: NDArray[np.float32]
) -> Iterator[Figure]:
    """The first minutes of a model, and whoever asks for float32."""
    with closing(ProcessEncoder(checkpoint, "cpu", "float32")) as encoder:
        found, pairs = _in_turns(encoder, reference, texts)
        cosine = float((found * expected).sum(axis=1).min())
        details = {"texts": len(texts), "runtime": "torch", "precision": "float32"}
        yield Figure(
            "text_query fidelity in float32", cosine, "cosine", f">= {_COSINE}", cosine >= _COSINE, details
        )
        yield _ratio("text_query p50 before the export, to the plain forward", pairs, details, "")
        memory = _megabytes(encoder.pid)
        details = {"the plain forward's": reference.call("memory")}
        yield Figure("text_query resident memory before the export", memory, "MB", "", True, details)


def _export(checkpoint: Checkpoint) -> Figure:
    """As the product does it behind, but for its waiting."""
    started = time.perf_counter()
    with closing(ServiceProcess(Workshop, (checkpoint,), name="workshop")) as workshop:
        workshop.call("export_text")
    facts = read_text_facts(checkpoint)
    assert facts is not None
    details = {
        "answers in": facts.precision,
        "precisions": facts.proof["results"],
        "weights": "random: a check of the plumbing",
    }
    return Figure("text_query export", time.perf_counter() - started, "s", "", True, details)


def _exported(
    checkpoint: Checkpoint, reference: ServiceProcess, texts: Sequence[str], expected: NDArray[np.float32]
) -> Iterator[Figure]:
    facts = read_text_facts(checkpoint)
    assert facts is not None
    with closing(ProcessEncoder(checkpoint, "cpu", AUTOMATIC)) as encoder:
        found, pairs = _in_turns(encoder, reference, texts)
        cosine = float((found * expected).sum(axis=1).min())
        details = {"texts": len(texts), "runtime": "openvino", "precision": facts.precision}
        yield _ratio(
            "text_query p50 to the plain forward", pairs, {**details, "smallest cosine": cosine}, _RATIO
        )
        memory = _megabytes(encoder.pid)
        details = {**details, "the plain forward's": reference.call("memory")}
        holds = memory <= _MEGABYTES
        yield Figure("text_query resident memory", memory, "MB", f"<= {_MEGABYTES:.0f} MB", holds, details)


def _in_turns(
    encoder: ProcessEncoder, reference: ServiceProcess, texts: Sequence[str]
) -> tuple[NDArray[np.float32], list[tuple[float, float]]]:
    """The product's embeddings, and the seconds of product and reference for each text."""
    rows, pairs = [], []
    for number, text in enumerate([*texts[:_WARM_UP], *texts]):
        started = time.perf_counter()
        row = encoder.encode_texts([text])
        seconds = time.perf_counter() - started
        _, theirs = reference.call("embed", text)
        if number >= _WARM_UP:
            rows.append(row)
            pairs.append((seconds, theirs))
    return np.concatenate(rows), pairs


def _ratio(
    name: str, pairs: Sequence[tuple[float, float]], details: dict[str, Any], limit: float | str
) -> Figure:
    ours, theirs = ([1000 * pair[side] for pair in pairs] for side in (0, 1))
    value = statistics.median(ours) / statistics.median(theirs)
    bar, holds = (f"<= {limit}x", value <= limit) if isinstance(limit, float) else ("", True)
    spreads = {"quickest": min(ours) / min(theirs), "ours_ms": spread(ours), "plain_ms": spread(theirs)}
    return Figure(name, value, "x", bar, holds, {**details, **spreads})


def _cold(checkpoint: Checkpoint, texts: Sequence[str]) -> Iterator[Figure]:
    """From nothing running to the first embedding."""
    seconds, computing = [], []
    for text in texts[:5]:
        started = time.perf_counter()
        with closing(ProcessEncoder(checkpoint, "cpu", AUTOMATIC)) as encoder:
            encoder.encode_texts([text])
            seconds.append(time.perf_counter() - started)
            times = psutil.Process(encoder.pid).cpu_times()
            computing.append(times.user + times.system)
    details = {**spread(seconds), "processor seconds": statistics.median(computing)}
    yield Figure("text_query cold, the first query", statistics.median(seconds), "s", "", True, details)


def _known(scratch: Path, texts: Sequence[str]) -> Figure:
    """Words that were searched for in a former session, while the model is not loaded."""
    silent = FakeEncoder(dim=768)
    target = EmbeddingTarget(silent, None, 1)  # type: ignore[arg-type]
    with closing(Library.open(scratch / "library.db")) as library, closing(DecodePool(1)) as decoder:
        with closing(TermEmbeddings(library, decoder)) as before:
            for text in texts:
                before.of(QueryTerm(text=text), target)
        silent.failure = EncoderError("not loaded")
        milliseconds = []
        with closing(TermEmbeddings(library, decoder)) as now:
            for text in texts:
                started = time.perf_counter()
                now.of(QueryTerm(text=text), target)
                milliseconds.append(1000 * (time.perf_counter() - started))
    value = statistics.median(milliseconds)
    return Figure("text_query known from a former session", value, "ms", "", True, spread(milliseconds))


def _megabytes(pid: int | None) -> float:
    assert pid is not None
    return psutil.Process(pid).memory_info().rss / 1024**2


def _checkpoint(folder: Path, quick: bool) -> Path:
    """A copy, since exports lie beside it; its weights are links."""
    source = cached_checkpoint("siglip2-fixres", "small" if quick else "base")
    folder.mkdir()
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            try:
                (folder / path.name).hardlink_to(path)
            except OSError:  # another drive
                (folder / path.name).symlink_to(path)
        elif path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    if not quick:
        _grow_tokenizer(folder / "tokenizer.json")
    return folder


def _grow_tokenizer(path: Path) -> None:
    """As many tokens and more merges than the small one has, made of random syllables."""
    described = json.loads(path.read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = described["model"]["vocab"]
    dice = random.Random(0)
    letters = [token for token in vocabulary if len(token) == 1]
    pool, merges = letters * 40, [tuple(pair) for pair in described["model"]["merges"]]
    while len(vocabulary) < _TOKENS:
        token = dice.choice(pool) + dice.choice(pool)
        if len(token) > 12 or token in vocabulary:
            continue
        vocabulary[token] = len(vocabulary)
        pool.append(token)
        splits = ((token[:at], token[at:]) for at in range(1, len(token)))
        merges += [pair for pair in splits if pair[0] in vocabulary and pair[1] in vocabulary]
    described["model"]["merges"] = list(dict.fromkeys(merges))
    path.write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
