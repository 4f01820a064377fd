"""The line that says that this is a demonstration, and what to try in it."""

import html
from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from app.ui import theme

_NO_BREAK = "\N{NO-BREAK SPACE}"


class DemoBanner(QFrame):
    """Always there in the demonstration; knows no services."""

    example_chosen = Signal(str)  # words to search for
    own_photos_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("demoBanner")
        self._examples: tuple[str, ...] = ()
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self._text.linkActivated.connect(lambda number: self.example_chosen.emit(self._examples[int(number)]))
        self._progress = QLabel()
        self._progress.setProperty("rank", "muted")
        self._progress.hide()
        self._own = QPushButton(self.tr("Use it with your own photos"))
        self._own.setAccessibleName(self._own.text())
        self._own.clicked.connect(self.own_photos_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 7, 10, 7)
        layout.setSpacing(14)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._progress)
        layout.addWidget(self._own)
        self.set_examples(())

    @property
    def label(self) -> QLabel:
        """What is said, with a link for each example."""
        return self._text

    @property
    def own_button(self) -> QPushButton:
        return self._own

    @property
    def progress_text(self) -> str:
        """How far the drawing is; empty when nothing is drawn."""
        return self._progress.text() if not self._progress.isHidden() else ""

    def set_examples(self, examples: Sequence[str]) -> None:
        """Offer searches to try."""
        self._examples = tuple(examples)
        said = self.tr("This demonstration knows only drawn scenes.")
        self.setAccessibleName(said)
        if examples:
            links = [_link(number, words) for number, words in enumerate(examples)]
            said += " " + self.tr("Try:") + f"{_NO_BREAK} " + f" {_NO_BREAK}·{_NO_BREAK} ".join(links)
        self._text.setText(said)

    def show_progress(self, done: int, total: int) -> None:
        """Say how many pictures are drawn; nothing any more when all are."""
        self._progress.setText(
            self.tr("Drawing the pictures: {done} of {total}").format(done=done, total=total)
        )
        self._progress.setVisible(done < total)

    def end_progress(self) -> None:
        """Drawing has ended, well or not."""
        self._progress.hide()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_own"):
            self.set_examples(self._examples)
        super().changeEvent(event)


def _link(number: int, words: str) -> str:
    """In one piece: half a link at the end of a line looks like two."""
    text = html.escape(words).replace(" ", _NO_BREAK)
    colour = theme.colours().accent  # a label keeps the link colour of the palette it began with
    return f'<a href="{number}" style="color: {colour}; text-decoration: none">{text}</a>'
