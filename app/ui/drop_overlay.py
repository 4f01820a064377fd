"""The sheet over the window during a drag, which says what letting go will do."""

from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui import icons, theme
from app.ui.dropped_content import DroppedContent, SortedPaths

_CARD_WIDTH, _CARD_HEIGHT, _GAP = 300, 168, 24


class DropTarget(StrEnum):
    """What letting go will do."""

    SEARCH = "search"
    WATCH = "watch"
    FETCH = "fetch"
    WORDS = "words"
    NOTHING = "nothing"


_ICONS = {
    DropTarget.SEARCH: "search",
    DropTarget.WATCH: "folder-add",
    DropTarget.FETCH: "download",
    DropTarget.WORDS: "search",
    DropTarget.NOTHING: "warning",
}


def targets_of(content: DroppedContent, paths: SortedPaths) -> tuple[DropTarget, ...]:
    """What a drop would do, in the order the cards are shown; both for a picture and a folder together."""
    targets = []
    if content.has_picture or paths.pictures:
        targets.append(DropTarget.SEARCH)
    if paths.folders:
        targets.append(DropTarget.WATCH)
    if not targets and content.address:
        targets.append(DropTarget.FETCH)
    if not targets and content.text:
        targets.append(DropTarget.WORDS)
    return tuple(targets) or (DropTarget.NOTHING,)


class DropOverlay(QWidget):
    """Covers its parent while something is dragged over it; one card for each thing that will happen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self._targets: tuple[DropTarget, ...] = ()
        # The drag belongs to the window below: the overlay only paints.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("What letting go will do"))
        parent.installEventFilter(self)
        self.hide()

    @property
    def targets(self) -> tuple[DropTarget, ...]:
        return self._targets

    def announce(self, targets: tuple[DropTarget, ...]) -> None:
        """Show these cards."""
        self._targets = targets
        self.setAccessibleDescription(". ".join(self.title(target) for target in targets))
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()
        self.update()

    def title(self, target: DropTarget) -> str:
        """The one line that says what will happen."""
        return {
            DropTarget.SEARCH: self.tr("Search with this picture"),
            DropTarget.WATCH: self.tr("Watch this folder"),
            DropTarget.FETCH: self.tr("This is only a web address"),
            DropTarget.WORDS: self.tr("Search for these words"),
            DropTarget.NOTHING: self.tr("This cannot be used here"),
        }[target]

    def explanation(self, target: DropTarget) -> str:
        """The smaller line below it."""
        return {
            DropTarget.SEARCH: self.tr("Finds photos that look like it"),
            DropTarget.WATCH: self.tr("Its photos become searchable and stay where they are"),
            DropTarget.FETCH: self.tr("You will be asked before anything is fetched"),
            DropTarget.WORDS: self.tr("They go into the search bar"),
            DropTarget.NOTHING: self.tr("Drop a picture to search with it, or a folder to watch it"),
        }[target]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._covered and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._covered.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(theme.colours().window)
        veil.setAlpha(225)
        painter.fillRect(self.rect(), veil)
        for rect, target in zip(self._card_rects(), self._targets, strict=True):
            self._paint_card(painter, rect, target)

    def _card_rects(self) -> list[QRectF]:
        """Side by side in the middle, or one below the other in a narrow window."""
        count = len(self._targets)
        across = self.width() >= count * _CARD_WIDTH + (count + 1) * _GAP
        columns, rows = (count, 1) if across else (1, count)
        width = columns * _CARD_WIDTH + (columns - 1) * _GAP
        height = rows * _CARD_HEIGHT + (rows - 1) * _GAP
        origin = QPointF((self.width() - width) / 2, (self.height() - height) / 2)
        steps = [
            QPointF(n * (_CARD_WIDTH + _GAP), 0) if across else QPointF(0, n * (_CARD_HEIGHT + _GAP))
            for n in range(count)
        ]
        return [
            QRectF(origin.x() + step.x(), origin.y() + step.y(), _CARD_WIDTH, _CARD_HEIGHT) for step in steps
        ]

    def _paint_card(self, painter: QPainter, rect: QRectF, target: DropTarget) -> None:
        scheme = theme.colours()
        works = target is not DropTarget.NOTHING
        painter.setPen(QPen(QColor(scheme.accent if works else scheme.border), 2, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(scheme.base))
        painter.drawRoundedRect(rect, 14, 14)
        colour = QColor(scheme.accent if works else scheme.muted)
        icons.paint(painter, _ICONS[target], QRectF(rect.center().x() - 18, rect.top() + 26, 36, 36), colour)
        bold = theme.scaled_font(self.font(), 1.15, bold=True)
        self._paint_text(painter, rect.adjusted(16, 74, -16, -66), self.title(target), bold, scheme.text)
        below = rect.adjusted(20, 104, -20, -16)
        self._paint_text(painter, below, self.explanation(target), self.font(), scheme.muted)

    def _paint_text(self, painter: QPainter, rect: QRectF, text: str, font: QFont, colour: str) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(rect, int(flags), text)
