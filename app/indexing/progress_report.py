"""Tells whoever listens how far indexing is."""

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from app.domain.manners import WaitReason
from app.domain.progress import ChangeProgress, IndexPhase, IndexProgress
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.rate import Forecast, RateMeter
from app.library.library import Library

_log = logging.getLogger(__name__)

_REPORT_SECONDS = 0.1
_COUNT_SECONDS = 2.0  # totals are counted in the database, so not at every report
_RECOUNT_SECONDS = 0.3  # at the earliest, after folders turned out to be different


class ProgressReporter:
    """Counts a run of work, from the first photo until nothing is left. Belongs to the worker's thread."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._rate = RateMeter()
        self._forecast = Forecast(self._rate)
        self._on_progress: Callable[[IndexProgress], None] = lambda _: None
        self._last: IndexProgress | None = None
        self._next_report = 0.0
        self._next_count = 0.0
        self._counted = 0.0
        self._started: float | None = None  # when the run began; None between runs
        self._done = 0
        self._left = 0
        self._problems = 0
        self._away = 0
        self._change: ChangeProgress | None = None
        self._version = 0
        self.knows_more = False  # the model that is to answer finds more photos than the one that does

    def listen(self, on_progress: Callable[[IndexProgress], None]) -> None:
        self._on_progress = on_progress

    def note_change(self) -> None:
        """What a search could return is different now."""
        self._version += 1
        self._next_count = min(self._next_count, self._counted + _RECOUNT_SECONDS)

    def note_finished(self, count: int) -> None:
        """So many photos were stored or noted as problems."""
        if count:
            self.begin()
            self._done += count
            self._left = max(0, self._left - count)
            if self._change is not None:
                done = min(self._change.done + count, self._change.total)
                self._change = replace(self._change, done=done)
            self._rate.add(count)
            self._version += 1

    def begin(self) -> None:
        """There is work; the first call after `end` starts a new run."""
        if self._started is None:
            self._started = time.monotonic()
            self._done = 0
            self._next_count = 0.0
            self._rate.restart()
            self._forecast.restart()

    def end(self) -> None:
        """Nothing is left to do."""
        if self._started is not None:
            if self._done:
                _log.info("took in %d photos in %.1f s", self._done, time.monotonic() - self._started)
            self._started = None
            self._next_count = 0.0

    def recount(self) -> None:
        """The next `count` asks the library whenever it last did."""
        self.knows_more = False
        self._next_count = 0.0

    def count(
        self, targets: EmbeddingTargets, works: Callable[[EmbeddingTarget], bool], offline: Collection[int]
    ) -> None:
        """Ask the library how much is left, now and then. Raises LibraryError."""
        now = time.monotonic()
        if now < self._next_count:
            return
        self._counted = now
        self._next_count = now + _COUNT_SECONDS if self._started is not None else float("inf")
        photos = self._library.photos
        target = targets.coming or targets.answering
        counts = photos.counts(target.identity if target is not None else None)
        self._problems = counts.problems
        self._left = counts.pending
        self._away, self._change = 0, None
        if target is not None and works(target):
            lacking = photos.count_unembedded(target.identity)
            reachable = photos.count_unembedded(target.identity, offline) if offline else lacking
            self._left += reachable
            self._away = lacking - reachable
            if target is targets.coming:
                done = counts.embedded
                self._change = ChangeProgress(target.name, done, done + reachable)
        if targets.answering is not None and targets.coming is not None and not targets.keep_up:
            self.knows_more = counts.embedded > photos.counts(targets.answering.identity).embedded

    def tell(
        self,
        phase: IndexPhase,
        *,
        current: str = "",
        message: str = "",
        waits_for: WaitReason | None = None,
        complete: bool = True,
        now: bool = False,
    ) -> None:
        """Say it if it differs from what was said, ten times a second at most unless it must be `now`.

        `complete`: all the work is known. While folders are looked through, no time left is promised.
        """
        working = phase is IndexPhase.INDEXING
        if working:
            self._rate.work()
        else:
            self._rate.rest()
        clock = time.monotonic()
        told = self._last.phase if self._last is not None else None
        if phase is told and clock < self._next_report and not now:
            return
        self._next_report = clock + _REPORT_SECONDS
        seconds_left = self._forecast.seconds_left(self._left) if working else None
        progress = IndexProgress(
            phase,
            done=self._done,
            total=self._done + self._left,
            problems=self._problems,
            rate=self._rate.rate() if working else None,
            seconds_left=seconds_left if complete else None,
            current=current,
            library_version=self._version,
            message=message,
            average_rate=self._rate.average() if self._started is not None else None,
            waits_for=waits_for,
            change=self._change,
            away=self._away,
        )
        if progress != self._last:
            self._last = progress
            self._on_progress(progress)
