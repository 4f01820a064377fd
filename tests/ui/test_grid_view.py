"""The grid as a person uses it: keys, mouse, selection, size, menu."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAccessible,
    QColor,
    QContextMenuEvent,
    QDrag,
    QGuiApplication,
    QKeySequence,
    QRegion,
    QWheelEvent,
)
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QMenu
from test_grid_model import result_of

from app.ui.photo_commands import Command
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.photo_grid_view import PhotoGridView
from app.ui.photo_tile_delegate import PhotoTileDelegate
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader

_SHIFT, _CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_LEFT = Qt.MouseButton.LeftButton
_KEY = Qt.Key


@pytest.fixture
def view(library: FakeLibraryService, task_runner: TaskRunner, qtbot) -> Iterator[PhotoGridView]:
    """Two hundred photos in five columns."""
    model = PhotoGridModel(library, task_runner, ThumbnailLoader(library, task_runner))
    view = PhotoGridView(tile_size=150)
    model.setParent(view)
    qtbot.addWidget(view)
    view.setModel(model)
    view.resize(830, 600)
    model.set_result(result_of(range(1, 201)))
    view.show()
    qtbot.waitExposed(view)
    view.setFocus()
    qtbot.waitUntil(lambda: model.photo_at(0) is not None)
    yield view
    library.photos_gate.open()
    library.thumbnails_gate.open()


def centre(view: PhotoGridView, row: int) -> QPoint:
    return view.visualRect(view.grid_model.index(row)).center()


def click(qtbot, view: PhotoGridView, row: int, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.mouseClick(view.viewport(), _LEFT, modifiers, centre(view, row))


def columns(view: PhotoGridView) -> int:
    top = view.visualRect(view.grid_model.index(0)).y()
    return sum(view.visualRect(view.grid_model.index(row)).y() == top for row in range(20))


# --- selecting


def test_arrows_move_through_the_grid(view: PhotoGridView, qtbot) -> None:
    view.select_row(0)
    five = columns(view)

    for key, row in (
        (_KEY.Key_Right, 1),
        (_KEY.Key_Down, 1 + five),
        (_KEY.Key_Left, five),
        (_KEY.Key_Up, 0),
        (_KEY.Key_Up, 0),
        (_KEY.Key_End, 199),
        (_KEY.Key_Right, 199),
        (_KEY.Key_Home, 0),
    ):
        qtbot.keyClick(view, key)
        assert view.current_row() == row
        assert view.selected_ids() == [row + 1]


def test_moving_brings_the_photo_into_sight(view: PhotoGridView, qtbot) -> None:
    view.select_row(0)
    qtbot.keyClick(view, _KEY.Key_End)

    rect = view.visualRect(view.grid_model.index(199))
    assert view.viewport().rect().contains(rect)

    qtbot.keyClick(view, _KEY.Key_PageUp)
    assert view.current_row() < 199
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))


def test_the_first_arrow_goes_to_the_first_photo_in_sight(view: PhotoGridView, qtbot) -> None:
    qtbot.keyClick(view, _KEY.Key_Right)

    assert view.selected_ids() == [1]


def test_shift_selects_a_run_with_keys(view: PhotoGridView, qtbot) -> None:
    view.select_row(1)
    qtbot.keyClick(view, _KEY.Key_Down, _SHIFT)

    assert view.selected_ids() == list(range(2, 3 + columns(view)))

    qtbot.keyClick(view, _KEY.Key_Up, _SHIFT)
    assert view.selected_ids() == [2]


def test_shift_click_selects_a_run_in_both_directions(view: PhotoGridView, qtbot) -> None:
    click(qtbot, view, 7)
    click(qtbot, view, 3, _SHIFT)
    assert view.selected_ids() == [4, 5, 6, 7, 8]

    click(qtbot, view, 9, _SHIFT)
    assert view.selected_ids() == [8, 9, 10]


def test_ctrl_click_adds_and_takes_away(view: PhotoGridView, qtbot) -> None:
    click(qtbot, view, 0)
    click(qtbot, view, 5, _CTRL)
    click(qtbot, view, 2, _CTRL)
    assert view.selected_ids() == [1, 3, 6]

    click(qtbot, view, 5, _CTRL)
    assert view.selected_ids() == [1, 3]


def test_ctrl_a_selects_everything(view: PhotoGridView, qtbot) -> None:
    qtbot.keyClick(view, _KEY.Key_A, _CTRL)

    assert view.selected_ids() == list(range(1, 201))


def test_a_click_beside_the_photos_clears_the_selection(view: PhotoGridView, qtbot) -> None:
    click(qtbot, view, 0)
    between = view.visualRect(view.grid_model.index(0)).topRight() + QPoint(4, 10)

    qtbot.mouseClick(view.viewport(), _LEFT, pos=between)

    assert view.selected_ids() == []


def test_a_rubber_band_selects_what_it_touches(view: PhotoGridView, qtbot) -> None:
    start = QPoint(3, 3)
    end = centre(view, columns(view) + 1)
    viewport = view.viewport()

    qtbot.mousePress(viewport, _LEFT, pos=start)
    qtbot.mouseMove(viewport, start + QPoint(30, 30))
    qtbot.mouseMove(viewport, end)
    assert view.selected_ids() == [1, 2, columns(view) + 1, columns(view) + 2]
    qtbot.mouseRelease(viewport, _LEFT, pos=end)
    assert len(view.selected_ids()) == 4


def test_the_selection_is_told_once_for_every_change(view: PhotoGridView, qtbot) -> None:
    spy = QSignalSpy(view.selection_changed)

    click(qtbot, view, 4)
    click(qtbot, view, 4)

    assert [spy.at(n) for n in range(spy.count())] == [[[5]]]


# --- background refreshes


def test_selection_and_place_survive_new_photos_above(view: PhotoGridView, qtbot) -> None:
    view.select_row(120)
    qtbot.keyClick(view, _KEY.Key_Right, _SHIFT)
    before = view.visualRect(view.grid_model.index(120)).y()
    spy = QSignalSpy(view.selection_changed)

    ids = np.arange(1, 201)
    view.grid_model.set_result(result_of([*range(1001, 1011), *ids]))

    assert view.selected_ids() == [121, 122]
    assert view.current_row() == 131
    assert view.visualRect(view.grid_model.index(130)).y() == before
    assert spy.count() == 0


def test_selection_survives_when_other_photos_go(view: PhotoGridView) -> None:
    view.select_row(9)

    view.grid_model.set_result(result_of([n for n in range(1, 201) if n not in (3, 50)]))

    assert view.selected_ids() == [10]
    assert view.current_row() == 8


def test_a_selected_photo_that_is_gone_leaves_the_selection(view: PhotoGridView) -> None:
    view.select_row(9)
    spy = QSignalSpy(view.selection_changed)

    view.grid_model.set_result(result_of([n for n in range(1, 201) if n != 10]))

    assert view.selected_ids() == []
    assert spy.count() == 1


def test_the_next_photo_has_the_focus_when_one_went_to_the_trash(view: PhotoGridView, qtbot) -> None:
    view.select_row(9)

    view.grid_model.set_result(result_of([n for n in range(1, 201) if n != 10]))
    assert view.current_row() == 9

    qtbot.keyClick(view, _KEY.Key_Right)
    assert view.selected_ids() == [11]


def test_another_question_starts_at_the_top_with_nothing_selected(view: PhotoGridView) -> None:
    view.select_row(150)

    view.grid_model.set_result(result_of(range(100, 201), text="dog"))

    assert view.selected_ids() == []
    assert view.verticalOffset() == 0


def test_a_fuller_result_leaves_the_grid_as_it_is(view: PhotoGridView) -> None:
    view.select_row(150)
    before = view.verticalOffset()

    view.grid_model.set_result(result_of(range(1, 500)))

    assert view.verticalOffset() == before
    assert view.selected_ids() == [151]


# --- wishes


@pytest.mark.parametrize(
    ("key", "modifiers", "signal", "arguments"),
    [
        (_KEY.Key_Return, None, "open_requested", [[3]]),
        (_KEY.Key_Enter, None, "open_requested", [[3]]),
        (_KEY.Key_Space, None, "preview_requested", [2]),
        (_KEY.Key_S, None, "similar_requested", [[3]]),
        (_KEY.Key_M, None, "feedback_requested", [[3], True]),
        (_KEY.Key_L, None, "feedback_requested", [[3], False]),
        (_KEY.Key_F, None, "favourite_requested", [[3], True]),
        (_KEY.Key_Delete, None, "trash_requested", [[3]]),
        (_KEY.Key_C, _CTRL, "copy_requested", [[3]]),
        (_KEY.Key_R, _CTRL | _SHIFT, "reveal_requested", [3]),
    ],
)
def test_keys_say_what_is_wished(view: PhotoGridView, qtbot, key, modifiers, signal, arguments) -> None:
    view.select_row(2)

    with qtbot.waitSignal(getattr(view, signal), timeout=500) as wished:
        qtbot.keyClick(view, key, modifiers or Qt.KeyboardModifier.NoModifier)
    assert wished.args == arguments


def test_keys_without_a_selection_wish_nothing(view: PhotoGridView, qtbot) -> None:
    spies = [QSignalSpy(view.open_requested), QSignalSpy(view.trash_requested)]

    qtbot.keyClick(view, _KEY.Key_Return)
    qtbot.keyClick(view, _KEY.Key_Delete)

    assert [spy.count() for spy in spies] == [0, 0]


def test_f_takes_a_favourite_back(view: PhotoGridView, qtbot) -> None:
    view.select_row(2)
    view.grid_model.mark_favourite([3], True)

    with qtbot.waitSignal(view.favourite_requested) as wished:
        qtbot.keyClick(view, _KEY.Key_F)
    assert wished.args == [[3], False]


def test_f_makes_all_favourites_when_only_some_are(view: PhotoGridView, qtbot) -> None:
    view.grid_model.mark_favourite([3], True)
    view.selectAll()

    with qtbot.waitSignal(view.favourite_requested) as wished:
        view.trigger(Command.FAVOURITE)

    assert wished.args[1] is True


def test_a_double_click_opens_the_photo_under_it(view: PhotoGridView, qtbot) -> None:
    click(qtbot, view, 6)
    with qtbot.waitSignal(view.open_requested) as opened:
        qtbot.mouseDClick(view.viewport(), _LEFT, pos=centre(view, 6))
    qtbot.mouseRelease(view.viewport(), _LEFT, pos=centre(view, 6))
    assert opened.args == [[7]]


def test_letters_without_a_meaning_are_left_to_the_window(view: PhotoGridView, library, qtbot) -> None:
    before = len(library.calls_of("photos"))

    qtbot.keyClick(view, _KEY.Key_X)

    assert view.selected_ids() == []
    assert len(library.calls_of("photos")) == before


def test_the_menu_offers_everything_with_its_keys(view: PhotoGridView) -> None:
    view.select_row(2)
    menu = view.menu_at(2)

    shown = {action.text(): action.shortcut() for action in menu.actions() if not action.isSeparator()}

    assert shown["Open"] == QKeySequence("Return")
    assert shown["Find similar photos"] == QKeySequence("S")
    assert shown["Show in file manager"] == QKeySequence("Ctrl+Shift+R")
    assert {"Stars", "Flag", "Colour label"} <= shown.keys()
    assert len(shown) == len(Command) + 3


def test_a_menu_entry_does_what_its_key_does(view: PhotoGridView, qtbot) -> None:
    view.select_row(2)
    entry = next(action for action in view.menu_at(2).actions() if action.text() == "Favourite")

    with qtbot.waitSignal(view.favourite_requested) as wished:
        entry.trigger()
    assert wished.args == [[3], True]


def test_a_right_click_selects_what_is_under_it_and_shows_the_menu(view: PhotoGridView, qtbot) -> None:
    view.select_row(0)
    where = centre(view, 4)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, view.viewport().mapToGlobal(where))

    QApplication.sendEvent(view.viewport(), event)

    menu = next(child for child in view.findChildren(QMenu) if child.isVisible())
    assert view.selected_ids() == [5]
    menu.close()


def test_several_photos_cannot_be_previewed_at_once(view: PhotoGridView, qtbot) -> None:
    qtbot.keyClick(view, _KEY.Key_A, _CTRL)

    enabled = {action.text(): action.isEnabled() for action in view.menu_at(0).actions()}

    assert enabled["Open"]
    assert enabled["Find similar photos"]
    assert not enabled["Preview"]


# --- size and width


@pytest.mark.parametrize("width", [333, 640, 1001, 1920])
def test_columns_fill_the_width_evenly(view: PhotoGridView, width: int) -> None:
    view.resize(width, 500)
    last = view.visualRect(view.grid_model.index(columns(view) - 1))
    first = view.visualRect(view.grid_model.index(0))

    assert view.viewport().width() - last.right() - 1 == first.left()


def test_resizing_keeps_the_photos_in_sight(view: PhotoGridView) -> None:
    view.select_row(100)
    view.scrollTo(view.grid_model.index(100), view.ScrollHint.PositionAtCenter)
    before = view.visualRect(view.grid_model.index(100)).y()

    view.resize(500, 600)

    assert abs(view.visualRect(view.grid_model.index(100)).y() - before) <= 1


def test_ctrl_and_the_wheel_change_the_size(view: PhotoGridView, qtbot) -> None:
    def turn(delta: int) -> None:
        where = QPointF(centre(view, 0))
        event = QWheelEvent(
            where, where, QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, _CTRL,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view.viewport(), event)

    with qtbot.waitSignal(view.tile_size_changed) as larger:
        turn(120)
    assert larger.args[0] > 150
    turn(-120)
    assert view.tile_size == pytest.approx(150, abs=2)


def test_ctrl_plus_and_minus_stay_within_bounds(view: PhotoGridView, qtbot) -> None:
    for _ in range(30):
        qtbot.keyClick(view, _KEY.Key_Equal, _CTRL)
    assert view.tile_size == 512
    for _ in range(30):
        qtbot.keyClick(view, _KEY.Key_Minus, _CTRL)
    assert view.tile_size == 96


def test_the_end_of_a_cut_result_asks_for_more_once(view: PhotoGridView, qtbot) -> None:
    view.grid_model.set_result(result_of(range(1, 200), text="dog", complete=False))
    spy = QSignalSpy(view.more_wanted)
    view.viewport().repaint()
    assert spy.count() == 0

    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    view.viewport().repaint()
    view.viewport().repaint()
    assert spy.count() == 1


# --- painting


def test_thumbnails_appear_where_their_photos_are(view: PhotoGridView, qtbot) -> None:
    qtbot.waitUntil(lambda: view.grid_model.pixmap_at(0) is not None)

    picture = view.viewport().grab().toImage()

    middle = picture.pixelColor(centre(view, 0))
    assert middle != view.palette().base().color()


def test_only_what_changed_is_painted_again(view: PhotoGridView, monkeypatch) -> None:
    """Of a screen full, a few pictures arrive at a time."""
    painted: list[int] = []
    paint = PhotoTileDelegate.paint
    monkeypatch.setattr(
        PhotoTileDelegate,
        "paint",
        lambda self, painter, option, index: (
            painted.append(index.row()),
            paint(self, painter, option, index),
        ),
    )
    corners = [view.visualRect(view.grid_model.index(row)) for row in (0, columns(view) + 2)]

    view.viewport().repaint(QRegion(corners[0]) + QRegion(corners[1]))

    assert painted == [0, columns(view) + 2]


def test_weak_matches_begin_below_a_divider(view: PhotoGridView) -> None:
    view.grid_model.set_result(result_of(range(1, 201), weak_from=7))

    strong, weak = (view.visualRect(view.grid_model.index(row)) for row in (6, 7))

    assert weak.top() > strong.bottom() + 30
    assert weak.left() == view.visualRect(view.grid_model.index(0)).left()


@pytest.mark.parametrize("dark", [False, True])
def test_selection_is_seen_in_light_and_dark(view: PhotoGridView, dark: bool) -> None:
    palette = view.palette()
    ground, text = (QColor("#181818"), QColor("#eeeeee")) if dark else (QColor("#ffffff"), QColor("#111111"))
    palette.setColor(palette.ColorRole.Base, ground)
    palette.setColor(palette.ColorRole.Text, text)
    view.setPalette(palette)
    corner = view.visualRect(view.grid_model.index(3)).topLeft() + QPoint(8, 12)
    before = view.viewport().grab().toImage().pixelColor(corner)

    view.select_row(3)

    after = view.viewport().grab().toImage().pixelColor(corner)
    assert before == ground
    difference = sum(abs(a - b) for a, b in zip(before.getRgb(), after.getRgb(), strict=True))
    assert difference > 40


def test_every_state_of_a_photo_can_be_painted(view: PhotoGridView, library, qtbot) -> None:
    library.favourites, library.offline = {1, 2}, {2, 3}
    library.problem_ids, library.pending_ids, library.gone = {4}, {5}, {6}
    library.without_thumbnail = {7}
    view.grid_model.set_result(result_of(range(1, 9), weak_from=4, text="all"))
    view.grid_model.refresh()
    qtbot.waitUntil(lambda: view.grid_model.photo_at(0).favourite)
    qtbot.waitUntil(lambda: view.grid_model.pixmap_at(1) is not None)
    small = replace(library.photo(8).metadata, width=40, height=30)
    view.grid_model.update_photos([replace(library.photo(8), metadata=small)])

    assert not view.grab().isNull()
    view.set_tile_size(96)
    assert not view.grab().isNull()


def test_an_empty_result_can_be_walked_through(view: PhotoGridView, qtbot) -> None:
    view.grid_model.set_result(result_of([], text="nothing"))

    for key in (_KEY.Key_Right, _KEY.Key_End, _KEY.Key_Space):
        qtbot.keyClick(view, key)
    qtbot.keyClick(view, _KEY.Key_A, _CTRL)

    assert view.selected_ids() == []
    assert not view.grab().isNull()


def test_the_pointer_marks_the_photo_under_it(view: PhotoGridView, qtbot) -> None:
    corner = view.visualRect(view.grid_model.index(1)).topLeft() + QPoint(8, 12)
    before = view.viewport().grab().toImage().pixelColor(corner)

    qtbot.mouseMove(view.viewport(), centre(view, 1))
    assert view.viewport().grab().toImage().pixelColor(corner) != before

    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert view.viewport().grab().toImage().pixelColor(corner) == before


def test_a_screen_reader_hears_what_a_tile_shows(view: PhotoGridView) -> None:
    view.grid_model.mark_favourite([1], True)
    tile = QAccessible.queryAccessibleInterface(view).child(0)

    assert tile.text(QAccessible.Text.Name) == "IMG_0000001.jpg, 30 June 2025, 17:00, favourite"
    assert QAccessible.queryAccessibleInterface(view).text(QAccessible.Text.Name) == "Photos"


def test_drags_wait_for_the_photos_and_the_button(view: PhotoGridView, library, qtbot, monkeypatch) -> None:
    dragged: list[list[str]] = []

    def record(drag: QDrag, actions: object) -> None:
        assert not drag.pixmap().isNull()
        dragged.append([url.toLocalFile() for url in drag.mimeData().urls()])

    monkeypatch.setattr(QDrag, "exec", record)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: _LEFT)
    qtbot.keyClick(view, _KEY.Key_A, _CTRL)
    view.startDrag(Qt.DropAction.CopyAction)
    qtbot.waitUntil(lambda: bool(dragged))
    assert dragged == [[library.path_of(photo_id) for photo_id in range(1, 201)]]

    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)
    view.startDrag(Qt.DropAction.CopyAction)
    assert len(dragged) == 1
