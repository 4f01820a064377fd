"""Hubs: photos that are near to whatever is asked for, and the correction for it.

NNN, "Nearest Neighbor Normalization Improves Multimodal Retrieval" (Chowdhury and others, arXiv 2410.24114):
from each score a part of the photo's mean similarity to the k captions of a bank that are nearest to it is
taken away. The bank comes with Photosift and is the same for every library.
"""

import functools
import json
from itertools import product
from pathlib import Path

import numpy as np

from app.domain.model import Embeddings
from app.domain.progress import CancelToken
from app.domain.vectors import Labels
from app.indexing.embedding_target import EmbeddingTarget
from app.paths import resource
from app.services.photo_numbers import Numbers, PhotoNumbers

_STRENGTH = 0.25  # the paper's 0.25 to 0.5
_NEAREST = 16  # the paper's 8 to 16
_CAPTIONS = 1200
_BATCH = 32
_KIND = f"hubness-1-{_NEAREST}"  # the first number changes with the bank


@functools.cache
def captions() -> tuple[str, ...]:
    """The bank: subjects, places and circumstances in all combinations, evenly thinned."""
    parts = json.loads(resource("texts/caption_grammar.json").read_text(encoding="utf-8"))
    everything = [
        " ".join(part for part in combination if part)
        for combination in product(parts["subjects"], parts["places"], parts["circumstances"])
    ]
    chosen = np.linspace(0, len(everything) - 1, _CAPTIONS).astype(int)
    return tuple(everything[place] for place in chosen)


class Hubness:
    """How much of a hub each photo of one model is, measured little by little and kept."""

    def __init__(self, folder: Path | None, identity: str) -> None:
        self.identity = identity
        self._numbers = PhotoNumbers(folder, identity, _KIND)
        self._bank: list[Embeddings] = []
        self._done = False

    def measure(self, target: EmbeddingTarget, seconds: float, cancel: CancelToken) -> None:
        """Go on for about so long. Raises CancelledError, EncoderError."""
        measured = self._numbers.bring_up_to_date(
            target.index, lambda _, rows: self._nearness(target, rows, cancel), seconds, cancel
        )
        self._done = measured == 1.0

    def correct(self, scores: Numbers, labels: Labels) -> Numbers:
        """The scores without what hubs have too much; as they are until everything is measured.

        The mean is put back, so that the scores stay on the model's scale.
        """
        numbers = self._numbers.of(labels)
        if not self._done or np.isnan(numbers).any():
            return scores
        return np.asarray(scores - _STRENGTH * (numbers - self._numbers.mean), np.float32)

    def _nearness(self, target: EmbeddingTarget, rows: Embeddings, cancel: CancelToken) -> Numbers:
        near = rows @ self._embedded_bank(target, cancel).T
        return np.asarray(np.partition(near, -_NEAREST, axis=1)[:, -_NEAREST:].mean(axis=1), np.float32)

    def _embedded_bank(self, target: EmbeddingTarget, cancel: CancelToken) -> Embeddings:
        """Once for each start that has something to measure; a cancelled one goes on where it was."""
        texts = captions()
        while len(self._bank) * _BATCH < len(texts):
            cancel.check()
            start = len(self._bank) * _BATCH
            self._bank.append(target.encoder.encode_texts(texts[start : start + _BATCH]))
        return np.concatenate(self._bank)
