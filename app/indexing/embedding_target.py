"""Where embeddings come from and where they go: one model with its index."""

from dataclasses import dataclass

from app.domain.model import ImageTextEncoder
from app.domain.vectors import VectorIndex


@dataclass(frozen=True, slots=True)
class EmbeddingTarget:
    """The current model: its encoder, and the index of what it has embedded."""

    encoder: ImageTextEncoder
    index: VectorIndex
    batch_size: int  # photos encoded at once

    @property
    def identity(self) -> str:
        return self.encoder.spec.identity
