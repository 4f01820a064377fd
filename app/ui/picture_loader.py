"""Large pictures, one at a time: read and decoded on a thread, the newest wish first."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from app.domain.photo import Photo
from app.errors import AppError
from app.ui.task_runner import Lane, TaskRunner
from app.ui.thumbnail_loader import decode

_log = logging.getLogger(__name__)

_KEPT = 5


class PictureLoader(QObject):
    """Loads the picture of one photo after another; wishes that a newer one overtook are dropped."""

    loaded = Signal(object, object)  # Photo, QImage
    failed = Signal(object, str)  # Photo, a reason for people

    def __init__(
        self,
        read: Callable[[Photo], bytes | None],
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._read = read
        self._runner = runner
        self._box: QSize | None = None
        self._images: OrderedDict[tuple[int, str | None], QImage] = OrderedDict()
        self._wanted: Photo | None = None
        self._next: Photo | None = None
        self._busy = False

    def set_box(self, box: QSize) -> None:
        """Decode for this many device pixels from now on; what is kept for other sizes is forgotten."""
        if box != self._box:
            self._box = box
            self._images.clear()

    def cached(self, photo: Photo) -> QImage | None:
        return self._images.get(_key(photo))

    def request(self, photo: Photo, then: Photo | None = None) -> None:
        """Load this photo, `loaded` or `failed` follows; afterwards `then` into memory, without a signal."""
        image = self.cached(photo)
        self._wanted, self._next = (photo if image is None else None), then
        if image is not None:
            self.loaded.emit(photo, image)
        self._start()

    def cancel(self) -> None:
        """Nothing is wanted any more; no signal comes."""
        self._wanted = self._next = None

    def _start(self) -> None:
        photo = self._wanted or self._next
        if self._busy or photo is None:
            return
        if self._wanted is None:
            self._next = None
            if self.cached(photo) is not None:
                return
        self._busy = True
        self._runner.run(
            partial(self._load, photo, self._box),
            partial(self._on_loaded, photo, self._box),
            partial(self._on_failed, photo),
            lane=Lane.READS,
        )

    def _load(self, photo: Photo, box: QSize | None) -> QImage | None:
        data = self._read(photo)
        return decode(data, box) if data else None

    def _on_loaded(self, photo: Photo, box: QSize | None, image: QImage | None) -> None:
        self._busy = False
        if image is None:
            self._tell_failure(photo, self.tr("There is no picture of this photo at the moment."))
        elif box == self._box:
            self._keep(photo, image)
        self._start()

    def _keep(self, photo: Photo, image: QImage) -> None:
        self._images[_key(photo)] = image
        while len(self._images) > _KEPT:
            self._images.popitem(last=False)
        if self._is_wanted(photo):
            self._wanted = None
            self.loaded.emit(photo, image)

    def _on_failed(self, photo: Photo, error: Exception) -> None:
        self._busy = False
        if isinstance(error, AppError):
            self._tell_failure(photo, str(error))
        else:
            _log.error("picture of %r", photo.path, exc_info=error)
            self._tell_failure(photo, self.tr("This photo could not be shown."))
        self._start()

    def _tell_failure(self, photo: Photo, reason: str) -> None:
        if self._is_wanted(photo):
            self._wanted = None
            self.failed.emit(photo, reason)

    def _is_wanted(self, photo: Photo) -> bool:
        return self._wanted is not None and _key(self._wanted) == _key(photo)


def _key(photo: Photo) -> tuple[int, str | None]:
    return photo.photo_id, photo.content_key
