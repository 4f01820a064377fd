"""The sidebar by itself: entries, counts, states, the tree of subfolders, the menu."""

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.domain.photo import Folder, FolderState, FolderStatus, Subfolder
from app.domain.status import LibraryCounts
from app.ui.scope import Scope, ScopeKind
from app.ui.sidebar import Sidebar
from app.ui.sidebar_model import Role, SidebarModel


def _status(
    folder_id: int, path: str, state: FolderState = FolderState.WATCHING, message: str = ""
) -> FolderStatus:
    return FolderStatus(Folder(folder_id, path), state, 1200, 3, 1, message)


HOME = _status(1, "/home/ada/Pictures")
DRIVE = _status(2, "/media/ada/Archive", FolderState.OFFLINE)


@pytest.fixture
def sidebar(qtbot: QtBot) -> Sidebar:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.set_folders([HOME, DRIVE])
    sidebar.resize(240, 500)
    sidebar.show()
    return sidebar


def _names(model: SidebarModel, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    return [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))]


def _folder(sidebar: Sidebar, folder_id: int, path: str = "") -> QModelIndex:
    return sidebar.model.index_of(Scope(ScopeKind.FOLDER, folder_id, path))


def test_the_model_behaves_as_qt_wants(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = SidebarModel()
    model.set_folders([HOME, DRIVE])
    model.set_counts(LibraryCounts(5, 1, 2, 3))
    model.set_subfolders(1, "", [Subfolder(1, "2024", "2024", 4, True)])

    qtmodeltester.check(model)


def test_folders_show_name_count_and_state_in_words(sidebar: Sidebar) -> None:
    index = _folder(sidebar, 2)

    assert index.data() == "Archive"
    assert index.data(Role.COUNT) == 1200
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "not connected" in spoken
    assert "/media/ada/Archive" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_folder_that_was_found_elsewhere_takes_its_new_name(sidebar: Sidebar, qtbot: QtBot) -> None:
    sidebar.choose(Scope(ScopeKind.FOLDER, 1, "", "Pictures"))

    with qtbot.waitSignal(sidebar.scope_changed) as changed:
        sidebar.set_folders([_status(1, "/media/ada/Moved"), DRIVE])

    assert _folder(sidebar, 1).data() == "Moved"
    assert changed.args == [Scope(ScopeKind.FOLDER, 1, "", "Moved")]


@pytest.mark.parametrize("state", list(FolderState))
def test_every_state_is_painted_and_described(sidebar: Sidebar, qtbot: QtBot, state: FolderState) -> None:
    sidebar.set_folders([_status(1, "/photos", state, "No permission.")])

    assert not sidebar.grab().isNull()
    assert "No permission." in _folder(sidebar, 1).data(Qt.ItemDataRole.ToolTipRole)


def test_problem_files_appear_only_while_there_are_any(sidebar: Sidebar) -> None:
    sidebar.set_counts(LibraryCounts(photos=10, problems=2))
    assert "Problem files" in _names(sidebar.model)

    sidebar.set_counts(LibraryCounts(photos=10))
    assert "Problem files" not in _names(sidebar.model)

    sidebar.set_counts(LibraryCounts(photos=10, problems=1))
    assert _names(sidebar.model)[4] == "Problem files"


def test_choosing_an_entry_scopes_the_window(sidebar: Sidebar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(sidebar.scope_changed) as chosen:
        sidebar.tree.setCurrentIndex(_folder(sidebar, 1))

    assert (chosen.args[0].kind, chosen.args[0].folder_id) == (ScopeKind.FOLDER, 1)


def test_the_arrow_keys_walk_through_the_entries(sidebar: Sidebar, qtbot: QtBot) -> None:
    sidebar.tree.setFocus()

    qtbot.keyClick(sidebar.tree, Qt.Key.Key_Down)

    assert sidebar.scope.kind is ScopeKind.FAVOURITES


def test_problem_files_open_a_list_instead_of_scoping(sidebar: Sidebar, qtbot: QtBot) -> None:
    sidebar.set_counts(LibraryCounts(problems=2))
    index = sidebar.model.index_of(Scope(ScopeKind.PROBLEMS))

    with qtbot.waitSignal(sidebar.problems_wanted), qtbot.assertNotEmitted(sidebar.scope_changed):
        qtbot.mouseClick(
            sidebar.tree.viewport(),
            Qt.MouseButton.LeftButton,
            pos=sidebar.tree.visualRect(index).center(),
        )

    assert sidebar.scope.is_all


def test_subfolders_are_asked_for_when_a_folder_is_opened(sidebar: Sidebar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(sidebar.children_wanted) as wanted:
        sidebar.tree.expand(_folder(sidebar, 1))
    assert wanted.args == [1, ""]

    sidebar.set_subfolders(
        1, "", [Subfolder(1, "2023", "2023", 4, False), Subfolder(1, "2024", "2024", 9, True)]
    )
    assert _names(sidebar.model, _folder(sidebar, 1)) == ["2023", "2024"]

    with qtbot.waitSignal(sidebar.children_wanted) as wanted:
        sidebar.tree.expand(_folder(sidebar, 1, "2024"))
    assert wanted.args == [1, "2024"]


def test_a_folder_without_subfolders_loses_its_arrow(sidebar: Sidebar) -> None:
    sidebar.tree.expand(_folder(sidebar, 1))

    sidebar.set_subfolders(1, "", [])

    assert not sidebar.model.hasChildren(_folder(sidebar, 1))


def test_opened_subfolders_stay_open_when_the_library_grows(sidebar: Sidebar) -> None:
    sidebar.tree.expand(_folder(sidebar, 1))
    sidebar.set_subfolders(1, "", [Subfolder(1, "2024", "2024", 9, False)])

    sidebar.set_folders([HOME, DRIVE])
    sidebar.set_subfolders(
        1, "", [Subfolder(1, "2023", "2023", 1, False), Subfolder(1, "2024", "2024", 10, False)]
    )

    assert sidebar.tree.isExpanded(_folder(sidebar, 1))
    assert _names(sidebar.model, _folder(sidebar, 1)) == ["2023", "2024"]
    assert _folder(sidebar, 1, "2024").data(Role.COUNT) == 10
    assert sidebar.model.loaded_parents() == [(1, "")]


def test_a_subfolder_that_is_gone_disappears(sidebar: Sidebar) -> None:
    sidebar.tree.expand(_folder(sidebar, 1))
    sidebar.set_subfolders(1, "", [Subfolder(1, name, name, 1, False) for name in ("a", "b", "c")])

    sidebar.set_subfolders(1, "", [Subfolder(1, name, name, 1, False) for name in ("a", "c")])

    assert _names(sidebar.model, _folder(sidebar, 1)) == ["a", "c"]


def test_removing_the_folder_looked_at_leads_back_to_everything(sidebar: Sidebar, qtbot: QtBot) -> None:
    sidebar.tree.setCurrentIndex(_folder(sidebar, 2))

    with qtbot.waitSignal(sidebar.scope_changed):
        sidebar.set_folders([HOME])

    assert sidebar.scope.is_all


def test_the_menu_of_a_folder(sidebar: Sidebar, qtbot: QtBot) -> None:
    menu = sidebar.menu_for(Scope(ScopeKind.FOLDER, 1, "", "Pictures"))
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert list(actions) == [
        "Show in file manager",
        "Look for changes",
        "Folder settings…",
        "Stop watching…",
        "Add folder…",
        "New album…",
    ]

    with qtbot.waitSignal(sidebar.rescan_wanted) as wanted:
        actions["Look for changes"].trigger()
    assert wanted.args == [1]
    with qtbot.waitSignal(sidebar.remove_folder_wanted) as wanted:
        actions["Stop watching…"].trigger()
    assert wanted.args == [1, "Pictures"]


def test_a_subfolder_cannot_be_removed_by_itself(sidebar: Sidebar) -> None:
    menu = sidebar.menu_for(Scope(ScopeKind.FOLDER, 1, "2024", "2024"))

    assert "Stop watching…" not in [action.text() for action in menu.actions()]


def test_a_name_that_is_no_text_is_readable(sidebar: Sidebar) -> None:
    sidebar.set_folders([_status(5, "/photos/b\udcffch")])

    assert _folder(sidebar, 5).data() == "b\N{REPLACEMENT CHARACTER}ch"
