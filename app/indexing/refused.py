"""Photos that could not be read, while their content is identified."""

from collections.abc import Iterable
from concurrent.futures import Future

from app.domain.indexing import PendingPhoto, PhotoFailure
from app.errors import AppError
from app.media.decode_pool import DecodePool


class RefusedPhotos:
    """Asks for the content key of what failed, so that a copy of it need not be tried. One thread's."""

    def __init__(self, decoder: DecodePool) -> None:
        self._decoder = decoder
        self._failures: dict[Future[str | None], PhotoFailure] = {}

    def __len__(self) -> int:
        return len(self._failures)

    def add(self, photo: PendingPhoto, reason: str) -> None:
        """Its content was no picture."""
        failure = PhotoFailure(photo.photo_id, photo.size, photo.mtime_ns, reason)
        self._failures[self._decoder.submit_key(photo.path, photo.size, photo.mtime_ns)] = failure

    def photo_ids(self) -> set[int]:
        return {failure.photo_id for failure in self._failures.values()}

    def futures(self) -> Iterable["Future[str | None]"]:
        """What to wait for."""
        return self._failures.keys()

    def collect(self) -> list[PhotoFailure]:
        """Those that are identified now, or cannot be."""
        done = [future for future in self._failures if future.done()]
        return [self._identified(self._failures.pop(future), future) for future in done]

    def drop(self) -> None:
        """We are closing: the rows stay pending."""
        for future in self._failures:
            future.cancel()
        self._failures.clear()

    @staticmethod
    def _identified(failure: PhotoFailure, future: "Future[str | None]") -> PhotoFailure:
        try:
            return PhotoFailure(
                failure.photo_id, failure.size, failure.mtime_ns, failure.reason, future.result()
            )
        except AppError:  # its file went meanwhile, or is too slow: this photo failed all the same
            return failure
