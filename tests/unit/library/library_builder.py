"""Builds what the tests of the library write into it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from app.domain.indexing import (
    FolderChanges,
    FoundFile,
    IndexedPhoto,
    NewEmbedding,
    PendingPhoto,
    StoredBatch,
)
from app.domain.media import Framing, PhotoMetadata, PixelSpec
from app.domain.model import ModelSpec, Provenance
from app.domain.photo import Folder, Photo
from app.library import word_index
from app.library.database import Database
from app.library.library import Library

DIM = 8
MODEL = ModelSpec(
    checkpoint="a model for tests",
    revision="0123456789abcdef",
    preprocessing="pil-1",
    family="siglip2",
    dim=DIM,
    pixel_spec=PixelSpec(Framing.SQUASH, 224, 224, 2),
    logit_scale=100.0,
    logit_bias=-10.0,
)
OTHER_MODEL = replace(MODEL, revision="fedcba9876543210")
IDENTITY = MODEL.identity
PLAIN = PhotoMetadata(width=40, height=30, format="JPEG")


def found(path: str, mtime_ns: int = 1_600_000_000_000_000_000, size: int = 100) -> FoundFile:
    return FoundFile(path, size, mtime_ns, file_id=f"1:{path.encode('utf-8', 'surrogateescape').hex()}")


def vector(seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    values = np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)
    return values / np.linalg.norm(values)


def indexed(
    photo: PendingPhoto, content: str, metadata: PhotoMetadata = PLAIN, *, pixels: str | None = None
) -> IndexedPhoto:
    """A photo that was read but not embedded."""
    pixel_key = pixels or f"pixels of {content}"
    return IndexedPhoto(photo.photo_id, photo.size, photo.mtime_ns, content, pixel_key, metadata)


def embedded(
    photo: PendingPhoto, content: str, metadata: PhotoMetadata = PLAIN, *, pixels: str | None = None
) -> IndexedPhoto:
    """A photo that was read and embedded; its vector follows from its content."""
    read = indexed(photo, content, metadata, pixels=pixels)
    seed = sum(content.encode())
    provenance = Provenance("torch", "float32", "cpu")
    return replace(read, embedding=NewEmbedding(content, read.pixel_key, vector(seed), provenance))


class Shelf:
    """One library with one folder, and short words for what is done to them."""

    def __init__(self, library: Library, folder: Folder, database: Path) -> None:
        self.library = library
        self.photos = library.photos
        self.folder = folder
        self.database = database

    def apply(self, **changes: object) -> None:
        self.photos.apply_changes(FolderChanges(self.folder.folder_id, **changes))  # type: ignore[arg-type]

    def add(self, *paths: str) -> list[int]:
        """Pending photos."""
        self.apply(added=tuple(found(path) for path in paths))
        return [self.id_of(path) for path in paths]

    def index(self, contents: dict[str, str], identity: str | None = IDENTITY) -> StoredBatch:
        """Add files that are new and store their content, embedded: path -> content."""
        self.add(*(path for path in contents if self.photos.find(self.folder.folder_id, path) is None))
        by_path = {self.relative(photo): photo for photo in self.photos.next_pending(10_000)}
        return self.photos.store_indexed(
            [embedded(by_path[path], content) for path, content in contents.items()], identity
        )

    def index_one(self, path: str, metadata: PhotoMetadata = PLAIN) -> int:
        """One photo, read, with its path as content."""
        [photo_id] = self.add(path)
        [pending] = [photo for photo in self.photos.next_pending(10_000) if photo.photo_id == photo_id]
        self.photos.store_indexed([indexed(pending, path, metadata)], None)
        return photo_id

    def pending(self, photo_id: int) -> PendingPhoto:
        return next(photo for photo in self.photos.next_pending(10_000) if photo.photo_id == photo_id)

    def relative(self, photo: PendingPhoto | Photo) -> str:
        return photo.path.removeprefix(f"{self.folder.path}/")

    def id_of(self, path: str) -> int:
        file = self.photos.find(self.folder.folder_id, path)
        assert file is not None, f"{path} is not in the library"
        return file.photo_id

    def photo(self, photo_id: int) -> Photo:
        [photo] = self.photos.get([photo_id])
        return photo

    def paths(self) -> list[str]:
        """The shown photos, newest first."""
        return [self.relative(photo) for photo in self.photos.get(self.photos.ids())]

    def check(self) -> None:
        """The file is sound and the full-text tables say what the photos say."""
        connections = Database(self.database)
        try:
            with connections.writer.begin() as connection:
                _check(connection)
        finally:
            connections.close()


def _check(connection: Connection) -> None:
    assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
    assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    word_index.check(connection)
