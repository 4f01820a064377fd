"""The models that have embeddings in the library, what these take, and deleting them."""

import shutil
from dataclasses import replace
from pathlib import Path

from app.domain.model import KeptModel
from app.domain.progress import ChangeProgress
from app.errors import LibraryError
from app.library.library import Library
from app.services.models import ModelService
from app.settings import SettingsStore


class KeptModelService:
    """Embeddings outlast a change of the model, so that changing back costs nothing; until they are deleted.

    `exports`: where the models that were made ready for a runtime lie, each in a folder of its identity.
    """

    def __init__(
        self, library: Library, vectors: Path, exports: Path, models: ModelService, settings: SettingsStore
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._exports = exports
        self._models = models
        self._settings = settings

    def all(self) -> tuple[KeptModel, ...]:
        """Oldest first, with how many photos each finds and what it takes. Looks at every embedding's row."""
        coming = self._coming()
        return tuple(
            replace(
                model,
                file_bytes=sum(_size(path) for path in self._files(model.identity)),
                coming=coming is not None and model.identity == coming.identity,
            )
            for model in self._library.models.kept()
        )

    def change(self) -> ChangeProgress | None:
        """How far a change of the model is, whoever carries it out; None when there is none."""
        coming = self._coming()
        if coming is None:
            return None
        done = self._library.photos.counts(coming.identity).embedded
        lacking = self._library.photos.count_unembedded(coming.identity)
        rate = self._library.models.recent_rate(coming.identity)
        return ChangeProgress(coming.name, done, done + lacking, rate)

    def delete(self, identity: str) -> None:
        """Delete the embeddings of a model and what was made from them.

        Raises LibraryError for one that answers searches, or is to answer them. Stopped in the middle, it can
        be asked for again.
        """
        with self._models.held():
            answering = self._library.models.answering()
            if answering is not None and answering.identity == identity:
                raise LibraryError("This model answers searches. Choose another one before deleting it.")
            coming = self._coming()
            if (coming is not None and coming.identity == identity) or self._models.targets.of(identity):
                raise LibraryError("This model is being made ready. Call the change off before deleting it.")
            self._library.query_embeddings.forget(identity)
            self._library.models.forget(identity)
            for path in self._files(identity):
                _remove(path)

    def find(self, name: str) -> KeptModel:
        """The one that is named by its identity, or by a name that no other has. Raises LibraryError."""
        kept = self.all()
        found = [one for one in kept if one.identity == name] or [one for one in kept if one.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise LibraryError(f"Several models are called {name}. Name one by its identity.")
        raise LibraryError(f"No model called {name} has embeddings here.")

    def give_room_back(self) -> None:
        """Make the library's file as small as what is in it. Nobody can write meanwhile."""
        self._library.compact()

    def _coming(self) -> KeptModel | None:
        """The chosen model where another one answers still."""
        chosen = self._settings.load()
        answering = self._library.models.answering()
        if chosen.checkpoint is None or answering is None:
            return None
        model = self._library.models.at_place(chosen.checkpoint, chosen.naflex_patches)
        return model if model is not None and model.identity != answering.identity else None

    def _files(self, identity: str) -> list[Path]:
        export = self._exports / identity
        return [*self._vectors.glob(f"{identity}.*"), *([export] if export.is_dir() else [])]


def _size(path: Path) -> int:
    try:
        files = path.rglob("*") if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files if file.is_file())
    except OSError:  # replaced this moment
        return 0


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise LibraryError(f"{path} cannot be removed: {error.strerror}. Remove it by hand.") from error
