"""The line below the search bar that shows how its text was understood, and what was not."""

from datetime import datetime
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from app.services.query_language import ParsedQuery, Part, PartKind, as_words
from app.ui.filter_chip import FilterChip
from app.ui.flow_layout import FlowLayout
from app.ui.wording import printable

_W = TypeVar("_W", bound=QWidget)
_LINE_WIDTH = 480  # of a note; what is longer goes on below
_SLACK = 4


class QueryLine(QFrame):
    """There while the text holds more than words: each filter can be edited, turned round or taken out."""

    text_wanted = Signal(str)  # another text for the search bar
    part_wanted = Signal(int, int)  # the part of the text to edit: start, length

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queryLine")
        self._asked = ParsedQuery("")
        self._shown: tuple[Part, ...] = ()
        self._flow = FlowLayout(self)
        self._flow.setContentsMargins(16, 6, 16, 6)
        self.hide()

    @property
    def chips(self) -> tuple[FilterChip, ...]:
        """The filters in the order of the text."""
        return tuple(self._widgets(FilterChip))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said about parts that were not understood."""
        return tuple(note.message for note in self._widgets(ProblemNote))

    @property
    def remedies(self) -> tuple[QToolButton, ...]:
        """The buttons that put in what may have been meant."""
        return tuple(note.use for note in self._widgets(ProblemNote) if not note.use.isHidden())

    @property
    def asked(self) -> ParsedQuery:
        """The text that is explained."""
        return self._asked

    def show_query(self, asked: ParsedQuery) -> None:
        """Show what a text means; nothing when it is only words."""
        self._asked = asked
        shown = tuple(part for part in asked.parts if part.kind is not PartKind.WORDS)
        if shown != self._shown:
            self._shown = shown
            self._fill()
        self.setVisible(bool(shown))

    def _fill(self) -> None:
        self._flow.clear()
        chips = [self._chip(part) for part in self._shown if part.problem is None]
        notes = [self._note(part) for part in self._shown if part.problem is not None]
        for widget in (*chips, *notes):
            self._flow.addWidget(widget)
            widget.show()  # at once: the layout would do it later, and measure without them now
        self.updateGeometry()

    def _chip(self, part: Part) -> FilterChip:
        chip = FilterChip(part)
        chip.edit_wanted.connect(lambda: self.part_wanted.emit(part.start, part.end - part.start))
        chip.removed.connect(lambda: self.text_wanted.emit(self._asked.without(part)))
        chip.replaced.connect(lambda text: self.text_wanted.emit(self._asked.with_instead(part, text)))
        chip.words_wanted.connect(lambda: self._take_as_words(part))
        return chip

    def _take_as_words(self, part: Part) -> None:
        today = datetime.now().astimezone().date()
        self.text_wanted.emit(as_words(self._asked, part, today))

    def _note(self, part: Part) -> "ProblemNote":
        note = ProblemNote(part)
        note.instead_wanted.connect(lambda text: self.text_wanted.emit(self._asked.with_instead(part, text)))
        return note

    def _widgets(self, kind: type[_W]) -> list[_W]:
        items = (self._flow.itemAt(place) for place in range(self._flow.count()))
        found = (item.widget() for item in items if item is not None)
        return [widget for widget in found if isinstance(widget, kind)]


class ProblemNote(QWidget):
    """Why a part was not understood, and what to do about it."""

    instead_wanted = Signal(str)

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        problem = part.problem
        assert problem is not None, "only parts with a problem come here"
        self.message = printable(problem.message)
        said = QLabel(self.message)
        said.setTextFormat(Qt.TextFormat.PlainText)
        said.setWordWrap(True)
        said.setMinimumWidth(min(said.fontMetrics().horizontalAdvance(self.message) + _SLACK, _LINE_WIDTH))
        said.setProperty("rank", "muted" if problem.unfinished else "warning")
        self.use = QToolButton()
        self.use.setObjectName("instead")
        self.use.setText(self.tr("Use {text}").format(text=printable(problem.instead)))
        self.use.setVisible(bool(problem.instead))
        self.use.clicked.connect(lambda: self.instead_wanted.emit(problem.instead))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(said)
        layout.addWidget(self.use, 0, Qt.AlignmentFlag.AlignTop)
