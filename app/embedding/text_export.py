"""Makes the text tower's exports, and finds the fastest precision that gives what float32 gives.

Needs torch, transformers, and for 8-bit weights nncf: once, in a process that ends afterwards. The texts that
precisions are compared on come with Photosift, so that no search has to wait for somebody's own.
"""

import logging
import os
import shutil
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Scoring, Tower
from app.embedding.checkpoint import Checkpoint
from app.embedding.export import export_module, write_export
from app.embedding.exported_text import (
    ExportedTextTower,
    TextFacts,
    TextInputs,
    facts_to_write,
    made_of,
    open_exported_text,
    text_export,
    tokens_folder,
)
from app.embedding.openvino_model import load_nncf, load_openvino, supports
from app.embedding.openvino_proof import quiet
from app.embedding.proof import compare, conditions, passes
from app.embedding.text_bank import captions
from app.embedding.text_tower import TextTower, load_text_tower
from app.embedding.token_ids import ReferenceTokenIds, store_token_ids
from app.errors import EncoderError

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

_EXAMPLES = 2  # texts that an export is verified with, when it is made and whenever it is opened
_BATCH = 16
_ROUNDS = 9
_UNUSABLE = 0.9  # the cosine below which a smaller model is not even compared
_NEARLY = 1.2  # times the time of the fastest
_SMALLEST_FIRST = ("int8-dynamic", "bfloat16", "float32")
_REDUCED = ("bfloat16", "int8-dynamic")


def export_text_tower(checkpoint: Checkpoint) -> TextFacts:
    """Make everything with which texts need no torch any more.

    Raises CheckpointError, EncoderError where OpenVINO gives other embeddings, OSError.
    """
    tokens = ReferenceTokenIds(checkpoint)
    folder = tokens_folder(checkpoint)
    folder.mkdir(parents=True, exist_ok=True)
    stored = store_token_ids(checkpoint, tokens, folder)
    tower = load_text_tower(checkpoint)
    end = _end_token(tower, checkpoint)
    inputs = TextInputs(checkpoint, tokens, end)
    _export(checkpoint, tower, inputs)
    del tower
    _write_facts(checkpoint, TextFacts(stored, end, "float32", {}))
    proof = _prove(checkpoint, inputs)
    facts = TextFacts(stored, end, proof["chosen"], proof)
    _drop_unused(checkpoint, facts.precision)  # before the facts: whoever is killed here begins again
    _write_facts(checkpoint, facts)
    return facts


def _end_token(tower: TextTower, checkpoint: Checkpoint) -> int | None:
    """CLIP pools where its end token is; SigLIP at the last position."""
    return None if checkpoint.spec.scoring is Scoring.SIGMOID else int(tower.model.config.eos_token_id)


def _export(checkpoint: Checkpoint, tower: TextTower, inputs: TextInputs) -> None:
    import torch

    texts = captions()[:: len(captions()) // _EXAMPLES][:_EXAMPLES]
    example = {name: torch.from_numpy(array) for name, array in inputs.of(texts).items()}
    module = _behind_the_table(tower, checkpoint.family.outputs[Tower.TEXT])
    export_module(module, example, text_export(checkpoint, "float32"), made_of(checkpoint, "float32"))


def _behind_the_table(tower: TextTower, output: str) -> "torch.nn.Module":
    """The tower from its tokens' rows on; CLIP's is told where its texts end."""
    import torch

    class Given(torch.nn.Module):
        """Stands for the table: gives the rows that it was given, whatever tokens it is asked for."""

        rows: torch.Tensor

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.rows

    class BehindTheTable(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = tower.model
            self.given = Given()
            part = next(part for part in self.model.modules() if hasattr(part, "token_embedding"))
            part.token_embedding = self.given

        def forward(self, rows: torch.Tensor, end: torch.Tensor | None = None) -> torch.Tensor:
            self.given.rows = rows
            found = self.model(input_ids=rows[:, :, 0].to(torch.int64) * 0)
            if end is None:
                embeddings: torch.Tensor = getattr(found, output)
                return embeddings
            pooled = (found.last_hidden_state * end.unsqueeze(-1)).sum(dim=1)
            projected: torch.Tensor = self.model.text_projection(pooled)
            return projected

    return BehindTheTable().eval()


# -- precisions


def _prove(checkpoint: Checkpoint, inputs: TextInputs) -> dict[str, Any]:
    """Compare the reduced precisions with float32 on the captions, and choose."""
    full = _opened(checkpoint, "float32")
    expected = _embed(full)
    towers = {"float32": full}
    results: dict[str, dict[str, Any]] = {"float32": {}}
    for precision in _REDUCED:
        if precision == "bfloat16" and not supports(precision):
            continue
        try:
            _make_smaller(checkpoint, precision, inputs, full)
            towers[precision] = _opened(checkpoint, precision)
        except EncoderError as error:
            _log.warning("texts are not embedded in %s: %s", precision, error)
            continue
        cosine, overlap = compare(expected, _embed(towers[precision]))
        results[precision] = {"cosine": cosine, "overlap": overlap, "passed": passes(cosine, overlap)}
    for precision, seconds in _seconds_each(towers).items():
        results[precision]["milliseconds"] = 1000 * seconds
    chosen = _chosen(results)
    _log.info("texts are embedded in %s: %s", chosen, results)
    return {
        "chosen": chosen,
        "texts": len(captions()),
        "results": results,
        "conditions": conditions(checkpoint),
    }


def _chosen(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Of those that passed and are nearly the fastest, the one with the smallest weights."""
    sound = {name: result["milliseconds"] for name, result in results.items() if result.get("passed", True)}
    fast = [name for name, needed in sound.items() if needed <= _NEARLY * min(sound.values())]
    return next(name for name in _SMALLEST_FIRST if name in fast)


def _make_smaller(
    checkpoint: Checkpoint, precision: str, inputs: TextInputs, full: ExportedTextTower
) -> None:
    """Where weights have 8 bits, OpenVINO finds the scales of the other factor while it computes."""
    texts = captions()[:: len(captions()) // _EXAMPLES][:_EXAMPLES]
    model = load_openvino().Core().read_model(text_export(checkpoint, "float32") / "model.xml")
    if precision == "int8-dynamic":
        with quiet():
            nncf = load_nncf()
            try:
                model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
            except Exception as error:
                raise EncoderError(f"nncf could not make the model smaller: {error}") from error
    folder, made = text_export(checkpoint, precision), made_of(checkpoint, precision)
    write_export(model, inputs.of(texts), full.encode(texts), folder, made, _UNUSABLE)


def _opened(checkpoint: Checkpoint, precision: str) -> ExportedTextTower:
    tower = open_exported_text(checkpoint, precision)
    if tower is None:
        raise EncoderError(f"The text tower in {precision} is not there or is damaged.")
    return tower


def _embed(tower: ExportedTextTower) -> NDArray[np.float32]:
    """(n, dim) unit rows of all captions."""
    texts = captions()
    rows = np.concatenate([tower.encode(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _seconds_each(towers: Mapping[str, ExportedTextTower]) -> dict[str, float]:
    """Processor time of one text, the least of several rounds in turns: others compute at the same time."""
    times: dict[str, list[float]] = {precision: [] for precision in towers}
    for text in captions()[:_ROUNDS]:
        for precision, tower in towers.items():
            started = time.process_time()
            tower.encode([text])
            times[precision].append(time.process_time() - started)
    return {precision: min(each) for precision, each in times.items()}


def _drop_unused(checkpoint: Checkpoint, precision: str) -> None:
    used = text_export(checkpoint, precision)
    for other in {text_export(checkpoint, name) for name in ("float32", *_REDUCED)} - {used}:
        shutil.rmtree(other, ignore_errors=True)


def _write_facts(checkpoint: Checkpoint, facts: TextFacts) -> None:
    """The last file, so that it speaks of what is there."""
    path, text = facts_to_write(checkpoint, facts)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
