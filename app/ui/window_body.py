"""The widgets of the window and where they sit; they know each other's places, not each other."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.settings import Settings
from app.ui import icons
from app.ui.activity_line import ActivityLine
from app.ui.drop_overlay import DropOverlay
from app.ui.empty_states import EmptyPage, opening
from app.ui.message_bar import MessageBar
from app.ui.query_line import QueryLine
from app.ui.result_header import ResultHeader
from app.ui.search_bar import SearchBar
from app.ui.search_help import SearchHelp
from app.ui.sidebar import Sidebar


class WindowBody(QWidget):
    """Search bar on top, sidebar left, photos or a page in the middle, details right, activity below."""

    menu_wanted = Signal()
    sidebar_toggled = Signal()
    details_toggled = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.search_bar = SearchBar()
        self.search_help = SearchHelp(self)
        self.query_line = QueryLine()
        self.sidebar = Sidebar()
        self.header = ResultHeader()
        self.messages = MessageBar()
        self.empty_page = EmptyPage()
        self.activity = ActivityLine()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty_page)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._grid: QWidget | None = None
        self._details: QWidget | None = None
        self._lay_out()
        self.overlay = DropOverlay(self)
        self.header.show_tile_size(settings.tile_size)
        self.show_opening()

    @property
    def details(self) -> QWidget | None:
        return self._details

    @property
    def top_bar(self) -> QWidget:
        """The strip with the search bar."""
        return self._top_bar

    @property
    def menu_button(self) -> QToolButton:
        return self._menu_button

    def show_opening(self) -> None:
        """Look like a library that is on its way."""
        self.header.hide()
        self.empty_page.show_state(opening())
        self.pages.setCurrentWidget(self.empty_page)
        self.set_usable(False)

    def set_usable(self, usable: bool) -> None:
        """Let the controls be used, or not while there is no library behind them."""
        for part in (self.search_bar, self.sidebar):
            part.setEnabled(usable)

    def set_photos(self, grid: QWidget, details: QWidget) -> None:
        """Put in the parts that need a library."""
        self._grid, self._details = grid, details
        self.pages.addWidget(grid)
        self.splitter.addWidget(details)
        self.splitter.setStretchFactor(2, 0)
        self.splitter.setCollapsible(2, False)
        details.setVisible(self._settings.details_visible)
        sizes = self.splitter.sizes()
        self.splitter.setSizes([sizes[0], sizes[1], self._settings.details_width])

    def show_banner(self, banner: QWidget) -> None:
        """Put a lasting line below the search bar."""
        self._rows.insertWidget(1, banner)

    def show_grid(self) -> None:
        """Show the photos."""
        if self._grid is not None:
            self.pages.setCurrentWidget(self._grid)

    def show_page(self) -> None:
        """Show the page with words instead of photos."""
        self.pages.setCurrentWidget(self.empty_page)

    def layout_settings(self) -> dict[str, int | bool]:
        """Where the splitters are, for the settings."""
        sizes = self.splitter.sizes()
        found: dict[str, int | bool] = {"sidebar_visible": not self.sidebar.isHidden()}
        if not self.sidebar.isHidden() and sizes[0] >= 120:
            found["sidebar_width"] = min(sizes[0], 2000)
        if self._details is not None:
            found["details_visible"] = not self._details.isHidden()
            if not self._details.isHidden() and sizes[2] >= 160:
                found["details_width"] = min(sizes[2], 2000)
        return found

    def _lay_out(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.header)
        column.addWidget(self.pages, 1)
        self.sidebar.setMinimumWidth(150)
        middle.setMinimumWidth(320)
        self.splitter.addWidget(self.sidebar)
        self.splitter.addWidget(middle)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.setSizes([self._settings.sidebar_width, 900])
        self.sidebar.setVisible(self._settings.sidebar_visible)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._top_bar = self._build_top_bar()
        self._rows.addWidget(self._top_bar)
        self._rows.addWidget(self.query_line)
        self._rows.addWidget(self.splitter, 1)
        self._rows.addWidget(self.activity)

    def _build_top_bar(self) -> QFrame:
        bar = QFrame()
        bar.setObjectName("topBar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(8)
        row.addWidget(self._button("sidebar", self.tr("Show or hide the sidebar"), self.sidebar_toggled))
        row.addWidget(self.search_bar, 1)
        row.addWidget(self._button("info", self.tr("Show or hide details (I)"), self.details_toggled))
        self._menu_button = self._button("menu", self.tr("Menu"), self.menu_wanted)
        row.addWidget(self._menu_button)
        return bar

    def _button(self, icon: str, text: str, signal: object) -> QToolButton:
        button = QToolButton()
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setIconSize(QSize(20, 20))
        icons.set_icon(button, icon)
        button.clicked.connect(lambda: signal.emit())  # type: ignore[attr-defined]  # a bound signal
        return button
