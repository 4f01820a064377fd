"""Review of duplicates: groups on the left, the photos of one side by side, and what is to go."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.domain.duplicates import DuplicateGroup, DuplicateReport, Level, Removal
from app.domain.photo import Photo
from app.errors import AppError
from app.ui import wording
from app.ui.duplicates_models import SMALL_EDGE, GroupListModel, GroupPhotosModel
from app.ui.duplicates_removal import DuplicateRemovalQuestion
from app.ui.duplicates_search_line import DuplicateSearchLine
from app.ui.duplicates_tiles import EDGE, TileView
from app.ui.task_runner import Lane, TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.duplicates import DuplicateService
    from app.services.library import LibraryService

_log = logging.getLogger(__name__)

_LEVELS = tuple(Level)
_REFRESH_MS = 700  # after the library changed


class DuplicatesDialog(QDialog):
    """Searches when opened; moves nothing without asking."""

    open_wanted = Signal(object)  # list of photo ids
    library_changed = Signal()  # photos went to the trash

    def __init__(
        self,
        service: DuplicateService,
        library: LibraryService,
        tasks: TaskRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Duplicates"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1080, 720)
        self._service = service
        self._library = library
        self._tasks = tasks
        self._report: DuplicateReport | None = None
        self._shown: tuple[DuplicateGroup, ...] = ()  # of the chosen tab
        self._marked = 0  # photos of these that are to go
        self._marks: dict[tuple[int, ...], frozenset[int]] = {}  # by the group's photos, where changed
        self._dismissed: list[DuplicateGroup] = []
        self._refreshing = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refreshing.timeout.connect(self._refresh)
        self.line = DuplicateSearchLine(service, tasks)
        self.removal = DuplicateRemovalQuestion(service, tasks, self)
        self._build_lists()
        self._build_controls()
        self._lay_out()
        self._connect()
        self.line.search()

    @property
    def hint(self) -> str:
        """What is said instead of groups; empty while there are some."""
        return self._empty.text() if self._pages.currentWidget() is self._empty else ""

    def refresh_soon(self) -> None:
        """Photos may have vanished. While many do, it is looked at times, not at the end."""
        if not self._refreshing.isActive():
            self._refreshing.start()

    def done(self, result: int) -> None:
        """However it is closed."""
        self.line.stop()
        super().done(result)

    # --- parts

    def _build_lists(self) -> None:
        ratio = self.devicePixelRatioF()
        small, large = (ThumbnailLoader(self._library, self._tasks, self) for _ in range(2))
        small.set_size(SMALL_EDGE, ratio)
        large.set_size(EDGE, ratio)
        self._list_model = GroupListModel(self._library, self._tasks, small, self._spare_of, self)
        self.groups = QListView()
        self.groups.setObjectName("duplicateGroups")
        self.groups.setModel(self._list_model)
        self.groups.setUniformItemSizes(True)
        self.groups.setIconSize(QSize(SMALL_EDGE, SMALL_EDGE))
        self.groups.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.groups.setAccessibleName(self.tr("Groups"))
        self._photos_model = GroupPhotosModel(self)
        self.tiles = TileView(large)
        self.tiles.setModel(self._photos_model)
        self.tiles.setAccessibleName(self.tr("Photos of the group"))
        large.ready.connect(lambda _: self._photos_model.refresh())

    def _build_controls(self) -> None:
        self.tabs = QTabBar()
        self.tabs.setObjectName("duplicateTabs")
        self.tabs.setAccessibleName(self.tr("Kinds of duplicates"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        for _ in _LEVELS:
            self.tabs.addTab("")
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setProperty("rank", "muted")
        self.dismiss_button = QPushButton(self.tr("Not duplicates"))
        self.dismiss_button.setToolTip(self.tr("Never propose these photos together again"))
        self.undo_button = QPushButton(self.tr("Undo"))
        self.undo_button.setToolTip(self.tr("Propose the last group that was not duplicates again"))
        self.undo_button.hide()
        self.group_button, self.all_button = QPushButton(), QPushButton()

    def _lay_out(self) -> None:
        split = QSplitter()
        split.setObjectName("duplicateSplit")
        split.addWidget(self.groups)
        split.addWidget(self.tiles)
        split.setStretchFactor(1, 1)
        split.setSizes([290, 760])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(10)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(split)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(self.dismiss_button)
        bottom.addWidget(self.undo_button)
        bottom.addStretch(1)
        bottom.addWidget(self.group_button)
        bottom.addWidget(self.all_button)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(10)
        layout.addWidget(self.line)
        layout.addWidget(self.tabs)
        layout.addWidget(self._pages, 1)
        layout.addLayout(bottom)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)

    def _connect(self) -> None:
        self.line.changed.connect(self._show_level)
        self.line.found.connect(self._on_found)
        self.line.failed.connect(self._on_error)
        self.dismiss_button.clicked.connect(self._on_dismiss)
        self.undo_button.clicked.connect(self._on_undo)
        self.group_button.clicked.connect(lambda: self._ask([self._current()]))
        self.all_button.clicked.connect(lambda: self._ask(self._shown))
        self.tabs.currentChanged.connect(lambda _: self._show_level())
        self.groups.selectionModel().currentChanged.connect(lambda *_: self._show_group())
        self._photos_model.marks_changed.connect(self._on_marks)
        self._photos_model.refused.connect(
            lambda: self.line.say(self.tr("One photo of each group has to stay."))
        )
        self.tiles.open_wanted.connect(self.open_wanted)
        self.removal.begun.connect(self._on_removal_begun)
        self.removal.done.connect(self._on_removed)
        self.removal.failed.connect(self._on_error)

    # --- what was found

    def _on_found(self, report: DuplicateReport) -> None:
        self._report = report
        self._marks.clear()
        if not report.of(self._level()):
            found = [number for number, level in enumerate(_LEVELS) if report.of(level)]
            self.tabs.setCurrentIndex(found[0] if found else 0)
        self._show_level()
        self.groups.setFocus()

    def _refresh(self) -> None:
        report = self._report
        if report is not None:
            work = partial(self._service.still_there, report)
            self._tasks.run(work, partial(self._on_refreshed, report), self._on_error, receiver=self)

    def _on_refreshed(self, before: DuplicateReport, report: DuplicateReport) -> None:
        """Unless something else happened meanwhile, which asks again itself."""
        if before is not self._report:
            self.refresh_soon()
        elif report is not before:
            self._report = report
            self._show_level()

    def _level(self) -> Level:
        return _LEVELS[max(0, self.tabs.currentIndex())]

    def _spare_of(self, group: DuplicateGroup) -> frozenset[int]:
        return self._marks.get(group.photo_ids, group.spare)

    def _current(self) -> DuplicateGroup:
        return self._list_model.group(self.groups.currentIndex().row())

    # --- showing

    def _show_level(self) -> None:
        """The groups of the chosen tab, at the place where one was looking."""
        row = max(0, self.groups.currentIndex().row())
        groups = self._shown = self._report.of(self._level()) if self._report else ()
        self._marked = sum(len(self._spare_of(group)) for group in groups)
        self._show_titles()
        self._list_model.set_groups(groups)
        self._pages.setCurrentIndex(1 if groups else 0)
        self._empty.setText(self._empty_text())
        if groups:
            self.groups.setCurrentIndex(self._list_model.index(min(row, len(groups) - 1)))
        self._show_group()

    def _show_titles(self) -> None:
        names = {
            Level.EXACT: self.tr("Same file"),
            Level.NEAR: self.tr("Same picture"),
            Level.BURST: self.tr("Same moment"),
        }
        for number, (level, name) in enumerate(names.items()):
            count = f" ({wording.number(len(self._report.of(level)))})" if self._report else ""
            self.tabs.setTabText(number, name + count)

    def _empty_text(self) -> str:
        if self.line.searching:
            return self.tr("Photos are compared with those that may be like them. This may take a while.")
        if self._report is None:
            return self.tr("Nothing was looked at yet.")
        return {
            Level.EXACT: self.tr("No file is here twice."),
            Level.NEAR: self.tr("No picture is here again in another size, compression or crop."),
            Level.BURST: self.tr("No shots taken within seconds look alike."),
        }[self._level()]

    def _show_group(self) -> None:
        self._show_buttons()
        if not self.groups.currentIndex().isValid():
            self._photos_model.set_photos((), frozenset())
            return
        group = self._current()
        self._tasks.run(
            lambda: self._library.photos(group.photo_ids),
            lambda photos: self._show_photos(group, photos),
            self._on_error,
            receiver=self,
        )

    def _show_photos(self, group: DuplicateGroup, photos: Sequence[Photo]) -> None:
        if self.groups.currentIndex().isValid() and self._current() == group:
            self._photos_model.set_photos(photos, self._spare_of(group))
            self.tiles.setCurrentIndex(self._photos_model.index(0))

    def _show_buttons(self) -> None:
        index = self.groups.currentIndex()
        chosen = len(self._spare_of(self._current())) if index.isValid() else 0
        this, every = self.tr("Move from this group ({n})…"), self.tr("Move all marked ({n})…")
        self.group_button.setText(this.format(n=wording.number(chosen)))
        self.all_button.setText(every.format(n=wording.number(self._marked)))
        self.group_button.setEnabled(chosen > 0)
        self.all_button.setEnabled(self._marked > 0)
        self.dismiss_button.setEnabled(index.isValid())

    # --- deciding

    def _on_marks(self, marked: frozenset[int]) -> None:
        group = self._current()
        self._marked += len(marked) - len(self._spare_of(group))
        self._marks[group.photo_ids] = marked
        self._list_model.refresh()
        self._show_buttons()

    def _on_dismiss(self) -> None:
        group = self._current()
        work = partial(self._service.dismiss, group)
        self._tasks.run(work, on_error=self._on_error, lane=Lane.WRITES, receiver=self)
        self._dismissed.append(group)
        self.undo_button.show()
        self.line.say(self.tr("These photos are not proposed together again, also after another search."))
        self._show_groups([one for one in self._all_groups() if one is not group])

    def _on_undo(self) -> None:
        group = self._dismissed.pop()
        work = partial(self._service.take_back, group)
        self._tasks.run(work, on_error=self._on_error, lane=Lane.WRITES, receiver=self)
        self.undo_button.setVisible(bool(self._dismissed))
        self.line.say(self.tr("The photos are proposed again."))
        self._show_groups([group, *self._all_groups()])

    def _all_groups(self) -> tuple[DuplicateGroup, ...]:
        return self._report.groups if self._report else ()

    def _show_groups(self, groups: Sequence[DuplicateGroup]) -> None:
        self._report = replace(self._report or DuplicateReport(), groups=tuple(groups))
        self._show_level()

    def _ask(self, groups: Sequence[DuplicateGroup]) -> None:
        removals, size = [], 0
        for group in groups:
            spare = self._spare_of(group)
            if spare:
                kept = tuple(photo_id for photo_id in group.photo_ids if photo_id not in spare)
                gone = tuple(photo_id for photo_id in group.photo_ids if photo_id in spare)
                removals.append(Removal(group.level, kept, gone))
                size += replace(group, spare=spare).spare_bytes
        self.removal.ask(removals, size)

    def _on_removal_begun(self) -> None:
        self.line.say(self.tr("Moving photos to the trash…"))
        self.setEnabled(False)

    def _on_removed(self, text: str) -> None:
        self.setEnabled(True)
        self.line.say(text)
        self._refresh()
        self.library_changed.emit()

    def _on_error(self, error: Exception) -> None:
        self.setEnabled(True)
        if isinstance(error, AppError):
            self.line.say(str(error))
        else:
            _log.error("duplicates could not be shown", exc_info=error)
            self.line.say(self.tr("Something went wrong: {reason}").format(reason=error))
