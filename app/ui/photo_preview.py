"""The photo large, over the window: Space opens it, arrows move through the result, Esc closes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.domain.photo import Photo, PhotoState
from app.ui import icons
from app.ui.decision_wishes import Wish, decisions_text, wish_of
from app.ui.glyphs import FAVOURITE_RED, PROBLEM_AMBER, Glyph, glyph
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.photo_texts import file_name, spoken, state_text, taken_text
from app.ui.picture_loader import PictureLoader
from app.ui.task_runner import TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService

_MARGIN = 24
# A neutral dark surround in both schemes: eyes judge a photo by what is around it.
_GROUND = QColor(20, 20, 22)
_TEXT = QColor(236, 236, 238)
_STYLE = """
QLabel { color: #ececee; background: transparent; }
QLabel[rank="muted"] { color: #a0a0a6; }
#previewMessage { background: #d0141416; border-radius: 8px; padding: 8px 14px; }
QToolButton { border: 1px solid transparent; border-radius: 6px; padding: 5px; background: transparent; }
QToolButton:hover { background: #2e2e32; }
QToolButton:pressed { background: #3a3a40; }
QToolButton:focus { border: 1px solid #8ab4ff; }
"""


class PhotoPreview(QWidget):
    """Covers its parent with one photo of the model: the thumbnail at once, the sharp picture when ready."""

    open_requested = Signal(object)  # list of photo ids
    favourite_requested = Signal(object, bool)  # list of photo ids, the wish
    decision_requested = Signal(object, object)  # list of photo ids, Wish
    row_changed = Signal(int)  # another photo is shown
    closed = Signal(int)  # the row shown last; -1 when its photo is gone

    def __init__(
        self, model: PhotoGridModel, library: LibraryService, runner: TaskRunner, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._host = parent
        self._model = model
        self._loader = PictureLoader(library.preview, runner, self)
        self._quick = PictureLoader(library.thumbnail, runner, self)  # until the preview is made, or instead
        self._row = -1
        self._photo_id: int | None = None
        self._photo: Photo | None = None
        self._picture: QPixmap | None = None
        self._sharp = False  # the picture is the preview itself
        self._quick_shown = False  # it is the stored thumbnail, whole
        self._focus_before: QWidget | None = None
        self._build()
        self._connect()
        self.hide()

    # --- for the window

    @property
    def is_open(self) -> bool:
        return not self.isHidden()

    @property
    def row(self) -> int:
        return self._row

    @property
    def model(self) -> PhotoGridModel:
        return self._model

    @property
    def picture(self) -> QPixmap | None:
        """What is painted now."""
        return self._picture

    @property
    def title(self) -> str:
        """Name and date; empty while they are being fetched."""
        return self._name.text()

    @property
    def position_text(self) -> str:
        return self._position.text()

    @property
    def message(self) -> str:
        """Why there is no sharp picture; empty when there is, or will be."""
        return self._message.text()

    def open_row(self, row: int) -> None:
        """Show a row of the model over the parent."""
        if not self.is_open:
            self._focus_before = self.window().focusWidget()
            self.setGeometry(self._host.rect())
            self.show()
            self.raise_()
        self.setFocus()
        self.show_row(row)

    def show_row(self, row: int) -> None:
        """Move to another row; beyond the ends nothing happens."""
        if not 0 <= row < self._model.rowCount():
            return
        moved = row != self._row
        self._row, self._photo_id = row, self._model.id_at(row)
        self._photo, self._picture = None, None
        self._refresh()
        if moved:
            self.row_changed.emit(row)

    def close_preview(self) -> bool:
        """Go back to the grid; False when it was not open."""
        if not self.is_open:
            return False
        self.hide()
        self._loader.cancel()
        self._quick.cancel()
        self._photo, self._picture = None, None
        if self._focus_before is not None and isValid(self._focus_before):
            self._focus_before.setFocus()
        self.closed.emit(self._row)
        return True

    # --- building

    def _build(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setStyleSheet(_STYLE)
        self.setAccessibleName(self.tr("Preview"))
        self._name = QLabel()
        self._name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._position = QLabel()
        self._position.setProperty("rank", "muted")
        self._message = QLabel(self)
        self._message.hide()
        self._message.setObjectName("previewMessage")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._heart = self._button("heart", self.tr("Favourite (F)"), self._toggle_favourite)
        self._heart.setCheckable(True)
        self._previous = self._button("chevron-left", self.tr("Previous photo (Left)"), self._go_back)
        self._next = self._button("chevron-right", self.tr("Next photo (Right)"), self._go_on)
        self._close = self._button("close", self.tr("Close (Esc)"), self.close_preview)
        self._bar = QWidget(self)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(_MARGIN, 8, 16, 10)
        row.setSpacing(8)
        row.addWidget(self._name, 1)
        for widget in (self._previous, self._position, self._next, self._heart, self._close):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        layout.addWidget(self._bar)

    def _button(self, icon: str, text: str, act: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(20, 20))
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIcon(icons.icon(icon, _TEXT))
        button.clicked.connect(lambda: act())
        return button

    def _connect(self) -> None:
        self._quick.loaded.connect(self._on_quick_loaded)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.failed.connect(self._on_failed)
        self._model.dataChanged.connect(self._on_data_changed)
        self._model.rowsInserted.connect(self._show_texts)
        self._model.result_replaced.connect(self._on_replaced)
        self._host.installEventFilter(self)

    # --- what is shown

    def _refresh(self) -> None:
        """Take what the model has now; ask for what is missing."""
        before, photo = self._photo, self._model.photo_at(self._row)
        self._photo = photo
        if photo is not None and (before is None or before.content_key != photo.content_key):
            self._sharp = self._quick_shown = False
            self._ask(photo)
        if photo is not None and not self._sharp and not self._quick_shown:
            self._picture = self._model.thumbnails.pixmap(photo) or self._picture
        self._show_texts()
        self.update()

    def _ask(self, photo: Photo) -> None:
        self._say("")
        self._quick.request(photo)
        self._loader.set_box(self._box())
        self._loader.request(photo, self._model.photo_at(self._row + 1))

    def _say(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._place_message()

    def _place_message(self) -> None:
        """Over the lower edge of the picture, as wide as its text."""
        label, area = self._message, self._picture_area()
        label.setMaximumWidth(area.width())
        wanted = label.fontMetrics().horizontalAdvance(label.text()) + 40  # its padding and some air
        width = min(wanted, area.width())
        height = label.heightForWidth(width)
        label.setGeometry(area.center().x() - width // 2, area.bottom() - height - 16, width, height)

    def _box(self) -> QSize:
        return self._picture_area().size() * self.devicePixelRatioF()

    def _picture_area(self) -> QRect:
        below = self._bar.sizeHint().height()
        return self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -below - 8)

    def _show_texts(self) -> None:
        if not self.is_open:
            return
        photo, count = self._photo, self._model.rowCount()
        locale = self.locale()
        self._position.setText(f"{locale.toString(self._row + 1)} / {locale.toString(count)}")
        self._previous.setEnabled(self._row > 0)
        self._next.setEnabled(self._row + 1 < count)
        facts = (file_name(photo), taken_text(photo), decisions_text(photo.decisions)) if photo else ()
        self._name.setText("   ".join(filter(None, facts)))
        self._heart.setEnabled(photo is not None)
        favourite = photo is not None and photo.favourite
        self._heart.setChecked(favourite)
        filled = "heart-filled" if favourite else "heart"
        self._heart.setIcon(icons.icon(filled, FAVOURITE_RED if favourite else _TEXT))
        self.setAccessibleDescription(spoken(photo) if photo else "")

    def _shown_rect(self, picture: QPixmap) -> QRect:
        """As large as fits; a small picture is never blown up beyond its own size."""
        area = self._picture_area()
        limit = QSizeF(area.size())
        metadata = self._photo.metadata if self._photo else None
        if metadata and metadata.width < limit.width() and metadata.height < limit.height():
            limit = QSizeF(metadata.width, metadata.height)
        size = picture.deviceIndependentSize().scaled(limit, Qt.AspectRatioMode.KeepAspectRatio)
        rect = QRect(QPoint(), size.toSize())
        rect.moveCenter(area.center())
        return rect

    # --- slots

    def _go_on(self) -> None:
        self.show_row(self._row + 1)

    def _go_back(self) -> None:
        self.show_row(self._row - 1)

    def _toggle_favourite(self) -> None:
        if self._photo is not None:
            self.favourite_requested.emit([self._photo.photo_id], not self._photo.favourite)
            self._show_texts()

    def _decide(self, wish: Wish) -> None:
        if self._photo is not None:
            self.decision_requested.emit([self._photo.photo_id], wish)

    def _open(self) -> None:
        if self._photo_id is not None:
            self.open_requested.emit([self._photo_id])

    def _on_quick_loaded(self, photo: Photo, image: QImage) -> None:
        if photo.photo_id == self._photo_id and not self._sharp:
            self._picture = QPixmap.fromImage(image, Qt.ImageConversionFlag.NoFormatConversion)
            self._quick_shown = True
            self.update()

    def _on_loaded(self, photo: Photo, image: QImage) -> None:
        if photo.photo_id == self._photo_id:
            self._picture = QPixmap.fromImage(image, Qt.ImageConversionFlag.NoFormatConversion)
            self._sharp = True
            self.update()

    def _on_failed(self, photo: Photo, reason: str) -> None:
        if photo.photo_id == self._photo_id:
            self._say(state_text(photo) or reason)

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        if self.is_open and first.row() <= self._row <= last.row():
            self._refresh()

    def _on_replaced(self) -> None:
        """Stay with the photo where the new result holds it, else go back to the grid."""
        if not self.is_open or self._photo_id is None:
            return
        row = self._model.row_of(self._photo_id)
        if row is None:
            self._row = -1
            self.close_preview()
        else:
            self._row = row
            self._refresh()

    # --- Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._host.rect())
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.setAccepted(self._action_of(event) is not None)  # before the window's own shortcuts
            return event.isAccepted()
        return super().event(event)

    def _action_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        key, page = Qt.Key(event.key()), 10
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -self._row,
            Qt.Key.Key_End: self._model.rowCount() - 1 - self._row,
        }
        if key in moves:
            goal = max(0, min(self._row + moves[key], self._model.rowCount() - 1))
            return lambda: self.show_row(goal)
        acts: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Escape: self.close_preview,
            Qt.Key.Key_Space: self.close_preview,
            Qt.Key.Key_Return: self._open,
            Qt.Key.Key_Enter: self._open,
            Qt.Key.Key_F: self._toggle_favourite,
        }
        wish = wish_of(event)
        return acts.get(key) if wish is None else partial(self._decide, wish)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._action_of(event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the picture closes; none goes through to the window below."""
        point = event.position().toPoint()
        inside = self._picture is not None and self._shown_rect(self._picture).contains(point)
        if not inside and not self._bar.geometry().contains(point):
            self.close_preview()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_message()
        if self.is_open and self._photo is not None:
            self._ask(self._photo)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), _GROUND)
        if self._picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(self._shown_rect(self._picture), self._picture)
        elif self._photo is not None and self._photo.state is PhotoState.PROBLEM:
            sign = glyph(Glyph.PROBLEM, 64, self.devicePixelRatioF(), PROBLEM_AMBER)
            painter.drawPixmap(self._picture_area().center() - QPoint(32, 32), sign)
        painter.end()
