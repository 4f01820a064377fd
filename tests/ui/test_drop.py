"""Drops and pastes of every kind on the real window."""

import base64
from pathlib import Path

import pytest
from fakes import picture_bytes
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from window_driver import asked, click, drag_over, drop, leave

from app.bootstrap import Services
from app.domain.query import QueryTerm
from app.ui.drop_overlay import DropTarget
from app.ui.dropped_content import read_mime
from app.ui.main_window import MainWindow

PNG = picture_bytes(3, 64, "PNG")
ADDRESS = "https://example.com/pictures/cat.png"


def _files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def _data(name: str, data: bytes) -> QMimeData:
    mime = QMimeData()
    mime.setData(name, QByteArray(data))
    return mime


def _pixels() -> QMimeData:
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    mime = QMimeData()
    mime.setImageData(image)
    return mime


def _address(address: str = ADDRESS) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(address)])
    return mime


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "dog on beach.png"
    path.write_bytes(PNG)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "Holiday.2024"
    path.mkdir()
    return path


def _chips(window: MainWindow) -> list[str]:
    return [chip.name for chip in window.body.search_bar.chips]


def _last_terms(services: Services) -> tuple[QueryTerm, ...]:
    return asked(services)[-1].terms


def test_a_dropped_picture_file_is_searched_with(
    window: MainWindow, services: Services, picture: Path, qtbot: QtBot
) -> None:
    assert drop(window.body, _files(picture))

    qtbot.waitUntil(lambda: _chips(window) == ["dog on beach.png"])
    qtbot.waitUntil(lambda: bool(_last_terms(services)))
    image = _last_terms(services)[0].image
    assert image is not None
    assert image.data == PNG


def test_the_overlay_says_that_a_picture_is_searched_with(window: MainWindow, picture: Path) -> None:
    assert drag_over(window.body, _files(picture))

    overlay = window.body.overlay
    assert overlay.isVisible()
    assert [overlay.title(target) for target in overlay.targets] == ["Search with this picture"]
    leave(window.body)
    assert not overlay.isVisible()


def test_the_overlay_says_that_a_folder_is_watched(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    """The name looks like a file's: the disk puts it right."""
    drag_over(window.body, _files(folder))

    overlay = window.body.overlay
    qtbot.waitUntil(lambda: overlay.targets == (DropTarget.WATCH,))
    assert overlay.title(DropTarget.WATCH) == "Watch this folder"


def test_a_picture_and_a_folder_show_both(
    window: MainWindow, picture: Path, folder: Path, qtbot: QtBot
) -> None:
    drag_over(window.body, _files(picture, folder))

    qtbot.waitUntil(lambda: window.body.overlay.targets == (DropTarget.SEARCH, DropTarget.WATCH))


def test_a_dropped_folder_is_watched(
    window: MainWindow, services: Services, folder: Path, qtbot: QtBot
) -> None:
    drop(window.body, _files(folder))

    qtbot.waitUntil(lambda: services.library.calls_of("add_folder") == [(str(folder),)])
    qtbot.waitUntil(lambda: window.body.messages.text == "Watching Holiday.2024 from now on.")
    assert not window.body.overlay.isVisible()


def test_a_folder_that_is_refused_is_reported(
    window: MainWindow, services: Services, folder: Path, qtbot: QtBot
) -> None:
    services.library.refused_folders = {str(folder): "It lies inside a folder that is watched already."}

    drop(window.body, _files(folder))

    qtbot.waitUntil(lambda: "inside a folder" in window.body.messages.text)


@pytest.mark.parametrize("name", ["image/png", "image/jpeg", "image/webp"])
def test_image_data_from_a_browser_is_searched_with_as_it_is(
    window: MainWindow, services: Services, name: str, qtbot: QtBot
) -> None:
    data = picture_bytes(4, 64, name.split("/")[1].upper())

    drop(window.body, _data(name, data))

    qtbot.waitUntil(lambda: bool(_last_terms(services)))
    assert _last_terms(services)[0].image.data == data


def test_pixels_without_a_file_are_searched_with(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    drop(window.body, _pixels())

    qtbot.waitUntil(lambda: bool(_last_terms(services)))
    image = QImage.fromData(_last_terms(services)[0].image.data)
    assert image.pixelColor(5, 5) == Qt.GlobalColor.red


def test_image_data_is_preferred_to_its_address(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    mime = _address()
    mime.setData("image/png", QByteArray(PNG))

    drop(window.body, mime)

    qtbot.waitUntil(lambda: bool(_last_terms(services)))
    assert window.body.messages.text == ""
    assert not services.fetcher.calls


def test_an_address_is_not_fetched_but_offered(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.fetcher.pictures = {ADDRESS: PNG}
    drop(window.body, _address())
    messages = window.body.messages
    assert "Nothing was fetched" in messages.text
    assert "example.com" in messages.text
    assert not services.fetcher.calls

    click(qtbot, messages.action)

    qtbot.waitUntil(lambda: _chips(window) == ["cat.png"])
    assert services.fetcher.calls == [("fetch", ADDRESS)]
    assert messages.text == ""


def test_every_address_is_asked_about_anew(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.fetcher.pictures = {ADDRESS: PNG}
    drop(window.body, _address())
    click(qtbot, window.body.messages.action)
    qtbot.waitUntil(lambda: len(_chips(window)) == 1)

    drop(window.body, _address())

    assert "Nothing was fetched" in window.body.messages.text
    assert len(services.fetcher.calls) == 1


def test_a_fetch_can_be_stopped(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.fetcher.pictures = {ADDRESS: PNG}
    services.fetcher.gate.close()
    drop(window.body, _address())
    click(qtbot, window.body.messages.action)
    qtbot.waitUntil(lambda: bool(services.fetcher.calls))
    assert window.body.messages.action.text() == "Stop"

    click(qtbot, window.body.messages.action)

    assert window.body.messages.text == ""
    services.fetcher.gate.open()
    assert _chips(window) == []


def test_a_fetch_that_fails_says_why(window: MainWindow, qtbot: QtBot) -> None:
    drop(window.body, _address())

    click(qtbot, window.body.messages.action)

    qtbot.waitUntil(lambda: window.body.messages.text == "There is no picture behind this address.")


def test_a_picture_inside_a_link_offers_the_picture(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    mime = _address("https://example.com/article.html")
    mime.setHtml(f'<a href="https://example.com/article.html"><img alt="" src="{ADDRESS}"></a>')
    services.fetcher.pictures = {ADDRESS: PNG}

    drop(window.body, mime)
    click(qtbot, window.body.messages.action)

    qtbot.waitUntil(lambda: services.fetcher.calls == [("fetch", ADDRESS)])


def test_a_data_address_is_decoded_here(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    drop(window.body, _address("data:image/png;base64," + base64.b64encode(PNG).decode()))

    qtbot.waitUntil(lambda: bool(_last_terms(services)))
    assert _last_terms(services)[0].image.data == PNG
    assert not services.fetcher.calls


def test_dropped_words_are_searched_for(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setText("a red\ncar")

    drop(window.body, mime)

    qtbot.waitUntil(lambda: _last_terms(services) == (QueryTerm(text="a red car"),))


def test_a_file_that_is_no_picture_is_explained(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"%PDF")

    drag_over(window.body, _files(path))
    qtbot.waitUntil(lambda: window.body.overlay.targets == (DropTarget.NOTHING,))
    assert window.body.overlay.isVisible()
    window.workspace.take(read_mime(_files(path)))

    qtbot.waitUntil(lambda: window.body.messages.text == "letter.pdf is neither a picture nor a folder.")


class OwnDrag(QDragEnterEvent):
    """A drag that began in our own grid."""

    origin: QWidget | None = None

    def source(self) -> QWidget | None:
        return self.origin


class OwnMove(QDragMoveEvent):
    """A step of one."""

    origin: QWidget | None = None

    def source(self) -> QWidget | None:
        return self.origin


class OwnDrop(QDropEvent):
    """The end of one."""

    origin: QWidget | None = None

    def source(self) -> QWidget | None:
        return self.origin


def _drop_own_photo(window: MainWindow, where: QPoint) -> bool:
    """Drag the third photo from the middle of the grid to somewhere in the window; whether it was taken."""
    view = window.workspace.photos.view
    view.select_row(2)
    mime = _files(Path("/photos/IMG_0000003.jpg"))  # events do not keep it alive
    begin = OwnDrag(QPoint(500, 400), *_with_the_mouse(mime))
    move = OwnMove(where, *_with_the_mouse(mime))
    end = OwnDrop(QPointF(where), *_with_the_mouse(mime))
    for event in (begin, move, end):
        event.origin = view
        event.ignore()
        QApplication.sendEvent(window.body, event)
    return end.isAccepted()


def _with_the_mouse(mime: QMimeData) -> tuple[object, ...]:
    modifiers = Qt.KeyboardModifier.NoModifier
    return Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, modifiers


def test_our_own_photo_dropped_on_the_search_bar_finds_similar_ones(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    assert _drop_own_photo(window, QPoint(300, 20))

    qtbot.waitUntil(lambda: [term.photo_id for term in _last_terms(services)] == [3])


def test_our_own_photo_dropped_on_the_grid_does_nothing(window: MainWindow, services: Services) -> None:
    before = len(asked(services))

    assert not _drop_own_photo(window, QPoint(500, 400))

    assert len(asked(services)) == before


def test_a_damaged_picture_is_explained(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"no picture")

    drop(window.body, _files(path))

    qtbot.waitUntil(lambda: window.body.messages.text == "broken.jpg is not a picture.")


def test_a_file_that_vanished_is_explained(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.workspace.intake.add_files([str(tmp_path / "gone.jpg")])

    qtbot.waitUntil(lambda: "cannot be read" in window.body.messages.text)


def test_nothing_usable_is_not_taken(window: MainWindow) -> None:
    assert not drag_over(window.body, _data("application/x-something", b"1"))
    assert window.body.overlay.targets == (DropTarget.NOTHING,)


def test_many_pictures_are_limited_and_the_window_says_so(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(8)]
    for n, path in enumerate(paths):
        path.write_bytes(picture_bytes(n, 32, "PNG"))

    drop(window.body, _files(*paths))

    qtbot.waitUntil(lambda: len(_chips(window)) == 5)
    assert "first 5 pictures" in window.body.messages.text


# --- paste, with the focus anywhere


def _paste(window: MainWindow, qtbot: QtBot, mime: QMimeData, *, into_bar: bool) -> None:
    QGuiApplication.clipboard().setMimeData(mime)
    target = window.body.search_bar.edit if into_bar else window.workspace.photos.view
    target.setFocus()
    qtbot.keyClick(target, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


@pytest.mark.parametrize("into_bar", [True, False])
def test_pixels_can_be_pasted(window: MainWindow, services: Services, qtbot: QtBot, into_bar: bool) -> None:
    _paste(window, qtbot, _pixels(), into_bar=into_bar)

    qtbot.waitUntil(lambda: len(_chips(window)) == 1)


@pytest.mark.parametrize("into_bar", [True, False])
def test_files_can_be_pasted(window: MainWindow, picture: Path, qtbot: QtBot, into_bar: bool) -> None:
    _paste(window, qtbot, _files(picture), into_bar=into_bar)

    qtbot.waitUntil(lambda: _chips(window) == ["dog on beach.png"])


def test_a_pasted_path_is_a_picture(window: MainWindow, picture: Path, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setText(f"{picture}\n")

    _paste(window, qtbot, mime, into_bar=True)

    qtbot.waitUntil(lambda: _chips(window) == ["dog on beach.png"])
    assert window.body.search_bar.text() == ""


def test_a_pasted_path_that_leads_nowhere_is_words(window: MainWindow, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setText("/2024/summer")

    _paste(window, qtbot, mime, into_bar=True)

    qtbot.waitUntil(lambda: window.body.search_bar.text() == "/2024/summer")
