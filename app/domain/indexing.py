"""What scanning, decoding and storing say to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.duplicates import Fingerprint
from app.domain.media import PhotoMetadata
from app.domain.model import Provenance
from app.domain.photo import PhotoState


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A picture file as a scan or a watcher event saw it, without opening it."""

    relative_path: str  # to its folder, "/" between parts on every system; may hold surrogates
    size: int
    mtime_ns: int
    file_id: str | None = None  # "device:inode" where the file system has stable ones
    sidecar_mtime_ns: int | None = None  # of the XMP file beside it; None: there is none


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the library remembers it."""

    photo_id: int
    relative_path: str
    size: int
    mtime_ns: int
    file_id: str | None
    state: PhotoState
    sidecar_mtime_ns: int | None = None  # of the sidecar that was read with it


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What a scan or a handful of events found out about one folder."""

    folder_id: int
    added: tuple[FoundFile, ...] = ()
    changed: tuple[tuple[int, FoundFile], ...] = ()  # (photo_id, the file now): to be read again
    moved: tuple[tuple[int, FoundFile], ...] = ()  # (photo_id, the file now): row, decisions, embedding stay
    returned: tuple[tuple[int, FoundFile], ...] = ()  # missing rows whose unchanged file is back
    missing: tuple[int, ...] = ()  # photo ids whose file is gone
    urgent: bool = False  # arrived while running: goes before the backlog

    @property
    def count(self) -> int:
        return sum(map(len, (self.added, self.changed, self.moved, self.returned, self.missing)))


@dataclass(frozen=True, slots=True)
class PendingPhoto:
    """A photo that waits to be read, or only to be embedded."""

    photo_id: int
    folder_id: int
    path: str  # absolute
    size: int
    mtime_ns: int
    companion: bool = False  # shown with another photo: it is read, but never goes to the model
    read_as: str | None = None  # its content key when it was read and is only to be embedded


@dataclass(frozen=True, slots=True)
class NewEmbedding:
    """An embedding with the keys it is stored under."""

    content_key: str
    pixel_key: str
    vector: NDArray[np.float32]  # (dim,), L2-normalised
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class IndexedPhoto:
    """The outcome of reading one photo: what its row is to hold from now on.

    Without metadata it was read for its pixels alone, and of its row only the embedding changes.
    """

    photo_id: int
    size: int
    mtime_ns: int
    content_key: str
    pixel_key: str
    metadata: PhotoMetadata | None
    embedding: NewEmbedding | None = None  # None: not computed, or one with these keys is there already
    fingerprint: Fingerprint | None = None  # None: not computed


@dataclass(frozen=True, slots=True)
class PhotoFailure:
    """The outcome of a photo that could not be read."""

    photo_id: int
    size: int
    mtime_ns: int
    reason: str  # for people
    content_key: str | None = None  # of a content that need not be tried again


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """What one write added: labels with their vectors, for the vector index."""

    labels: NDArray[np.int64]
    vectors: NDArray[np.float32]  # (n, dim)
    reattached: int = 0  # rows that took over a missing photo's place
