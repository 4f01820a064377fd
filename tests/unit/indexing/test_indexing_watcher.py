"""How touched paths are collected, and which of them are worth a look."""

import threading
from pathlib import Path

import pytest

from app.domain.photo import Folder
from app.indexing import watcher
from app.indexing.events import outermost
from app.indexing.touched import PathChange
from app.indexing.watcher import FolderWatcher


def change(path: str, *, directory: bool = False, folder: int = 1) -> PathChange:
    return PathChange(folder, path, directory)


def test_a_path_is_handed_out_once_it_has_settled() -> None:
    collected = FolderWatcher(lambda: None)
    collected.note(change("a.jpg"), 0.0)
    collected.note(change("b.jpg"), 60.0)

    assert collected.take() == ([change("a.jpg")], set())
    assert collected.take() == ([], set())
    assert 50 < (collected.next_due() or 0) <= 60


def test_a_touch_postpones() -> None:
    collected = FolderWatcher(lambda: None)
    collected.note(change("a.jpg"), 0.0)
    collected.note(change("a.jpg"), 60.0)

    assert collected.take() == ([], set())


def test_the_worker_is_woken_only_for_what_settles_earlier() -> None:
    woken: list[None] = []
    collected = FolderWatcher(lambda: woken.append(None))
    for _ in range(100):
        collected.note(change("large.jpg"), 60.0)
    assert len(woken) == 1

    collected.note(change("a.jpg"), 1.0)
    assert len(woken) == 2


def test_a_crowd_stands_for_the_whole_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "_CROWD_SECONDS", 0.0)
    collected = FolderWatcher(lambda: None)
    for number in range(watcher._CROWD + 1):
        collected.note(change(f"{number}.jpg"), 60.0)
    collected.note(change("elsewhere.jpg", folder=2), 0.0)

    assert collected.take() == ([change("elsewhere.jpg", folder=2)], {1})
    assert collected.next_due() is None


def test_what_lies_below_a_touched_directory_is_not_asked_for_twice() -> None:
    trip = change("trip", directory=True)
    touched = [trip, change("trip/a.jpg"), change("trip/deep/b.jpg"), change("trip2.jpg")]
    elsewhere = change("trip/a.jpg", folder=2)

    assert outermost([*touched, elsewhere]) == [trip, change("trip2.jpg"), elsewhere]
    assert outermost([change("", directory=True), *touched]) == [change("", directory=True)]


def test_only_photos_that_scans_would_list_are_noted(tmp_path: Path) -> None:
    seen = threading.Event()
    live = FolderWatcher(seen.set)
    try:
        assert live.watch(Folder(1, str(tmp_path))) == ""
        for name in ("notes.txt", ".hidden.jpg", "a.jpg"):
            (tmp_path / name).write_bytes(b"x")
        assert seen.wait(5)
        (tmp_path / "last.jpg").write_bytes(b"x")
        taken: set[PathChange] = set()
        patience = threading.Event()
        for _ in range(200):
            taken |= set(live.take()[0])
            if change("last.jpg") in taken:
                break
            patience.wait(0.02)
        assert taken == {change("a.jpg"), change("last.jpg")}
    finally:
        live.close()
