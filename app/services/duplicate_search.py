"""One search for duplicates: from fingerprints to groups. It can be called off at any time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from app.domain.duplicates import (
    Candidate,
    Comparison,
    DuplicateGroup,
    DuplicateProgress,
    DuplicateStep,
    Fingerprints,
    Likeness,
)
from app.domain.progress import CancelToken
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.formats import is_video_name
from app.media.thumbnails import ThumbnailStore
from app.services.duplicate_groups import (
    around_centres,
    best_copy_first,
    burst_group,
    exact_group,
    near_group,
)
from app.services.duplicate_pairs import (
    NEAR_OTHERWISE,
    Numbers,
    Pairs,
    joined,
    measured,
    nearest_of_each,
    pairs_by_hashes,
)
from app.services.duplicate_rules import (
    MOMENT_SECONDS,
    are_copies,
    are_no_copies,
    is_moment,
    seconds_of,
    shot_key,
)
from app.services.pooled_work import in_pool

OnProgress = Callable[[DuplicateProgress], None]

_COMPARED_AT_ONCE = 16  # by one task; about a tenth of a second
_TASKS = 16
_LABELS_AT_ONCE = 1024
_LOOKALIKES = 20  # a photo's nearest ones that are looked at
_QUANTILE = 0.999  # of the scores of any two photos: what scores less is no candidate
_SAMPLED = 64
_MOST_COPIES = 200  # of one picture that are compared with it
_SHOWS_NOTHING = 1.0  # the sharpness of an empty sheet; the most blurred photo has ten times as much
_FOLLOWERS = 40  # photos after one that are taken for its burst


class DuplicateSearch:
    """Everything that one search knows. Belongs to one thread."""

    def __init__(
        self,
        library: Library,
        decoder: DecodePool,
        thumbnails: ThumbnailStore,
        candidates: Sequence[Candidate],
        on_progress: OnProgress,
        cancel: CancelToken,
    ) -> None:
        self._library = library
        self._decoder = decoder
        self._thumbnails = thumbnails
        self._candidates = candidates
        self._on_progress = on_progress
        self._cancel = cancel
        self._dismissed = library.fingerprints.dismissed()

    def exact(self) -> list[DuplicateGroup]:
        """Photos of the same bytes."""
        found = [
            exact_group(copies)
            for key, copies in _by_content(self._candidates).items()
            if len(copies) > 1 and (key, key) not in self._dismissed
        ]
        return sorted(found, key=_worth, reverse=True)

    def others(
        self, fingerprints: Fingerprints, target: EmbeddingTarget | None
    ) -> tuple[list[DuplicateGroup], list[DuplicateGroup]]:
        """Near-duplicates, and bursts of what is left when each of these is counted once."""
        pictures = _Pictures(self._candidates, fingerprints)
        if not pictures:
            return [], []
        alike = self._copies(pictures, target)
        ordered = sorted(range(len(pictures)), key=lambda n: best_copy_first(pictures.photos[n]))
        groups = around_centres(ordered, alike)
        near = [near_group([pictures.photos[number] for number in group]) for group in groups]
        lesser = {number for group in groups for number in group[1:]}
        bursts = self._bursts(pictures, [n for n in range(len(pictures)) if n not in lesser])
        return sorted(near, key=_worth, reverse=True), bursts

    # -- near-duplicates

    def _copies(self, pictures: "_Pictures", target: EmbeddingTarget | None) -> dict[int, set[int]]:
        pairs = self._pairs(pictures, target)
        order = np.argsort(pairs.outer, kind="stable")  # each thumbnail is decoded for many comparisons
        chosen = [
            (int(pairs.outer[n]), int(pairs.inner[n]), int(pairs.window[n]))
            for n in order.tolist()
            if self._may_be_copies(pictures, int(pairs.outer[n]), int(pairs.inner[n]))
        ]
        alike: dict[int, set[int]] = defaultdict(set)
        paths = [str(self._thumbnails.path(photo.content_key)) for photo in pictures.photos]
        done = 0

        def take(part: Sequence[tuple[int, int, int]], results: Sequence[Likeness | None]) -> None:
            nonlocal done
            done += len(part)
            self._tell(DuplicateStep.COMPARING, done, len(chosen))
            for (outer, inner, _), likeness in zip(part, results, strict=True):
                photos = pictures.photos[outer], pictures.photos[inner]
                if likeness is not None and are_copies(*photos, likeness):
                    alike[outer].add(inner)
                    alike[inner].add(outer)

        in_pool(
            chosen,
            lambda part: self._decoder.submit_copies(
                [Comparison(paths[outer], paths[inner], window) for outer, inner, window in part]
            ),
            at_once=_COMPARED_AT_ONCE,
            tasks=_TASKS,
            cancel=self._cancel,
            on_results=take,
        )
        return alike

    def _may_be_copies(self, pictures: "_Pictures", one: int, other: int) -> bool:
        first, second = pictures.photos[one], pictures.photos[other]
        keys = sorted((first.content_key, second.content_key))
        return (keys[0], keys[1]) not in self._dismissed and not are_no_copies(first, second)

    def _pairs(self, pictures: "_Pictures", target: EmbeddingTarget | None) -> Pairs:
        self._tell(DuplicateStep.GATHERING)
        found = joined(list(pairs_by_hashes(pictures.hashes, self._cancel)))
        proposed = [_same_second(pictures)]
        if target is not None:
            proposed += self._by_embeddings(pictures, target)
        first = np.concatenate([one for one, _ in proposed])
        second = np.concatenate([other for _, other in proposed])
        otherwise = measured(pictures.hashes, first, second, NEAR_OTHERWISE)
        return nearest_of_each(joined([found, otherwise]), _MOST_COPIES)

    def _by_embeddings(
        self, pictures: "_Pictures", target: EmbeddingTarget
    ) -> Iterable[tuple[Numbers, Numbers]]:
        """Pictures whose embeddings are as near as one pair in a thousand."""
        photo_ids, labels = self._library.photos.ids_with_labels(target.identity)
        number_of = pictures.number_of_photo
        known = {
            label: number_of[photo_id]
            for photo_id, label in zip(photo_ids.tolist(), labels.tolist(), strict=True)
            if photo_id in number_of
        }
        every = np.intersect1d(np.array(list(known), np.int64), target.index.labels())  # it may lag behind
        numbers = np.array([known[label] for label in every.tolist()], np.int64)
        at_least = _least_score(target, every)
        for start in range(0, len(every), _LABELS_AT_ONCE):
            self._cancel.check()
            self._tell(DuplicateStep.GATHERING, start, len(every))
            some = every[start : start + _LABELS_AT_ONCE]
            pairs = target.index.lookalikes(some, at_least, _LOOKALIKES)
            both = np.isin(pairs.second, every)
            places = (np.searchsorted(every, labels[both]) for labels in (pairs.first, pairs.second))
            first, second = (numbers[place] for place in places)
            yield first, second

    # -- bursts

    def _bursts(self, pictures: "_Pictures", numbers: Sequence[int]) -> list[DuplicateGroup]:
        pairs = [
            pair for pair in _seconds_apart(pictures, numbers) if not self._is_dismissed(pictures, *pair)
        ]
        paths = [str(self._thumbnails.path(photo.content_key)) for photo in pictures.photos]
        alike: dict[int, set[int]] = defaultdict(set)

        def take(part: Sequence[tuple[int, int]], results: Sequence[float | None]) -> None:
            for (one, other), likeness in zip(part, results, strict=True):
                if likeness is not None and is_moment(likeness):
                    alike[one].add(other)
                    alike[other].add(one)

        in_pool(
            pairs,
            lambda part: self._decoder.submit_moments([(paths[one], paths[other]) for one, other in part]),
            at_once=_COMPARED_AT_ONCE,
            tasks=_TASKS,
            cancel=self._cancel,
            on_results=take,
        )
        ordered = sorted(numbers, key=lambda number: (-len(alike.get(number, ())), number))
        sharpness = pictures.sharpness
        return [
            burst_group([pictures.photos[number] for number in group], sharpness)
            for group in around_centres(ordered, alike)
        ]

    def _is_dismissed(self, pictures: "_Pictures", one: int, other: int) -> bool:
        keys = sorted((pictures.photos[one].content_key, pictures.photos[other].content_key))
        return (keys[0], keys[1]) in self._dismissed

    def _tell(self, step: DuplicateStep, done: int = 0, total: int = 0) -> None:
        self._on_progress(DuplicateProgress(step, done, total))


class _Pictures:
    """One photo for each content that shows something: the best of its copies. Films are none."""

    def __init__(self, candidates: Sequence[Candidate], fingerprints: Fingerprints) -> None:
        place = {
            key: number
            for number, key in enumerate(fingerprints.content_keys)
            if fingerprints.sharpness[number] > _SHOWS_NOTHING
        }
        by_content = _by_content(
            one for one in candidates if one.content_key in place and not is_video_name(one.name)
        )
        best = {key: exact_group(copies).photo_ids[0] for key, copies in by_content.items()}
        self.photos = [one for one in candidates if best.get(one.content_key) == one.photo_id]
        rows = [place[photo.content_key] for photo in self.photos]
        self.hashes = fingerprints.hashes[rows]
        self.sharpness = {
            photo.content_key: float(fingerprints.sharpness[row])
            for photo, row in zip(self.photos, rows, strict=True)
        }
        numbers = {photo.content_key: number for number, photo in enumerate(self.photos)}
        self.number_of_photo = {
            one.photo_id: numbers[key] for key, copies in by_content.items() for one in copies
        }

    def __len__(self) -> int:
        return len(self.photos)


def _by_content(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = defaultdict(list)
    for one in candidates:
        found[one.content_key].append(one)
    return found


def _worth(group: DuplicateGroup) -> tuple[int, int]:
    """What frees most comes first."""
    return group.spare_bytes, len(group.photo_ids)


def _least_score(target: EmbeddingTarget, labels: Numbers) -> float:
    """The score that one pair of photos in a thousand has: every model has its own."""
    chosen = labels[np.linspace(0, len(labels) - 1, min(len(labels), _SAMPLED)).astype(np.int64)]
    if not len(chosen):
        return 1.0
    scores = [target.index.sample_scores(embedding) for embedding in target.index.get(chosen)]
    return float(np.quantile(np.concatenate(scores), _QUANTILE))


def _same_second(pictures: _Pictures) -> tuple[Numbers, Numbers]:
    """Pairs that one camera took in the same second: one of them may be an edited copy."""
    pairs = list(_followers(pictures, range(len(pictures)), seconds=0.999))
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _seconds_apart(pictures: _Pictures, numbers: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Pairs by one camera within the length of a burst."""
    return _followers(pictures, numbers, seconds=MOMENT_SECONDS)


def _followers(pictures: _Pictures, numbers: Sequence[int], seconds: float) -> Iterable[tuple[int, int]]:
    dated = [
        (str(key), seconds_of(pictures.photos[number]), number)
        for number in numbers
        if (key := shot_key(pictures.photos[number])) is not None
    ]
    dated.sort()
    for place, (camera, moment, number) in enumerate(dated):
        for other_camera, other_moment, other in dated[place + 1 : place + 1 + _FOLLOWERS]:
            if other_camera != camera or other_moment - moment > seconds:
                break
            yield number, other
