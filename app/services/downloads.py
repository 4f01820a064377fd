"""Offering models for download, downloading one and putting it to use."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from app.domain.download import (
    CatalogueModel,
    DeviceSpeed,
    DownloadPhase,
    DownloadProgress,
    ModelOffer,
    Transfer,
)
from app.domain.progress import CancelToken
from app.embedding.download import download_checkpoint, is_downloaded, unfinished_bytes
from app.embedding.speed import measure_speed
from app.errors import AppError, CancelledError, DownloadError
from app.services.model_catalogue import hub_id_of, offered
from app.settings import SettingsStore

_log = logging.getLogger(__name__)

_RATE_SECONDS = 5.0  # a line's speed is judged over this long

# Of the speed of bare matrix products a base-size tower reached 0.5 to 0.9 on two busy cores, run in turns;
# attention, normalisation and the pauses between layers take the rest.
_TOWER_SHARE = 0.7
_DECODE_SECONDS = 0.08  # of one core: 12 megapixels to the model's input, thumbnail and metadata

_PLEASANT_RATE = 100  # photos a minute: ten thousand take less than two hours
_MEMORY_SHARE = 0.4  # of what the device has; the rest belongs to the photos and to other programs


@dataclass(frozen=True, slots=True)
class DownloadParts:
    """What reaches the hub, its cache and the device; tests pass fakes."""

    download: Callable[[str, Callable[[Transfer], None], CancelToken], str] = download_checkpoint
    is_downloaded: Callable[[str], bool] = is_downloaded
    unfinished_bytes: Callable[[str], int] = unfinished_bytes
    measure: Callable[[], DeviceSpeed] = measure_speed


class ModelDownloadService:
    """One download at a time; the model is used as soon as it is here and whole. Thread-safe."""

    def __init__(
        self,
        settings: SettingsStore,
        use: Callable[[str, str], object],  # (hub id, device): put what came to use, and remember it
        parts: DownloadParts | None = None,
    ) -> None:
        self._settings = settings
        self._use = use
        self._parts = parts or DownloadParts()
        self._lock = threading.Lock()
        self._measuring = threading.Lock()
        self._progress = DownloadProgress()
        self._speed: DeviceSpeed | None = None
        self._listeners: list[Callable[[DownloadProgress], None]] = []
        self._cancel = CancelToken()
        self._thread: threading.Thread | None = None

    def offers(self, *, measured: bool = False) -> tuple[ModelOffer, ...]:
        """The models to choose among, as they stand here. Reads the disk.

        `measured` adds estimates of photos a minute and the recommendation; the first time that takes some
        seconds, and raises AppError when the machine cannot be measured.
        """
        if measured:
            with self._measuring:
                if self._speed is None:
                    self._speed = self._parts.measure()
        models, checkpoint = offered(), self._settings.load().checkpoint
        best = recommended(models, self._speed) if self._speed else None
        return tuple(self._offer(model, checkpoint, best) for model in models)

    def progress(self) -> DownloadProgress:
        """How the download stands; the last one's end when none is under way."""
        with self._lock:
            return self._progress

    def subscribe(self, listener: Callable[[DownloadProgress], None]) -> Callable[[], None]:
        """Called on a worker thread a few times a second while downloading; call the result to end it."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = [other for other in self._listeners if other is not listener]

        return unsubscribe

    def start(self, model: str) -> None:
        """Download a tier or a hub id in the background, going on where it broke off, and use it.

        Raises DownloadError when another one is under way; what goes wrong later is in `progress`.
        """
        hub_id = hub_id_of(model)
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise DownloadError(
                    "A model is being downloaded already. Cancel that first, or let it finish."
                )
            self._cancel = CancelToken()
            self._progress = DownloadProgress(DownloadPhase.CONNECTING, hub_id)
            self._thread = threading.Thread(
                target=self._run, args=(hub_id, self._cancel), name="model-download", daemon=True
            )
            self._thread.start()

    def cancel(self) -> None:
        """Stop the download at once; what came through is kept for the next `start`."""
        self._cancel.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Until no download is under way; False when the time was not enough."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def close(self) -> None:
        """End a download that is under way."""
        self.cancel()
        self.wait()

    # -- offers

    def _offer(self, model: CatalogueModel, checkpoint: str | None, best: str | None) -> ModelOffer:
        return ModelOffer(
            model=model,
            downloaded=self._parts.is_downloaded(model.hub_id),
            in_use=_is_model(checkpoint, model.hub_id),
            partial_bytes=self._parts.unfinished_bytes(model.hub_id),
            photos_a_minute=photos_a_minute(model, self._speed) if self._speed else None,
            recommended=model.hub_id == best,
        )

    # -- downloading

    def _run(self, hub_id: str, cancel: CancelToken) -> None:
        rate = _Rate()
        try:
            self._publish(DownloadProgress(DownloadPhase.CONNECTING, hub_id))
            self._parts.download(hub_id, lambda transfer: self._publish(rate.judge(hub_id, transfer)), cancel)
            cancel.check()
            self._use(hub_id, self._settings.load().device)
        except CancelledError:
            self._publish(
                replace(self.progress(), phase=DownloadPhase.CANCELLED, rate=None, seconds_left=None)
            )
        except AppError as error:
            _log.info("downloading %s failed: %s", hub_id, error)
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it; the window must hear of it
            _log.exception("downloading %s failed", hub_id)
            self._fail(f"Something went wrong: {error}")
        else:
            total = self.progress().total_bytes
            self._publish(DownloadProgress(DownloadPhase.DONE, hub_id, total, total))

    def _fail(self, message: str) -> None:
        self._publish(
            replace(
                self.progress(), phase=DownloadPhase.FAILED, rate=None, seconds_left=None, message=message
            )
        )

    def _publish(self, progress: DownloadProgress) -> None:
        with self._lock:
            self._progress = progress
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(progress)


class _Rate:
    """Bytes a second over the last seconds, from what is there at each moment."""

    def __init__(self) -> None:
        self._moments: deque[tuple[float, int]] = deque()

    def judge(self, hub_id: str, transfer: Transfer) -> DownloadProgress:
        rate = self._rate(transfer) if transfer.phase is DownloadPhase.DOWNLOADING else None
        left = (transfer.total_bytes - transfer.done_bytes) / rate if rate else None
        return DownloadProgress(transfer.phase, hub_id, transfer.done_bytes, transfer.total_bytes, rate, left)

    def _rate(self, transfer: Transfer) -> float | None:
        now = monotonic()
        self._moments.append((now, transfer.done_bytes))
        while now - self._moments[0][0] > _RATE_SECONDS:
            self._moments.popleft()
        since, before = self._moments[0]
        received = transfer.done_bytes - before
        return received / (now - since) if now > since and received > 0 else None


def photos_a_minute(model: CatalogueModel, speed: DeviceSpeed) -> float:
    """An estimate for photos of 12 megapixels, from the machine's measured matrix products.

    A CPU decodes and computes with the same cores, in turns; beside a GPU the slower of both counts.
    """
    computing = model.gflop_per_image / (speed.gflops * _TOWER_SHARE)
    decoding = _DECODE_SECONDS / speed.cores
    return 60 / (computing + decoding if speed.device == "cpu" else max(computing, decoding))


def recommended(models: tuple[CatalogueModel, ...], speed: DeviceSpeed) -> str:
    """The hub id of the best model that is pleasantly fast here and leaves memory for other things."""
    fitting = [
        model
        for model in models
        if photos_a_minute(model, speed) >= _PLEASANT_RATE
        and model.download_bytes <= speed.memory_bytes * _MEMORY_SHARE
    ]
    return (fitting[-1] if fitting else models[0]).hub_id


def _is_model(checkpoint: str | None, hub_id: str) -> bool:
    """Whether the settings name this model: by its id, or by its folder in the hub's cache."""
    if checkpoint is None or checkpoint == hub_id:
        return checkpoint is not None
    return f"models--{hub_id.replace('/', '--')}" in Path(checkpoint).parts
