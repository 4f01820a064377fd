"""The text tower without torch: stored tokens, rows of the checkpoint's file, OpenVINO for the rest.

What is exported begins behind the token table, which stays in the checkpoint's file.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Tower
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE, REFERENCE_DEVICE, Runtime
from app.embedding.export import Made, exports_of, open_export
from app.embedding.openvino_model import Arrays, OpenVinoModel
from app.embedding.proof import conditions
from app.embedding.text_tower import PROBE
from app.embedding.token_ids import TokenIds, open_token_ids
from app.embedding.token_rows import TokenRows

_log = logging.getLogger(__name__)

ROWS, END = "rows", "end"  # inputs: (n, length, dim) float32; CLIP's (n, length) float32, 1 at the end token

_FACTS = "text.json"
_FORMAT = 2  # since 2 the tokenizer's file has a digest
_FIRST_CLIP = 2  # the end token that its first configurations name, wrongly: it was the largest number


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What is kept beside the exports of a text tower."""

    tokens: dict[str, Any]  # for `open_token_ids`
    end: int | None  # the token whose position is pooled; None: the last position
    precision: str  # what answers
    proof: dict[str, Any]  # what the precisions were found to be worth, and under which conditions


class ExportedTextTower:
    """Embeds texts as `TextTower` does."""

    def __init__(
        self, checkpoint: Checkpoint, model: OpenVinoModel, tokens: TokenIds, facts: TextFacts
    ) -> None:
        self.runtime = Runtime(REFERENCE_DEVICE, facts.precision, "openvino")
        self._inputs = TextInputs(checkpoint, tokens, facts.end)
        self._model = model

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed text."""
        return self.encode([PROBE])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dim) float32, not normalised. RuntimeError from OpenVINO when it fails."""
        return self._model.run(self._inputs.of(texts))


class TextInputs:
    """What an exported text tower is given for texts."""

    def __init__(self, checkpoint: Checkpoint, tokens: TokenIds, end: int | None) -> None:
        self._length = checkpoint.text_length
        self._rows = TokenRows(checkpoint.folder)
        self._tokens = tokens
        self._end = end

    def of(self, texts: Sequence[str]) -> Arrays:
        """Raises CheckpointError when the checkpoint's files are others by now."""
        ids = self._tokens.of(texts)
        if self._end is None:
            return {ROWS: self._rows.of(ids)}
        ids = np.pad(ids, ((0, 0), (0, self._length - ids.shape[1])))  # nothing looks behind the end
        places = (ids if self._end == _FIRST_CLIP else ids == self._end).argmax(axis=1)
        return {ROWS: self._rows.of(ids), END: np.eye(self._length, dtype=np.float32)[places]}


def text_export(checkpoint: Checkpoint, precision: str) -> Path:
    """The folder of one export, there or not."""
    return exports_of(checkpoint) / f"text-{precision}"


def tokens_folder(checkpoint: Checkpoint) -> Path:
    return exports_of(checkpoint) / "text-tokens"


def made_of(checkpoint: Checkpoint, precision: str) -> Made:
    """What that export is made of."""
    return Made(checkpoint.spec.identity, Tower.TEXT, precision)


def read_text_facts(checkpoint: Checkpoint) -> TextFacts | None:
    """None when nothing was exported, or by a version of ours that did it otherwise."""
    try:
        kept = json.loads((exports_of(checkpoint) / _FACTS).read_text(encoding="utf-8"))
        if (kept["format"], kept["identity"]) != (_FORMAT, checkpoint.spec.identity):
            return None
        return TextFacts(kept["tokens"], kept["end"], kept["precision"], kept["proof"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("what is known of the exported text tower cannot be read: %s", error)
        return None


def text_export_is_needed(checkpoint: Checkpoint) -> bool:
    """Nothing was exported yet, or what was chosen is true of another machine or version."""
    facts = read_text_facts(checkpoint)
    return facts is None or facts.proof.get("conditions") != conditions(checkpoint)


def facts_to_write(checkpoint: Checkpoint, facts: TextFacts) -> tuple[Path, str]:
    """Where facts are kept, and how they are written."""
    kept = {
        "format": _FORMAT,
        "identity": checkpoint.spec.identity,
        "tokens": facts.tokens,
        "end": facts.end,
        "precision": facts.precision,
        "proof": facts.proof,
    }
    return exports_of(checkpoint) / _FACTS, json.dumps(kept, indent=1)


def open_exported_text(checkpoint: Checkpoint, precision: str | None = None) -> ExportedTextTower | None:
    """In the precision that proved itself here, unless one is named; None when nothing sound is there.

    Raises EncoderError when OpenVINO cannot be used here, CheckpointError.
    """
    facts = read_text_facts(checkpoint)
    if facts is None:
        return None
    if precision is None:
        proven = facts.proof.get("conditions") == conditions(checkpoint)
        precision = facts.precision if proven else REFERENCE.precision
    model = open_export(text_export(checkpoint, precision), made_of(checkpoint, precision), precision)
    if model is None:
        return None
    try:
        tokens = open_token_ids(checkpoint, tokens_folder(checkpoint), facts.tokens)
    except (OSError, ValueError, KeyError) as error:
        _log.warning("the stored tokenizer is not used: %s", error)
        return None
    chosen = TextFacts(facts.tokens, facts.end, precision, facts.proof)
    return ExportedTextTower(checkpoint, model, tokens, chosen)
