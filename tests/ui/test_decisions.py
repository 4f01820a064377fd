"""Deciding in the window: keys, menus, details, albums, saved searches, and taking it back."""

from dataclasses import replace

import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from window_driver import asked, click, dialog_of, settle

from app.bootstrap import Services
from app.domain.decisions import Conflict, Decisions, Flag, Kind
from app.domain.query import QueryTerm, SearchQuery
from app.errors import LibraryError
from app.ui.album_drop import OWN_PHOTOS, encoded_ids
from app.ui.decision_row import ConflictNote, DecisionRow
from app.ui.decision_wishes import Wish, decisions_spoken, decisions_text, done_text
from app.ui.main_window import MainWindow
from app.ui.photo_area import PhotoArea
from app.ui.scope import Scope, ScopeKind
from app.ui.settings_dialog import STORAGE, SettingsDialog


@pytest.fixture
def photos(window: MainWindow) -> PhotoArea:
    assert window.workspace is not None
    return window.workspace.photos


@pytest.fixture
def library(services: Services) -> FakeLibraryService:
    return services.library  # type: ignore[return-value]


def choose(photos: PhotoArea, qtbot: QtBot, *rows: int) -> list[int]:
    """Select the photos from the first row to the last."""
    photos.view.select_row(rows[0])
    for _ in range(rows[0], rows[-1]):
        qtbot.keyClick(photos.view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    ids = photos.view.selected_ids()
    qtbot.waitUntil(lambda: all(photos.model.photo_at(row) for row in range(rows[0], rows[-1] + 1)))
    return ids


def name(qtbot: QtBot, text: str) -> None:
    """Answer the dialog that asks for a name."""
    qtbot.waitUntil(lambda: dialog_of(QInputDialog) is not None)
    dialog = dialog_of(QInputDialog)
    assert isinstance(dialog, QInputDialog)
    dialog.setTextValue(text)
    dialog.accept()


def confirm(qtbot: QtBot) -> None:
    """Press the button that is not Cancel."""
    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is not None)
    box = dialog_of(QMessageBox)
    assert isinstance(box, QMessageBox)
    click(qtbot, next(b for b in box.buttons() if b is not box.button(QMessageBox.StandardButton.Cancel)))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_3, Decisions(rating=3)),
        (Qt.Key.Key_0, Decisions()),
        (Qt.Key.Key_P, Decisions(flag=Flag.PICK)),
        (Qt.Key.Key_X, Decisions(flag=Flag.REJECT)),
        (Qt.Key.Key_U, Decisions()),
        (Qt.Key.Key_6, Decisions(label="Red")),
        (Qt.Key.Key_9, Decisions(label="Blue")),
    ],
)
def test_a_key_decides_about_the_chosen_photo_and_it_shows_at_once(
    photos: PhotoArea, library: FakeLibraryService, qtbot: QtBot, key: Qt.Key, expected: Decisions
) -> None:
    [photo_id] = choose(photos, qtbot, 2)
    qtbot.keyClick(photos.view, key)
    photo = photos.model.photo_at(2)
    assert photo is not None
    assert photo.decisions == expected
    qtbot.waitUntil(lambda: library.decided.get(photo_id) == expected)


def test_several_photos_are_rated_at_once_and_it_can_be_taken_back(
    window: MainWindow, photos: PhotoArea, library: FakeLibraryService, qtbot: QtBot
) -> None:
    ids = choose(photos, qtbot, 1, 3)
    qtbot.keyClick(photos.view, Qt.Key.Key_4)
    messages = window.body.messages
    qtbot.waitUntil(lambda: messages.text == "3 photos: 4 stars.")
    assert messages.action.text() == "Undo"
    messages.action.click()
    qtbot.waitUntil(lambda: all(library.decided[n].rating == 0 for n in ids))
    qtbot.waitUntil(lambda: not photos.model.photo_at(1).decisions.rating)  # type: ignore[union-attr]


def test_a_decision_that_cannot_be_written_is_said_and_no_longer_shown(
    window: MainWindow, photos: PhotoArea, services: Services, qtbot: QtBot
) -> None:
    choose(photos, qtbot, 2)
    services.decisions.error = LibraryError("The disk is full.")  # type: ignore[attr-defined]
    qtbot.keyClick(photos.view, Qt.Key.Key_5)
    qtbot.waitUntil(lambda: window.body.messages.text == "The disk is full.")
    qtbot.waitUntil(lambda: not photos.model.photo_at(2).decisions.rating)  # type: ignore[union-attr]


def test_the_preview_decides_with_the_same_keys(
    photos: PhotoArea, library: FakeLibraryService, qtbot: QtBot
) -> None:
    [photo_id] = choose(photos, qtbot, 2)
    photos.preview.open_row(2)
    qtbot.keyClick(photos.preview, Qt.Key.Key_5)
    qtbot.waitUntil(lambda: library.decided.get(photo_id) == Decisions(5))


def test_the_menu_ticks_what_holds_and_decides(
    photos: PhotoArea, library: FakeLibraryService, qtbot: QtBot
) -> None:
    [photo_id] = choose(photos, qtbot, 2)
    library.decided[photo_id] = Decisions(rating=2)
    photos.refresh()
    qtbot.waitUntil(lambda: photos.model.photo_at(2).decisions.rating == 2)  # type: ignore[union-attr]
    menu = photos.view.menu_at(2)
    stars = next(a.menu() for a in menu.actions() if a.text() == "Stars")
    assert isinstance(stars, QMenu)
    assert [action.text() for action in stars.actions() if action.isChecked()] == ["2 stars"]
    stars.actions()[5].trigger()
    qtbot.waitUntil(lambda: library.decided[photo_id].rating == 5)


def test_the_details_show_stars_and_a_click_on_them_decides(qtbot: QtBot) -> None:
    row = DecisionRow()
    qtbot.addWidget(row)
    row.show_decisions(Decisions(rating=3, flag=Flag.PICK, label="Green"))
    assert row.flags[Flag.PICK].isChecked()
    assert [label for label, button in row.labels.items() if button.isChecked()] == ["Green"]
    wished = QSignalSpy(row.wished)
    row.stars[4].click()
    row.stars[2].click()
    row.flags[Flag.PICK].click()
    row.labels["Green"].click()
    assert [wished.at(n)[0] for n in range(wished.count())] == [
        Wish(Kind.RATING, 5),
        Wish(Kind.RATING, 0),
        Wish(Kind.FLAG, None),
        Wish(Kind.LABEL, ""),
    ]


def test_a_conflict_is_told_in_words_and_settled_either_way(qtbot: QtBot) -> None:
    note = ConflictNote()
    qtbot.addWidget(note)
    note.show_conflicts(Decisions(3, rating_conflict=Conflict(file=3, own=5)))
    assert note.text(Kind.RATING) == "The file says “3 stars”, you said “5 stars”."
    assert note.text(Kind.LABEL) == ""
    theirs, mine = QSignalSpy(note.use_file), QSignalSpy(note.keep_own)
    note.line(Kind.RATING).file.click()
    note.line(Kind.RATING).own.click()
    assert (theirs.at(0), mine.at(0)) == ([Kind.RATING], [Wish(Kind.RATING, 5)])
    note.show_conflicts(Decisions(3))
    assert note.isHidden()


def test_using_what_the_file_says_settles_the_conflict(
    window: MainWindow, photos: PhotoArea, library: FakeLibraryService, qtbot: QtBot
) -> None:
    window.toggle_details()
    photo_id = photos.model.id_at(2)
    library.decided[photo_id] = Decisions(3, rating_conflict=Conflict(file=3, own=5))
    photos.refresh()
    photos.view.select_row(2)
    conflicts = photos.details.conflicts
    qtbot.waitUntil(lambda: conflicts.text(Kind.RATING) != "")
    conflicts.line(Kind.RATING).file.click()
    qtbot.waitUntil(lambda: library.decided[photo_id] == Decisions(3))
    qtbot.waitUntil(lambda: conflicts.isHidden())


def test_a_new_album_holds_the_chosen_photos_and_is_looked_at_in_its_order(
    window: MainWindow, photos: PhotoArea, services: Services, qtbot: QtBot
) -> None:
    ids = choose(photos, qtbot, 1, 3)
    albums = next(a.menu() for a in photos.view.menu_at(1).actions() if a.text() == "Add to album")
    assert isinstance(albums, QMenu)
    albums.actions()[-1].trigger()
    name(qtbot, " Best of ")
    model = window.body.sidebar.model
    scope = Scope(ScopeKind.ALBUM, name="Best of", album_id=1)
    qtbot.waitUntil(lambda: model.index_of(scope).isValid())
    window.body.sidebar.choose(scope)
    qtbot.waitUntil(lambda: asked(services)[-1].filters.album_id == 1)
    qtbot.waitUntil(lambda: photos.model.photo_ids.tolist() == ids)
    assert window.body.header.text.startswith("Best of")


def test_photos_leave_an_album_and_come_back(
    window: MainWindow, photos: PhotoArea, library: FakeLibraryService, services: Services, qtbot: QtBot
) -> None:
    services.decisions.create_album("Best", [3, 4, 5])
    photos.albums.refresh()
    scope = Scope(ScopeKind.ALBUM, name="Best", album_id=1)
    qtbot.waitUntil(lambda: window.body.sidebar.model.index_of(scope).isValid())
    window.body.sidebar.choose(scope)
    qtbot.waitUntil(lambda: photos.model.rowCount() == 3)
    photos.view.select_row(1)
    menu = photos.view.menu_at(1)
    next(a for a in menu.actions() if a.text() == "Remove from this album").trigger()
    qtbot.waitUntil(lambda: library.albums[1] == [3, 5])
    qtbot.waitUntil(lambda: window.body.messages.text == "1 photo removed from Best.")
    window.body.messages.action.click()
    qtbot.waitUntil(lambda: sorted(library.albums[1]) == [3, 4, 5])


def test_an_album_is_renamed_and_deleted_after_asking(
    window: MainWindow, photos: PhotoArea, services: Services, qtbot: QtBot
) -> None:
    services.decisions.create_album("Best", [3])
    photos.albums.refresh()
    sidebar = window.body.sidebar
    scope = Scope(ScopeKind.ALBUM, name="Best", album_id=1)
    qtbot.waitUntil(lambda: sidebar.model.index_of(scope).isValid())
    actions = {action.text(): action for action in sidebar.menu_for(scope).actions()}
    actions["Rename…"].trigger()
    name(qtbot, "Worst")
    qtbot.waitUntil(lambda: sidebar.model.name_of(scope) == "Worst")
    sidebar.choose(scope)
    actions["Delete…"].trigger()
    confirm(qtbot)
    qtbot.waitUntil(lambda: not sidebar.model.index_of(scope).isValid())
    assert sidebar.scope.is_all


def test_photos_are_dropped_on_an_album_and_nowhere_else(
    window: MainWindow, photos: PhotoArea, library: FakeLibraryService, services: Services, qtbot: QtBot
) -> None:
    services.decisions.create_album("Best")
    photos.albums.refresh()
    sidebar = window.body.sidebar
    scope = Scope(ScopeKind.ALBUM, album_id=1)
    qtbot.waitUntil(lambda: sidebar.model.index_of(scope).isValid())
    mime = QMimeData()
    mime.setData(OWN_PHOTOS, encoded_ids([7, 8]))

    def drop(index: object) -> bool:
        place = sidebar.tree.visualRect(index).center()  # type: ignore[arg-type]
        mouse = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(sidebar.tree.viewport(), QDragEnterEvent(place, *mouse))
        move = QDragMoveEvent(place, *mouse)
        QApplication.sendEvent(sidebar.tree.viewport(), move)
        event = QDropEvent(QPointF(place), *mouse)
        event.ignore()
        QApplication.sendEvent(sidebar.tree.viewport(), event)
        return event.isAccepted()

    assert not drop(sidebar.model.index_of(Scope()))
    assert drop(sidebar.model.index_of(scope))
    qtbot.waitUntil(lambda: library.albums[1] == [7, 8])
    qtbot.waitUntil(lambda: window.body.messages.text == "2 photos added to Best.")


def test_photos_of_an_album_are_dragged_to_other_places(
    window: MainWindow, photos: PhotoArea, library: FakeLibraryService, services: Services, qtbot: QtBot
) -> None:
    services.decisions.create_album("Best", [3, 4, 5])
    photos.albums.refresh()
    scope = Scope(ScopeKind.ALBUM, name="Best", album_id=1)
    qtbot.waitUntil(lambda: window.body.sidebar.model.index_of(scope).isValid())
    viewport = photos.view.viewport()
    assert not viewport.acceptDrops()
    window.body.sidebar.choose(scope)
    qtbot.waitUntil(lambda: photos.model.photo_ids.tolist() == [3, 4, 5])
    mime = QMimeData()
    mime.setData(OWN_PHOTOS, encoded_ids([5]))
    tile = photos.view.visualRect(photos.model.index(1))
    place = tile.center() - QPoint(tile.width() // 4, 0)
    mouse = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(viewport, QDragEnterEvent(place, *mouse))
    QApplication.sendEvent(viewport, QDropEvent(QPointF(place), *mouse))
    qtbot.waitUntil(lambda: library.albums[1] == [3, 5, 4])
    qtbot.waitUntil(lambda: photos.model.photo_ids.tolist() == [3, 5, 4])


def test_a_search_is_saved_shown_and_run_again(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    body = window.body
    body.sidebar.choose(Scope(ScopeKind.FAVOURITES))
    body.search_bar.set_text("red car")
    qtbot.waitUntil(lambda: window.workspace.session.query.terms != ())  # type: ignore[union-attr]
    body.search_bar.save_wanted.emit()
    name(qtbot, "Cars")
    scope = Scope(ScopeKind.SEARCH, name="Cars", search_id=1)
    qtbot.waitUntil(lambda: body.sidebar.model.index_of(scope).isValid())
    body.search_bar.clear()
    body.sidebar.choose(Scope())
    settle(qtbot, window)
    body.sidebar.tree.clicked.emit(body.sidebar.model.index_of(scope))
    qtbot.waitUntil(lambda: body.search_bar.text() == "red car")
    assert body.sidebar.scope == Scope(ScopeKind.FAVOURITES)
    qtbot.waitUntil(lambda: asked(services)[-1].filters.favourites_only)
    actions = {action.text(): action for action in body.sidebar.menu_for(scope).actions()}
    actions["Delete…"].trigger()
    confirm(qtbot)
    qtbot.waitUntil(lambda: not body.sidebar.model.index_of(scope).isValid())


def test_a_saved_search_that_cannot_be_asked_says_why(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.decisions.save_search("Cars", SearchQuery((QueryTerm(text="car"),)))
    window.workspace.searches.refresh()  # type: ignore[union-attr]
    scope = Scope(ScopeKind.SEARCH, search_id=1)
    qtbot.waitUntil(lambda: window.body.sidebar.model.index_of(scope).isValid())
    services.decisions.error = LibraryError("The folder is not watched any more.")  # type: ignore[attr-defined]
    window.body.sidebar.search_chosen.emit(1)
    qtbot.waitUntil(lambda: window.body.messages.text == "The folder is not watched any more.")


def test_the_settings_offer_to_export(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.dialogs.open_settings(STORAGE)
    dialog = dialog_of(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    export = next(b for b in dialog.storage.findChildren(QPushButton) if b.text() == "Export…")
    export.click()
    qtbot.waitUntil(lambda: dialog_of(QFileDialog) is not None)
    asking = dialog_of(QFileDialog)
    assert isinstance(asking, QFileDialog)
    asking.fileSelected.emit("/somewhere/all.json")
    asking.reject()
    qtbot.waitUntil(
        lambda: window.body.messages.text == "Decisions about 3 photos are in /somewhere/all.json."
    )


def test_importing_says_what_was_found_and_what_waits(window: MainWindow, qtbot: QtBot) -> None:
    assert window.workspace is not None
    window.workspace.decision_files.import_from("/somewhere/all.json")
    qtbot.waitUntil(lambda: window.body.messages.text.startswith("3 photos found here, 2 of them changed."))
    assert "1 photo not here" in window.body.messages.text


def test_a_sidecar_that_could_not_be_written_is_said(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    sidecars = services.sidecars
    qtbot.waitUntil(lambda: sidecars.is_heard)  # type: ignore[attr-defined]
    sidecars.report("No room.")  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.body.messages.text == "No room.")


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (Wish(Kind.RATING, 1), "12 photos: 1 star."),
        (Wish(Kind.RATING, 0), "12 photos without stars now."),
        (Wish(Kind.FLAG, Flag.REJECT), "12 photos rejected."),
        (Wish(Kind.FLAG, None), "12 photos without a flag now."),
        (Wish(Kind.LABEL, "Red"), "12 photos: label Red."),
        (Wish(Kind.LABEL, ""), "12 photos without a label now."),
    ],
)
def test_what_was_done_is_said_in_words(wish: Wish, text: str) -> None:
    assert done_text(wish, 12) == text


def test_what_holds_reads_as_one_line() -> None:
    assert decisions_text(Decisions(3, Flag.PICK, "Winner")) == "★★★ · Picked · Winner"
    assert decisions_text(replace(Decisions(), label="Red")) == "Red"
    assert decisions_spoken(Decisions(3, Flag.PICK, "Red")) == "3 stars, Picked, Red"


def test_an_album_without_photos_says_how_to_fill_it(
    window: MainWindow, photos: PhotoArea, services: Services, qtbot: QtBot
) -> None:
    services.decisions.create_album("Best")
    photos.albums.refresh()
    scope = Scope(ScopeKind.ALBUM, name="Best", album_id=1)
    qtbot.waitUntil(lambda: window.body.sidebar.model.index_of(scope).isValid())
    window.body.sidebar.choose(scope)
    qtbot.waitUntil(lambda: window.body.empty_page.state.title == "No photos in this album yet")
