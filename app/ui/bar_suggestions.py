"""What the search bar offers below itself: past searches, and completions while somebody types."""

from PySide6.QtCore import QLocale, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.domain.suggestions import Suggestion
from app.services.query_tokens import token_at
from app.ui.query_texts import explain_choice, explain_filter
from app.ui.suggestion_list import Entry, SuggestionList

_PAUSE_MS = 120  # in typing, before anything is offered: who types on wants nothing
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class BarSuggestions(QObject):
    """Nothing is selected before somebody goes down to it, so Enter always searches for what was typed."""

    completion_wanted = Signal(str, int, bool)  # text, cursor; whether it was asked for with a key
    picked = Signal(str)  # a past search
    history_removed = Signal(str)
    history_cleared = Signal()

    def __init__(self, edit: QLineEdit, field: QWidget) -> None:
        super().__init__(field)
        self._edit = edit
        self._field = field
        self._history: tuple[str, ...] = ()
        self._offered: tuple[Suggestion, ...] = ()
        self._offered_for = ""  # the text
        self._list = SuggestionList(self.tr("Suggestions"), self.tr("Clear history"), field)
        self._list.chosen.connect(self._take)
        self._list.removed.connect(self._remove)
        self._list.footer_clicked.connect(self._on_clear)
        self._list.current_changed.connect(self._tell)
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._timer.timeout.connect(self._ask)
        edit.textEdited.connect(self._on_edited)
        edit.cursorPositionChanged.connect(self._on_cursor)

    @property
    def list(self) -> SuggestionList:
        return self._list

    @property
    def history(self) -> tuple[str, ...]:
        return self._history

    def set_history(self, entries: tuple[str, ...]) -> None:
        """Past searches, newest first."""
        shown = self._list.isVisible() and not self._offered
        self._history = entries
        if shown:
            self.show_history()

    def show_history(self) -> None:
        """Offer past searches."""
        self._offered = ()
        entries = [Entry(text, removable=True) for text in self._history]
        self._list.open_below(self._field, entries, with_footer=True)

    def offer(self, text: str, cursor: int, suggestions: tuple[Suggestion, ...]) -> None:
        """Show what fits, unless something else was typed meanwhile."""
        if (text, cursor) != (self._edit.text(), self._edit.cursorPosition()) or not self._edit.hasFocus():
            return
        typed = text[: suggestions[0].end] if suggestions else ""
        if len(suggestions) == 1 and typed.endswith(suggestions[0].text):
            suggestions = ()  # it is all there
        if suggestions or self._offered:
            self._offered, self._offered_for = suggestions, text
            self._list.open_below(self._field, [_entry(one) for one in suggestions])

    def hide(self) -> None:
        """Offer nothing."""
        self._timer.stop()
        self._list.hide()

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key would mean something here: then it is no shortcut of the window."""
        return self._list.isVisible() and event.key() == Qt.Key.Key_Escape

    def handle_key(self, event: QKeyEvent) -> bool:
        """Keys of the search bar; True when used up."""
        key, modifiers = event.key(), event.modifiers()
        if key == Qt.Key.Key_Space and modifiers & Qt.KeyboardModifier.ControlModifier:
            self.completion_wanted.emit(self._edit.text(), self._edit.cursorPosition(), True)
            return True
        if not self._list.isVisible():
            return False
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._list.step(1 if key == Qt.Key.Key_Down else -1)
            return True
        if key == Qt.Key.Key_Escape:
            self.hide()
            return True
        if key == Qt.Key.Key_Tab and self._offered:
            self._take(max(self._list.row, 0))
            return True
        return self._handle_on_row(key)

    def _handle_on_row(self, key: int) -> bool:
        row = self._list.row
        if row >= 0 and key in _ENTER:
            self._take(row)
            return True
        if row >= 0 and key == Qt.Key.Key_Delete and not self._offered:
            self._remove(row)
            return True
        if key in _ENTER:
            self.hide()
        return False

    def _on_edited(self, text: str) -> None:
        """Ask again after a pause; what does not belong to the text any more goes at once."""
        if not self._offered or token_at(text, self._edit.cursorPosition()).key is None:
            self._list.hide()
            self._offered = ()
        self._timer.start()

    def _on_cursor(self, before: int, now: int) -> None:
        """Who goes to another part of the text does not want to complete this one any more."""
        if self._offered and self._edit.text() == self._offered_for:
            self._list.hide()

    def _ask(self) -> None:
        if self._edit.hasFocus():
            self.completion_wanted.emit(self._edit.text(), self._edit.cursorPosition(), False)

    def _take(self, row: int) -> None:
        """Put in what a row offers; after the name of a filter comes its value."""
        if not self._offered:
            self.hide()
            self.picked.emit(self._history[row])
            return
        chosen = self._offered[row]
        self.hide()
        self._offered = ()
        typed = token_at(self._edit.text(), self._edit.cursorPosition())  # may be longer by now
        space = "" if chosen.is_name or self._edit.text()[typed.end :].startswith(" ") else " "
        self._edit.setSelection(typed.start, typed.end - typed.start)
        self._edit.insert(chosen.text + space)
        if chosen.is_name:
            self._ask()

    def _remove(self, row: int) -> None:
        self.history_removed.emit(self._history[row])

    def _on_clear(self) -> None:
        self.hide()
        self.history_cleared.emit()

    def _tell(self, spoken: str) -> None:
        """The cursor stays in the field, so that is where screen readers have to hear of a selection."""
        self._edit.setAccessibleDescription(spoken)
        QAccessible.updateAccessibility(QAccessibleEvent(self._edit, QAccessible.Event.DescriptionChanged))


def _entry(suggestion: Suggestion) -> Entry:
    """ "camera:" with what it means, or a value with where it is and how many photos have it."""
    if suggestion.is_name:
        return Entry(suggestion.text, explain_filter(suggestion.text.lstrip("-").rstrip(":")))
    remarks = [suggestion.where, QLocale().toString(suggestion.count) if suggestion.count else ""]
    return Entry(suggestion.value, "   ".join(filter(None, remarks)) or explain_choice(suggestion))
