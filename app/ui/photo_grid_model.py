"""The photos of one search result as rows, fetched page by page while they are looked at."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap

from app.domain.photo import Photo
from app.domain.query import Relevance, SearchQuery, SearchResult, SortOrder
from app.ui.photo_texts import file_name, spoken, tooltip
from app.ui.task_runner import Lane, TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService

_log = logging.getLogger(__name__)

AnyIndex = QModelIndex | QPersistentModelIndex

_PAGE = 100  # rows fetched at once
_PAGES_WANTED = 24  # wishes kept; what is painted again asks again
_PAGES_RUNNING = 2
_PHOTOS_KEPT = 20_000
_EMPTY_IDS: NDArray[np.int64] = np.empty(0, dtype=np.int64)


class PhotoGridModel(QAbstractListModel):
    """Rows of a SearchResult. Never blocks: what is not here yet is None now and `dataChanged` later."""

    PhotoRole = Qt.ItemDataRole.UserRole + 1  # Photo or None
    PixmapRole = Qt.ItemDataRole.UserRole + 2  # QPixmap or None
    WeakRole = Qt.ItemDataRole.UserRole + 3  # bool

    result_replaced = Signal(bool)  # other rows than before; True: the same question, so keep the place
    sections_changed = Signal()  # the same rows, but the weak matches begin elsewhere
    load_failed = Signal(str)  # for people

    def __init__(
        self,
        library: LibraryService,
        runner: TaskRunner,
        thumbnails: ThumbnailLoader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._runner = runner
        self._thumbnails = thumbnails
        self._result: SearchResult | None = None
        self._ids = _EMPTY_IDS
        self._weak_from = 0
        self._possible_from = 0
        self._photos: OrderedDict[int, tuple[Photo, int]] = OrderedDict()  # id -> photo, its epoch
        self._gone: set[int] = set()
        self._epoch = 0  # photos of an earlier one are shown, and fetched again
        self._wanted: OrderedDict[int, None] = OrderedDict()  # first rows of pages, newest wish last
        self._running: set[int] = set()
        self._visible = range(0)
        self._flush = QTimer(self, singleShot=True, interval=0)
        self._flush.timeout.connect(self._fetch_pages)
        thumbnails.ready.connect(self._on_thumbnails_ready)

    # --- the result

    @property
    def result(self) -> SearchResult | None:
        return self._result

    @property
    def photo_ids(self) -> NDArray[np.int64]:
        """(n,) int64, in the order shown; not to be changed."""
        return self._ids

    @property
    def weak_from(self) -> int:
        """First row of the weak matches; equal to the row count when there are none."""
        return self._weak_from

    @property
    def possible_from(self) -> int:
        """First row of the possible matches, where they follow the strong ones; else equal to `weak_from`."""
        return self._possible_from

    @property
    def complete(self) -> bool:
        """False when the result was cut and more can be asked for."""
        return self._result is None or self._result.complete

    @property
    def thumbnails(self) -> ThumbnailLoader:
        return self._thumbnails

    def set_result(self, result: SearchResult) -> None:
        """Show another result. One that begins with the rows here adds to them; equal rows stay."""
        ids = np.ascontiguousarray(result.photo_ids, dtype=np.int64)
        same = self._result is not None and _same_question(self._result.query, result.query)
        old, sections_before = self._ids, (self._possible_from, self._weak_from)
        self._result = result
        if np.array_equal(ids, old):
            self._take(ids)
            if sections_before != (self._possible_from, self._weak_from):
                self.sections_changed.emit()
        elif same and 0 < len(old) < len(ids) and np.array_equal(ids[: len(old)], old):
            self._append(ids)
        else:
            self._replace(ids, same)

    def _take(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids
        if self._result is not None:
            self._weak_from, self._possible_from = self._result.weak_from, self._result.possible_from

    def _append(self, ids: NDArray[np.int64]) -> None:
        self.beginInsertRows(QModelIndex(), len(self._ids), len(ids) - 1)
        self._take(ids)
        self._running.clear()  # the last page may have been a short one
        self.endInsertRows()

    def _replace(self, ids: NDArray[np.int64], same: bool) -> None:
        self.beginResetModel()
        self._take(ids)
        self._wanted.clear()
        self._running.clear()
        self._gone.clear()
        self._visible = range(0)
        self.endResetModel()
        self.result_replaced.emit(same)

    # --- photos

    def photo_at(self, row: int) -> Photo | None:
        """The photo of a row; None while it is being fetched, and for one that is gone."""
        if not 0 <= row < len(self._ids):
            return None
        photo_id = int(self._ids[row])
        found = self._photos.get(photo_id)
        if found is None:
            if photo_id not in self._gone:
                self._want(row)
            return None
        self._photos.move_to_end(photo_id)
        photo, epoch = found
        if epoch != self._epoch:
            self._want(row)
        return photo

    def pixmap_at(self, row: int) -> QPixmap | None:
        """The thumbnail of a row; None while it is on its way."""
        photo = self.photo_at(row)
        return self._thumbnails.pixmap(photo) if photo else None

    def is_weak(self, row: int) -> bool:
        return row >= self._weak_from

    def relevance(self, row: int) -> Relevance:
        """How sure the match in a row is."""
        return self._result.relevance_at(row) if self._result is not None else Relevance.STRONG

    def id_at(self, row: int) -> int:
        return int(self._ids[row])

    def row_of(self, photo_id: int) -> int | None:
        """The row of a photo; None when the result does not hold it."""
        visible = self._visible
        near = np.flatnonzero(self._ids[visible.start : visible.stop] == photo_id)
        if len(near):
            return int(near[0]) + visible.start
        rows = np.flatnonzero(self._ids == photo_id)
        return int(rows[0]) if len(rows) else None

    def rows_of(self, photo_ids: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of those photos that the result holds, ascending."""
        if len(photo_ids) <= 4:
            rows = [row for row in map(self.row_of, photo_ids) if row is not None]
            return np.array(sorted(rows), dtype=np.int64)
        return np.flatnonzero(np.isin(self._ids, np.asarray(photo_ids, dtype=np.int64))).astype(np.int64)

    def fetch(self, photo_ids: Sequence[int], on_done: Callable[[list[Photo]], None]) -> None:
        """Call back with these photos in order, those gone left out; at once when all are here."""
        if len(photo_ids) <= len(self._photos) and all(n in self._photos for n in photo_ids):
            on_done([self._photos[n][0] for n in photo_ids])
            return
        ids = list(photo_ids)
        self._runner.run(lambda: self._read(ids), on_done, self._on_failed, lane=Lane.READS)

    def _read(self, ids: list[int]) -> list[Photo]:
        pages = (self._library.photos(ids[start : start + _PAGE]) for start in range(0, len(ids), _PAGE))
        return [photo for page in pages for photo in page]

    # --- changes

    def refresh(self) -> None:
        """Fetch again what is shown, without blanking it: something in the library has changed."""
        self._epoch += 1
        self._gone.clear()
        self._thumbnails.forget_failures()
        for row in self._visible:
            self.photo_at(row)

    def update_photos(self, photos: Iterable[Photo]) -> None:
        """Take over changed photos at once."""
        for photo in photos:
            self._keep(photo)
            row = self.row_of(photo.photo_id)
            if row is not None:
                self._rows_changed(row, row)

    def mark_favourite(self, photo_ids: Sequence[int], favourite: bool) -> None:
        """Show a decision before the library has written it."""
        self.change_photos(photo_ids, lambda photo: replace(photo, favourite=favourite))

    def change_photos(self, photo_ids: Sequence[int], change: Callable[[Photo], Photo]) -> None:
        """Show a change before the library has written it, where the photos are here."""
        known = [photo_id for photo_id in photo_ids if photo_id in self._photos]
        for photo_id in known:
            self._keep(change(self._photos[photo_id][0]))
        rows = self._rows_near(known)  # at once: one look at a million rows for each photo takes too long
        if len(rows):
            self._rows_changed(int(rows[0]), int(rows[-1]))

    def set_visible(self, rows: range) -> None:
        """Tell which rows are in sight: what scrolled away loses its turn, the next screen comes early."""
        if rows == self._visible:
            return
        self._visible = rows
        near = range(max(0, rows.start - len(rows)), min(len(self._ids), rows.stop + len(rows)))
        self._wanted = OrderedDict((first, None) for first in self._wanted if _overlaps(first, near))
        self._thumbnails.keep_only(set(self._ids[near.start : near.stop].tolist()))
        self._look_ahead()
        for row in (*range(rows.stop - 1, rows.start, -_PAGE), rows.start):  # asked last, fetched first
            self.photo_at(row)

    def _look_ahead(self) -> None:
        rows = self._visible
        after = range(rows.stop, min(len(self._ids), rows.stop + len(rows)))
        self._thumbnails.prefetch(filter(None, map(self.photo_at, after)))

    # --- fetching

    def _want(self, row: int) -> None:
        first = row - row % _PAGE
        if first in self._running:
            return
        self._wanted[first] = None
        self._wanted.move_to_end(first)
        if len(self._wanted) > _PAGES_WANTED:
            self._wanted.popitem(last=False)
        if not self._flush.isActive():
            self._flush.start()

    def _fetch_pages(self) -> None:
        while self._wanted and len(self._running) < _PAGES_RUNNING:
            first, _ = self._wanted.popitem()
            ids = self._ids[first : first + _PAGE]
            self._running.add(first)
            self._runner.run(
                partial(self._library.photos, ids.tolist()),
                partial(self._on_page, first, ids, self._epoch),
                partial(self._on_page_failed, first),
                lane=Lane.READS,
            )

    def _on_page(self, first: int, ids: NDArray[np.int64], epoch: int, photos: tuple[Photo, ...]) -> None:
        changed = False
        for photo in photos:
            changed |= self._keep(photo, epoch)
        if len(photos) < len(ids):
            self._gone.update(set(ids.tolist()) - {photo.photo_id for photo in photos})
        if np.array_equal(self._ids[first : first + len(ids)], ids):
            self._running.discard(first)
            if changed:
                self._rows_changed(first, first + len(ids) - 1)
        self._look_ahead()
        self._flush.start()

    def _keep(self, photo: Photo, epoch: int | None = None) -> bool:
        """Remember a photo; False when it is just as it was."""
        old = self._photos.pop(photo.photo_id, None)
        self._photos[photo.photo_id] = (photo, self._epoch if epoch is None else epoch)
        if len(self._photos) > _PHOTOS_KEPT:
            self._photos.popitem(last=False)
        return old is None or old[0] != photo

    def _on_page_failed(self, first: int, error: Exception) -> None:
        self._running.discard(first)
        self._on_failed(error)

    def _on_failed(self, error: Exception) -> None:
        _log.error("photos could not be read from the library", exc_info=error)
        self.load_failed.emit(str(error))

    def _on_thumbnails_ready(self, photo_ids: list[int]) -> None:
        for row in self._rows_near(photo_ids).tolist():
            index = self.index(row)
            self.dataChanged.emit(index, index, [self.PixmapRole])

    def _rows_near(self, photo_ids: list[int]) -> NDArray[np.int64]:
        """Like `rows_of`, but looks where the user looks before it goes through a million rows."""
        rows = self._visible
        first = max(0, rows.start - len(rows))
        near = np.isin(self._ids[first : rows.stop + 2 * len(rows)], photo_ids)
        found = np.flatnonzero(near).astype(np.int64) + first
        return found if len(found) == len(photo_ids) else self.rows_of(photo_ids)

    def _rows_changed(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first), self.index(last))

    # --- Qt

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._ids)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not index.isValid() or row >= len(self._ids):
            return None
        if role == self.WeakRole:
            return self.is_weak(row)
        if role == self.PixmapRole:
            return self.pixmap_at(row)
        if role == self.PhotoRole:
            return self.photo_at(row)
        return self._text(row, role)

    def _text(self, row: int, role: int) -> str | None:
        makers: dict[int, Callable[[Photo], str]] = {
            Qt.ItemDataRole.DisplayRole: file_name,
            Qt.ItemDataRole.ToolTipRole: tooltip,
            Qt.ItemDataRole.AccessibleTextRole: lambda photo: spoken(photo, self.relevance(row)),
        }
        maker = makers.get(role)
        if maker is None:
            return None
        photo = self.photo_at(row)
        return maker(photo) if photo else ""


def _same_question(one: SearchQuery, other: SearchQuery) -> bool:
    """Whether two results answer the same wish, so that a selection still means the same."""
    unusual = [each.sort is SortOrder.UNUSUAL for each in (one, other)]
    return one.terms == other.terms and one.filters == other.filters and unusual[0] == unusual[1]


def _overlaps(first: int, rows: range) -> bool:
    return first < rows.stop and first + _PAGE > rows.start
