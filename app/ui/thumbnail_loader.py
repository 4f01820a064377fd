"""Thumbnails for the grid: read and decoded on threads, newest wish first, kept in a bounded memory."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QImage, QImageReader, QPainter, QPixmap

from app.domain.photo import Photo
from app.errors import AppError
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService

_log = logging.getLogger(__name__)

CORNER = 5  # radius in logical pixels, baked into the picture so that painting is a plain copy
_PENDING_LIMIT = 2_000  # wishes kept; a tile that is painted again asks again
_CHUNK = 4  # pictures a task loads before others get their turn on the lane
# Decoding holds a processor from its first to its last line; one is left for the window.
_TASKS = max(1, min(2, (os.cpu_count() or 1) - 1))
_DELIVERY_SECONDS = 0.004  # of the window's thread in one turn of its event loop


@dataclass(frozen=True, slots=True)
class _Entry:
    """A picture in memory and the size it was made for, in device pixels."""

    pixmap: QPixmap
    edge: int
    cost: int  # bytes


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What a thread made of one wish; no image where there is nothing to show."""

    key: str
    edge: int
    ratio: float
    image: QImage | None


def decode(data: bytes, box: QSize | None = None) -> QImage | None:
    """An image that fits `box` device pixels, never enlarged; None for damaged bytes.

    Not for the window's thread. QImageReader.read lets other Python threads run meanwhile, QImage.fromData
    does not.
    """
    source = QByteArray(data)
    buffer = QBuffer(source)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    size = reader.size()
    if box is not None and (size.width() > box.width() or size.height() > box.height()):
        reader.setScaledSize(size.scaled(box, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    image = reader.read()
    return None if image.isNull() else image


def rounded(image: QImage, radius: float) -> QImage:
    """The image with transparent, smooth corners; radius in its own pixels."""
    result = QImage(image.size(), QImage.Format.Format_ARGB32_Premultiplied)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(image))
    painter.drawRoundedRect(QRectF(result.rect()), radius, radius)
    painter.end()
    return result


class ThumbnailLoader(QObject):
    """Gives the pixmap of a photo at once when it has one, and `ready` later when it has not."""

    ready = Signal(object)  # list of photo ids whose pixmap has arrived or turned out not to exist

    def __init__(
        self,
        library: LibraryService,
        runner: TaskRunner,
        parent: QObject | None = None,
        *,
        memory_bytes: int = 256 << 20,
        tasks: int = _TASKS,
    ) -> None:
        """`tasks`: how many pictures are decoded at the same time."""
        super().__init__(parent)
        self._library = library
        self._runner = runner
        self._memory_bytes = memory_bytes
        self._tasks = tasks
        self._edge = 256
        self._ratio = 1.0
        self._lock = threading.Lock()  # guards _pending, which threads take from
        self._pending: OrderedDict[str, Photo] = OrderedDict()
        self._waiting: dict[str, set[int]] = {}  # key -> photo ids to tell, pending or being loaded
        self._cache: OrderedDict[str, _Entry] = OrderedDict()
        self._cost = 0
        self._without: set[str] = set()
        self._running = 0
        self._arrived: deque[_Loaded] = deque()
        self._delivery = QTimer(self, singleShot=True, interval=0)
        self._delivery.timeout.connect(self._deliver)

    def set_size(self, edge: int, ratio: float) -> None:
        """Make pictures that fit a square of `edge` logical pixels; those there serve until replaced."""
        self._edge = max(1, round(edge * ratio))
        self._ratio = ratio

    @property
    def memory_used(self) -> int:
        """Bytes of the pixmaps kept."""
        return self._cost

    def cached(self, photo: Photo) -> QPixmap | None:
        """What is there now, without asking for more."""
        entry = self._cache.get(photo.content_key or "")
        return entry.pixmap if entry else None

    def pixmap(self, photo: Photo) -> QPixmap | None:
        """The picture, perhaps of another size for a moment; None while it is on its way or missing."""
        key = photo.content_key
        if key is None:
            return None
        entry = self._cache.get(key)
        if entry is not None:
            self._cache.move_to_end(key)
            if entry.edge == self._edge:
                return entry.pixmap
        if key not in self._without:
            self._request(key, photo)
        return entry.pixmap if entry else None

    def has_none(self, photo: Photo) -> bool:
        """True when we asked and there is no picture to show."""
        return photo.content_key in self._without

    def prefetch(self, photos: Iterable[Photo]) -> None:
        """Load these when nothing that is in sight waits; the first soonest."""
        for photo in photos:
            key = photo.content_key
            if key is None or key in self._without or key in self._cache or key in self._waiting:
                continue
            self._request(key, photo, last=False)

    def keep_only(self, photo_ids: set[int]) -> None:
        """Drop the wishes for photos that scrolled away before their turn came."""
        with self._lock:
            dropped = [key for key in self._pending if not self._waiting[key] & photo_ids]
            for key in dropped:
                del self._pending[key], self._waiting[key]

    def forget_failures(self) -> None:
        """Ask again for pictures that could not be had: a drive may be back."""
        self._without.clear()

    def _request(self, key: str, photo: Photo, *, last: bool = True) -> None:
        with self._lock:
            waiting = self._waiting.setdefault(key, set())
            if key in self._pending:
                self._pending.move_to_end(key, last=last)
            elif not waiting:
                self._pending[key] = photo
                self._pending.move_to_end(key, last=last)
                if len(self._pending) > _PENDING_LIMIT:
                    dropped, _ = self._pending.popitem(last=False)
                    del self._waiting[dropped]
            waiting.add(photo.photo_id)
        self._start_tasks()

    def _start_tasks(self) -> None:
        while self._running < self._tasks and self._pending:
            self._running += 1
            work = partial(self._load_some, self._edge, self._ratio)
            self._runner.run(work, self._on_loaded, lane=Lane.READS)

    def _take(self) -> tuple[str, Photo] | None:
        with self._lock:
            return self._pending.popitem() if self._pending else None

    def _load_some(self, edge: int, ratio: float) -> list[_Loaded]:
        """On a thread: the newest few wishes."""
        loaded: list[_Loaded] = []
        while len(loaded) < _CHUNK and (taken := self._take()) is not None:
            key, photo = taken
            loaded.append(_Loaded(key, edge, ratio, self._load(photo, edge, ratio)))
        return loaded

    def _load(self, photo: Photo, edge: int, ratio: float) -> QImage | None:
        try:
            data = self._library.thumbnail(photo)
        except AppError as error:
            _log.info("no thumbnail of %r: %s", photo.path, error)
            return None
        except Exception:  # noqa: BLE001 - a bug for the log; the other pictures must still come
            _log.exception("thumbnail of %r", photo.path)
            return None
        image = decode(data, QSize(edge, edge)) if data else None
        return rounded(image, CORNER * ratio) if image else None

    def _on_loaded(self, loaded: list[_Loaded]) -> None:
        self._running -= 1
        self._arrived.extend(loaded)
        if self._arrived:
            self._delivery.start()
        self._start_tasks()

    def _deliver(self) -> None:
        """Turn arrived images into pixmaps for a few milliseconds, then let the window breathe."""
        deadline = time.perf_counter() + _DELIVERY_SECONDS
        told: list[int] = []
        while self._arrived and time.perf_counter() < deadline:
            loaded = self._arrived.popleft()
            if loaded.image is None:
                self._without.add(loaded.key)
            else:
                self._keep(loaded, loaded.image)
            told.extend(self._waiting.pop(loaded.key, ()))
        if self._arrived:
            self._delivery.start()
        if told:
            self.ready.emit(told)

    def _keep(self, loaded: _Loaded, image: QImage) -> None:
        pixmap = QPixmap.fromImage(image, Qt.ImageConversionFlag.NoFormatConversion)
        pixmap.setDevicePixelRatio(loaded.ratio)
        old = self._cache.pop(loaded.key, None)
        self._cost += image.sizeInBytes() - (old.cost if old else 0)
        self._cache[loaded.key] = _Entry(pixmap, loaded.edge, image.sizeInBytes())
        while self._cost > self._memory_bytes and len(self._cache) > 1:
            _, evicted = self._cache.popitem(last=False)
            self._cost -= evicted.cost
