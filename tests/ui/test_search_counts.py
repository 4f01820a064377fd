"""How many photos each saved search finds, beside its name."""

import pytest
from fakes import FakeSearchService
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_driver import texts_asked

from app.bootstrap import Services
from app.domain.decisions import SavedSearch
from app.domain.query import QueryTerm, SearchQuery
from app.errors import LibraryError
from app.ui.main_window import MainWindow
from app.ui.scope import Scope, ScopeKind
from app.ui.search_counts import SearchCounts
from app.ui.sidebar_model import Role
from app.ui.task_runner import TaskRunner


class Desk:
    """Counts the searches of the fake services and remembers what was told."""

    def __init__(self, services: Services, tasks: TaskRunner) -> None:
        self.services = services
        self.search: FakeSearchService = services.search  # type: ignore[assignment]
        self.busy = False
        self.told: list[tuple[int, int | None]] = []
        self.counts = SearchCounts(services.decisions, services.search, tasks, lambda: self.busy, quiet_ms=1)
        self.counts.counted.connect(lambda number, count: self.told.append((number, count)))

    def save(self, text: str, count: int | None = None) -> int:
        if count is not None:
            self.search.counts[text] = count
        return self.services.decisions.save_search(text, SearchQuery((QueryTerm(text=text),)))

    def show(self) -> tuple[SavedSearch, ...]:
        searches = self.services.decisions.searches()
        self.counts.set_searches(searches)
        return searches

    @property
    def asked(self) -> int:
        return len(self.search.calls_of("count"))


@pytest.fixture
def desk(services: Services, task_runner: TaskRunner) -> Desk:
    return Desk(services, task_runner)


def test_searches_are_counted_once_one_after_the_other(desk: Desk, qtbot: QtBot) -> None:
    cars, dogs = desk.save("cars", 7), desk.save("dogs", 0)
    desk.search.counting.close()
    desk.show()
    qtbot.waitUntil(lambda: desk.asked == 1)
    desk.search.counting.open()
    qtbot.waitUntil(lambda: desk.told == [(cars, 7), (dogs, 0)])
    desk.show()
    cats = desk.save("cats", 3)
    desk.show()
    qtbot.waitUntil(lambda: desk.told[2:] == [(cats, 3)])


def test_a_changed_library_is_counted_again(desk: Desk, qtbot: QtBot) -> None:
    cars = desk.save("cars", 7)
    desk.show()
    qtbot.waitUntil(lambda: desk.told == [(cars, 7)])
    desk.search.counts["cars"] = 8
    for _ in range(5):
        desk.counts.count_again()
    qtbot.waitUntil(lambda: desk.told == [(cars, 7), (cars, 8)])
    assert desk.asked == 2


def test_a_search_goes_first(desk: Desk, qtbot: QtBot) -> None:
    cars = desk.save("cars", 7)
    desk.search.counting.close()
    desk.show()
    qtbot.waitUntil(lambda: desk.asked == 1)
    desk.busy = True
    desk.counts.give_way()
    desk.search.counting.open()
    qtbot.wait(20)
    assert (desk.told, desk.asked) == ([], 1)
    desk.busy = False
    qtbot.waitUntil(lambda: desk.told == [(cars, 7)])


def test_what_nobody_knows_is_asked_again_after_a_search(desk: Desk, qtbot: QtBot) -> None:
    cars = desk.save("cars")
    desk.show()
    qtbot.waitUntil(lambda: desk.told == [(cars, None)])
    desk.search.counts["cars"] = 7
    desk.counts.give_way()
    qtbot.waitUntil(lambda: desk.told[1:] == [(cars, 7)])


def test_a_search_that_cannot_be_asked_has_no_count(desk: Desk, qtbot: QtBot) -> None:
    cars, dogs = desk.save("cars", 7), desk.save("dogs", 9)
    desk.search.error = LibraryError("The folder is gone.")
    desk.show()
    qtbot.waitUntil(lambda: desk.told == [(cars, None), (dogs, None)])


def test_the_sidebar_shows_the_count_and_keeps_it(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.search.counts["red car"] = 12  # type: ignore[attr-defined]
    services.decisions.save_search("Cars", SearchQuery((QueryTerm(text="red car"),)))
    searches, model = window.workspace.searches, window.body.sidebar.model  # type: ignore[union-attr]
    scope = Scope(ScopeKind.SEARCH, search_id=1)
    searches.refresh()
    qtbot.waitUntil(lambda: model.index_of(scope).isValid())
    spoken = model.index_of(scope).data(Qt.ItemDataRole.AccessibleTextRole)
    assert (model.index_of(scope).data(Role.COUNT), spoken) == (None, "Cars")
    qtbot.waitUntil(lambda: model.index_of(scope).data(Role.COUNT) == 12)
    services.decisions.save_search("Dogs", SearchQuery((QueryTerm(text="dog"),)))
    searches.refresh()
    qtbot.waitUntil(lambda: model.index_of(Scope(ScopeKind.SEARCH, search_id=2)).isValid())
    assert model.index_of(scope).data(Role.COUNT) == 12
    assert "red car" not in texts_asked(services)
