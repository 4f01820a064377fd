"""Examining a library from end to end, and mending what can be mended."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

from app.domain.health import Finding, HealthReport, Part, Weight
from app.errors import LibraryError
from app.library import examination
from app.library.examination import EXAMPLES, StoredModel
from app.library.library import Library
from app.library.mending import mend_database, read_again
from app.library.salvage import Salvaged, salvage
from app.media.store_examination import StoredThumbnails, examine_store
from app.media.thumbnails import ThumbnailStore
from app.paths import LibraryPaths
from app.services.decision_files import DecisionFileService
from app.vector_index.examination import (
    Block,
    discard_files,
    examine_graph,
    examine_matrix,
    leftovers,
)

_log = logging.getLogger(__name__)

_SHOWN_AGAIN = "They are made again from the photos, without embedding anything."
_REMOVED = "They are removed."
_IN_DATABASE = {Part.DATABASE, Part.WORDS, Part.PHOTOS, Part.EMBEDDINGS}
_ROUNDS = 3  # what a damaged index hid is seen only once it is mended


class Doctor:
    """Looks at the files of a library, not through an open one: it may be damaged, or open elsewhere.

    `alone` says that nobody else has it open: only then half-written files are leftovers, and only then may
    anything be mended. What users decided is never removed.
    """

    def __init__(self, paths: LibraryPaths, *, alone: bool) -> None:
        self._paths = paths
        self._alone = alone

    def examine(self, on_step: Callable[[str], None] = lambda _: None) -> HealthReport:
        """Check everything against everything; `on_step` hears what is being looked at.

        Raises LibraryTooNewError, LibraryOutdatedError for a library of another version, LibraryError for one
        that cannot be opened.
        """
        on_step("database")
        findings = examination.examine(self._paths.database)
        if any(finding.part is Part.DATABASE for finding in findings):
            return HealthReport(tuple(findings))  # nothing can be compared with a damaged database
        on_step("vectors")
        embeddings, of_vectors = self._examine_vectors()
        on_step("thumbnails")
        read, known, photos = self._contents()
        stored = examine_store(self._paths.thumbnails)
        findings += [*of_vectors, *_thumbnail_findings(stored, read, known), *self._leftovers(stored)]
        return HealthReport(tuple(findings), photos, embeddings, len(stored.sound))

    def mend(self, report: HealthReport) -> HealthReport:
        """Mend what was found, and examine again. Raises LibraryError when it cannot be written."""
        self._require_alone()
        for _ in range(_ROUNDS):
            if _beyond_mending(report.findings):
                return report
            if any(finding.mending and finding.part in _IN_DATABASE for finding in report.faults):
                mend_database(self._paths.database)
            self._mend_vectors()
            self._mend_thumbnails()
            for leftover in self._leftover_files(examine_store(self._paths.thumbnails)):
                _remove(leftover)
            report = self.examine()
            if report.sound:
                break
        return report

    def restore(self) -> tuple[Salvaged, Path | None]:
        """Make a new database of what can be read of this one, which is kept.

        Where entries were lost, decisions are taken from their newest weekly copy, the second value; what it
        says of photos that were lost waits for them. Raises LibraryError.
        """
        self._require_alone()
        copies = sorted(self._paths.decisions.glob("*.json"))
        salvaged = salvage(self._paths.database, anything_else=bool(copies))
        for cache in self._paths.vectors.glob("*"):
            _remove(cache)  # its labels may be given out anew
        if not copies or not salvaged.damaged_tables:
            return salvaged, None
        library = Library.open(self._paths.database)
        try:
            files = DecisionFileService(library, self._paths.decisions, on_said=lambda: None)
            files.import_from(copies[-1])
        finally:
            library.close()
        return salvaged, copies[-1]

    def _require_alone(self) -> None:
        if not self._alone:
            raise LibraryError("Photosift is running with this library. Close it first; nothing was changed.")

    # -- vectors

    def _examine_vectors(self) -> tuple[int, list[Finding]]:
        findings: list[Finding] = []
        count = 0
        with examination.reading(self._paths.database) as connection:
            for model in examination.models(connection):
                count += sum(len(labels) for labels, _ in examination.vectors(connection, model))
                findings += self._examine_model(model, partial(examination.vectors, connection, model))
        return count, findings

    def _examine_model(self, model: StoredModel, stored: Callable[[], Iterator[Block]]) -> list[Finding]:
        folder = self._paths.vectors
        for _ in range(1 if self._alone else 2):  # while a window saves, one look may fall between two files
            found = [
                *examine_matrix(folder, model.identity, model.dim, stored()),
                *examine_graph(folder, model.identity, model.dim, stored()),
            ]
            if not any(finding.weight is Weight.FAULT for finding in found):
                break
        return found

    def _mend_vectors(self) -> None:
        with examination.reading(self._paths.database) as connection:
            for model in examination.models(connection):
                found = self._examine_model(model, partial(examination.vectors, connection, model))
                faulty = [finding.part for finding in found if finding.weight is Weight.FAULT]
                discard_files(self._paths.vectors, model.identity, faulty)

    # -- thumbnails

    def _contents(self) -> tuple[set[str], set[str], int]:
        with examination.reading(self._paths.database) as connection:
            return *examination.content_keys(connection), examination.count_photos(connection)

    def _mend_thumbnails(self) -> None:
        read, known, _ = self._contents()
        stored = examine_store(self._paths.thumbnails)
        store = ThumbnailStore(self._paths.thumbnails)
        for key in (stored.sound - known) | stored.damaged:
            store.remove(key)
        read_again(self._paths.database, read & stored.damaged)

    # -- leftovers

    def _leftovers(self, stored: StoredThumbnails) -> list[Finding]:
        found = self._leftover_files(stored) if self._alone else []
        text = "Files were left behind half-written, or by a model that is no longer known."
        return _note_if(Part.FILES, [path.name for path in found], text, _REMOVED)

    def _leftover_files(self, stored: StoredThumbnails) -> list[Path]:
        with examination.reading(self._paths.database) as connection:
            identities = [model.identity for model in examination.models(connection)]
        return [
            *stored.leftovers,
            *examine_store(self._paths.previews).leftovers,
            *leftovers(self._paths.vectors, identities),
            *self._paths.root.glob("*.db.part"),
        ]


def _beyond_mending(findings: Iterable[Finding]) -> bool:
    """The database itself is damaged: only restoring helps."""
    return any(finding.part is Part.DATABASE and not finding.mending for finding in findings)


def _thumbnail_findings(stored: StoredThumbnails, read: set[str], known: set[str]) -> list[Finding]:
    findings = []
    damaged, missing = stored.damaged & known, read - stored.sound - stored.damaged
    if damaged:
        text = "Thumbnails are damaged."
        findings.append(_finding(Part.THUMBNAILS, Weight.FAULT, damaged, text, _SHOWN_AGAIN))
    text = "Photos have no thumbnail: it was lost, or gave way to others. It is made when it is looked at."
    findings += _note_if(Part.THUMBNAILS, sorted(missing), text, "")
    unused = [*stored.sound - known, *stored.damaged - known]
    text = "Thumbnails belong to photos that were changed or forgotten."
    return [*findings, *_note_if(Part.THUMBNAILS, unused, text, _REMOVED)]


def _finding(part: Part, weight: Weight, names: Collection[str], text: str, mending: str) -> Finding:
    return Finding(part, weight, len(names), text, mending, tuple(sorted(names)[:EXAMPLES]))


def _note_if(part: Part, names: list[str], text: str, mending: str) -> list[Finding]:
    return [_finding(part, Weight.NOTE, names, text, mending)] if names else []


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s stays behind: %s", path, error)
