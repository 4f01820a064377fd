"""Embeddings as they leave the library."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class EmbeddingFormat(StrEnum):
    """Kinds of files that embeddings are written into."""

    NPZ = "npz"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class EmbeddedPhoto:
    """A photo that has an embedding."""

    folder_id: int
    path: str  # absolute; may hold surrogates for undecodable bytes
    content_key: str


@dataclass(frozen=True, slots=True)
class ExportedEmbeddings:
    """What was written."""

    path: Path
    model: str  # for people
    identity: str
    photos: int
    dim: int
    lacking: int  # photos that have no embedding of this model
