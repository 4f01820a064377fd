"""Thumbnails come from threads, newest wish first, and stay within their memory."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes import FakeLibraryService, picture_bytes
from PySide6.QtCore import QSize

from app.errors import FileAccessError
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader, decode


@pytest.fixture
def loader(library: FakeLibraryService, task_runner: TaskRunner) -> Iterator[ThumbnailLoader]:
    loader = ThumbnailLoader(library, task_runner, tasks=2)
    loader.set_size(100, 1.0)
    yield loader
    library.thumbnails_gate.open()


def test_a_pixmap_comes_later_and_then_at_once(loader: ThumbnailLoader, library, qtbot) -> None:
    photo = library.photo(1)

    with qtbot.waitSignal(loader.ready) as ready:
        assert loader.pixmap(photo) is None
    assert ready.args == [[1]]
    assert max(loader.pixmap(photo).width(), loader.pixmap(photo).height()) == 100
    assert library.calls_of("thumbnail") == [(1,)]


def test_pixmaps_are_sharp_on_dense_screens(loader: ThumbnailLoader, library, qtbot) -> None:
    loader.set_size(100, 2.0)
    with qtbot.waitSignal(loader.ready):
        loader.pixmap(library.photo(1))

    pixmap = loader.pixmap(library.photo(1))
    assert max(pixmap.width(), pixmap.height()) == 200
    assert max(pixmap.deviceIndependentSize().toTuple()) == 100


def test_another_size_shows_the_old_picture_until_the_new_one_is_there(loader, library, qtbot) -> None:
    photo = library.photo(1)
    with qtbot.waitSignal(loader.ready):
        loader.pixmap(photo)

    loader.set_size(60, 1.0)
    with qtbot.waitSignal(loader.ready):
        assert max(loader.pixmap(photo).size().toTuple()) == 100
    assert max(loader.pixmap(photo).size().toTuple()) == 60


def test_the_newest_wishes_are_fulfilled_first(loader: ThumbnailLoader, library, qtbot) -> None:
    library.thumbnails_gate.close()
    for photo_id in range(1, 101):
        loader.pixmap(library.photo(photo_id))
    qtbot.waitUntil(lambda: len(library.calls_of("thumbnail")) == 2)
    library.thumbnails_gate.open()
    qtbot.waitUntil(lambda: len(library.calls_of("thumbnail")) == 100)

    order = [photo_id for (photo_id,) in library.calls_of("thumbnail")]
    assert set(order[2:12]) <= set(range(80, 101))


def test_what_scrolled_away_is_not_read(loader: ThumbnailLoader, library, qtbot) -> None:
    library.thumbnails_gate.close()
    for photo_id in range(1, 101):
        loader.pixmap(library.photo(photo_id))
    qtbot.waitUntil(lambda: len(library.calls_of("thumbnail")) == 2)

    loader.keep_only({50})
    library.thumbnails_gate.open()

    qtbot.waitUntil(lambda: loader.cached(library.photo(50)) is not None)
    assert len(library.calls_of("thumbnail")) < 12


def test_memory_is_bounded_and_the_latest_seen_stay(library, task_runner: TaskRunner, qtbot) -> None:
    one = 100 * 67 * 4
    loader = ThumbnailLoader(library, task_runner, memory_bytes=one * 10)
    loader.set_size(100, 1.0)
    for photo_id in range(1, 31):
        with qtbot.waitSignal(loader.ready):
            loader.pixmap(library.photo(photo_id))

    assert loader.memory_used <= one * 10
    assert loader.cached(library.photo(30)) is not None
    assert loader.cached(library.photo(1)) is None


def test_equal_content_is_read_once_and_both_photos_are_told(loader: ThumbnailLoader, library, qtbot) -> None:
    twin = replace(library.photo(2), content_key="key-1")
    library.thumbnails_gate.close()
    loader.pixmap(library.photo(1))
    loader.pixmap(twin)

    with qtbot.waitSignal(loader.ready) as ready:
        library.thumbnails_gate.open()
    assert sorted(ready.args[0]) == [1, 2]
    assert len(library.calls_of("thumbnail")) == 1


def test_a_missing_thumbnail_is_asked_for_again_only_when_things_changed(loader, library, qtbot) -> None:
    library.without_thumbnail = {1}
    photo = library.photo(1)
    with qtbot.waitSignal(loader.ready):
        loader.pixmap(photo)
    assert loader.pixmap(photo) is None
    assert loader.has_none(photo)

    library.without_thumbnail = set()
    loader.forget_failures()
    with qtbot.waitSignal(loader.ready):
        loader.pixmap(photo)
    assert loader.pixmap(photo) is not None


def test_a_file_that_cannot_be_read_has_no_thumbnail(loader, library, qtbot, monkeypatch) -> None:
    def fail(photo: object) -> bytes:
        raise FileAccessError("The file is locked.")

    monkeypatch.setattr(library, "thumbnail", fail)
    with qtbot.waitSignal(loader.ready):
        loader.pixmap(library.photo(1))
    assert loader.has_none(library.photo(1))


def test_a_bug_with_one_thumbnail_does_not_stop_the_others(
    loader, library, qtbot, monkeypatch, caplog
) -> None:
    original = library.thumbnail

    def fail_once(photo: object) -> bytes | None:
        if photo.photo_id == 2:  # type: ignore[attr-defined]
            raise RuntimeError("a bug")
        return original(photo)

    monkeypatch.setattr(library, "thumbnail", fail_once)
    for photo_id in (1, 2, 3):
        loader.pixmap(library.photo(photo_id))

    qtbot.waitUntil(lambda: all(loader.pixmap(library.photo(n)) for n in (1, 3)))
    qtbot.waitUntil(lambda: loader.has_none(library.photo(2)))
    assert "a bug" in caplog.text


def test_prefetching_waits_behind_what_is_in_sight(loader: ThumbnailLoader, library, qtbot) -> None:
    library.thumbnails_gate.close()
    for photo_id in range(1, 9):
        loader.pixmap(library.photo(photo_id))
    qtbot.waitUntil(lambda: len(library.calls_of("thumbnail")) == 2)
    loader.prefetch(library.photo(n) for n in range(20, 30))
    loader.pixmap(library.photo(9))
    library.thumbnails_gate.open()
    qtbot.waitUntil(lambda: len(library.calls_of("thumbnail")) == 19)

    order = [photo_id for (photo_id,) in library.calls_of("thumbnail")]
    assert set(order[:9]) == set(range(1, 10))
    assert order[9] in (20, 21)


def test_photos_not_read_yet_are_not_asked_for(loader: ThumbnailLoader, library) -> None:
    library.pending_ids = {1}

    assert loader.pixmap(library.photo(1)) is None
    assert library.calls_of("thumbnail") == []


def test_decoding_scales_down_but_never_up() -> None:
    data = picture_bytes(1, 256)

    assert decode(data, QSize(64, 64)).size() == QSize(64, 42)
    assert decode(data, QSize(900, 900)).width() == 256
    assert decode(b"not a picture", QSize(64, 64)) is None
