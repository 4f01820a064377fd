"""The line below the search bar that shows how its text was understood, and what was not."""

import html

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.services.query_language import ParsedQuery, Part, PartKind
from app.ui import theme
from app.ui.query_texts import describe_condition

_NO_BREAK = "\N{NO-BREAK SPACE}"
_REMOVE, _EDIT, _INSTEAD = "remove", "edit", "instead"


class QueryLine(QFrame):
    """There while the text holds more than words: each filter can be edited or taken out with a click."""

    text_wanted = Signal(str)  # another text for the search bar
    part_wanted = Signal(int, int)  # the part of the text to edit: start, length

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queryLine")
        self._asked = ParsedQuery("")
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self._label.linkActivated.connect(self._on_link)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 6, 16, 6)
        layout.addWidget(self._label, 1)
        self.hide()

    @property
    def label(self) -> QLabel:
        return self._label

    def show_query(self, asked: ParsedQuery) -> None:
        """Show what a text means; nothing when it is only words."""
        self._asked = asked
        shown = [part for part in asked.parts if part.kind is not PartKind.WORDS]
        self.setVisible(bool(shown))
        if shown:
            self._refresh()

    def _refresh(self) -> None:
        parts = list(enumerate(self._asked.parts))
        chips = [self._chip(number, part) for number, part in parts if part.problem is None]
        notes = [self._note(number, part) for number, part in parts if part.problem is not None]
        pieces = [chip for chip in chips if chip]
        if pieces:
            pieces.insert(0, html.escape(self.tr("Only:")))
        self._label.setText(f" {_NO_BREAK}".join(pieces + notes))

    def _chip(self, number: int, part: Part) -> str:
        if part.condition is not None:
            text = describe_condition(part.condition)
        elif part.kind is PartKind.EXCLUDED:
            text = self.tr("nothing like {words}").format(words=part.words)
        else:
            return ""
        colours = theme.colours()
        whole = _link(f"{_EDIT}:{number}", text.replace(" ", _NO_BREAK), colours.text)
        close = _link(f"{_REMOVE}:{number}", "\N{MULTIPLICATION X}", colours.muted)
        inside = f"{_NO_BREAK}{whole}{_NO_BREAK}{_NO_BREAK}{close}{_NO_BREAK}"
        return f'<span style="background-color: {colours.selection}">{inside}</span>'

    def _note(self, number: int, part: Part) -> str:
        problem = part.problem
        assert problem is not None, "only parts with a problem come here"
        colours = theme.colours()
        colour = colours.muted if problem.unfinished else colours.warning
        said = f'<span style="color: {colour}">{html.escape(problem.message)}</span>'
        if not problem.instead:
            return said
        use = self.tr("Use {text}").format(text=problem.instead)
        return f"{said} {_link(f'{_INSTEAD}:{number}', use.replace(' ', _NO_BREAK), colours.accent)}"

    def _on_link(self, link: str) -> None:
        deed, _, number = link.partition(":")
        part, text = self._asked.parts[int(number)], self._asked.text
        if deed == _EDIT:
            self.part_wanted.emit(part.start, part.end - part.start)
        elif deed == _REMOVE:
            self.text_wanted.emit(self._asked.without(part))
        elif part.problem is not None:
            self.text_wanted.emit(text[: part.start] + part.problem.instead + text[part.end :])

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and not self.isHidden():
            self._refresh()


def _link(target: str, text: str, colour: str) -> str:
    return f'<a href="{target}" style="color: {colour}; text-decoration: none">{html.escape(text)}</a>'
