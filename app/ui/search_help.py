"""What can be typed into the search bar: a popover with examples to click."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.ui.theme import scaled_font

_LEAST_ROWS = 120  # pixels
_EDGE = 4  # to the edges of the screen


class SearchHelp(QFrame):
    """Opens below the search bar; an example that is clicked is added to the text."""

    example_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("searchHelp")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("What can be searched for"))
        self._examples: list[QToolButton] = []
        self._parts = layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 16)
        layout.setSpacing(10)
        title = QLabel(self.tr("Describe what is to be seen, in any language."))
        title.setFont(scaled_font(title.font(), 1.0, bold=True))
        layout.addWidget(title)
        self._rows = QWidget()
        self._rows.setLayout(self._grid())
        self._rows_area = self._scrolling(self._rows)
        layout.addWidget(self._rows_area)
        completing = QLabel(self.tr("Ctrl+Space offers what can come next; Tab takes it."))
        completing.setProperty("rank", "muted")
        layout.addWidget(completing)

    @property
    def examples(self) -> tuple[QToolButton, ...]:
        return tuple(self._examples)

    def open_below(self, field: QWidget) -> None:
        """Show under a widget, within its screen; what has no room there is scrolled to."""
        screen = field.screen().availableGeometry()
        self._fit_into(screen.height() - 2 * _EDGE)
        corner = field.mapToGlobal(QPoint(field.width() - self.width(), field.height() + 4))
        top = max(screen.top(), min(corner.y(), screen.bottom() - _EDGE - self.height()))
        self.move(max(screen.left(), corner.x()), top)
        self.show()
        self._examples[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def _scrolling(self, rows: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(rows)
        area.setWidgetResizable(True)
        area.viewport().setAutoFillBackground(False)
        rows.setAutoFillBackground(False)
        return area

    def _fit_into(self, height: int) -> None:
        """As high as its rows, but no higher than the screen."""
        for part in self.findChildren(QWidget):
            part.ensurePolished()  # before it is shown for the first time, it does not know its size
        rows = self._rows.sizeHint()
        self._rows_area.setFixedSize(rows)
        too_much = max(0, self.sizeHint().height() - height)
        bar = self._rows_area.verticalScrollBar().sizeHint().width() if too_much else 0
        self._rows_area.setFixedSize(rows.width() + bar, max(rows.height() - too_much, _LEAST_ROWS))
        self._parts.activate()  # or the size it had before would be its least
        self.resize(self.sizeHint())

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(3)
        for row, (example, meaning) in enumerate(self._examples_and_meanings()):
            button = QToolButton()
            button.setObjectName("example")
            button.setText(example)
            button.setAccessibleName(f"{example}: {meaning}")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _=False, text=example: self._choose(text))
            self._examples.append(button)
            said = QLabel(meaning)
            said.setTextFormat(Qt.TextFormat.PlainText)
            said.setProperty("rank", "muted")
            grid.addWidget(button, row, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(said, row, 1)
        return grid

    def _choose(self, example: str) -> None:
        self.close()
        self.example_chosen.emit(example)

    def _examples_and_meanings(self) -> tuple[tuple[str, str], ...]:
        return (
            ('"IMG_4711"', self.tr("these exact words in the name, folder, title, caption or keywords")),
            ("-people", self.tr('nothing like this; several words in quotation marks: -"red car"')),
            ("last summer", self.tr("when: also yesterday, in May, June 2019, Christmas 2020, 2 years ago")),
            ("date:2019-06..2019-08", self.tr("between these days, months or years; after: and before: too")),
            ("folder:Holidays", self.tr("in a folder whose name or path has this in it")),
            ("camera:Canon", self.tr("maker or model; lens: likewise")),
            ("keyword:family", self.tr("a keyword written into the photo")),
            ("album:Wedding", self.tr("in an album with this in its name")),
            ("rating:>=4", self.tr("stars: also rating:3, rating:2..4")),
            ("is:favourite", self.tr("also picked, rejected, rated, located, dated")),
            ("type:raw", self.tr("also jpeg, png, heic, avif, webp, gif, tiff, psd, jxl, video")),
            ("orientation:portrait", self.tr("also landscape, square, panorama")),
            ("size:>=12", self.tr("megapixels")),
            ("place:Portugal", self.tr("taken in this town, region or country, by its name in any language")),
            ("near:Lisbon~5km", self.tr("not far from a town, or from coordinates: near:38.7,-9.1~5km")),
            ("sort:date", self.tr("the newest first, whatever matches best; also unusual, relevance")),
            ("-camera:Canon", self.tr("a minus before any of them turns it round")),
            ("\\last summer", self.tr("a backslash makes plain words of what looks like a date or filter")),
        )
