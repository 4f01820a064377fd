"""What the middle of the window says when there are no photos to show, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.domain.photo import FolderState, FolderStatus
from app.domain.progress import IndexPhase, IndexProgress
from app.domain.query import SearchResult
from app.domain.status import ModelState, ModelStatus
from app.errors import AppError, LibraryInUseError, LibraryTooNewError
from app.services.query_parts import ParsedQuery
from app.ui import icons, theme
from app.ui.scope import Scope, ScopeKind

_TEXT_WIDTH = 480
_NO_TEXT = ParsedQuery("")


class Way(StrEnum):
    """A way out of an empty window."""

    ADD_FOLDER = "add folder"
    CHOOSE_MODEL = "choose model"
    TRY_DEMO = "try demo"
    CLEAR_SEARCH = "clear search"
    SEARCH_EVERYWHERE = "search everywhere"
    RESCAN = "rescan"
    PROBLEMS = "problems"
    TRY_AGAIN = "try again"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class EmptyState:
    """One page: a sign, a headline, a sentence, and what can be done; the first way is the main one."""

    icon: str
    title: str
    text: str = ""
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides which page is shown."""

    result: SearchResult
    scope: Scope
    folders: tuple[FolderStatus, ...]
    progress: IndexProgress
    model: ModelStatus
    asked: ParsedQuery = _NO_TEXT  # what the text of the query means
    is_demo: bool = False  # pictures that are not there yet are being drawn

    @property
    def only_filters(self) -> bool:
        """Nothing was asked for that has to be seen or named."""
        words = self.asked.words or self.asked.excluded
        pictures = any(term.text is None for term in self.result.query.terms)
        return bool(self.asked.conditions) and not words and not pictures


def opening() -> EmptyState:
    """While the library is being opened."""
    return EmptyState("library", _tr("Opening the library…"))


def for_open_error(error: Exception) -> EmptyState:
    """When the library cannot be opened."""
    text = str(error) if isinstance(error, AppError) else _tr("This is a fault in Photosift.")
    if isinstance(error, LibraryInUseError):
        title = _tr("This library is open in another window")
        text += "\n" + _tr(
            "Close the other Photosift, or open its window with its icon in the system tray. Then try again."
        )
    elif isinstance(error, LibraryTooNewError):
        title = _tr("This library needs a newer Photosift")
        text += "\n" + _tr("Update Photosift to open it. Nothing in it was changed.")
    else:
        title = _tr("The library cannot be opened")
        text += "\n" + _tr("Your photos are not touched by this.")
    return EmptyState("warning", title, text.strip(), (Way.TRY_AGAIN, Way.QUIT))


def choose(situation: Situation) -> EmptyState | None:
    """The page for a situation; None while there are photos to show."""
    if len(situation.result.photo_ids):
        return None
    if not situation.folders:
        return EmptyState(
            "photos",
            _tr("Add a folder of photos"),
            _tr("Photosift looks at the photos in it and stays up to date when you add more.")
            + "\n"
            + _tr("They stay where they are, and nothing leaves this computer."),
            (Way.ADD_FOLDER, *_model_ways(situation), Way.TRY_DEMO),
        )
    if situation.result.query.terms:
        return _no_match(situation)
    return _nothing_here(situation)


def _model_ways(situation: Situation) -> tuple[Way, ...]:
    return (Way.CHOOSE_MODEL,) if situation.model.state is ModelState.NONE else ()


def _no_match(situation: Situation) -> EmptyState:
    everywhere = () if situation.scope.is_all else (Way.SEARCH_EVERYWHERE,)
    state = ModelState.READY if situation.only_filters else situation.model.state  # they need no model
    if state is ModelState.NONE:
        return EmptyState(
            "model",
            _tr("No photo has such a name"),
            _tr("Only names and folders are searched until there is a model that understands pictures."),
            (Way.CHOOSE_MODEL, *everywhere, Way.CLEAR_SEARCH, Way.TRY_DEMO),
        )
    if state is ModelState.LOADING:
        text = _tr("The model is still loading: so far only names and folders were searched.")
    elif state is ModelState.FAILED:
        text = _tr("The model does not work, so only names and folders were searched.")
    elif situation.progress.phase in (IndexPhase.INDEXING, IndexPhase.SCANNING):
        text = _tr("Photos are still being read; more may be found in a while.")
    elif situation.only_filters:
        text = _tr("Take a filter away, or choose another value for it.")
    elif situation.asked.conditions:
        text = _tr("Take a filter away, or try other words.")
    else:
        text = _tr("Try other words, or fewer of them.")
    ways = (Way.CHOOSE_MODEL,) if state is ModelState.FAILED else ()
    return EmptyState("search", _tr("No photo matches"), text, (*ways, *everywhere, Way.CLEAR_SEARCH))


def _nothing_here(situation: Situation) -> EmptyState:
    if situation.scope.kind is ScopeKind.FAVOURITES:
        text = _tr("Press F on a photo to make it one.")
        return EmptyState("heart", _tr("No favourites yet"), text)
    if situation.scope.kind is ScopeKind.RECENT:
        text = _tr("Photos of the last 30 days appear here.")
        return EmptyState("recent", _tr("Nothing was added lately"), text, (Way.RESCAN,))
    if situation.scope.kind is ScopeKind.UNUSUAL:
        return EmptyState(
            "unusual", _tr("Nothing to compare yet"), situation.result.message, _model_ways(situation)
        )
    if situation.scope.kind is ScopeKind.ALBUM:
        text = _tr("Drag photos onto its name, or choose “Add to album” in their menu.")
        return EmptyState("album", _tr("No photos in this album yet"), text)
    folders = _looked_at(situation)
    if folders and all(folder.state is FolderState.OFFLINE for folder in folders):
        return EmptyState(
            "offline",
            _tr("The drive is not connected"),
            _tr("Its photos come back by themselves when it is."),
            (Way.RESCAN,),
        )
    broken = next((folder for folder in folders if folder.state is FolderState.PROBLEM), None)
    if broken is not None:
        return EmptyState("warning", _tr("This folder cannot be read"), broken.message, (Way.RESCAN,))
    return _no_photos_yet(situation, folders)


def _no_photos_yet(situation: Situation, folders: tuple[FolderStatus, ...]) -> EmptyState:
    if situation.is_demo:
        text = _tr("They appear here one after the other. The first time this takes about half a minute.")
        return EmptyState("picture", _tr("Drawing the pictures…"), text)
    phase = situation.progress.phase
    scanning = any(folder.state is FolderState.SCANNING for folder in folders)
    if scanning or phase in (IndexPhase.SCANNING, IndexPhase.INDEXING):
        text = _tr("They appear here one after the other.")
        return EmptyState("refresh", _tr("Looking for photos…"), text)
    if sum(folder.problem_count for folder in folders):
        text = _tr("The list says why for each of them.")
        return EmptyState("warning", _tr("No photo here could be read"), text, (Way.PROBLEMS, Way.RESCAN))
    text = _tr("Photosift shows them as soon as there are any.")
    return EmptyState("folder", _tr("No photos in here"), text, (Way.RESCAN, Way.ADD_FOLDER))


def _looked_at(situation: Situation) -> tuple[FolderStatus, ...]:
    if situation.scope.kind is not ScopeKind.FOLDER:
        return situation.folders
    return tuple(s for s in situation.folders if s.folder.folder_id == situation.scope.folder_id)


class EmptyPage(QFrame):
    """Shows one state in the middle of the window, with a button for every way out."""

    way_chosen = Signal(object)  # Way

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyPage")
        self._state = EmptyState("photos", "")
        self._sign = _label("")
        self._title = _label("")
        self._title.setFont(theme.scaled_font(self.font(), 1.5, bold=True))
        self._text = _label("muted")
        for label in (self._title, self._text):
            label.setFixedWidth(_TEXT_WIDTH)  # a wrapped label in a centred layout is cut off without one
        self._buttons: list[QPushButton] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(10)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 32, 32, 48)
        layout.setSpacing(10)
        layout.addStretch(1)
        for part in (self._sign, self._title, self._text):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(8)
        layout.addLayout(self._row)
        layout.addStretch(1)

    @property
    def state(self) -> EmptyState:
        return self._state

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        return tuple(self._buttons)

    def show_state(self, state: EmptyState) -> None:
        """Show a page; the same one again changes nothing, so that the focus stays."""
        if state == self._state:
            return
        self._state = state
        self._title.setText(state.title)
        self._text.setText(state.text)
        self._text.setVisible(bool(state.text))
        self._fit_labels()
        self.setAccessibleName(state.title)
        self.setAccessibleDescription(state.text)
        self._draw_sign()
        self._rebuild_buttons()

    def _fit_labels(self) -> None:
        """A centred layout asks wrapped labels for one line only, and cuts the others off."""
        for label in (self._title, self._text):
            label.ensurePolished()
            label.setFixedHeight(max(0, label.heightForWidth(_TEXT_WIDTH)))  # below zero: no text

    def _draw_sign(self) -> None:
        colour = QColor(theme.colours().muted)
        self._sign.setPixmap(icons.pixmap(self._state.icon, 56, colour, self.devicePixelRatioF()))

    def _rebuild_buttons(self) -> None:
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self._row.addStretch(1)
        self._buttons = [self._button(way, first=n == 0) for n, way in enumerate(self._state.ways)]
        for button in self._buttons:
            self._row.addWidget(button)
        self._row.addStretch(1)

    def _button(self, way: Way, *, first: bool) -> QPushButton:
        button = QPushButton(way_text(way))
        button.setAccessibleName(way_text(way))
        if first:
            button.setProperty("rank", "main")
        button.clicked.connect(lambda: self.way_chosen.emit(way))
        return button

    def sizeHint(self) -> QSize:
        return QSize(560, 400)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_labels()

    def showEvent(self, event: QShowEvent) -> None:
        self._draw_sign()
        self._fit_labels()
        super().showEvent(event)


def way_text(way: Way) -> str:
    """What the button of a way out says."""
    return {
        Way.ADD_FOLDER: _tr("Add folder…"),
        Way.CHOOSE_MODEL: _tr("Choose a model…"),
        Way.TRY_DEMO: _tr("Try the demo"),
        Way.CLEAR_SEARCH: _tr("Clear the search"),
        Way.SEARCH_EVERYWHERE: _tr("Search all photos"),
        Way.RESCAN: _tr("Look again"),
        Way.PROBLEMS: _tr("Show problem files"),
        Way.TRY_AGAIN: _tr("Try again"),
        Way.QUIT: _tr("Quit"),
    }[way]


def _label(rank: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    if rank:
        label.setProperty("rank", rank)
    return label


def _tr(text: str) -> str:
    return QCoreApplication.translate("EmptyPage", text)
