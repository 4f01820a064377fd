"""Takes embeddings out of the library, for whoever wants to work on with them."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from app.domain.model import KeptModel
from app.domain.query import SearchFilters
from app.domain.stored_embeddings import EmbeddingFormat, ExportedEmbeddings
from app.errors import EmbeddingFileError
from app.library.embedding_snapshot import EmbeddingSnapshot
from app.library.library import Library
from app.services.npz_file import write_npz
from app.services.parquet_file import check_parquet, write_parquet

OnProgress = Callable[[int, int], None]  # photos done, and all


class _Writer(Protocol):
    """Writes one kind of file; raises OSError."""

    def __call__(
        self, path: Path, snapshot: EmbeddingSnapshot, identity: str, on_progress: OnProgress
    ) -> None: ...


class EmbeddingFileService:
    """Reads only, so it may run beside a window and over a library that cannot be written."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def export_to(
        self,
        path: Path,
        format_: EmbeddingFormat,
        *,
        model: str | None = None,
        folders: Sequence[str] = (),
        overwrite: bool = False,
        on_progress: OnProgress = lambda done, total: None,
    ) -> ExportedEmbeddings:
        """Write the embeddings of one model, newest photo first; the file is there whole or not at all.

        `model`: an identity or a name; None is the one that answers searches. `folders`: absolute paths of
        watched folders or what is below them; none means all. Raises EmbeddingFileError.
        """
        if format_ is EmbeddingFormat.PARQUET:
            check_parquet()
        if path.is_dir():
            raise EmbeddingFileError(f"{path} is a folder. Name a file.")
        if path.exists() and not overwrite:
            raise EmbeddingFileError(f"{path} is there already. Choose another name, or say --force.")
        kept = self._chosen(model)
        scopes = [self._scope(folder) for folder in folders] or [SearchFilters()]
        with self._library.embeddings.snapshot(kept.identity, scopes) as snapshot:
            if not len(snapshot):
                raise EmbeddingFileError("No photo here has an embedding of this model yet.")
            _write(_WRITERS[format_], path, snapshot, kept.identity, on_progress)
            return ExportedEmbeddings(
                path, kept.name, kept.identity, len(snapshot), kept.dim, snapshot.lacking
            )

    def _chosen(self, model: str | None) -> KeptModel:
        kept = self._library.models.kept()
        if not kept:
            raise EmbeddingFileError(
                "No photo has an embedding yet. Begin with: photosift index --model FOLDER"
            )
        if model is not None:
            found = [one for one in kept if model in (one.identity, one.name)]
        else:
            found = [one for one in kept if one.answering] or list(kept)
        if len(found) == 1:
            return found[0]
        names = ", ".join(f"{one.identity} ({one.name}, {one.photos} photos)" for one in kept)
        wrong = "There are embeddings of several models" if found else f"There are no embeddings of {model}"
        raise EmbeddingFileError(f"{wrong}. Name one of these with --model: {names}")

    def _scope(self, path: str) -> SearchFilters:
        for folder in self._library.folders.all():
            if path == folder.path:
                return SearchFilters(folder_id=folder.folder_id)
            if path.startswith(folder.path.rstrip(os.sep) + os.sep):
                below = os.path.relpath(path, folder.path).replace(os.sep, "/")
                return SearchFilters(folder_id=folder.folder_id, subfolder=below)
        shown = os.fsencode(path).decode("utf-8", "replace")
        raise EmbeddingFileError(f"{shown} is not watched, and not in a folder that is.")


def _write(
    writer: _Writer, path: Path, snapshot: EmbeddingSnapshot, identity: str, on_progress: OnProgress
) -> None:
    """Under another name until it is whole. Raises EmbeddingFileError."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        try:
            writer(temporary, snapshot, identity, on_progress)
            _sync(temporary)
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise EmbeddingFileError(f"{path} cannot be written: {reason}.") from error


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


_WRITERS: dict[EmbeddingFormat, _Writer] = {
    EmbeddingFormat.NPZ: write_npz,
    EmbeddingFormat.PARQUET: write_parquet,
}
