"""The identity of a neural network and the protocol that every encoder follows."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.media import PixelSpec

Embeddings = NDArray[np.float32]  # (n, dim), L2-normalised rows


class Scoring(StrEnum):
    """What a model was trained to say with a cosine, and so how its scores can be calibrated."""

    SIGMOID = "sigmoid"  # SigLIP: whether this text and this picture belong together
    SOFTMAX = "softmax"  # CLIP: which of many texts belongs to the picture; one pair alone says nothing


@dataclass(frozen=True, slots=True)
class MatchBand:
    """Where the matches of one checkpoint begin, as log-odds of its own sigmoid; true of no other."""

    possible: float
    strong: float


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A checkpoint that produces embeddings: equal `identity`, comparable embeddings.

    Runtime and precision are not part of it: they are provenance, stored per embedding.
    """

    checkpoint: str  # a name for people: the hub id, or the folder's name
    revision: (
        str  # fingerprint of configuration, tokenizer and weights, so a moved folder stays the same model
    )
    preprocessing: str  # version of our own preprocessing, e.g. "pil-1"
    family: str  # transformers' model_type: "siglip", "siglip2", "clip"
    dim: int
    pixel_spec: PixelSpec
    logit_scale: float  # exp already taken: p = sigmoid(cosine * logit_scale + logit_bias)
    logit_bias: float  # 0 where the scoring is a softmax
    scoring: Scoring = Scoring.SIGMOID
    match_band: MatchBand | None = None  # of words and pictures, for checkpoints that it was measured for

    @property
    def identity(self) -> str:
        """A short name, safe in file names, equal for equal embeddings."""
        return f"{self.family}-{self.revision[:16]}-{self.preprocessing}"


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model whose embeddings are kept in the library, whether or not it is used now."""

    identity: str
    name: str  # for people: the hub id, or the folder's name
    place: str | None  # where it was last loaded: a folder or a hub id; None when nobody noted it
    naflex_patches: int | None
    dim: int
    embeddings: int = 0
    photos: int = 0  # that are found by it; photos of the same content share an embedding
    library_bytes: int = 0  # of its embeddings in the database, about
    file_bytes: int = 0  # of what is made from them
    answering: bool = False  # it answers searches
    coming: bool = False  # it is to answer them once the library is embedded


class Tower(StrEnum):
    """The halves of a dual encoder; each loads on its own."""

    IMAGE = "image"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Provenance:
    """How an embedding was computed."""

    runtime: str  # "torch", "openvino"
    precision: str  # "float32", "bfloat16", "int8"
    device: str  # "cpu", "cuda", "mps"


@dataclass(frozen=True, slots=True)
class EncodedPhotos:
    """Embeddings of photos, and how just these were computed: it may change from batch to batch."""

    embeddings: Embeddings  # (n, dim)
    provenance: Provenance
    # So many are best handed over at once, with another call under way; None: one small call after the other.
    call_size: int | None = None


class ImageTextEncoder(Protocol):
    """Turns pictures and words into embeddings that can be compared with each other.

    Thread-safe. Every method may take seconds the first time, while a tower loads. Errors: `CheckpointError`
    when the checkpoint cannot be used, `EncoderError` when the model fails while running.
    """

    @property
    def spec(self) -> ModelSpec: ...

    def encode_images(self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False) -> Embeddings:
        """(n, dim) float32, L2-normalised, for n arrays (height, width, 3) RGB made by `PixelSpec`.

        `urgent` goes before batches that wait: a search beats indexing.
        """
        ...

    def submit_images(
        self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False
    ) -> "Future[Embeddings]":
        """Start `encode_images` and return at once; the future raises what the call would have raised."""
        ...

    def submit_photos(self, pixels: Sequence[NDArray[np.uint8]]) -> "Future[EncodedPhotos]":
        """The same for photos of the user's own, which also show how exact a faster way to compute is."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """(n, dim) float32, L2-normalised."""
        ...

    def prepare(self, tower: Tower) -> None:
        """Load one tower now, so that the first call that needs it does not wait."""
        ...

    def provenance(self) -> Provenance:
        """How pictures are embedded; decides on the device, so it may take as long as a first call."""
        ...

    def note(self) -> str:
        """Why the model does not run where or how it was asked to, for people; "" when it does."""
        ...

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Called, on any thread, when `note` or `provenance` became another."""
        ...

    def release(self, tower: Tower | None = None) -> None:
        """Give the memory of one tower, or of both, back; the next call loads it again."""
        ...

    def be_considerate(self, niceness: int) -> None:
        """How far batches come after other programs from now on; texts and what is `urgent` never do."""
        ...

    def release_unused(self, seconds: float) -> None:
        """Give the image tower back when nobody used it for that long. Texts stay quick."""
        ...

    def close(self) -> None: ...
