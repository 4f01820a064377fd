"""The rows of a result, fetched while they are looked at."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy

from app.domain.query import QueryTerm, SearchQuery, SearchResult
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader

_NAME = Qt.ItemDataRole.DisplayRole


def result_of(
    ids: object, weak_from: int | None = None, text: str = "", complete: bool = True
) -> SearchResult:
    ids = np.array(list(ids), dtype=np.int64)  # type: ignore[call-overload]
    return SearchResult(
        query=SearchQuery(terms=(QueryTerm(text=text),) if text else ()),
        photo_ids=ids,
        scores=np.zeros(len(ids), dtype=np.float32),
        weak_from=len(ids) if weak_from is None else weak_from,
        total=len(ids),
        complete=complete,
        semantic=True,
    )


@pytest.fixture
def model(library: FakeLibraryService, task_runner: TaskRunner) -> Iterator[PhotoGridModel]:
    loader = ThumbnailLoader(library, task_runner)
    yield PhotoGridModel(library, task_runner, loader)
    library.photos_gate.open()
    library.thumbnails_gate.open()


def test_the_model_keeps_the_rules_of_item_models(model: PhotoGridModel, qtmodeltester, qtbot) -> None:
    model.set_result(result_of(range(1, 151)))
    qtmodeltester.check(model)
    qtbot.waitUntil(lambda: model.photo_at(149) is not None)
    model.set_result(result_of(range(1, 181)))
    model.set_result(result_of([5, 3], weak_from=1))
    qtmodeltester.check(model)


def test_rows_are_there_at_once_and_photos_a_moment_later(model: PhotoGridModel, library, qtbot) -> None:
    library.photos_gate.close()
    model.set_result(result_of([7, 3, 9]))

    assert model.rowCount() == 3
    assert model.photo_at(1) is None
    assert model.data(model.index(1), _NAME) == ""

    with qtbot.waitSignal(model.dataChanged) as changed:
        library.photos_gate.open()
    assert (changed.args[0].row(), changed.args[1].row()) == (0, 2)
    assert [model.photo_at(row).photo_id for row in range(3)] == [7, 3, 9]
    assert model.data(model.index(1), _NAME) == "IMG_0000003.jpg"


def test_a_page_is_asked_for_once_however_often_it_is_looked_at(
    model: PhotoGridModel, library, qtbot
) -> None:
    model.set_result(result_of(range(1, 201)))

    for _ in range(5):
        for row in range(100):
            model.photo_at(row)
    qtbot.waitUntil(lambda: model.photo_at(99) is not None)

    assert library.calls_of("photos") == [(tuple(range(1, 101)),)]


def test_data_can_be_asked_for_a_hundred_thousand_times(task_runner: TaskRunner, qtbot) -> None:
    library = FakeLibraryService(1_000_000)
    model = PhotoGridModel(library, task_runner, ThumbnailLoader(library, task_runner))
    model.set_result(result_of(np.arange(1, 1_000_001)))
    roles = (_NAME, Qt.ItemDataRole.DecorationRole, model.PhotoRole, model.PixmapRole, model.WeakRole)

    for call in range(100_000):
        model.data(model.index(call * 10), roles[call % len(roles)])

    qtbot.waitUntil(lambda: model.photo_at(0) is not None)
    assert len(library.calls_of("photos")) < 60, "what nobody looks at any more must not be fetched"


def test_equal_rows_change_nothing(model: PhotoGridModel) -> None:
    model.set_result(result_of([1, 2, 3]))
    resets, inserts = QSignalSpy(model.modelReset), QSignalSpy(model.rowsInserted)

    model.set_result(result_of([1, 2, 3], text="other"))

    assert resets.count() == inserts.count() == 0
    assert model.result.query.terms[0].text == "other"


def test_a_fuller_result_adds_rows_below(model: PhotoGridModel) -> None:
    model.set_result(result_of(range(1, 51), complete=False))
    resets, inserts = QSignalSpy(model.modelReset), QSignalSpy(model.rowsInserted)

    model.set_result(result_of(range(1, 91)))

    assert (resets.count(), inserts.count(), model.rowCount()) == (0, 1, 90)
    assert model.complete


def test_another_question_replaces_even_what_begins_alike(model: PhotoGridModel) -> None:
    model.set_result(result_of([1, 2], text="dog"))
    replaced = QSignalSpy(model.result_replaced)

    model.set_result(result_of([1, 2, 3], text="dog on a beach"))

    assert replaced.at(0) == [False]


def test_only_the_place_of_the_divider_may_change(model: PhotoGridModel) -> None:
    model.set_result(result_of([1, 2, 3], weak_from=1))
    sections, resets = QSignalSpy(model.sections_changed), QSignalSpy(model.modelReset)

    model.set_result(result_of([1, 2, 3], weak_from=2))

    assert (sections.count(), resets.count()) == (1, 0)
    assert [model.data(model.index(row), model.WeakRole) for row in range(3)] == [False, False, True]


def test_photos_that_are_gone_are_not_asked_for_again(model: PhotoGridModel, library, qtbot) -> None:
    library.gone = {2}
    model.set_result(result_of([1, 2, 3]))
    qtbot.waitUntil(lambda: model.photo_at(2) is not None)

    assert model.photo_at(1) is None
    assert model.data(model.index(1), _NAME) == ""
    assert len(library.calls_of("photos")) == 1


def test_a_refresh_shows_what_was_there_until_the_new_is_there(model: PhotoGridModel, library, qtbot) -> None:
    model.set_result(result_of([1, 2, 3]))
    qtbot.waitUntil(lambda: model.photo_at(0) is not None)
    model.set_visible(range(3))
    library.offline = {2}
    library.photos_gate.close()

    model.refresh()
    assert not model.photo_at(1).offline
    library.photos_gate.open()

    qtbot.waitUntil(lambda: model.photo_at(1).offline)


def test_a_favourite_shows_before_the_library_wrote_it(model: PhotoGridModel, qtbot) -> None:
    model.set_result(result_of([1, 2, 3]))
    qtbot.waitUntil(lambda: model.photo_at(0) is not None)

    with qtbot.waitSignal(model.dataChanged) as changed:
        model.mark_favourite([2], True)

    assert model.photo_at(1).favourite
    assert changed.args[0].row() == changed.args[1].row() == 1
    assert "favourite" in model.data(model.index(1), Qt.ItemDataRole.AccessibleTextRole)


def test_photos_find_their_rows(model: PhotoGridModel) -> None:
    model.set_result(result_of([9, 4, 6, 2, 8, 1]))

    assert model.row_of(6) == 2
    assert model.row_of(77) is None
    assert model.rows_of([8, 9]).tolist() == [0, 4]
    assert model.rows_of([1, 2, 4, 6, 77, 8]).tolist() == [1, 2, 3, 4, 5]


def test_photos_beyond_the_rows_are_fetched_in_order(model: PhotoGridModel, library, qtbot) -> None:
    model.set_result(result_of(range(1, 11)))
    fetched: list[list[int]] = []

    model.fetch(list(range(150, 20, -1)), lambda photos: fetched.append([p.photo_id for p in photos]))

    qtbot.waitUntil(lambda: bool(fetched))
    assert fetched == [list(range(150, 20, -1))]
    assert all(len(ids) <= 100 for (ids,) in library.calls_of("photos"))


def test_a_library_that_fails_is_told_in_words(
    model: PhotoGridModel, library, qtbot, monkeypatch, caplog
) -> None:
    def fail(photo_ids: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(library, "photos", fail)
    model.set_result(result_of([1]))

    with qtbot.waitSignal(model.load_failed) as failed:
        model.photo_at(0)
    assert failed.args == ["the disk is gone"]
    caplog.clear()


def test_a_problem_file_says_why_in_its_tooltip(model: PhotoGridModel, library, qtbot) -> None:
    library.problem_ids = {1}
    model.set_result(result_of([1]))
    qtbot.waitUntil(lambda: model.photo_at(0) is not None)

    tooltip = model.data(model.index(0), Qt.ItemDataRole.ToolTipRole)
    assert tooltip.splitlines() == ["IMG_0000001.jpg", "The file ends too early."]


def test_pages_scrolled_away_lose_their_turn(model: PhotoGridModel, library, qtbot) -> None:
    library.photo_count = 100_000
    model.set_result(result_of(np.arange(1, 100_001)))
    library.photos_gate.close()
    for first in range(0, 2000, 100):
        model.set_visible(range(first, first + 20))
    model.set_visible(range(90_000, 90_020))
    library.photos_gate.open()

    qtbot.waitUntil(lambda: model.photo_at(90_000) is not None)
    assert len(library.calls_of("photos")) <= 4


def test_a_changed_photo_replaces_the_one_shown(model: PhotoGridModel, qtbot) -> None:
    model.set_result(result_of([1, 2]))
    qtbot.waitUntil(lambda: model.photo_at(0) is not None)

    model.update_photos([replace(model.photo_at(0), path="/photos/renamed.jpg")])

    assert model.data(model.index(0), _NAME) == "renamed.jpg"
