"""What the library takes of the disk, told and given back."""

from pathlib import Path

import pytest

from app.indexing.folder_states import FolderStates
from app.indexing.picture_cache import PictureCache
from app.library.library import Library
from app.media.thumbnails import PreviewStore, ThumbnailStore
from app.paths import LibraryPaths
from app.services.storage import StorageService


def test_use_is_measured_and_previews_can_be_emptied(tmp_path: Path) -> None:
    paths = LibraryPaths(tmp_path)
    library = Library.open(paths.database)
    thumbnails, previews = ThumbnailStore(paths.thumbnails), PreviewStore(paths.previews)
    storage = StorageService(
        paths, previews, PictureCache(library, thumbnails, previews, FolderStates(), tmp_path)
    )
    thumbnails.write("w1-a", bytes(3000))
    previews.write("w1-a", bytes(9000))
    paths.vectors.mkdir()
    (paths.vectors / "one.f16").write_bytes(bytes(500))

    use = storage.use()
    assert use.thumbnails == pytest.approx(3000, abs=20)
    assert use.previews == pytest.approx(9000, abs=20)
    assert use.vectors == 500
    assert use.library > 0
    assert 0 < use.free <= use.total

    assert storage.empty_previews() == pytest.approx(9000, abs=20)
    assert storage.use().previews == 0
    library.close()
