"""The settings of a folder: patterns with a live count, switches, errors in place."""

import pytest
from fakes import FakeFolderService, FakeLibraryService
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.domain.folder_rules import FolderRules
from app.ui import folder_settings
from app.ui.folder_settings import FolderSettingsDialog
from app.ui.task_runner import TaskRunner


@pytest.fixture
def folders(library: FakeLibraryService) -> FakeFolderService:
    service = FakeFolderService(library)
    service.set_rules(1, FolderRules(include=("2024/",), exclude=("*.png",), videos=True))
    service.calls.clear()
    return service


@pytest.fixture
def dialog(
    qtbot: QtBot, folders: FakeFolderService, task_runner: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> FolderSettingsDialog:
    monkeypatch.setattr(folder_settings, "_PAUSE_MS", 1)
    opened = FolderSettingsDialog(folders, 1, "/photos/b\udcffch", task_runner)
    opened.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(opened)
    opened.show()
    qtbot.waitUntil(lambda: "would be left out" in opened.note)
    return opened


def test_the_rules_of_the_folder_are_shown_and_counted(dialog: FolderSettingsDialog) -> None:
    assert dialog.exclude_field.toPlainText() == "*.png"
    assert dialog.include_field.toPlainText() == "2024/"
    assert [switch.isChecked() for switch in dialog.switches] == [True, False]
    assert "20 of 200 photos" in dialog.note
    assert "\N{REPLACEMENT CHARACTER}" in dialog.windowTitle()


def test_typing_counts_what_would_be_left_out(dialog: FolderSettingsDialog, qtbot: QtBot) -> None:
    dialog.exclude_field.setPlainText("*.png\n\n  private/  \n")
    qtbot.waitUntil(lambda: "40 of 200 photos" in dialog.note)

    dialog.exclude_field.clear()
    qtbot.waitUntil(lambda: dialog.note == "No photo would be left out.")


def test_saving_hands_over_what_was_typed(
    dialog: FolderSettingsDialog, folders: FakeFolderService, qtbot: QtBot
) -> None:
    dialog.exclude_field.setPlainText("private/\n!private/keep/")
    dialog.switches[1].setChecked(True)

    with qtbot.waitSignal(dialog.saved):
        dialog.save_button.click()

    expected = FolderRules(("2024/",), ("private/", "!private/keep/"), write_sidecars=True, videos=True)
    assert folders.calls_of("set_rules") == [(1, expected)]
    assert not dialog.isVisible()


def test_a_pattern_that_means_nothing_is_said_before_saving(
    dialog: FolderSettingsDialog, folders: FakeFolderService, qtbot: QtBot
) -> None:
    folders.refused["!"] = "The pattern '!' cannot be understood."
    dialog.exclude_field.setPlainText("!")
    qtbot.waitUntil(lambda: "cannot be understood" in dialog.note)
    assert not dialog.save_button.isEnabled()

    dialog.exclude_field.setPlainText("a")
    qtbot.waitUntil(lambda: dialog.save_button.isEnabled())


def test_cancelling_changes_nothing(
    dialog: FolderSettingsDialog, folders: FakeFolderService, qtbot: QtBot
) -> None:
    dialog.exclude_field.setPlainText("everything/")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)

    assert not dialog.isVisible()
    assert folders.calls_of("set_rules") == []
