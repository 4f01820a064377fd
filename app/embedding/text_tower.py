"""The half of a dual encoder that embeds texts, in torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Tower
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE, Runtime
from app.embedding.token_ids import ReferenceTokenIds, TokenIds
from app.embedding.torch_model import load_model, run_model

PROBE = "a photo of a dog on the beach"


class TextTower:
    """Embeds texts."""

    def __init__(
        self, checkpoint: Checkpoint, model: Any, tokens: TokenIds, runtime: Runtime = REFERENCE
    ) -> None:
        self.runtime = runtime
        self._checkpoint = checkpoint
        self.model = model
        self._tokens = tokens

    def move(self, runtime: Runtime) -> "TextTower":
        """The same tower on another device or in another precision; this one must not be used afterwards."""
        return TextTower(
            self._checkpoint, self.model.to(runtime.device, runtime.dtype), self._tokens, runtime
        )

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed text, for comparing runtimes."""
        return self.encode([PROBE])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dim) float32, not normalised. RuntimeError from torch when the device fails.

        No attention mask: SigLIP was trained without one, and CLIP looks at nothing after a text's end.
        """
        import torch

        ids = torch.from_numpy(self._tokens.of(texts)).to(self.runtime.device)
        output = self._checkpoint.family.outputs[Tower.TEXT]
        return np.asarray(run_model(self.model, {"input_ids": ids}, output).cpu().numpy())


def load_text_tower(checkpoint: Checkpoint) -> TextTower:
    """Load the tokenizer, and the text weights in float32 on the CPU. Raises CheckpointError."""
    return TextTower(checkpoint, load_model(checkpoint, Tower.TEXT), ReferenceTokenIds(checkpoint))
