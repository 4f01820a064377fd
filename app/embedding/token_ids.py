"""Texts to the numbers of their tokens, with as little as that takes.

SigLIP pools its last position, so its texts are padded to all of them; CLIP's only to the longest of a batch.
"""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.embedding.checkpoint import Checkpoint
from app.embedding.trained_text import as_trained
from app.errors import CheckpointError

_log = logging.getLogger(__name__)


class TokenIds(Protocol):
    """What a text tower needs of a tokenizer."""

    def of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """(n, length), padded on the right; every row holds its end token."""
        ...


class ReferenceTokenIds:
    """Asks transformers' own tokenizer, which takes seconds to import."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Raises CheckpointError."""
        self._checkpoint = checkpoint
        self.tokenizer = _load_tokenizer(checkpoint)

    def of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        checkpoint = self._checkpoint
        tokens = self.tokenizer(
            [as_trained(text, canonical=checkpoint.canonical_text) for text in texts],
            padding="max_length" if checkpoint.family.padded_text else True,
            padding_side="right",
            max_length=checkpoint.text_length,
            truncation=True,
        )
        return np.array(tokens["input_ids"], np.int64)


def open_token_ids(checkpoint: Checkpoint) -> TokenIds:
    """The quickest that gives the reference's numbers. Raises CheckpointError."""
    return ReferenceTokenIds(checkpoint)


def _load_tokenizer(checkpoint: Checkpoint) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:
        raise unusable(checkpoint, error) from error
    if tokenizer.pad_token is None:
        raise CheckpointError(
            f"tokenizer_config.json in {checkpoint.folder} names no pad_token. Download the checkpoint again."
        )
    return tokenizer


def unusable(checkpoint: Checkpoint, error: Exception) -> CheckpointError:
    _log.error("loading %s failed", checkpoint.folder, exc_info=error)
    reason = str(error).strip().partition("\n")[0].rstrip(".:") or type(error).__name__
    return CheckpointError(
        f"The model in {checkpoint.folder} cannot be loaded: {reason}. Download the checkpoint again."
    )
