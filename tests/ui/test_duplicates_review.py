"""The review of duplicates, with a search that finds what the test wants."""

from collections.abc import Iterator
from typing import cast

import pytest
from duplicate_fakes import FakeDuplicateService, group
from fakes import FakeLibraryService
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from window_driver import dialog_of

from app.bootstrap import Services
from app.domain.duplicates import DuplicateReport, Level, Removal
from app.errors import LibraryError
from app.ui.duplicates_dialog import DuplicatesDialog
from app.ui.duplicates_models import GroupListModel, GroupPhotosModel
from app.ui.duplicates_tiles import TileDelegate
from app.ui.main_window import MainWindow
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader

_CHECKED = Qt.ItemDataRole.CheckStateRole


@pytest.fixture
def service() -> FakeDuplicateService:
    service = FakeDuplicateService()
    service.report = DuplicateReport(
        (
            group(Level.EXACT, 1, 2),
            group(Level.NEAR, 10, 11, 12),
            group(Level.NEAR, 20, 21, spare=()),
            group(Level.BURST, 30, 31, 32, 33),
        ),
        photos=200,
    )
    return service


@pytest.fixture
def dialog(
    qtbot: QtBot, service: FakeDuplicateService, library: FakeLibraryService, task_runner: TaskRunner
) -> Iterator[DuplicatesDialog]:
    """With its search at an end and the first group of near-duplicates shown."""
    dialog = DuplicatesDialog(service, library, task_runner)  # type: ignore[arg-type]
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not dialog.line.searching)
    show(dialog, Level.NEAR)
    qtbot.waitUntil(lambda: names(dialog) == ["IMG_0000010.jpg", "IMG_0000011.jpg", "IMG_0000012.jpg"])
    yield dialog
    dialog.close()


def show(dialog: DuplicatesDialog, level: Level) -> None:
    dialog.tabs.setCurrentIndex(list(Level).index(level))


def names(dialog: DuplicatesDialog) -> list[str]:
    model = dialog.tiles.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def marks(dialog: DuplicatesDialog) -> list[bool]:
    model = dialog.tiles.model()
    return [model.index(row, 0).data(_CHECKED) == Qt.CheckState.Checked for row in range(model.rowCount())]


def question(dialog: DuplicatesDialog, qtbot: QtBot) -> QMessageBox:
    qtbot.waitUntil(lambda: bool(dialog.findChildren(QMessageBox)))
    return cast(QMessageBox, dialog.findChildren(QMessageBox)[-1])


def agree(box: QMessageBox) -> None:
    next(button for button in box.buttons() if button.text() == "Move to trash").click()


def test_the_models_behave_as_qt_wants(
    qtmodeltester: ModelTester, library: FakeLibraryService, task_runner: TaskRunner, qtbot: QtBot
) -> None:
    thumbnails = ThumbnailLoader(library, task_runner)  # type: ignore[arg-type]
    groups = GroupListModel(library, task_runner, thumbnails, lambda one: one.spare)  # type: ignore[arg-type]
    groups.set_groups([group(Level.NEAR, 1, 2), group(Level.NEAR, 3, 4)])
    qtmodeltester.check(groups)
    photos = GroupPhotosModel()
    photos.set_photos(library.photos([1, 2, 3]), frozenset({2}))
    qtmodeltester.check(photos)


def test_each_level_has_a_tab_with_its_count(dialog: DuplicatesDialog) -> None:
    titles = [dialog.tabs.tabText(number) for number in range(3)]
    assert titles == ["Same file (1)", "Same picture (2)", "Same moment (1)"]
    assert dialog.groups.model().rowCount() == 2
    assert dialog.groups.model().index(0, 0).data() == "3 photos\n2 to the trash, 4.0 MB"
    assert dialog.groups.model().index(1, 0).data() == "2 photos\nall of them stay"
    assert "200 photos looked at" in dialog.line.text


def test_the_proposal_is_marked_and_space_changes_it(dialog: DuplicatesDialog, qtbot: QtBot) -> None:
    assert marks(dialog) == [False, True, True]
    dialog.tiles.setFocus()
    dialog.tiles.setCurrentIndex(dialog.tiles.model().index(1, 0))
    qtbot.keyClick(dialog.tiles, Qt.Key.Key_Space)
    assert marks(dialog) == [False, False, True]
    assert dialog.groups.model().index(0, 0).data() == "3 photos\n1 to the trash, 2.0 MB"
    assert dialog.group_button.text() == "Move from this group (1)…"
    assert dialog.all_button.text() == "Move all marked (1)…"


def test_a_click_on_the_box_marks(dialog: DuplicatesDialog, qtbot: QtBot) -> None:
    index = dialog.tiles.model().index(1, 0)
    delegate = cast(TileDelegate, dialog.tiles.itemDelegate())
    place = delegate.box_centre(dialog.tiles, index)
    qtbot.mouseClick(dialog.tiles.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert marks(dialog) == [False, False, True]


def test_one_photo_always_stays(dialog: DuplicatesDialog, qtbot: QtBot) -> None:
    dialog.tiles.setFocus()
    dialog.tiles.setCurrentIndex(dialog.tiles.model().index(0, 0))
    qtbot.keyClick(dialog.tiles, Qt.Key.Key_Space)
    assert marks(dialog) == [False, True, True]
    assert "has to stay" in dialog.line.text


def test_changed_marks_are_there_when_one_comes_back(dialog: DuplicatesDialog, qtbot: QtBot) -> None:
    model = dialog.tiles.model()
    model.setData(model.index(1, 0), Qt.CheckState.Unchecked, _CHECKED)
    dialog.groups.setCurrentIndex(dialog.groups.model().index(1, 0))
    qtbot.waitUntil(lambda: len(names(dialog)) == 2)
    dialog.groups.setCurrentIndex(dialog.groups.model().index(0, 0))
    qtbot.waitUntil(lambda: len(names(dialog)) == 3)
    assert marks(dialog) == [False, False, True]


def test_nothing_is_moved_before_it_is_agreed_to(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    dialog.all_button.click()
    box = question(dialog, qtbot)
    assert box.text() == "Move 2 photos to the trash? This frees 4.0 MB."
    assert box.checkBox() is None
    box.reject()
    assert service.calls_of("remove") == []


def test_what_was_agreed_to_goes_and_the_group_with_it(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    dialog.group_button.click()
    with qtbot.waitSignal(dialog.library_changed):
        agree(question(dialog, qtbot))
    assert service.calls_of("remove") == [((Removal(Level.NEAR, (10,), (11, 12)),), False)]
    assert dialog.line.text == "2 photos moved to the trash."
    qtbot.waitUntil(lambda: dialog.groups.model().rowCount() == 1)


def test_decisions_about_what_goes_are_asked_about(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    service.decided = {11}
    dialog.group_button.click()
    box = question(dialog, qtbot)
    assert "These stay unless you tick the box" in box.informativeText()
    assert not box.checkBox().isChecked()
    with qtbot.waitSignal(dialog.library_changed):
        agree(box)
    assert "1 photo stayed because of what you decided" in dialog.line.text


def test_decisions_are_handed_on_when_ticked(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    service.decided = {11}
    dialog.group_button.click()
    box = question(dialog, qtbot)
    box.checkBox().setChecked(True)
    with qtbot.waitSignal(dialog.library_changed):
        agree(box)
    assert service.calls_of("remove")[0][1] is True


def test_groups_that_are_none_are_put_aside_and_come_back(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    dialog.dismiss_button.click()
    assert "not proposed together again" in dialog.line.text
    assert dialog.groups.model().rowCount() == 1
    dialog.undo_button.click()
    assert "proposed again" in dialog.line.text
    assert dialog.groups.model().rowCount() == 2
    qtbot.waitUntil(lambda: service.calls_of("take_back") == [((10, 11, 12),)])
    assert service.calls_of("dismiss") == [((10, 11, 12),)]


def test_photos_that_vanish_leave(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    service.gone = {11}
    dialog.refresh_soon()
    qtbot.waitUntil(lambda: names(dialog) == ["IMG_0000010.jpg", "IMG_0000012.jpg"])


def test_a_search_says_how_far_it_is_and_can_be_stopped(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    service.open.clear()
    dialog.line.button.click()
    qtbot.waitUntil(lambda: dialog.line.text == "Comparing what may be alike: 3 of 10")
    assert dialog.line.button.text() == "Stop"
    dialog.line.button.click()
    assert not dialog.line.searching
    assert dialog.line.text == "The search was stopped."
    assert dialog.groups.model().rowCount() == 2  # what was found before is still shown
    service.open.set()


def test_without_duplicates_the_page_says_so(
    dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot
) -> None:
    service.report = DuplicateReport(photos=3, unseen=1)
    dialog.line.search()
    qtbot.waitUntil(lambda: not dialog.line.searching)
    assert dialog.hint == "No file is here twice."
    show(dialog, Level.BURST)
    assert dialog.hint == "No shots taken within seconds look alike."
    assert "1 photo could not be compared" in dialog.line.text
    assert not dialog.all_button.isEnabled()


def test_a_failure_is_said(dialog: DuplicatesDialog, service: FakeDuplicateService, qtbot: QtBot) -> None:
    service.error = LibraryError("The library cannot be read.")
    dialog.line.search()
    qtbot.waitUntil(lambda: dialog.line.text == "The library cannot be read.")
    assert not dialog.line.searching


def test_enter_opens_a_photo(dialog: DuplicatesDialog, qtbot: QtBot) -> None:
    dialog.tiles.setFocus()
    dialog.tiles.setCurrentIndex(dialog.tiles.model().index(1, 0))
    with qtbot.waitSignal(dialog.open_wanted) as opened:
        qtbot.keyClick(dialog.tiles, Qt.Key.Key_Return)
    assert opened.args == [[11]]


def test_thousands_of_groups_ask_for_few_photos(
    dialog: DuplicatesDialog, service: FakeDuplicateService, library: FakeLibraryService, qtbot: QtBot
) -> None:
    library.photo_count = 40_000
    library.calls.clear()
    groups = tuple(group(Level.NEAR, 2 * n + 1, 2 * n + 2) for n in range(20_000))
    service.report = DuplicateReport(groups, photos=40_000)
    dialog.line.search()
    qtbot.waitUntil(lambda: dialog.groups.model().rowCount() == 20_000)
    qtbot.waitUntil(lambda: names(dialog) == ["IMG_0000001.jpg", "IMG_0000002.jpg"])
    asked = {photo_id for (ids,) in library.calls_of("photos") for photo_id in ids}
    assert len(asked) < 1_000


def test_the_menu_opens_the_review(window: MainWindow, qtbot: QtBot) -> None:
    action = next(one for one in window.menu().actions() if one.text().startswith("Duplicates"))
    action.trigger()
    dialog = dialog_of(DuplicatesDialog)
    assert isinstance(dialog, DuplicatesDialog)
    qtbot.waitUntil(lambda: not dialog.line.searching)
    assert dialog.hint == "No file is here twice."
    dialog.close()


def test_closing_the_window_calls_a_search_off(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    service = cast(FakeDuplicateService, services.duplicates)
    service.open.clear()  # it never ends by itself
    window.dialogs.open_duplicates()
    qtbot.waitUntil(lambda: service.calls_of("find") == [()])
    window.shut_down()
    assert not service.open.is_set()
