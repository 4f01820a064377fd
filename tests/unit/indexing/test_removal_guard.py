"""When a scan asks before it removes, and what explains that files are gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.indexing import FolderChanges, FoundFile, KnownFile
from app.domain.photo import Folder, FolderState, PhotoState
from app.indexing.folder_states import FolderStates
from app.indexing.reconcile import FolderView
from app.indexing.removal_guard import RemovalGuard, is_much
from app.indexing.scanner import ScanOutcome
from app.library.library import Library

KNOWN = [
    KnownFile(number, f"trip/{number}.jpg", 100, number, f"1:{number}", PhotoState.READY)
    for number in range(100)
]


@dataclass
class _Library:
    """Knows what was added lately."""

    lately: Sequence[KnownFile]

    @property
    def photos(self) -> "_Library":
        return self

    def added_since(self, moment: float) -> Sequence[KnownFile]:
        return self.lately


def check(
    states: FolderStates,
    missing: Sequence[int],
    *,
    rules: FolderRules = NO_RULES,
    hidden: tuple[str, ...] = (),
    added: tuple[FoundFile, ...] = (),
    lately: Sequence[KnownFile] = (),
) -> tuple[int, ...]:
    """Let so many of a hundred photos be missing: those that may be marked so."""
    guard = RemovalGuard(states, cast(Library, _Library(lately)))
    changes = FolderChanges(1, missing=tuple(missing), added=added)
    view = FolderView(ScanOutcome(1, "/root", None, hidden=hidden), KNOWN)
    [checked] = guard.after_scan([changes], [view], {1: Folder(1, "/root", rules)})
    assert checked.added == added
    return checked.missing


@pytest.fixture
def states() -> FolderStates:
    states = FolderStates()
    states.set(1, FolderState.WATCHING)
    return states


@pytest.mark.parametrize(
    ("vanished", "present", "much"),
    [
        (19, 19, False),
        (20, 99, True),
        (20, 100, False),
        (21, 100, True),
        (0, 0, False),
        (20_000, 100_000, False),
    ],
)
def test_more_than_a_fifth_is_much_but_few_never_are(vanished: int, present: int, much: bool) -> None:
    assert is_much(vanished, present) is much


def test_much_is_held_back_and_asked_about(states: FolderStates) -> None:
    assert check(states, range(30)) == ()
    assert states.get(1)[0] is FolderState.ASKING
    assert states.vanished(1) == 30


def test_a_fifth_goes_without_a_question(states: FolderStates) -> None:
    assert check(states, range(20)) == tuple(range(20))
    assert states.get(1)[0] is FolderState.WATCHING


def test_a_permission_is_good_for_one_look(states: FolderStates) -> None:
    states.allow_removal([1])
    assert check(states, range(30)) == tuple(range(30))
    assert check(states, range(30)) == ()


def test_kept_photos_are_asked_about_again_only_when_more_are_gone(states: FolderStates) -> None:
    check(states, range(30))
    states.keep(1)
    assert check(states, range(30)) == ()
    assert states.get(1)[0] is FolderState.WATCHING
    assert "30 of its photos" in states.get(1)[1]
    check(states, range(31))
    assert states.vanished(1) == 31


def test_what_the_rules_or_a_marker_leave_out_goes_at_once(states: FolderStates) -> None:
    everything = tuple(range(100))
    assert check(states, everything, rules=FolderRules(exclude=("trip/",))) == everything
    assert check(states, everything, hidden=("trip",)) == everything
    assert check(states, everything, hidden=("tri",)) == ()


def test_files_that_arrived_elsewhere_explain_those_that_are_gone(states: FolderStates) -> None:
    everything = tuple(range(100))
    here = tuple(FoundFile(f"moved/{one.photo_id}.JPG", one.size, one.mtime_ns) for one in KNOWN)
    assert check(states, everything, added=here) == everything
    assert check(states, everything, added=here[:50]) == tuple(range(50))
    copies = [
        KnownFile(one.photo_id + 1000, f"copy/{one.photo_id}.jpg", one.size, one.mtime_ns, None, one.state)
        for one in KNOWN
    ]
    assert check(states, everything, lately=copies) == everything
    assert check(states, everything, lately=KNOWN) == (), "they are no copies of themselves"
