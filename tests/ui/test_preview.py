"""One photo large over the window."""

from collections.abc import Iterator

import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLineEdit, QWidget
from test_grid_model import result_of

from app.ui.photo_grid_model import PhotoGridModel
from app.ui.photo_preview import PhotoPreview
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader

_KEY = Qt.Key


@pytest.fixture
def preview(library: FakeLibraryService, task_runner: TaskRunner, qtbot) -> Iterator[PhotoPreview]:
    """Over a window with one field in it, which had the focus; nothing is open yet."""
    window = QWidget()
    window.resize(900, 600)
    field = QLineEdit(window)
    model = PhotoGridModel(library, task_runner, ThumbnailLoader(library, task_runner))
    model.setParent(window)
    preview = PhotoPreview(model, library, task_runner, window)
    qtbot.addWidget(window)
    model.set_result(result_of(range(1, 201)))
    window.show()
    qtbot.waitActive(window)
    field.setFocus()
    yield preview
    for gate in (library.photos_gate, library.thumbnails_gate, library.previews_gate):
        gate.open()


def shown_width(preview: PhotoPreview) -> int:
    """Pixels of the picture that is painted now; 0 for none."""
    return preview.picture.width() if preview.picture is not None else 0


def test_it_covers_the_window_and_shows_where_we_are(preview: PhotoPreview, qtbot) -> None:
    preview.open_row(11)

    assert preview.is_open
    assert preview.geometry() == preview.parentWidget().rect()
    qtbot.waitUntil(lambda: "IMG_0000012.jpg" in preview.title)
    assert preview.position_text == "12 / 200"
    assert "2025" in preview.title


def test_the_thumbnail_is_there_until_the_preview_is(preview: PhotoPreview, library, qtbot) -> None:
    library.previews_gate.close()
    preview.open_row(1)
    qtbot.waitUntil(lambda: shown_width(preview) == 256)

    library.previews_gate.open()
    qtbot.waitUntil(lambda: shown_width(preview) > 256)


def test_arrows_move_through_the_result(preview: PhotoPreview, qtbot) -> None:
    preview.open_row(0)
    for key, row in (
        (_KEY.Key_Right, 1),
        (_KEY.Key_Down, 2),
        (_KEY.Key_Left, 1),
        (_KEY.Key_Up, 0),
        (_KEY.Key_Left, 0),
        (_KEY.Key_End, 199),
        (_KEY.Key_Right, 199),
        (_KEY.Key_PageUp, 189),
        (_KEY.Key_Home, 0),
    ):
        qtbot.keyClick(preview, key)
        assert preview.row == row


@pytest.mark.parametrize("key", [_KEY.Key_Escape, _KEY.Key_Space])
def test_esc_and_space_close_and_give_the_focus_back(preview: PhotoPreview, qtbot, key) -> None:
    field = preview.parentWidget().findChild(QLineEdit)
    preview.open_row(5)
    assert preview.hasFocus()

    with qtbot.waitSignal(preview.closed) as closed:
        qtbot.keyClick(preview, key)

    assert closed.args == [5]
    assert not preview.is_open
    assert field.hasFocus()


def test_keys_go_to_the_preview_before_the_window(preview: PhotoPreview, qtbot) -> None:
    window = preview.window()
    action = QAction(window)
    action.setShortcut(QKeySequence("Esc"))
    window.addAction(action)
    triggered = QSignalSpy(action.triggered)
    preview.open_row(0)

    qtbot.keyClick(preview, _KEY.Key_Escape)

    assert not preview.is_open
    assert triggered.count() == 0


def test_enter_opens_and_f_makes_a_favourite(preview: PhotoPreview, qtbot) -> None:
    preview.open_row(4)
    qtbot.waitUntil(lambda: preview.title != "")

    with qtbot.waitSignal(preview.open_requested) as opened:
        qtbot.keyClick(preview, _KEY.Key_Return)
    with qtbot.waitSignal(preview.favourite_requested) as wished:
        qtbot.keyClick(preview, _KEY.Key_F)

    assert opened.args == [[5]]
    assert wished.args == [[5], True]


def test_only_the_photo_that_is_looked_at_is_made_large(preview: PhotoPreview, library, qtbot) -> None:
    library.previews_gate.close()
    preview.open_row(0)
    qtbot.waitUntil(lambda: library.calls_of("preview") == [(1,)])
    for _ in range(30):
        qtbot.keyClick(preview, _KEY.Key_Right)
    library.previews_gate.open()

    qtbot.waitUntil(lambda: shown_width(preview) > 256)
    made = [photo_id for (photo_id,) in library.calls_of("preview")]
    assert made[:2] == [1, 31]


def test_the_next_photo_is_made_ahead(preview: PhotoPreview, library, qtbot) -> None:
    preview.open_row(0)
    qtbot.waitUntil(lambda: preview.title != "")
    qtbot.waitUntil(lambda: library.calls_of("preview")[:2] == [(1,), (2,)])


def test_an_unplugged_drive_is_explained_over_the_thumbnail(preview: PhotoPreview, library, qtbot) -> None:
    library.offline = {3}
    preview.open_row(2)

    qtbot.waitUntil(lambda: "drive is not connected" in preview.message)
    qtbot.waitUntil(lambda: shown_width(preview) == 192)


def test_a_problem_file_says_what_is_wrong(preview: PhotoPreview, library, qtbot) -> None:
    library.problem_ids = {3}
    preview.open_row(2)

    qtbot.waitUntil(lambda: preview.message == "The file ends too early.")
    assert not preview.grab().isNull()

    qtbot.keyClick(preview, _KEY.Key_Right)
    assert preview.message == ""


def test_it_stays_with_its_photo_when_the_library_changes(preview: PhotoPreview, qtbot) -> None:
    preview.open_row(4)

    preview.model.set_result(result_of([77, *range(1, 150)]))

    assert preview.row == 5
    assert preview.position_text == "6 / 150"


def test_it_closes_when_its_photo_is_gone(preview: PhotoPreview) -> None:
    preview.open_row(4)

    preview.model.set_result(result_of([1, 2, 3]))

    assert not preview.is_open


def test_a_favourite_shows_as_soon_as_the_model_knows(preview: PhotoPreview, qtbot) -> None:
    preview.open_row(4)
    qtbot.waitUntil(lambda: preview.title != "")

    preview.model.mark_favourite([5], True)

    with qtbot.waitSignal(preview.favourite_requested) as wished:
        qtbot.keyClick(preview, _KEY.Key_F)
    assert wished.args == [[5], False]


def test_it_follows_the_size_of_the_window(preview: PhotoPreview, qtbot) -> None:
    preview.open_row(4)

    preview.parentWidget().resize(500, 400)

    assert preview.size() == preview.parentWidget().size()


def test_a_click_beside_the_picture_closes(preview: PhotoPreview, qtbot) -> None:
    preview.open_row(0)
    qtbot.waitUntil(lambda: shown_width(preview) > 0)

    qtbot.mouseClick(preview, Qt.MouseButton.LeftButton, pos=preview.rect().center())
    assert preview.is_open
    qtbot.mouseClick(preview, Qt.MouseButton.LeftButton, pos=QPoint(5, 300))
    assert not preview.is_open
