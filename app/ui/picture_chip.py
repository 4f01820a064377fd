"""A picture of the query as a small removable piece of the search bar."""

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget, QWidgetAction

from app.domain.query import QueryTerm
from app.ui import icons
from app.ui.wording import printable

_THUMBNAIL = 26
_NAME_WIDTH = 130
_STEPS = 10  # of the slider, for a weight of 1


class PictureChip(QFrame):
    """Shows one picture term with its name and weight; its menu changes the weight."""

    changed = Signal()
    removed = Signal()

    def __init__(
        self, term: QueryTerm, name: str, thumbnail: bytes = b"", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._term = term
        self._name = printable(name) or self.tr("Picture")
        self._compact = False
        self._picture = QLabel()
        self._picture.setFixedSize(_THUMBNAIL, _THUMBNAIL)
        self._label = QLabel()
        self._remove = QToolButton()
        self._remove.setToolTip(self.tr("Remove this picture"))
        self._remove.setAccessibleName(self.tr("Remove {name}").format(name=self._name))
        self._remove.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._remove.setIconSize(QSize(14, 14))
        icons.set_icon(self._remove, "close")
        self._remove.clicked.connect(self.removed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 2, 3, 2)
        layout.setSpacing(6)
        for part in (self._picture, self._label, self._remove):
            layout.addWidget(part)
        self.show_thumbnail(thumbnail)
        self._describe()

    @property
    def term(self) -> QueryTerm:
        """What it contributes to the query."""
        return self._term

    @property
    def name(self) -> str:
        return self._name

    def set_weight(self, weight: float) -> None:
        """How much it counts beside the rest of the query; 1 is as much as the words."""
        if weight != self._term.weight:
            self._term = replace(self._term, weight=weight)
            self._describe()
            self.changed.emit()

    def set_compact(self, compact: bool) -> None:
        """Without the name, which the tool tip still tells."""
        if compact != self._compact:
            self._compact = compact
            self._describe()

    def show_thumbnail(self, data: bytes) -> None:
        """Show an encoded picture, or a sign in its place when there is none."""
        image = QPixmap()
        if data and image.loadFromData(data):
            self._picture.setPixmap(_rounded_square(image, _THUMBNAIL, self.devicePixelRatioF()))
        else:
            colour = self.palette().text().color()
            sign = icons.pixmap("picture", _THUMBNAIL - 6, colour, self.devicePixelRatioF())
            self._picture.setPixmap(sign)
            self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def open_menu(self) -> None:
        """Offer the weight, the other sign and removal."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._weight_action(menu))
        other = self.tr("Less like this") if self._term.weight > 0 else self.tr("More like this")
        menu.addAction(other, lambda: self.set_weight(-self._term.weight))
        menu.addSeparator()
        menu.addAction(self.tr("Remove"), self.removed.emit)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _weight_action(self, menu: QMenu) -> QWidgetAction:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(1, 2 * _STEPS)
        slider.setValue(round(abs(self._term.weight) * _STEPS))
        slider.setMinimumWidth(140)
        slider.setAccessibleName(self.tr("How much this picture counts"))
        slider.valueChanged.connect(self._on_slider)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addWidget(QLabel(self.tr("Counts less")))
        layout.addWidget(slider)
        layout.addWidget(QLabel(self.tr("more")))
        action = QWidgetAction(menu)
        action.setDefaultWidget(row)
        return action

    def _on_slider(self, value: int) -> None:
        """The sign stays."""
        self.set_weight(value / _STEPS if self._term.weight > 0 else -value / _STEPS)

    def _describe(self) -> None:
        weight = self._term.weight
        name = self.tr("Like {name}") if weight > 0 else self.tr("Unlike {name}")
        full = name.format(name=self._name) if self._term.photo_id is not None else self._name
        short = self.fontMetrics().elidedText(full, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH)
        told = self._term.photo_id is not None and not self._compact  # in words
        sign = "" if weight > 0 or told else "\N{MINUS SIGN}"
        times = "" if abs(weight) == 1 else f"×{abs(weight):g}"
        parts = (sign, "" if self._compact else short, times)
        self._label.setText(" ".join(part for part in parts if part))
        self._label.setVisible(any(parts))
        self.setToolTip(self.tr("{name}\nClick to change how much it counts").format(name=full))
        self.setAccessibleName(
            self.tr("Picture {name}, weight {weight}").format(name=full, weight=f"{weight:g}")
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.open_menu()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.open_menu()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.open_menu()
        else:
            super().keyPressEvent(event)


def _rounded_square(image: QPixmap, size: int, scale: float) -> QPixmap:
    """The middle of a picture as a square of `size` logical pixels with soft corners."""
    side = round(size * scale)
    filled = image.scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    corners = QPainterPath()
    corners.addRoundedRect(0, 0, side, side, 5 * scale, 5 * scale)
    painter.setClipPath(corners)
    painter.drawPixmap((side - filled.width()) // 2, (side - filled.height()) // 2, filled)
    painter.end()
    result.setDevicePixelRatio(scale)
    return result
