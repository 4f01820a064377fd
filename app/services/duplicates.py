"""Finding copies of one shot and shots of one moment, and parting with those the user does not want."""

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from app.domain.duplicates import (
    Candidate,
    DuplicateGroup,
    DuplicateProgress,
    DuplicateReport,
    DuplicateStep,
    Fingerprint,
    Fingerprints,
    Level,
    Removal,
    RemovalOutcome,
)
from app.domain.progress import CancelToken
from app.errors import MediaError
from app.indexing.embedding_target import EmbeddingTarget
from app.library.fingerprints import Pair
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.fingerprint import FINGERPRINT_VERSION, WINDOWS
from app.media.thumbnails import ThumbnailStore
from app.services.decisions import DecisionService
from app.services.duplicate_removal import DuplicateRemoval
from app.services.duplicate_search import DuplicateSearch
from app.services.library import LibraryService
from app.services.pooled_work import in_pool

_log = logging.getLogger(__name__)

_LOOKED_AT_ONCE = 32
_TASKS = 8


def nobody(progress: DuplicateProgress) -> None:
    """Listens to no progress."""


class DuplicateService:
    """Searches when asked to; nothing is ever removed by itself. Thread-safe."""

    def __init__(
        self,
        library: Library,
        photos: LibraryService,
        decisions: DecisionService,
        decoder: DecodePool,
        thumbnails: ThumbnailStore,
        *,
        current_target: Callable[[], EmbeddingTarget | None],
        writable: bool = True,
    ) -> None:
        """`current_target`: its embeddings propose what hashes miss. Not `writable`: nothing is kept."""
        self._library = library
        self._photos = photos
        self._decoder = decoder
        self._thumbnails = thumbnails
        self._current_target = current_target
        self._writable = writable
        self._removal = DuplicateRemoval(library, photos, decisions)
        self._last: tuple[tuple[int, str | None, tuple[Level, ...]], DuplicateReport] | None = None

    def find(
        self,
        on_progress: Callable[[DuplicateProgress], None] = nobody,
        cancel: CancelToken | None = None,
        *,
        levels: Sequence[Level] = tuple(Level),
    ) -> DuplicateReport:
        """Look through the whole library, unless nothing has changed since that was done.

        Raises CancelledError; what was learnt until then is kept.
        """
        cancel = cancel or CancelToken()
        target = self._current_target()
        state = (self._library.version, target.identity if target else None, tuple(levels))
        if self._last is not None and self._last[0] == state:
            return self._last[1]
        report = self._find(on_progress, cancel, levels, target)
        if not report.unseen:
            self._last = (self._library.version, *state[1:]), report
        return report

    def still_there(self, report: DuplicateReport) -> DuplicateReport:
        """The report without photos that vanished since, and without groups that are none any more."""
        ids = {photo_id for group in report.groups for photo_id in group.photo_ids}
        there = self._library.fingerprints.there(ids)
        if there == ids:
            return report
        groups = (_without(group, there) for group in report.groups)
        return replace(report, groups=tuple(group for group in groups if group is not None))

    def dismiss(self, group: DuplicateGroup) -> None:
        """These are no duplicates, or are to stay: never propose them together again."""
        self._library.fingerprints.dismiss(self._pairs(group))

    def take_back(self, group: DuplicateGroup) -> None:
        """Propose them again."""
        self._library.fingerprints.take_back(self._pairs(group))

    def remove(self, removals: Sequence[Removal], *, hand_on: bool = False) -> RemovalOutcome:
        """Move chosen photos to the trash, each after a last look at its file; see `DuplicateRemoval`."""
        return self._removal.remove(removals, hand_on=hand_on)

    def decided_about(self, photo_ids: Sequence[int]) -> int:
        """About how many of these the user decided something: favourites, stars, albums."""
        return self._removal.count_decided(photo_ids)

    def _find(
        self,
        on_progress: Callable[[DuplicateProgress], None],
        cancel: CancelToken,
        levels: Sequence[Level],
        target: EmbeddingTarget | None,
    ) -> DuplicateReport:
        candidates = self._library.fingerprints.candidates()
        search = DuplicateSearch(
            self._library, self._decoder, self._thumbnails, candidates, on_progress, cancel
        )
        groups = search.exact() if Level.EXACT in levels else []
        unseen = 0
        if Level.NEAR in levels or Level.BURST in levels:
            fingerprints, unseen = self._fingerprints(candidates, on_progress, cancel)
            near, bursts = search.others(fingerprints, target)
            groups += [group for group in (*near, *bursts) if group.level in levels]
        return DuplicateReport(tuple(groups), len(candidates), unseen)

    def _pairs(self, group: DuplicateGroup) -> list[Pair]:
        keys = sorted({photo.content_key or "" for photo in self._photos.photos(group.photo_ids)})
        if group.level is Level.EXACT:
            return [(key, key) for key in keys]
        return list(itertools.combinations(keys, 2))

    def _fingerprints(
        self,
        candidates: Sequence[Candidate],
        on_progress: Callable[[DuplicateProgress], None],
        cancel: CancelToken,
    ) -> tuple[Fingerprints, int]:
        """Those there are, with those of photos that have none yet; and how many cannot be seen now."""
        known = self._library.fingerprints.all(FINGERPRINT_VERSION, len(WINDOWS))
        keys = set(known.content_keys)
        unknown = list({one.content_key: one for one in candidates if one.content_key not in keys}.values())
        new: list[tuple[str, Fingerprint]] = []
        done = 0

        def take(part: Sequence[Candidate], results: Sequence[Fingerprint | None]) -> None:
            nonlocal done
            done += len(part)
            on_progress(DuplicateProgress(DuplicateStep.LOOKING, done, len(unknown)))
            seen = zip((one.content_key for one in part), results, strict=True)
            found = [(key, fingerprint) for key, fingerprint in seen if fingerprint is not None]
            new.extend(found)
            if self._writable:
                self._library.fingerprints.store(found)

        in_pool(
            unknown,
            lambda part: self._decoder.submit_fingerprints([self._thumbnail(one) for one in part]),
            at_once=_LOOKED_AT_ONCE,
            tasks=_TASKS,
            cancel=cancel,
            on_results=take,
        )
        return _with(known, new), len(unknown) - len(new)

    def _thumbnail(self, candidate: Candidate) -> str:
        """Its path; made again where it gave way to others and the file is there."""
        path = self._thumbnails.path(candidate.content_key)
        if self._writable and not path.exists():
            for photo in self._photos.photos([candidate.photo_id]):
                try:
                    self._photos.thumbnail(photo)
                except MediaError as error:
                    _log.info("%r cannot be compared: %s", photo.path, error)
        return str(path)


def _with(known: Fingerprints, new: Sequence[tuple[str, Fingerprint]]) -> Fingerprints:
    if not new:
        return known
    return Fingerprints(
        (*known.content_keys, *(key for key, _ in new)),
        np.concatenate([known.hashes, np.stack([one.hashes for _, one in new])]),
        np.concatenate([known.sharpness, [one.sharpness for _, one in new]]),
    )


def _without(group: DuplicateGroup, there: set[int]) -> DuplicateGroup | None:
    """The others of a near-duplicates' group were compared with its first photo only."""
    left = {
        photo_id: size
        for photo_id, size in zip(group.photo_ids, group.sizes, strict=True)
        if photo_id in there
    }
    if len(left) == len(group.photo_ids):
        return group
    if len(left) < 2 or (group.level is Level.NEAR and group.photo_ids[0] not in there):
        return None
    stays = next(iter(left))
    return replace(
        group,
        photo_ids=tuple(left),
        sizes=tuple(left.values()),
        spare=frozenset(group.spare & left.keys() - {stays}),
    )
