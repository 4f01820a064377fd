"""A photo that was decoded, on its way to a model and into the library."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.indexing import IndexedPhoto, NewEmbedding, PendingPhoto, PhotoFailure
from app.domain.media import DecodedPhoto
from app.indexing.embedding_target import EmbeddingTarget


@dataclass(frozen=True, slots=True)
class Read:
    """A photo that was decoded."""

    pending: PendingPhoto
    decoded: DecodedPhoto
    made_for: EmbeddingTarget | None  # the model that its pixels were made for

    @property
    def keys(self) -> tuple[str, str]:
        return self.decoded.content_key, self.decoded.pixel_key

    @property
    def pixels(self) -> NDArray[np.uint8]:
        assert self.decoded.pixels is not None, "only photos with pixels go to the model"
        return self.decoded.pixels

    def fits(self, target: EmbeddingTarget) -> bool:
        """Whether its pixels are what this model wants."""
        if self.made_for is None or self.decoded.pixels is None:
            return False
        return self.made_for.encoder.spec.pixel_spec == target.encoder.spec.pixel_spec

    def indexed(self, embedding: NewEmbedding | None = None) -> IndexedPhoto:
        decoded = self.decoded
        return IndexedPhoto(
            self.pending.photo_id,
            decoded.size,
            decoded.mtime_ns,
            decoded.content_key,
            decoded.pixel_key,
            None if self.pending.read_as is not None else decoded.metadata,
            embedding,
            decoded.fingerprint,
        )

    def failure(self, reason: str) -> PhotoFailure:
        return PhotoFailure(self.pending.photo_id, self.decoded.size, self.decoded.mtime_ns, reason)
