"""The one thread that keeps the library equal to the folders."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from app.domain.indexing import PendingPhoto
from app.domain.manners import Manners, MannersHere, WaitReason
from app.domain.progress import IndexPhase, IndexProgress
from app.errors import AppError
from app.indexing.embedding_target import EmbeddingTargets
from app.indexing.folder_states import FolderStates
from app.indexing.folder_watch import FolderWatch
from app.indexing.index_keeper import IndexKeeper
from app.indexing.picture_cache import PictureCache
from app.indexing.pipeline import IndexingPipeline
from app.indexing.place_keeper import PlaceKeeper
from app.indexing.progress_report import ProgressReporter
from app.indexing.throttle import EFFORTS, Effort, Throttle
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.thumbnails import ThumbnailStore

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 0.1  # how long one step waits for a photo before it looks around again
_RETRY_SECONDS = 5.0  # after the library or the disk refused
_DRAIN_SECONDS = 3.0  # how long stopping waits for the model
_TIDYING_SECONDS = 0.02  # between two steps of tidying up when there is nothing else to do
_HOLD_SECONDS = 1.0  # between two looks at whether work may go on
_RELEASE_SECONDS = 60.0  # during a change, the model that only waits for new photos keeps its memory so long


class IndexingWorker:
    """Scans, watches, decodes, embeds and stores on a thread of its own; tells a callback how far it is.

    Everything it does can stop at any moment: the library knows what is pending, the folders what is true.
    """

    def __init__(
        self,
        library: Library,
        decoder: DecodePool,
        thumbnails: ThumbnailStore,
        states: FolderStates,
        workers: int,
        throttle: Throttle | None = None,
        pictures: PictureCache | None = None,
        places: PlaceKeeper | None = None,
    ) -> None:
        self._states = states
        self._companions = library.companions
        self._wake = threading.Condition()
        self._woken = False
        self._stopping = False
        self._paused = False
        self._commands: deque[Callable[[], None]] = deque()
        self._watch = FolderWatch(library, states, self.wake)
        self._index = IndexKeeper(library)
        self._report = ProgressReporter(library)
        self._pipeline = IndexingPipeline(
            library,
            decoder,
            thumbnails,
            look_ahead=8 + 4 * workers,
            on_embedded=self._index.note_change,
            on_vanished=self._look_at,
        )
        self._decoder = decoder
        self._pictures = pictures
        self._places = places
        self._throttle = throttle or Throttle(workers)
        self._effort: tuple[Effort, int] = (EFFORTS[Manners().pace], workers)  # with decoders at once
        self._reason: WaitReason | None = None
        self._tidying = False  # thumbnails and previews are being measured or dropped
        self._holding = False  # there is work, and it has to wait
        self._release_seconds: float | None = None
        self._offline: frozenset[int] = frozenset()
        self._on_caught_up: Callable[[str], None] = lambda _: None
        self._told_caught_up = ""  # the identity of the model whose turn has come
        self._rests, self._trouble = 0, ""  # in a row without getting on, and why the last time
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexing", daemon=True)

    def start(self, on_progress: Callable[[IndexProgress], None]) -> None:
        """Begin. `on_progress` is called on the worker's thread, about ten times a second at most."""
        self._report.listen(on_progress)
        self._command(self._mend_groups)
        self._command(self._refresh_folders)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do. Callable from any thread."""
        with self._wake:
            self._woken = True
            self._idle.clear()
            self._wake.notify()

    def pause(self, paused: bool) -> None:
        """Stop or go on with taking photos in; folders are watched all the same."""
        self._paused = paused
        self.wake()

    def behave(self, manners: Manners, release_seconds: float | None = None) -> None:
        """Keep to these manners, and give the model's memory back when unused for so long (None: never)."""
        self._throttle.set(manners)
        self._release_seconds = release_seconds
        self.wake()

    def choices(self) -> MannersHere:
        """Which manners this computer can keep to."""
        return self._throttle.choices()

    @property
    def paused(self) -> bool:
        return self._paused

    def when_caught_up(self, take_over: Callable[[str], None]) -> None:
        """Called once, on the worker's thread, with the identity of a model that need not wait any longer."""
        self._on_caught_up = take_over

    def use(self, targets: EmbeddingTargets) -> None:
        """Embed with these from now on. Returns when those before are no longer used."""
        taken = threading.Event()

        def take() -> None:
            self._pipeline.use(targets)
            self._index.use(targets)
            self._told_caught_up = ""
            self._report.recount()
            for target in targets.all:
                target.encoder.be_considerate(self._effort[0].encoder_niceness)
            taken.set()

        self._command(take)
        while self._thread.is_alive() and not taken.wait(0.1):
            continue

    def show_raw_apart(self, apart: bool) -> None:
        """Show raw files by themselves from now on, or with the photos they belong to."""
        if apart != self._companions.raw_apart:
            self._companions.show_raw_apart(apart)
            self._command(self._mend_groups)

    def folders_changed(self) -> None:
        """The library's list of folders is another now."""
        self._command(self._refresh_folders)

    def rescan(self, folder_id: int | None) -> None:
        """Look through a folder, or all, once more."""
        self._command(lambda: self._watch.want_scan(None if folder_id is None else [folder_id]))

    def wait_until_idle(self, timeout: float | None) -> bool:
        """False when the time ran out first."""
        return self._idle.wait(timeout)

    @property
    def trouble(self) -> tuple[int, str]:
        """How often in a row indexing had to rest without getting on, and why the last time."""
        return self._rests, self._trouble

    def stop(self) -> None:
        """Finish what is computed, store it, and end the thread."""
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join()
        self._watch.close()
        self._index.close()

    # -- the thread

    def _run(self) -> None:
        while not self._stopping:
            try:
                busy = self._turn()
                self._settle(busy)
            except AppError as error:
                _log.warning("indexing rests: %s", error)
                self._rest(str(error))
            except Exception:  # noqa: BLE001 - a bug must not end indexing for good; it is logged and shown
                _log.exception("indexing stumbled and goes on")
                self._rest("Something went wrong while indexing; it goes on by itself.")
        try:
            self._pipeline.drain(_DRAIN_SECONDS)
        except AppError as error:
            _log.warning("not everything was stored at the end: %s", error)
        self._report.tell(IndexPhase.STOPPED, now=True)

    def _turn(self) -> bool:
        """One round of everything; whether something is under way."""
        self._obey()
        changed = self._watch.step()
        offline = self._states.offline()
        if changed or offline != self._offline:
            self._report.note_change()
        self._offline = offline
        if self._index.compare():
            self._report.note_change()
        self._tidying = self._pictures is not None and self._pictures.step()
        if self._places is not None and self._places.step():
            self._report.note_change()
        return self._take_photos_in(offline) or self._watch.scanning

    def _take_photos_in(self, offline: frozenset[int]) -> bool:
        """As far as pause and manners allow; whether something is under way."""
        self._reason = None if self._paused else self._throttle.look()
        self._make_effort()
        rests = self._throttle.rests(working=self._pipeline.computing)
        refill = not (self._paused or self._reason or rests)
        news = self._pipeline.step(offline, refill=refill, patience=_PATIENCE_SECONDS, embed=not rests)
        self._report.note_finished(news.finished)
        if news.finished:
            self._rests = 0
        if rests and not self._pipeline.computing:
            self._sleep(_PATIENCE_SECONDS)
        self._look_at_change()
        return news.worked or (rests and self._pipeline.has_work(offline))

    def _look_at_change(self) -> None:
        """Tell whether the model that is to answer may do so. Meanwhile the other one rests."""
        targets = self._pipeline.targets
        if targets.coming is None or targets.answering is None:
            return
        targets.answering.encoder.release_unused(_RELEASE_SECONDS)
        ready = self._pipeline.caught_up or (self._report.knows_more and not targets.keep_up)
        if ready and self._told_caught_up != targets.coming.identity:
            self._told_caught_up = targets.coming.identity
            self._on_caught_up(targets.coming.identity)

    def _make_effort(self) -> None:
        """Tell those who compute how hard they may, when that has changed."""
        effort = self._throttle.effort, self._throttle.decoders
        if effort != self._effort:
            self._effort = effort
            self._decoder.be_considerate(photos_at_once=effort[1], niceness=effort[0].decoder_niceness)
            for target in self._pipeline.targets.all:
                target.encoder.be_considerate(effort[0].encoder_niceness)

    def _settle(self, busy: bool) -> None:
        """After a round: say how far we are; with nothing to do, put things in order and sleep."""
        if busy:
            self._idle.clear()
            self._holding = False
            self._report.begin()
            self._tell(self._phase())
            self._index.save_at_times()
            if self._watch.scanning and not self._pipeline.busy:
                self._sleep(_PATIENCE_SECONDS)  # the scan's end wakes us
            return
        if self._index.purge():
            self._report.note_change()
        self._index.save_behind()
        self._rests = 0
        self._give_back()
        if (self._paused or self._reason is not None) and self._pipeline.has_work(self._offline):
            self._hold()
            return
        self._report.end()
        self._tell(IndexPhase.PAUSED if self._paused else IndexPhase.IDLE, now=True)
        self._note_idle()
        due = _TIDYING_SECONDS if self._tidying else max(0.01, self._watch.next_due())
        self._sleep(due if self._places is None else min(due, self._places.next_due()))

    def _hold(self) -> None:
        """There is work that may not be done now: the run goes on, and so do its numbers."""
        if not self._holding:
            self._holding = True
            self._report.recount()
        self._tell(self._phase(), now=True)
        if self._paused:
            self._note_idle()
        else:
            self._idle.clear()
        self._sleep(min(_HOLD_SECONDS, max(0.01, self._watch.next_due())))

    def _note_idle(self) -> None:
        with self._wake:
            if not self._woken and not self._watch.events_waiting:
                self._idle.set()

    def _give_back(self) -> None:
        """With nothing to do for long, the memory of the model is worth more to other programs."""
        if self._release_seconds is not None:
            for target in self._pipeline.targets.all:
                target.encoder.release_unused(self._release_seconds)

    def _tell(self, phase: IndexPhase, *, now: bool = False) -> None:
        self._report.count(self._pipeline.targets, self._pipeline.works, self._offline)
        current = {
            IndexPhase.SCANNING: self._watch.current,
            IndexPhase.INDEXING: self._pipeline.current,
        }
        self._report.tell(
            phase,
            current=current.get(phase, ""),
            message=self._pipeline.message or (self._pictures.message if self._pictures else ""),
            waits_for=self._reason if phase is IndexPhase.WAITING else None,
            complete=not self._watch.scanning,
            now=now,
        )

    def _phase(self) -> IndexPhase:
        if self._paused:
            return IndexPhase.PAUSED
        if self._reason is not None and not self._watch.scanning:
            return IndexPhase.WAITING
        if self._watch.scanning and not self._pipeline.busy:
            return IndexPhase.SCANNING
        return IndexPhase.INDEXING

    def _rest(self, trouble: str) -> None:
        """Whatever refused gets time; nothing is asked of the library here, which may be what refused."""
        self._idle.clear()
        self._rests, self._trouble = self._rests + 1, trouble
        self._report.tell(self._phase(), message=trouble, now=True)
        with self._wake:
            self._wake.wait_for(lambda: self._stopping, _RETRY_SECONDS)

    def _sleep(self, seconds: float) -> None:
        """Until somebody wakes us, that long at most."""
        with self._wake:
            if not self._woken:
                self._wake.wait(seconds)
            self._woken = False

    def _refresh_folders(self) -> None:
        if self._watch.refresh_folders():
            self._report.note_change()

    def _mend_groups(self) -> None:
        if self._companions.mend():
            self._report.note_change()

    def _look_at(self, photo: PendingPhoto) -> None:
        self._watch.look_at(photo.folder_id, photo.path)

    def _command(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        self.wake()

    def _obey(self) -> None:
        """A command that fails is tried again after a rest: somebody may wait for it."""
        while self._commands:
            self._commands[0]()
            self._commands.popleft()
