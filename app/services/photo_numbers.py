"""One number for each embedding of a model, worked out once and kept beside the vectors.

A cache: a file that is lost or damaged costs time, nothing else. It belongs to one model identity, as the
vectors do.
"""

import logging
import os
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.domain.progress import CancelToken
from app.domain.vectors import Labels, VectorIndex

_log = logging.getLogger(__name__)

Numbers = NDArray[np.float32]
Measure = Callable[[Labels, Embeddings], Numbers]

_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
_CHUNK = 64  # embeddings measured between two looks at the clock
_GROWN = 1.25  # numbers that depend on the rest of the library are made anew when it is so much larger


class PhotoNumbers:
    """The numbers of one kind and one model. For one thread."""

    def __init__(self, folder: Path | None, identity: str, kind: str, *, of_neighbours: bool = False) -> None:
        """`kind` names what is measured and how; `of_neighbours`: the numbers change as the library grows.

        Without a folder they are kept in memory alone.
        """
        self._path = folder / f"{identity}.{kind}.npz" if folder is not None else None
        self._of_neighbours = of_neighbours
        self._labels, self._numbers, self._made_for = self._read()

    def of(self, labels: Labels) -> Numbers:
        """The numbers of these labels, NaN where there is none yet."""
        numbers = np.full(len(labels), np.nan, np.float32)
        if len(self._labels):
            places = np.minimum(np.searchsorted(self._labels, labels), len(self._labels) - 1)
            known = self._labels[places] == labels
            numbers[known] = self._numbers[places[known]]
        return numbers

    @property
    def mean(self) -> float:
        """Of all that are known; 0 without any."""
        return float(self._numbers.mean()) if len(self._numbers) else 0.0

    def bring_up_to_date(
        self, index: VectorIndex, measure: Measure, seconds: float, cancel: CancelToken
    ) -> float:
        """Measure what is new, for about so long; the share of the index that is done, 1.0 for all of it.

        Raises CancelledError when called off; what was measured by then is kept.
        """
        labels = index.labels()
        if self._of_neighbours and len(labels) > _GROWN * max(1, self._made_for):
            self._labels, self._numbers, self._made_for = labels[:0], self._numbers[:0], len(labels)
        self._keep_only(labels)
        missing = labels[~np.isin(labels, self._labels)]
        until, done = time.monotonic() + seconds, 0
        try:
            while done < len(missing) and (done == 0 or time.monotonic() < until):
                cancel.check()
                chunk = missing[done : done + _CHUNK]
                self._add(chunk, measure(chunk, index.get(chunk)))
                done += len(chunk)
        finally:
            if done:
                self._write()
        return 1.0 if done == len(missing) else 1.0 - (len(missing) - done) / len(labels)

    def _keep_only(self, labels: Labels) -> None:
        keep = np.isin(self._labels, labels)
        self._labels, self._numbers = self._labels[keep], self._numbers[keep]

    def _add(self, labels: Labels, numbers: Numbers) -> None:
        joined = np.concatenate([self._labels, labels])
        order = np.argsort(joined)
        self._labels, self._numbers = joined[order], np.concatenate([self._numbers, numbers])[order]

    def _read(self) -> tuple[Labels, Numbers, int]:
        nothing = np.empty(0, np.int64), np.empty(0, np.float32), 0
        if self._path is None:
            return nothing
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                labels, numbers = stored["labels"].astype(np.int64), stored["numbers"].astype(np.float32)
                made_for = int(stored["made_for"])
            if labels.shape != numbers.shape or np.any(np.diff(labels) <= 0):
                raise ValueError("labels and numbers do not belong together")
        except FileNotFoundError:
            return nothing
        except _DAMAGED as error:
            _log.warning("%s is made anew: %s", self._path.name, error)
            return nothing
        return labels, numbers, made_for

    def _write(self) -> None:
        """A drive that takes no writing costs the time again, no more."""
        if self._path is None:
            return
        unfinished = self._path.with_suffix(f".part{os.getpid()}.npz")
        try:
            np.savez(unfinished, labels=self._labels, numbers=self._numbers, made_for=self._made_for)
            unfinished.replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be kept: %s", self._path.name, error)
            unfinished.unlink(missing_ok=True)
