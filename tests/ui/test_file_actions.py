"""Opening, revealing and copying the files behind photos."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from app.ui.file_actions import FileActions, mime_data, url_of
from app.ui.task_runner import TaskRunner


@pytest.fixture
def library(tmp_path: Path) -> FakeLibraryService:
    """Photos 1 to 30 are really there, as empty files."""
    library = FakeLibraryService(40, (str(tmp_path),))
    for photo_id in range(1, 31):
        path = Path(library.path_of(photo_id))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return library


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Local files that the system was asked to open."""
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return opened


@pytest.fixture
def actions(library: FakeLibraryService, task_runner: TaskRunner) -> FileActions:
    return FileActions(library, task_runner)


def test_photos_open_in_the_order_asked_for(actions, library, opened, qtbot) -> None:
    actions.open_photos([3, 1])

    qtbot.waitUntil(lambda: len(opened) == 2)
    assert opened == [library.path_of(3), library.path_of(1)]


def test_a_file_that_is_gone_is_named_and_the_others_open(actions, library, opened, qtbot) -> None:
    with qtbot.waitSignal(actions.message) as told:
        actions.open_photos([2, 35])
    qtbot.waitUntil(lambda: len(opened) == 1)

    assert told.args[0] == f"{library.path_of(35)} is no longer there."


def test_an_unplugged_drive_is_named_as_the_reason(actions, library, opened, qtbot) -> None:
    library.offline = {35}
    with qtbot.waitSignal(actions.message) as told:
        actions.open_photos([35])

    assert "not connected" in told.args[0]
    assert opened == []


def test_many_files_at_once_are_not_all_opened(actions, opened, qtbot) -> None:
    with qtbot.waitSignal(actions.message) as told:
        actions.open_photos(list(range(1, 31)))

    assert told.args[0] == "Only the first 20 of 30 photos were opened."
    qtbot.waitUntil(lambda: len(opened) == 20)


def test_a_system_without_a_viewer_is_explained(actions, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)

    with qtbot.waitSignal(actions.message) as told:
        actions.open_photos([1])
    assert "No program" in told.args[0]


def test_copied_files_can_be_pasted_elsewhere(actions, library, qtbot) -> None:
    with qtbot.waitSignal(actions.message) as told:
        actions.copy_photos([1, 2])

    mime = QGuiApplication.clipboard().mimeData()
    assert [url.toLocalFile() for url in mime.urls()] == [library.path_of(1), library.path_of(2)]
    assert bytes(mime.data("x-special/gnome-copied-files").data()).startswith(b"copy\nfile:///")
    assert told.args == ["2 photos copied"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the desktop bus is a matter of Linux")
def test_without_a_file_manager_to_ask_the_folder_is_opened(
    actions, library, opened, qtbot, monkeypatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    actions.reveal_photo(1)

    qtbot.waitUntil(lambda: opened == [os.path.dirname(library.path_of(1))])


@pytest.mark.parametrize("name", ["a b.jpg", "100%.jpg", "Straße #1?.jpg", "写真.jpg"])
def test_addresses_lead_back_to_the_path(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)

    assert Path(url_of(path).toLocalFile()) == Path(path)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_names_that_are_no_text_keep_their_bytes() -> None:
    path = os.fsdecode(b"/photos/\xff\xfe.jpg")

    assert url_of(path).toEncoded().data() == b"file:///photos/%FF%FE.jpg"
    assert mime_data([path]).data("text/uri-list").data().strip() == b"file:///photos/%FF%FE.jpg"
