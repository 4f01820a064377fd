"""What users do with folders and photos, over a real library, real thumbnails and real files."""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import cast

import pytest
from PIL import Image
from send2trash import TrashPermissionError

from app.domain.photo import FolderState, PhotoState
from app.errors import FileAccessError, FolderError
from app.media.decode import make_preview
from app.media.decode_pool import DecodePool
from app.paths import LibraryPaths
from app.services.library import LibraryService
from tests.indexing_rig import Rig, ThreadDecoder, make_photo


class PreviewingDecoder(ThreadDecoder):
    """Makes previews as well, and remembers which."""

    def __init__(self) -> None:
        super().__init__()
        self.previewed: list[str] = []

    def submit_preview(self, path: str) -> "Future[bytes]":
        self.previewed.append(path)
        return self._executor.submit(make_preview, path)


@pytest.fixture
def decoder() -> PreviewingDecoder:
    return PreviewingDecoder()


@pytest.fixture
def rig(tmp_path: Path, decoder: PreviewingDecoder) -> Iterator[Rig]:
    built = Rig(tmp_path, decoder)
    yield built
    built.close()


@pytest.fixture
def service(rig: Rig, decoder: PreviewingDecoder, tmp_path: Path) -> LibraryService:
    return LibraryService(
        rig.library,
        rig.states,
        cast(DecodePool, decoder),
        LibraryPaths(tmp_path / "library"),
        on_folders_changed=rig.worker.folders_changed,
        on_work=rig.worker.wake,
        current_identity=lambda: None,
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for number in range(3):
        make_photo(folder / f"{number}.jpg", number)
    return folder


def _index(rig: Rig, service: LibraryService, folder: Path) -> int:
    folder_id = service.add_folder(str(folder)).folder_id
    rig.start()
    rig.settle()
    return folder_id


def test_an_added_folder_is_indexed_and_shown_with_its_counts(
    rig: Rig, service: LibraryService, photos: Path
) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    _index(rig, service, photos)
    (status,) = service.folders()
    assert status.state is FolderState.WATCHING
    assert (status.photo_count, status.pending_count, status.problem_count) == (3, 0, 1)
    assert [os.path.basename(problem.path) for problem in service.problems()] == ["broken.jpg"]


def test_a_folder_that_is_watched_already_is_refused(service: LibraryService, photos: Path) -> None:
    service.add_folder(str(photos))
    with pytest.raises(FolderError, match="watched already"):
        service.add_folder(str(photos))


def test_a_removed_folder_comes_back_with_its_favourites(
    rig: Rig, service: LibraryService, photos: Path
) -> None:
    folder_id = _index(rig, service, photos)
    liked = rig.photo("photos/1.jpg").photo_id
    service.set_favourite([liked], True)
    service.remove_folder(folder_id)
    rig.settle()
    assert service.folders() == ()
    assert rig.names() == []
    service.add_folder(str(photos))
    rig.settle()
    assert rig.names() == ["photos/0.jpg", "photos/1.jpg", "photos/2.jpg"]
    assert [photo.favourite for photo in service.photos([liked])] == [True]


def test_problem_files_are_read_again_when_asked(rig: Rig, service: LibraryService, photos: Path) -> None:
    path = photos / "late.jpg"
    path.write_bytes(b"\xff\xd8\xff no picture")
    _index(rig, service, photos)
    stamp = path.stat()
    data = make_photo(photos.parent / "good.jpg", 9).read_bytes()
    assert len(service.problems()) == 1
    # Mended without anybody noticing: the watcher is told, but asking again must do as well.
    path.write_bytes(data)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    service.retry_problems()
    rig.wait_for_photos("photos/0.jpg", "photos/1.jpg", "photos/2.jpg", "photos/late.jpg")
    assert service.problems() == ()


def test_a_lost_thumbnail_is_made_again(
    rig: Rig, service: LibraryService, photos: Path, decoder: PreviewingDecoder, tmp_path: Path
) -> None:
    _index(rig, service, photos)
    photo = rig.photo("photos/0.jpg")
    assert photo.content_key is not None
    before = decoder.opened.count(photo.path)
    first = service.thumbnail(photo)
    again = service.thumbnail(photo)
    assert first is not None
    assert first == again
    assert first[8:12] == b"WEBP"
    assert decoder.opened.count(photo.path) == before + 1


def test_a_preview_is_made_once(
    rig: Rig, service: LibraryService, photos: Path, decoder: PreviewingDecoder
) -> None:
    _index(rig, service, photos)
    photo = rig.photo("photos/0.jpg")
    assert service.preview(photo) == service.preview(photo)
    assert decoder.previewed == [photo.path]


def test_photos_of_a_vanished_folder_are_offline_and_say_so(
    rig: Rig, service: LibraryService, photos: Path
) -> None:
    folder_id = _index(rig, service, photos)
    photo_id = rig.photo("photos/0.jpg").photo_id
    rig.states.set(folder_id, FolderState.OFFLINE)
    (photo,) = service.photos([photo_id])
    assert photo.offline
    with pytest.raises(FileAccessError, match="not there now"):
        service.preview(photo)
    outcome = service.move_to_trash([photo_id])
    assert outcome.moved == ()
    assert outcome.failures[0][0] == photo.path


def test_trash_moves_the_file_and_takes_the_photo_out_of_the_library(
    rig: Rig, service: LibraryService, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    monkeypatch.setattr(
        "app.services.library.send2trash",
        lambda path: Path(path).rename(bin_folder / os.path.basename(path)),
    )
    _index(rig, service, photos)
    photo = rig.photo("photos/2.jpg")
    outcome = service.move_to_trash([photo.photo_id])
    assert outcome.moved == (photo.photo_id,)
    assert (bin_folder / "2.jpg").exists()
    assert rig.names() == ["photos/0.jpg", "photos/1.jpg"]
    assert service.photos([photo.photo_id])[0].state is PhotoState.MISSING


def test_a_drive_without_a_trash_keeps_its_file(
    rig: Rig, service: LibraryService, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise TrashPermissionError(path)

    monkeypatch.setattr("app.services.library.send2trash", refuse)
    _index(rig, service, photos)
    photo = rig.photo("photos/2.jpg")
    outcome = service.move_to_trash([photo.photo_id])
    assert outcome.failures == ((photo.path, "its drive has no trash, and Photosift does not delete"),)
    assert os.path.exists(photo.path)
    assert len(rig.names()) == 3


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_goes_all_the_way(rig: Rig, service: LibraryService, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    path = os.fsdecode(os.fsencode(str(folder)) + b"/caf\xe9.jpg")
    with open(path, "wb") as file:
        Image.new("RGB", (64, 48), "red").save(file, "JPEG")
    _index(rig, service, folder)
    (photo,) = rig.photos()
    assert photo.path == path
    assert service.thumbnail(photo) is not None
    assert service.preview(photo)[8:12] == b"WEBP"
    assert [child.photo_count for child in service.subfolders(photo.folder_id)] == []
