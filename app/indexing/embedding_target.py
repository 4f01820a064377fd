"""Where embeddings come from and where they go: one model with its index, or two during a change."""

from dataclasses import dataclass

from app.domain.model import ImageTextEncoder
from app.domain.vectors import VectorIndex


@dataclass(frozen=True, slots=True)
class EmbeddingTarget:
    """A model: its encoder, and the index of what it has embedded."""

    encoder: ImageTextEncoder
    index: VectorIndex
    batch_size: int  # photos encoded at once, unless the model wishes for more

    @property
    def identity(self) -> str:
        return self.encoder.spec.identity

    @property
    def name(self) -> str:
        """For people."""
        return self.encoder.spec.checkpoint


@dataclass(frozen=True, slots=True)
class EmbeddingTargets:
    """The model that answers searches, and during a change the one that will."""

    answering: EmbeddingTarget | None = None
    coming: EmbeddingTarget | None = None  # it embeds the library behind; only where another one answers
    keep_up: bool = True  # during a change, what is new goes to the one that answers first

    @property
    def for_new(self) -> EmbeddingTarget | None:
        """The model that embeds what was never read; another one gets it later like everything else."""
        return self.coming if self.coming is not None and not self.keep_up else self.answering

    @property
    def all(self) -> tuple[EmbeddingTarget, ...]:
        return tuple(target for target in (self.answering, self.coming) if target is not None)

    def of(self, identity: str) -> EmbeddingTarget | None:
        """The one of this identity, if it is here."""
        return next((target for target in self.all if target.identity == identity), None)
