"""Which pictures may be copies of which: a few of all the pairs there are, found without looking at any.

Hashes that are equal in one of several bands of bits lie in one bucket (multi-index hashing: Norouzi, Punjani
and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012). What these miss, embeddings
that are near each other propose.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.progress import CancelToken

Hashes = NDArray[np.uint64]  # (n, windows), the first is that of the whole picture
Numbers = NDArray[np.int64]

NEAR_IN_BUCKET = 10  # bits: of two unlike pictures in a thousand pairs none is as near
NEAR_OTHERWISE = 14  # where something else speaks for a pair

_BITS = 64
_NARROWEST, _WIDEST = 8, 12  # bits of a band
_FULLEST = 2_000  # photos in a bucket that are looked at; more have nothing in common but an empty picture
_AT_ONCE = 2_000_000  # pairs


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of pictures by number; the inner one looks like a window of the outer one."""

    outer: Numbers
    inner: Numbers
    window: Numbers
    distance: Numbers  # bits

    def __len__(self) -> int:
        return len(self.outer)

    def where(self, kept: NDArray[np.bool_]) -> "Pairs":
        return Pairs(self.outer[kept], self.inner[kept], self.window[kept], self.distance[kept])


def pairs_by_hashes(hashes: Hashes, cancel: CancelToken) -> Iterator[Pairs]:
    """Pairs that share a bucket and are near; one may come more than once. Raises CancelledError."""
    count, windows = hashes.shape
    width = min(max(count.bit_length() - 4, _NARROWEST), _WIDEST)
    buckets = [_Buckets(hashes[:, 0], first, width) for first in range(0, _BITS - width + 1, width)]
    for window in range(windows):
        asked = hashes[:, window]
        for bucket in buckets:
            # Of whole pictures those with one other bit are looked up, too: there are fewer of them.
            flips = (0, *(1 << bit for bit in range(width))) if window == 0 else (0,)
            for flip in flips:
                for outer, inner in bucket.sharing(asked, flip):
                    cancel.check()
                    distance = np.bitwise_count(asked[outer] ^ hashes[inner, 0]).astype(np.int64)
                    near = (distance <= NEAR_IN_BUCKET) & (outer != inner)
                    yield Pairs(outer[near], inner[near], np.full(near.sum(), window), distance[near])


def measured(hashes: Hashes, first: Numbers, second: Numbers, at_most: int) -> Pairs:
    """Of pairs proposed otherwise those whose hashes are near, with the window that is nearest."""
    found = []
    for start in range(0, len(first), _AT_ONCE // hashes.shape[1]):
        part = slice(start, start + _AT_ONCE // hashes.shape[1])
        one, other = first[part], second[part]
        there = np.bitwise_count(hashes[one] ^ hashes[other, :1])
        back = np.bitwise_count(hashes[other] ^ hashes[one, :1])
        forward = there.min(axis=1) <= back.min(axis=1)
        nearest = np.where(forward, there.argmin(axis=1), back.argmin(axis=1))
        distance = np.minimum(there.min(axis=1), back.min(axis=1)).astype(np.int64)
        pairs = Pairs(np.where(forward, one, other), np.where(forward, other, one), nearest, distance)
        found.append(pairs.where(distance <= at_most))
    return joined(found)


def joined(parts: list[Pairs]) -> Pairs:
    """All of them, each pair once: with the window in which it is nearest."""
    if not parts:
        nothing = np.empty(0, np.int64)
        return Pairs(nothing, nothing, nothing, nothing)
    every = Pairs(
        np.concatenate([part.outer for part in parts]),
        np.concatenate([part.inner for part in parts]),
        np.concatenate([part.window for part in parts]),
        np.concatenate([part.distance for part in parts]),
    )
    low, high = np.minimum(every.outer, every.inner), np.maximum(every.outer, every.inner)
    order = np.lexsort((every.window, every.distance, high, low))
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    chosen = order[fresh]
    return Pairs(every.outer[chosen], every.inner[chosen], every.window[chosen], every.distance[chosen])


def nearest_of_each(pairs: Pairs, most: int) -> Pairs:
    """Those that are among the nearest of one of their pictures: of many copies not all need to meet."""
    return pairs.where(
        (_ranks(pairs.outer, pairs.distance) < most) | (_ranks(pairs.inner, pairs.distance) < most)
    )


def _ranks(numbers: Numbers, distance: Numbers) -> Numbers:
    """Which of its number's pairs each pair is, the nearest being 0."""
    order = np.lexsort((distance, numbers))
    ordered = numbers[order]
    ranks = np.empty(len(numbers), np.int64)
    ranks[order] = np.arange(len(numbers)) - np.searchsorted(ordered, ordered)
    return ranks


class _Buckets:
    """Pictures by one band of the bits of their hash."""

    def __init__(self, hashes: Hashes, first_bit: int, width: int) -> None:
        self._shift = np.uint64(first_bit)
        self._mask = np.uint64((1 << width) - 1)
        values = self._band(hashes)
        self._order = np.argsort(values, kind="stable").astype(np.int64)
        counts = np.bincount(values, minlength=1 << width)
        self._ends = np.cumsum(counts)
        self._starts = self._ends - counts
        self._counts = np.minimum(counts, _FULLEST)

    def sharing(self, asked: Hashes, flip: int) -> Iterator[tuple[Numbers, Numbers]]:
        """(numbers of those asked, numbers of those in their bucket), so many at once as memory allows."""
        values = self._band(asked) ^ flip
        totals = np.cumsum(self._counts[values])
        first = 0
        while first < len(values):
            before = int(totals[first - 1]) if first else 0
            last = max(int(np.searchsorted(totals, before + _AT_ONCE)), first + 1)
            part = values[first:last]
            counts = self._counts[part]
            outer = np.repeat(np.arange(first, first + len(part)), counts)
            places = np.arange(len(outer)) - np.repeat(np.cumsum(counts) - counts, counts)
            yield outer, self._order[np.repeat(self._starts[part], counts) + places]
            first = last

    def _band(self, hashes: Hashes) -> Numbers:
        return ((hashes >> self._shift) & self._mask).astype(np.int64)
