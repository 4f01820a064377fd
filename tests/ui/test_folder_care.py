"""What the window asks about folders: vanished photos, folders that are elsewhere now, settings."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_driver import click, dialog_of

from app.bootstrap import Services
from app.domain.photo import Folder, FolderState
from app.ui.folder_settings import FolderSettingsDialog
from app.ui.main_window import MainWindow
from app.ui.scope import Scope, ScopeKind


def ask_about(window: MainWindow, services: Services, qtbot: QtBot, count: int = 25) -> None:
    """Let the folder miss so many photos."""
    library = services.library
    library.folder_states[1] = (FolderState.ASKING, f"{count} of its photos are not there any more.")
    library.vanished[1] = count
    window.workspace.overview.refresh()
    qtbot.waitUntil(lambda: "not there any more" in window.body.messages.text)


def menu_of(window: MainWindow) -> dict[str, object]:
    menu = window.body.sidebar.menu_for(Scope(ScopeKind.FOLDER, 1, "", "photos"))
    return {action.text(): action for action in menu.actions()}


@pytest.mark.parametrize(
    ("answer", "called"), [("action", "remove_vanished"), ("otherwise", "keep_vanished")]
)
def test_vanished_photos_are_removed_or_kept_as_the_user_says(
    window: MainWindow, services: Services, qtbot: QtBot, answer: str, called: str
) -> None:
    ask_about(window, services, qtbot)
    messages = window.body.messages
    assert messages.text == "25 photos of photos are not there any more."
    assert (messages.action.text(), messages.otherwise.text()) == ("Remove them", "Keep them")

    click(qtbot, getattr(messages, answer))

    qtbot.waitUntil(lambda: services.folders.calls_of(called) == [(1,)])
    assert messages.text == ""


def test_the_question_is_asked_once_and_stays_in_the_menu(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    ask_about(window, services, qtbot)
    window.body.messages.dismiss()

    for state in (FolderState.SCANNING, FolderState.ASKING):
        services.library.folder_states[1] = (state, "")
        with qtbot.waitSignal(window.workspace.overview.folders_changed):
            window.workspace.overview.refresh()

    assert window.body.messages.text == ""
    menu_of(window)["Keep vanished photos"].trigger()
    qtbot.waitUntil(lambda: services.folders.calls_of("keep_vanished") == [(1,)])


def test_a_message_after_a_question_has_one_answer_again(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    ask_about(window, services, qtbot)

    window.body.messages.say("Done.", "Undo", lambda: None)

    assert window.body.messages.otherwise.isHidden()


def test_a_folder_with_the_files_of_one_that_is_gone_is_offered_as_that_one(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.folders.twins["/media/new"] = Folder(1, "/media/old")
    window.workspace.folder_care.add_folders(["/media/new"])
    messages = window.body.messages
    qtbot.waitUntil(lambda: "holds the photos of /media/old" in messages.text)
    assert services.library.calls_of("add_folder") == []

    click(qtbot, messages.action)
    qtbot.waitUntil(lambda: services.folders.calls_of("locate") == [(1, "/media/new")])
    qtbot.waitUntil(lambda: "new is found again" in messages.text)

    window.workspace.folder_care.add_folders(["/media/new"])
    qtbot.waitUntil(lambda: "holds the photos of" in messages.text)
    click(qtbot, messages.otherwise)
    qtbot.waitUntil(lambda: services.library.calls_of("add_folder") == [("/media/new",)])


def test_a_folder_that_is_not_there_can_be_located_from_its_menu(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    assert "Locate folder…" not in menu_of(window)
    services.library.folder_states[1] = (FolderState.OFFLINE, "The folder is not there now.")
    window.workspace.overview.refresh()
    qtbot.waitUntil(lambda: "Locate folder…" in menu_of(window))

    services.folders.refused["/media/wrong"] = "/media/wrong does not hold the photos of /photos."
    window.workspace.folder_care.locate(1, "/media/wrong")
    qtbot.waitUntil(lambda: "does not hold the photos" in window.body.messages.text)


def test_the_settings_of_a_folder_open_from_its_menu(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    menu_of(window)["Folder settings…"].trigger()
    qtbot.waitUntil(lambda: dialog_of(FolderSettingsDialog) is not None)
    dialog = dialog_of(FolderSettingsDialog)
    qtbot.waitUntil(lambda: dialog.save_button.isEnabled())

    dialog.exclude_field.setPlainText("*.png")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: len(services.folders.calls_of("set_rules")) == 1)
    qtbot.waitUntil(lambda: dialog_of(FolderSettingsDialog) is None)
