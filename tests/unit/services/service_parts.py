"""Real services around a fake encoder: SQLite, the index in this process, pictures made on the spot."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from app.domain.indexing import FolderChanges, FoundFile, IndexedPhoto, NewEmbedding
from app.domain.media import PhotoMetadata
from app.domain.model import Provenance
from app.domain.photo import Folder
from app.domain.status import ModelState, ModelStatus
from app.domain.vectors import VectorIndex
from app.errors import CheckpointError
from app.library.library import Library
from app.services.models import ModelParts
from app.settings import SettingsStore
from app.vector_index.index_process import open_index
from tests.fake_encoder import FakeEncoder

_BY = Provenance("fake", "float32", "cpu")
SECONDS = 20.0


@dataclass
class FakeCheckpoints:
    """Opens fake encoders by name, and indexes in this process; remembers what it opened."""

    encoders: dict[str, FakeEncoder] = field(default_factory=lambda: {"fake": FakeEncoder()})
    converted: dict[str, str] = field(default_factory=dict)  # file -> checkpoint
    opened: list[str] = field(default_factory=list)
    indexes: list[VectorIndex] = field(default_factory=list)

    def open_encoder(
        self, checkpoint: str, device: str, naflex_patches: int | None, precision: str = "auto"
    ) -> FakeEncoder:
        if checkpoint not in self.encoders:
            raise CheckpointError(f"There is no model in {checkpoint}.")
        patches = f" with {naflex_patches} patches" if naflex_patches else ""
        self.opened.append(f"{checkpoint} on {device}{patches}")
        return self.encoders[checkpoint]

    def open_index(self, folder: Path, identity: str, dim: int) -> VectorIndex:
        self.indexes.append(open_index(folder, identity, dim, in_process=True))
        return self.indexes[-1]

    def parts(self) -> ModelParts:
        return ModelParts(self.open_encoder, self.open_index, lambda name: self.converted.get(name, name))


class Statuses:
    """Records what a model service tells, and waits for it."""

    def __init__(self) -> None:
        self.seen: list[ModelStatus] = []
        self._changed = threading.Condition()

    def __call__(self, status: ModelStatus) -> None:
        with self._changed:
            self.seen.append(status)
            self._changed.notify_all()

    def wait_for(self, state: ModelState, after: int = 0) -> ModelStatus:
        """The first status of this state among those seen from the place `after` on."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._find(state, after), SECONDS)
        assert found, f"{state} never came: {self.seen}"
        return found

    def _find(self, state: ModelState, after: int) -> ModelStatus | None:
        return next((status for status in self.seen[after:] if status.state is state), None)


def chosen(store: SettingsStore, checkpoint: str | None = "fake") -> SettingsStore:
    """Settings that name a checkpoint."""
    store.save(store.load().model_copy(update={"checkpoint": checkpoint}))
    return store


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll a condition that no callback tells about."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        threading.Event().wait(0.01)


def add_photos(
    library: Library, folder: Folder, names: list[str], vectors: np.ndarray, encoder: FakeEncoder
) -> list[int]:
    """Read photos with these embeddings; equal names of content share one: "a.jpg=cat" has content "cat"."""
    files = [(name.partition("=")[0], name.partition("=")[2] or name) for name in names]
    changes = FolderChanges(
        folder.folder_id, added=tuple(FoundFile(path, 10, number) for number, (path, _) in enumerate(files))
    )
    library.photos.apply_changes(changes)
    library.embeddings.ensure_model(encoder.spec)
    known = {file.relative_path: file for file in library.photos.known_files(folder.folder_id)}
    ids = [known[path].photo_id for path, _ in files]
    library.photos.store_indexed(
        [
            IndexedPhoto(
                photo_id,
                10,
                number,
                f"key-{content}",
                f"pixels-{content}",
                PhotoMetadata(40, 30, "JPEG"),
                NewEmbedding(f"key-{content}", f"pixels-{content}", vector, _BY),
            )
            for number, (photo_id, (_, content), vector) in enumerate(zip(ids, files, vectors, strict=True))
        ],
        encoder.spec.identity,
    )
    return ids


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def picture(path: Path, colour: str | tuple[int, int, int] = "red", size: tuple[int, int] = (60, 40)) -> Path:
    """A picture file of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path
