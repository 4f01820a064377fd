"""Stars, flags and labels of the photo in the details, to see and to click; and conflicts to settle."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.domain.decisions import LABELS, MOST_STARS, NO_DECISIONS, Decisions, Flag, Kind
from app.ui import icons
from app.ui.decision_wishes import Wish, label_name, star_icon, stars_text, swatch
from app.ui.glyphs import FAVOURITE_RED


class DecisionRow(QWidget):
    """Shows what holds; a click is a wish, and what holds is shown again when the window says so."""

    wished = Signal(object)  # Wish

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held = NO_DECISIONS
        self._stars = [self._star(number) for number in range(1, MOST_STARS + 1)]
        self._flags = {flag: self._flag(flag) for flag in Flag}
        self._labels = {label: self._label(label) for label in LABELS}
        self._other_label = QLabel()
        self._other_label.setProperty("rank", "muted")
        self._other_label.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(2)
        column.addLayout(_line([*self._stars, *self._flags.values()], gap_after=MOST_STARS))
        column.addLayout(_line([*self._labels.values(), self._other_label]))
        self.show_decisions(NO_DECISIONS)

    @property
    def stars(self) -> Sequence[QToolButton]:
        return self._stars

    @property
    def flags(self) -> dict[Flag, QToolButton]:
        return self._flags

    @property
    def labels(self) -> dict[str, QToolButton]:
        return self._labels

    def show_decisions(self, held: Decisions) -> None:
        """Show what holds for the photo."""
        self._held = held
        for number, star in enumerate(self._stars, 1):
            star.setIcon(star_icon(number <= held.rating))
        for flag, button in self._flags.items():
            button.setChecked(held.flag is flag)
            name = f"flag-{flag.value}"
            chosen = FAVOURITE_RED if flag is Flag.REJECT else None
            button.setIcon(icons.icon(name, chosen if held.flag is flag else None))
        for label, button in self._labels.items():
            button.setChecked(held.label == label)
        known = held.label in self._labels
        self._other_label.setText("" if known else label_name(held.label))

    def _star(self, number: int) -> QToolButton:
        text = self.tr("{stars} ({key})").format(stars=stars_text(number), key=number)
        button = _button(text)
        button.clicked.connect(lambda: self._wish(Kind.RATING, number, 0))
        return button

    def _flag(self, flag: Flag) -> QToolButton:
        text = {Flag.PICK: self.tr("Pick (P)"), Flag.REJECT: self.tr("Reject (X)")}[flag]
        button = _button(text)
        button.setCheckable(True)
        button.clicked.connect(lambda: self._wish(Kind.FLAG, flag, None))
        return button

    def _label(self, label: str) -> QToolButton:
        button = _button(self.tr("Label: {colour}").format(colour=label_name(label)))
        button.setCheckable(True)
        button.setIcon(swatch(label))
        button.clicked.connect(lambda: self._wish(Kind.LABEL, label, ""))
        return button

    def _wish(self, kind: Kind, value: int | str | Flag, nothing: int | str | None) -> None:
        """What holds already is taken back."""
        held = getattr(self._held, kind.value)
        self.show_decisions(self._held)  # until the window says otherwise
        self.wished.emit(Wish(kind, nothing if held == value else value))


class ConflictNote(QFrame):
    """The file says one thing, the user said another: which holds."""

    use_file = Signal(object)  # Kind
    keep_own = Signal(object)  # Wish that says the same again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conflictNote")
        self._lines = {kind: _ConflictLine(self) for kind in (Kind.RATING, Kind.LABEL)}
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(8)
        for kind, line in self._lines.items():
            line.file.clicked.connect(partial(self.use_file.emit, kind))
            line.own.clicked.connect(partial(self._keep, kind))
            column.addWidget(line)
        self._held = NO_DECISIONS

    def text(self, kind: Kind) -> str:
        """What is said about a conflict; "" when there is none."""
        line = self._lines[kind]
        return "" if line.isHidden() else line.text.text()

    def line(self, kind: Kind) -> "_ConflictLine":
        return self._lines[kind]

    def show_conflicts(self, held: Decisions) -> None:
        """Show what is to be settled; nothing without conflicts."""
        self._held = held
        rating, label = held.rating_conflict, held.label_conflict
        self._lines[Kind.RATING].say(
            self._words(stars_text(rating.file), stars_text(rating.own)) if rating else ""
        )
        self._lines[Kind.LABEL].say(
            self._words(_label_text(label.file), _label_text(label.own)) if label else ""
        )
        self.setVisible(rating is not None or label is not None)

    def _words(self, file: str, own: str) -> str:
        return self.tr("The file says “{file}”, you said “{own}”.").format(file=file, own=own)

    def _keep(self, kind: Kind) -> None:
        conflict = self._held.rating_conflict if kind is Kind.RATING else self._held.label_conflict
        if conflict is not None:
            self.keep_own.emit(Wish(kind, conflict.own))


class _ConflictLine(QWidget):
    """One conflict with its two ways out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.file = QPushButton(self.tr("Use the file’s"))
        self.own = QPushButton(self.tr("Keep mine"))
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.file)
        buttons.addWidget(self.own)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.text)
        column.addLayout(buttons)

    def say(self, text: str) -> None:
        self.text.setText(text)
        self.setVisible(bool(text))


def _label_text(label: str) -> str:
    return label_name(label) if label else "–"


def _button(text: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(text)
    button.setAccessibleName(text)
    button.setIconSize(QSize(18, 18))
    return button


def _line(widgets: Sequence[QWidget], gap_after: int | None = None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(0)
    for number, widget in enumerate(widgets):
        if number == gap_after:
            row.addSpacing(12)
        row.addWidget(widget)
    row.addStretch(1)
    return row
