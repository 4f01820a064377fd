"""A search for duplicates that finds what a test wants it to find."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from app.domain.duplicates import (
    DuplicateGroup,
    DuplicateProgress,
    DuplicateReport,
    DuplicateStep,
    Level,
    Removal,
    RemovalOutcome,
)
from app.domain.progress import CancelToken
from app.services.duplicates import nobody


def group(level: Level, *photo_ids: int, spare: Sequence[int] | None = None) -> DuplicateGroup:
    """Photos of 2 MB each; all but the first are proposed for the trash."""
    proposed = frozenset(photo_ids[1:] if spare is None else spare)
    return DuplicateGroup(level, photo_ids, (2_000_000,) * len(photo_ids), proposed)


class FakeDuplicateService:
    """Tests set `report`, `gone`, `decided` and `failures`, and close `open` to hold a search."""

    def __init__(self) -> None:
        self.report = DuplicateReport()
        self.gone: set[int] = set()
        self.decided: set[int] = set()
        self.error: Exception | None = None
        self.open = threading.Event()
        self.open.set()
        self.calls: list[tuple[Any, ...]] = []

    def calls_of(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in list(self.calls) if call[0] == name]

    def find(
        self,
        on_progress: Callable[[DuplicateProgress], None] = nobody,
        cancel: CancelToken | None = None,
        *,
        levels: Sequence[Level] = tuple(Level),
    ) -> DuplicateReport:
        self.calls.append(("find",))
        on_progress(DuplicateProgress(DuplicateStep.COMPARING, 3, 10))
        while not self.open.wait(0.005):
            if cancel is not None:
                cancel.check()
        if self.error is not None:
            raise self.error
        return self.still_there(self.report)

    def still_there(self, report: DuplicateReport) -> DuplicateReport:
        if not self.gone:
            return report
        groups = [
            replace(
                one,
                photo_ids=tuple(n for n in one.photo_ids if n not in self.gone),
                sizes=tuple(2_000_000 for n in one.photo_ids if n not in self.gone),
                spare=one.spare - self.gone,
            )
            for one in report.groups
        ]
        return replace(report, groups=tuple(one for one in groups if len(one.photo_ids) > 1))

    def dismiss(self, group: DuplicateGroup) -> None:
        self.calls.append(("dismiss", group.photo_ids))

    def take_back(self, group: DuplicateGroup) -> None:
        self.calls.append(("take_back", group.photo_ids))

    def decided_about(self, photo_ids: Sequence[int]) -> int:
        return len(self.decided & set(photo_ids))

    def remove(self, removals: Sequence[Removal], *, hand_on: bool = False) -> RemovalOutcome:
        self.calls.append(("remove", tuple(removals), hand_on))
        wanted = [n for removal in removals for n in removal.removed]
        moved = [n for n in wanted if hand_on or n not in self.decided]
        self.gone.update(moved)
        return RemovalOutcome(tuple(moved), len(wanted) - len(moved))
