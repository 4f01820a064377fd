"""Photos that filters let through, with their labels, remembered while the library holds still.

Who types while a filter is set asks for the same photos at every pause, and finding the label of each of
100,000 takes SQLite six times as long as finding the photos.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from app.domain.query import SearchFilters
from app.domain.vectors import Labels
from app.library.database import Database
from app.library.embeddings import model_id
from app.library.filters import NO_FILTERS, shown
from app.library.labels import NO_LABEL, ids_with_labels, leave_few
from app.library.schema import PhotoRow
from app.library.sql import Ids, fetch_ids
from app.library.writer import LibraryWriter

_REMEMBERED = 32  # filters, as long as all together hold no more photos than
_WHOLE = 4  # times those of the largest; 16 bytes each


@dataclass(frozen=True, slots=True)
class _Passed:
    """Photos with an embedding and their labels, by label; `shown` counts those without one as well."""

    photo_ids: Ids
    labels: Labels
    shown: int


class RememberedLabels:
    """Looks photos and labels up in the library, or remembers them. Thread-safe."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer
        self._lock = threading.Lock()
        self._version = -1  # of the library; what is remembered is true of no other
        self._known: OrderedDict[tuple[str, SearchFilters], _Passed] = OrderedDict()

    def of(self, identity: str, filters: SearchFilters) -> tuple[Ids, Labels]:
        """Photo ids and labels, by label; not to be changed."""
        version = self._writer.version  # before reading: what is newer than its number is forgotten, not kept
        passed = self._recall(version, identity, filters)
        if passed is None:
            passed = self._look_up(version, identity, filters)
            self._keep(version, identity, filters, passed)
        return passed.photo_ids, passed.labels

    def count(self, filters: SearchFilters) -> int | None:
        """How many photos the filters let through, embedded or not; None when that is not remembered."""
        version = self._writer.version
        with self._lock:
            if self._version != version:
                return None
            return next((known.shown for (_, each), known in self._known.items() if each == filters), None)

    def _recall(self, version: int, identity: str, filters: SearchFilters) -> _Passed | None:
        with self._lock:
            known = self._known.get((identity, filters)) if self._version == version else None
            if known is not None:
                self._known.move_to_end((identity, filters))
            return known

    def _keep(self, version: int, identity: str, filters: SearchFilters, passed: _Passed) -> None:
        for array in (passed.photo_ids, passed.labels):
            array.flags.writeable = False
        with self._lock:
            if self._version != version:
                self._known.clear()
                self._version = version
            self._known[identity, filters] = passed
            self._known.move_to_end((identity, filters))
            while self._is_too_much():
                self._known.popitem(last=False)

    def _is_too_much(self) -> bool:
        """Saved searches are counted behind what somebody asks: most of them are small, and all have room."""
        sizes = [len(known.labels) for known in self._known.values()]
        return len(sizes) > _REMEMBERED or sum(sizes) > _WHOLE * max(sizes)

    def _look_up(self, version: int, identity: str, filters: SearchFilters) -> _Passed:
        everything = self._recall(version, identity, NO_FILTERS)
        if everything is None and self._holds_still(version) and not leave_few(filters):
            everything = self._read(identity, NO_FILTERS)
            self._keep(version, identity, NO_FILTERS, everything)
        if everything is None:
            return self._read(identity, filters)
        with self._database.read() as connection:
            [photo_ids] = fetch_ids(connection, select(PhotoRow.id).where(*shown(filters)))
        inside = np.isin(everything.photo_ids, photo_ids)
        return _Passed(everything.photo_ids[inside], everything.labels[inside], len(photo_ids))

    def _holds_still(self, version: int) -> bool:
        """Something was asked already since the last change: it is worth while to know all labels."""
        with self._lock:
            return self._version == version and bool(self._known)

    def _read(self, identity: str, filters: SearchFilters) -> _Passed:
        with self._database.read() as connection:
            return _passed(connection, model_id(connection, identity), filters)


def _passed(connection: Connection, model: int, filters: SearchFilters) -> _Passed:
    photo_ids, labels = ids_with_labels(connection, model, filters)
    embedded = np.argsort(labels, kind="stable")[np.count_nonzero(labels == NO_LABEL) :]
    return _Passed(photo_ids[embedded], labels[embedded], len(photo_ids))
