"""The search bar: words, and pictures as chips, searched after a pause in typing or at once with Enter."""

from PySide6.QtCore import QEvent, QMimeData, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.domain.query import QueryTerm
from app.services.query_tokens import token_at
from app.ui import icons
from app.ui.bar_suggestions import BarSuggestions
from app.ui.dropped_content import clipboard_mime, is_web_address, path_in_text
from app.ui.picture_chip import PictureChip
from app.ui.theme import scaled_font

TYPING_PAUSE_MS = 150
_CHIPS_WITH_NAMES = 2
_COMING_IN = (
    Qt.FocusReason.MouseFocusReason,
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class SearchBar(QFrame):
    """Collects the terms of a query and says when they changed.

    It knows no services: what is pasted or chosen goes out as a wish, and comes back as a chip.
    """

    terms_changed = Signal(object)  # tuple[QueryTerm, ...]
    submitted = Signal(str)  # the words, when Enter was pressed: worth remembering
    pasted = Signal(QMimeData)  # the clipboard held something other than plain words
    picture_wanted = Signal()
    help_wanted = Signal()
    save_wanted = Signal()  # keep this search under a name
    leave_wanted = Signal()  # Down without a history: on to the photos

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("searchField")
        self.setMinimumHeight(42)
        self._chips: list[PictureChip] = []
        self._sent: tuple[QueryTerm, ...] = ()
        self._timer = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._timer.timeout.connect(self._send)
        self._edit = self._build_edit()
        self.suggestions = BarSuggestions(self._edit, self)
        self.suggestions.picked.connect(self._on_picked)
        self._chip_row = QHBoxLayout()
        self._chip_row.setSpacing(6)
        self._clear = self._button("close", self.tr("Clear the search"), self.clear)
        self._save = self._button("bookmark", self.tr("Save this search…"), self.save_wanted.emit)
        self._recent = self._button("history", self.tr("Recent searches"), self.show_history)
        self._choose = self._button("picture", self.tr("Choose a picture…"), self.picture_wanted.emit)
        self._help = self._button("help", self.tr("What can be searched for"), self.help_wanted.emit)
        self._lay_out()
        self._show_buttons()

    @property
    def edit(self) -> QLineEdit:
        """The field for the words."""
        return self._edit

    @property
    def chips(self) -> tuple[PictureChip, ...]:
        return tuple(self._chips)

    def text(self) -> str:
        """The words, without spaces around them."""
        return self._edit.text().strip()

    def terms(self) -> tuple[QueryTerm, ...]:
        """The query as it stands: the words first, then the pictures."""
        words = (QueryTerm(text=self.text()),) if self.text() else ()
        return (*words, *(chip.term for chip in self._chips))

    def set_text(self, text: str) -> None:
        """Put words in and search for them at once."""
        self._edit.setText(text)
        self.search_now()

    def select_part(self, start: int, length: int) -> None:
        """Select a part of the words, to be typed over; of a filter its value, and offer others."""
        self._edit.setFocus()
        text = self._edit.text()
        typed = token_at(text, start + length)
        begin = typed.start + len(typed.minus) + len(typed.key or "") + 1
        if typed.key is None or typed.start != start:
            self._edit.setSelection(start, length)
            return
        end = start + length
        self._edit.setSelection(end, begin - end)  # backwards: the cursor is where the value begins
        self.suggestions.completion_wanted.emit(text, self._edit.cursorPosition(), True)

    def add_text(self, text: str) -> None:
        """Put words behind those that are there, and select them to be changed."""
        before = f"{self._edit.text().rstrip()} ".lstrip()
        self.set_text(before + text)
        self.select_part(len(before), len(text))

    def add_chip(self, term: QueryTerm, name: str, thumbnail: bytes = b"") -> PictureChip:
        """Add a picture and search at once; one that is there already only takes over the weight."""
        for chip in self._chips:
            if (chip.term.image, chip.term.photo_id) == (term.image, term.photo_id):
                chip.set_weight(term.weight)
                return chip
        chip = PictureChip(term, name, thumbnail)
        chip.changed.connect(self._timer.start)
        chip.removed.connect(lambda: self._remove(chip))
        self._chips.append(chip)
        self._make_room()
        self._chip_row.addWidget(chip)
        self.search_now()
        return chip

    def clear(self) -> None:
        """Take words and pictures out and show the library again."""
        self.empty()
        self.search_now()
        self._edit.setFocus()

    def empty(self) -> None:
        """Take words and pictures out without a search: something else is about to come in."""
        self._edit.clear()
        self._timer.stop()
        for chip in self._chips:
            chip.deleteLater()
        self._chips.clear()
        self._show_buttons()

    def search_now(self) -> None:
        """Send the terms without waiting for a pause."""
        self._timer.stop()
        self._show_buttons()
        self._send()

    def set_history(self, entries: tuple[str, ...]) -> None:
        """Recent searches, newest first."""
        self.suggestions.set_history(entries)
        self._show_buttons()

    def show_history(self) -> None:
        """Open the list of recent searches."""
        self._edit.setFocus()
        self.suggestions.show_history()

    def focus(self) -> None:
        """Put the cursor in, with the words selected so that typing replaces them."""
        self._edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._edit.selectAll()

    def _build_edit(self) -> QLineEdit:
        edit = QLineEdit()
        edit.setPlaceholderText(self.tr("Describe a photo, or drop one here"))
        edit.setAccessibleName(self.tr("Search"))
        edit.setFrame(False)
        edit.setFont(scaled_font(edit.font(), 1.1))
        edit.setMinimumWidth(160)
        edit.setAcceptDrops(False)  # the window takes drops everywhere, with one meaning
        edit.textChanged.connect(self._on_text_changed)
        edit.installEventFilter(self)
        return edit

    def _button(self, icon: str, text: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setIconSize(QSize(18, 18))
        icons.set_icon(button, icon)
        button.clicked.connect(act)
        return button

    def _lay_out(self) -> None:
        sign = QLabel()
        sign.setPixmap(icons.pixmap("search", 18, self.palette().placeholderText().color(), 2))
        self._sign = sign
        layout = QHBoxLayout(self)
        layout.setContentsMargins(13, 3, 6, 3)
        layout.setSpacing(6)
        layout.addWidget(sign)
        layout.addLayout(self._chip_row)
        layout.addWidget(self._edit, 1)
        for button in (self._clear, self._save, self._recent, self._help, self._choose):
            layout.addWidget(button)

    def _remove(self, chip: PictureChip) -> None:
        self._chips.remove(chip)
        chip.deleteLater()
        self._make_room()
        self._edit.setFocus()
        self.search_now()

    def _make_room(self) -> None:
        """Many pictures show themselves without their names, or none is left for the words."""
        for chip in self._chips:
            chip.set_compact(len(self._chips) > _CHIPS_WITH_NAMES)

    def _on_text_changed(self) -> None:
        self._show_buttons()
        self._timer.start()

    def _show_buttons(self) -> None:
        self._clear.setVisible(bool(self._edit.text() or self._chips))
        self._save.setVisible(bool(self._edit.text() or self._chips))
        self._recent.setVisible(bool(self.suggestions.history))
        self._edit.setPlaceholderText(
            self.tr("Add words to narrow it down")
            if self._chips
            else self.tr("Describe a photo, or drop one here")
        )

    def _on_picked(self, text: str) -> None:
        self.set_text(text)
        self.submitted.emit(self.text())

    def _send(self) -> None:
        terms = self.terms()
        if terms != self._sent:
            self._sent = terms
            self.terms_changed.emit(terms)

    def _on_key(self, event: QKeyEvent) -> bool:
        """Keys of the field that mean more here than in any other; True when used up."""
        if self.suggestions.handle_key(event):
            return True
        if event.matches(QKeySequence.StandardKey.Paste):
            return self._paste()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.search_now()
            self.submitted.emit(self.text())
            return True
        if event.key() == Qt.Key.Key_Down:
            if self.suggestions.history and not self._edit.text():
                self.show_history()
            else:
                self.leave_wanted.emit()
            return True
        if event.key() == Qt.Key.Key_Backspace and not self._edit.text() and self._chips:
            self._remove(self._chips[-1])
            return True
        return False

    def _on_focus(self, event: QFocusEvent) -> None:
        self.setProperty("focused", event.gotFocus())
        self.style().unpolish(self)
        self.style().polish(self)
        if event.lostFocus():
            self.suggestions.hide()
        elif event.reason() in _COMING_IN:
            self._offer_history()

    def _offer_history(self) -> None:
        if self.suggestions.history and not self._edit.text() and not self._chips:
            self.suggestions.show_history()

    def _paste(self) -> bool:
        """Plain words go into the field as ever; a picture, a file or an address goes out."""
        mime = clipboard_mime()
        if mime is None or _is_plain_words(mime):
            return False
        self.pasted.emit(mime)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._edit:
            if isinstance(event, QFocusEvent):
                self._on_focus(event)
            elif event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
                if self.suggestions.takes(event):
                    event.accept()  # no shortcut of the window
                    return True
            elif event.type() == QEvent.Type.MouseButtonPress:
                self._offer_history()
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._on_key(event)
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_sign"):
            self._sign.setPixmap(icons.pixmap("search", 18, self.palette().placeholderText().color(), 2))
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._edit.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.suggestions.hide()  # they would stay where the bar was


def _is_plain_words(mime: QMimeData) -> bool:
    """Whether a paste belongs into the field; a table copied as text and image at once does."""
    if mime.hasUrls() or not mime.hasText():
        return False
    return path_in_text(mime.text()) is None and not is_web_address(mime.text())
