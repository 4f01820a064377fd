"""The worker over a library's life: closing, opening, pausing, models that come, change and fail."""

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.domain.indexing import IndexedPhoto, StoredBatch
from app.domain.media import DecodedPhoto, DecodeRequest
from app.domain.model import Embeddings
from app.domain.photo import FolderState, PhotoState
from app.domain.progress import IndexPhase
from app.errors import CheckpointError, EncoderError, LibraryError, ProcessDiedError, VectorIndexError
from app.indexing import folder_watch
from app.indexing.embedding_target import EmbeddingTargets
from app.indexing.folder_watch import EMPTY_MESSAGE, OFFLINE_MESSAGE
from app.media.decode_pool import DecodePool
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, ThreadDecoder, make_photo, wait_for


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_watch, "_ROOT_CHECK_SECONDS", 0.2)
    monkeypatch.setattr("app.indexing.worker._RETRY_SECONDS", 0.2)


def fill(folder: Path, count: int) -> list[str]:
    """Make `count` different photos: their names as the rig tells them."""
    for number in range(count):
        make_photo(folder / f"{number:03d}.jpg", number)
    return [f"{folder.name}/{number:03d}.jpg" for number in range(count)]


class PickyEncoder(FakeEncoder):
    """Fails on bright pictures, as a model may on some inputs."""

    def encode_images(self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False) -> Embeddings:
        if any(picture.mean() > 220 for picture in pixels):
            raise EncoderError("too bright")
        return super().encode_images(pixels, urgent=urgent)


# -- closing and opening


def test_the_real_decoding_processes_index_a_folder(tmp_path: Path, encoder: FakeEncoder) -> None:
    rig = Rig(tmp_path, DecodePool(2))
    try:
        _, folder = rig.add_folder()
        names = fill(folder, 12)
        (folder / "broken.jpg").write_bytes(b"\xff\xd8 this is no picture")
        rig.use(encoder)
        rig.start()

        rig.wait_for_photos(*names)
        wait_for(lambda: rig.library.photos.counts().problems == 1, "the broken one is known")
        assert rig.indexed() == encoder.images_encoded == 12
        assert all(rig.thumbnails.has(photo.content_key or "") for photo in rig.photos())
    finally:
        rig.close()


def test_changes_made_while_closed_are_found_without_opening_the_rest(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 20)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    rig.worker.stop()
    opened, embedded = len(rig.opened), encoder.images_encoded
    make_photo(folder / "new.jpg", 100)
    make_photo(folder / "003.jpg", 101)
    (folder / "004.jpg").unlink()
    (folder / "005.jpg").rename(folder / "moved.jpg")

    rig.restart()

    rig.wait_for_photos(*(set(names) - {names[4], names[5]}), "photos/new.jpg", "photos/moved.jpg")
    wait_for(lambda: encoder.images_encoded == embedded + 2, "the changed one is embedded again")
    assert sorted(Path(path).name for path in rig.opened[opened:]) == ["003.jpg", "new.jpg"]


def test_nothing_is_done_again_after_a_restart(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 10)
    (folder / "broken.jpg").write_bytes(b"not a picture")
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    rig.settle()
    opened = len(rig.opened)

    rig.restart()
    rig.settle()

    assert len(rig.opened) == opened
    assert encoder.images_encoded == 10
    assert rig.last.problems == 1


def test_stopping_in_the_middle_loses_nothing_and_a_restart_goes_on(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 60)
    rig.use(encoder, batch_size=4)
    rig.start()
    wait_for(lambda: encoder.images_encoded >= 8, "some are embedded")
    rig.worker.stop()
    assert rig.last.phase is IndexPhase.STOPPED
    assert rig.library.embeddings.count(encoder.spec.identity) == encoder.images_encoded == rig.indexed()

    rig.restart()

    rig.wait_for_photos(*names)
    assert encoder.images_encoded == 60


def test_a_paused_worker_watches_but_takes_nothing_in(rig: Rig) -> None:
    _, folder = rig.add_folder()
    rig.worker.pause(True)
    rig.start()
    rig.settle()
    make_photo(folder / "a.jpg", 1)

    wait_for(lambda: rig.library.photos.counts().pending == 1, "it is known")
    rig.settle()
    assert rig.opened == []
    assert rig.last.phase is IndexPhase.PAUSED

    rig.worker.pause(False)
    rig.wait_for_photos("photos/a.jpg")


def test_progress_adds_up(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 80)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    rig.settle()

    assert all(0 <= report.done <= report.total for report in rig.reports)
    assert all(report.rate is None or report.rate > 0 for report in rig.reports)
    assert all(report.seconds_left is None or report.seconds_left >= 0 for report in rig.reports)
    versions = [report.library_version for report in rig.reports]
    assert versions == sorted(versions)
    assert (rig.last.phase, rig.last.done, rig.last.total) == (IndexPhase.IDLE, 80, 80)


def test_the_library_version_stands_still_while_nothing_changes(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 3)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    rig.settle()
    version = rig.last.library_version

    rig.worker.rescan(None)
    (folder / "notes.txt").write_text("no photo")
    wait_for(lambda: len(rig.reports) and not rig.worker._watch.scanning, "the scan is over")
    rig.settle()
    unchanged = rig.last.library_version

    make_photo(folder / "new.jpg", 9)
    rig.wait_for_photos(*names, "photos/new.jpg")
    wait_for(lambda: rig.last.library_version > unchanged, "it grew")
    assert unchanged == version


# -- models


def test_photos_taken_in_before_the_model_came_are_embedded_then(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 10)
    rig.start()
    rig.wait_for_photos(*names)
    rig.settle()

    rig.use(encoder)

    rig.wait_for_photos(*names)
    assert encoder.images_encoded == rig.indexed() == 10


def test_switching_models_and_back_embeds_once_with_each(rig: Rig, encoder: FakeEncoder) -> None:
    other = FakeEncoder(dim=16, revision="another", side=40)
    _, folder = rig.add_folder()
    names = fill(folder, 30)
    rig.use(encoder, batch_size=4)
    rig.start()
    wait_for(lambda: encoder.images_encoded >= 4, "the first model began")

    rig.use(other, batch_size=4)
    rig.wait_for_photos(*names)
    rig.use(encoder, batch_size=4)
    rig.wait_for_photos(*names)
    first = encoder.images_encoded
    rig.use(other, batch_size=4)
    rig.wait_for_photos(*names)
    rig.settle()

    assert other.images_encoded == 30
    assert encoder.images_encoded == first <= 34  # what was with the model when it was taken away
    assert rig.indexed() == 30


def test_pixels_made_for_one_model_never_reach_another(rig: Rig) -> None:
    sides: set[int] = set()

    class Watchful(FakeEncoder):
        def encode_images(self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False) -> Embeddings:
            sides.update(picture.shape[0] for picture in pixels)
            return super().encode_images(pixels, urgent=urgent)

    _, folder = rig.add_folder()
    names = fill(folder, 10)
    assert isinstance(rig.decoder, ThreadDecoder)
    rig.decoder.hold.clear()
    rig.use(FakeEncoder(side=32))
    rig.start()
    wait_for(lambda: rig.worker._pipeline.busy, "photos are being decoded")
    rig.use(Watchful(revision="larger", side=64))
    rig.decoder.hold.set()

    rig.wait_for_photos(*names)
    assert sides == {64}


def test_more_room_for_batches_gives_nothing_up(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 40)
    rig.use(encoder, batch_size=2)
    rig.start()
    wait_for(lambda: encoder.images_encoded >= 2, "it began")

    rig.use(encoder, batch_size=16)

    rig.wait_for_photos(*names)
    assert encoder.images_encoded == 40


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("others", [0, 5])
def test_a_photo_that_the_model_refuses_becomes_a_problem_and_holds_up_nobody(rig: Rig, others: int) -> None:
    picky = PickyEncoder()
    _, folder = rig.add_folder()
    names = fill(folder, others)
    white = np.full((48, 48, 3), 255, np.uint8)
    from PIL import Image

    Image.fromarray(white).save(folder / "white.jpg")
    rig.use(picky)
    rig.start()

    wait_for(lambda: rig.library.photos.counts().problems == 1, "the white one is a problem")
    rig.wait_for_photos(*names)
    assert "too bright" in rig.library.photos.problems()[0].reason
    make_photo(folder / "new.jpg", 99)
    rig.wait_for_photos(*names, "photos/new.jpg")
    assert rig.worker._pipeline.works(rig.target)


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("failure", [EncoderError("out of memory"), CheckpointError("files are gone")])
def test_a_broken_model_is_given_up_and_photos_stay_findable_by_name(
    rig: Rig, encoder: FakeEncoder, failure: Exception
) -> None:
    encoder.failure = failure
    _, folder = rig.add_folder()
    names = fill(folder, 20)
    rig.use(encoder)
    rig.start()

    wait_for(lambda: rig.reports and rig.last.phase is IndexPhase.IDLE and rig.last.message, "it is given up")
    rig.settle()
    assert rig.last.message == str(failure)
    assert rig.names() == sorted(names)
    assert rig.library.photos.problems() == ()
    assert len(rig.library.photos.search_words("007")) == 1

    encoder.failure = None
    rig.use(encoder)
    rig.wait_for_photos(*names)
    wait_for(lambda: rig.last.message == "", "the message is gone")


@pytest.mark.expects_log_warnings
def test_what_the_index_refused_is_added_when_it_works_again(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.indexing.index_keeper._COMPARE_SECONDS", 0.2)
    _, folder = rig.add_folder()
    names = fill(folder, 5)
    rig.use(encoder)
    assert rig.target is not None
    broken = threading.Event()
    broken.set()
    add = rig.target.index.add

    def refuse(labels: Sequence[int], embeddings: Embeddings) -> None:
        if broken.is_set():
            raise VectorIndexError("the disk is full")
        add(labels, embeddings)

    monkeypatch.setattr(rig.target.index, "add", refuse)
    rig.start()
    rig.wait_for_photos(*names)
    assert rig.indexed() == 0

    broken.clear()

    wait_for(lambda: rig.indexed() == 5, "the index has them")
    assert encoder.images_encoded == 5


# -- equal contents


def test_identical_copies_are_embedded_once(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    source = make_photo(folder / "a.jpg", 1)
    for number in range(20):
        shutil.copyfile(source, folder / f"copy {number}.jpg")
    rig.use(encoder, batch_size=4)
    rig.start()

    wait_for(lambda: len(rig.names()) == 21 and rig.all_done(), "all are in")
    assert encoder.images_encoded == 1


def test_an_edit_of_metadata_alone_costs_no_model_time(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    path = make_photo(folder / "a.jpg", 1)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/a.jpg")
    before = rig.photo("photos/a.jpg").content_key

    data = path.read_bytes()
    comment = b"\xff\xfe\x00\x0aa remark"  # a JPEG comment segment
    path.write_bytes(data[:2] + comment + data[2:])

    wait_for(lambda: rig.photo("photos/a.jpg").content_key != before and rig.all_done(), "it is read again")
    assert encoder.images_encoded == 1


# -- order


def test_new_arrivals_go_before_the_backlog(rig: Rig) -> None:
    _, folder = rig.add_folder()
    fill(folder, 300)
    assert isinstance(rig.decoder, ThreadDecoder)
    rig.decoder.hold.clear()
    rig.start()
    wait_for(lambda: rig.library.photos.counts().pending == 300, "the backlog is known")
    wait_for(lambda: rig.worker._watch.scanning is False, "the scan is over")

    make_photo(folder / "new.jpg", 1000)
    wait_for(lambda: rig.library.photos.counts().pending == 301, "the new one is known")
    rig.decoder.hold.set()

    wait_for(lambda: any(path.endswith("new.jpg") for path in rig.opened), "the new one is read")
    assert [Path(path).name for path in rig.opened].index("new.jpg") < 40
    rig.worker.pause(True)


# -- problems


def test_a_problem_file_is_read_again_when_it_changes(rig: Rig) -> None:
    _, folder = rig.add_folder()
    (folder / "a.jpg").write_bytes(b"broken")
    rig.start()
    wait_for(lambda: rig.library.photos.counts().problems == 1, "it is a problem")

    make_photo(folder / "a.jpg", 1)

    rig.wait_for_photos("photos/a.jpg")
    assert rig.library.photos.problems() == ()


@pytest.mark.expects_log_warnings
def test_a_system_without_room_for_a_process_costs_no_photo(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 3)

    def refuse(_: ThreadDecoder, request: DecodeRequest) -> DecodedPhoto:
        raise ProcessDiedError("the system starts no process")

    with monkeypatch.context() as patched:
        patched.setattr(ThreadDecoder, "_decode", refuse)
        rig.use(encoder)
        rig.start()
        wait_for(lambda: rig.worker.trouble[0] >= 2, "it tried again and rests")
        assert rig.worker.trouble[1] == "the system starts no process"

    rig.wait_for_photos(*names)
    assert rig.library.photos.counts().problems == 0


@pytest.mark.expects_log_warnings
def test_a_full_disk_under_the_thumbnails_stops_nothing_for_good(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 10)
    full = threading.Event()
    full.set()
    write = rig.thumbnails.write

    def refuse(content_key: str, data: bytes) -> None:
        if full.is_set():
            raise OSError(28, "No space left on device")
        write(content_key, data)

    monkeypatch.setattr(rig.thumbnails, "write", refuse)
    rig.use(encoder)
    rig.start()
    wait_for(lambda: rig.reports and "No space left" in rig.last.message, "people are told")
    assert rig.library.photos.counts().pending == 10

    full.clear()

    rig.wait_for_photos(*names)
    assert len(rig.opened) == encoder.images_encoded == 10
    rig.settle()
    assert rig.last.message == ""


@pytest.mark.expects_log_warnings
def test_a_library_that_cannot_be_written_costs_no_computed_embedding(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 40)
    locked = threading.Event()
    locked.set()
    tries = 0
    store = rig.library.photos.store_indexed

    def refuse(photos: Sequence[IndexedPhoto], identity: str | None) -> StoredBatch:
        nonlocal tries
        if locked.is_set():
            tries += 1
            raise LibraryError("The library is locked.")
        return store(photos, identity)

    monkeypatch.setattr(rig.library.photos, "store_indexed", refuse)
    rig.use(encoder)
    rig.start()
    wait_for(lambda: tries >= 3, "it was tried")
    assert rig.last.message == "The library is locked."
    assert len(rig.opened) <= 40

    locked.clear()

    rig.wait_for_photos(*names)
    assert len(rig.opened) == encoder.images_encoded == 40


@pytest.mark.expects_log_warnings
def test_events_that_could_not_be_written_are_not_lost(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = rig.add_folder()
    rig.start()
    rig.settle()
    apply = rig.library.photos.apply_changes
    failures = [LibraryError("locked"), LibraryError("locked")]

    def refuse(changes: object) -> None:
        if failures:
            raise failures.pop()
        apply(changes)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.library.photos, "apply_changes", refuse)
    make_photo(folder / "a.jpg", 1)

    rig.wait_for_photos("photos/a.jpg")


@pytest.mark.expects_log_warnings
def test_a_library_that_cannot_be_read_does_not_end_the_worker(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = rig.add_folder()
    make_photo(folder / "a.jpg", 1)
    rig.use(encoder)
    unreadable = [LibraryError("locked")] * 3
    all_folders, counts = rig.library.folders.all, rig.library.photos.counts

    def refuse_folders() -> object:
        if unreadable:
            raise unreadable.pop()
        return all_folders()

    refused = [LibraryError("locked")] * 2

    def refuse_counts(identity: str | None = None) -> object:
        if refused and threading.current_thread().name == "indexing":
            raise refused.pop()
        return counts(identity)

    monkeypatch.setattr(rig.library.folders, "all", refuse_folders)
    monkeypatch.setattr(rig.library.photos, "counts", refuse_counts)
    rig.start()
    rig.worker.use(EmbeddingTargets(rig.target))  # returns though a command before it failed at first

    rig.wait_for_photos("photos/a.jpg")


# -- folders that go


def test_a_folder_removed_while_it_is_indexed_is_let_go(rig: Rig, encoder: FakeEncoder) -> None:
    first, folder = rig.add_folder()
    fill(folder, 100)
    rig.use(encoder, batch_size=2)
    rig.start()
    wait_for(lambda: encoder.images_encoded >= 4, "it began")

    rig.library.folders.remove(first.folder_id)
    rig.worker.folders_changed()

    rig.settle()
    assert rig.names() == []
    assert encoder.images_encoded < 100


def test_a_folder_that_goes_and_comes_back_costs_no_work(rig: Rig, encoder: FakeEncoder) -> None:
    watched, folder = rig.add_folder()
    names = fill(folder, 10)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    rig.settle()
    opened = len(rig.opened)

    folder.rename(rig.place / "unplugged")
    wait_for(
        lambda: rig.states.get(watched.folder_id) == (FolderState.OFFLINE, OFFLINE_MESSAGE), "it is offline"
    )
    assert rig.names() == sorted(names)
    (rig.place / "unplugged").rename(folder)
    wait_for(lambda: rig.states.get(watched.folder_id)[0] is FolderState.WATCHING, "it is back")

    rig.settle()
    assert rig.names() == sorted(names)
    assert (len(rig.opened), encoder.images_encoded) == (opened, 10)
    make_photo(folder / "new.jpg", 99)
    rig.wait_for_photos(*names, "photos/new.jpg")


def test_an_empty_mount_point_is_no_deletion(rig: Rig, encoder: FakeEncoder) -> None:
    watched, folder = rig.add_folder()
    names = fill(folder, 5)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    rig.settle()

    folder.rename(rig.place / "drive")
    folder.mkdir()
    wait_for(lambda: rig.states.get(watched.folder_id) == (FolderState.OFFLINE, EMPTY_MESSAGE), "it is empty")
    assert rig.names() == sorted(names)

    folder.rmdir()
    (rig.place / "drive").rename(folder)
    wait_for(lambda: rig.states.get(watched.folder_id)[0] is FolderState.WATCHING, "it is back")
    make_photo(folder / "new.jpg", 99)  # the drive is watched, not the directory it was mounted on
    rig.wait_for_photos(*names, "photos/new.jpg")


def test_photos_of_a_drive_pulled_while_indexing_are_not_called_problems(
    rig: Rig, encoder: FakeEncoder
) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 60)
    rig.use(encoder)
    assert isinstance(rig.decoder, ThreadDecoder)
    rig.decoder.hold.clear()
    rig.start()
    wait_for(lambda: rig.worker._pipeline.busy, "it began")
    folder.rename(rig.place / "unplugged")
    rig.decoder.hold.set()
    wait_for(lambda: bool(rig.states.offline()), "it is offline")
    rig.settle()
    counts = rig.library.photos.counts()
    assert (counts.problems, counts.pending) == (0, 60)

    (rig.place / "unplugged").rename(folder)

    rig.wait_for_photos(*names)


def test_deleting_all_photos_of_a_folder_is_believed(rig: Rig) -> None:
    watched, folder = rig.add_folder()
    names = fill(folder, 5)
    rig.start()
    rig.wait_for_photos(*names)

    for path in folder.iterdir():
        path.unlink()
    rig.wait_for_photos()

    rig.worker.rescan(None)
    rig.settle()
    assert rig.states.get(watched.folder_id)[0] is FolderState.WATCHING
    assert all(one.state is PhotoState.MISSING for one in rig.library.photos.known_files(watched.folder_id))
