"""What the middle of the window says when there are no photos to show."""

from datetime import date

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.domain.photo import Folder, FolderState, FolderStatus
from app.domain.progress import IndexPhase, IndexProgress
from app.domain.query import QueryTerm, SearchQuery, SearchResult
from app.domain.status import ModelState, ModelStatus
from app.services.query_language import parse_query
from app.ui import empty_states
from app.ui.empty_states import EmptyPage, EmptyState, Situation, Way
from app.ui.result_header import describe
from app.ui.scope import Scope, ScopeKind

IDLE = IndexProgress(IndexPhase.IDLE)
READY = ModelStatus(ModelState.READY, "siglip2", "cpu")
ASKED = SearchQuery((QueryTerm(text="dog"),))


def _folder(state: FolderState = FolderState.WATCHING, problems: int = 0, number: int = 1) -> FolderStatus:
    return FolderStatus(Folder(number, f"/photos/{number}"), state, 0, 0, problems, "No permission.")


def _result(
    count: int = 0, query: SearchQuery = ASKED, weak_from: int | None = None, complete: bool = True
) -> SearchResult:
    return SearchResult(
        query=query,
        photo_ids=np.arange(count, dtype=np.int64),
        scores=np.zeros(count, dtype=np.float32),
        weak_from=count if weak_from is None else weak_from,
        total=1234,
        complete=complete,
        semantic=True,
    )


def _choose(
    query: SearchQuery = ASKED,
    scope: Scope | None = None,
    folders: tuple[FolderStatus, ...] = (_folder(),),
    progress: IndexProgress = IDLE,
    model: ModelStatus = READY,
) -> EmptyState | None:
    situation = Situation(_result(query=query), scope or Scope(), folders, progress, model)
    return empty_states.choose(situation)


@pytest.mark.parametrize(
    ("text", "model", "says"),
    [
        ("date:1950", READY, "Take a filter away, or choose another value for it."),
        ("date:1950", ModelStatus(ModelState.NONE), "Take a filter away, or choose another value for it."),
        ("date:1950 dog", READY, "Take a filter away, or try other words."),
        ("dog", READY, "Try other words, or fewer of them."),
        ("date:1950 dog", ModelStatus(ModelState.NONE), "until there is a model"),
    ],
)
def test_filters_that_leave_nothing_are_named_as_the_reason(text: str, model: ModelStatus, says: str) -> None:
    query = SearchQuery((QueryTerm(text=text),))
    asked = parse_query(text, date(2026, 11, 21))
    state = empty_states.choose(
        Situation(_result(query=query), Scope(), (_folder(),), IDLE, model, asked=asked)
    )
    assert state is not None
    assert says in state.text


def test_with_photos_there_is_no_page(qapp: object) -> None:
    assert empty_states.choose(Situation(_result(1), Scope(), (), IDLE, READY)) is None


@pytest.mark.parametrize(
    ("arguments", "title", "way"),
    [
        ({"folders": ()}, "Add a folder of photos", Way.ADD_FOLDER),
        ({}, "No photo matches", Way.CLEAR_SEARCH),
        ({"scope": Scope(ScopeKind.FAVOURITES)}, "No photo matches", Way.SEARCH_EVERYWHERE),
        ({"model": ModelStatus(ModelState.NONE)}, "No photo has such a name", Way.CHOOSE_MODEL),
        ({"model": ModelStatus(ModelState.FAILED)}, "No photo matches", Way.CHOOSE_MODEL),
        ({"query": SearchQuery()}, "No photos in here", Way.RESCAN),
        (
            {"query": SearchQuery(), "folders": (_folder(FolderState.OFFLINE),)},
            "The drive is not connected",
            Way.RESCAN,
        ),
        (
            {"query": SearchQuery(), "folders": (_folder(FolderState.PROBLEM),)},
            "This folder cannot be read",
            Way.RESCAN,
        ),
        (
            {"query": SearchQuery(), "folders": (_folder(problems=4),)},
            "No photo here could be read",
            Way.PROBLEMS,
        ),
        (
            {"query": SearchQuery(), "scope": Scope(ScopeKind.RECENT)},
            "Nothing was added lately",
            Way.RESCAN,
        ),
    ],
)
def test_every_situation_has_a_page_with_a_way_out(
    qapp: object, arguments: dict[str, object], title: str, way: Way
) -> None:
    state = _choose(**arguments)

    assert state is not None
    assert state.title == title
    assert way in state.ways


def test_one_offline_folder_of_two_does_not_speak_for_both(qapp: object) -> None:
    folders = (_folder(FolderState.OFFLINE, number=1), _folder(number=2))

    assert _choose(SearchQuery(), folders=folders).title == "No photos in here"
    offline = Scope(ScopeKind.FOLDER, 1, "", "one")
    assert _choose(SearchQuery(), offline, folders).title == "The drive is not connected"


def test_while_photos_are_read_an_empty_answer_is_not_final(qapp: object) -> None:
    state = _choose(progress=IndexProgress(IndexPhase.INDEXING, 1, 10))

    assert "still being read" in state.text


def test_a_page_shows_a_button_for_every_way(qtbot: QtBot) -> None:
    page = EmptyPage()
    qtbot.addWidget(page)
    page.show_state(EmptyState("search", "No photo matches", "Try other words.", (Way.ADD_FOLDER, Way.QUIT)))
    page.show()

    assert [button.text() for button in page.buttons] == ["Add folder…", "Quit"]
    with qtbot.waitSignal(page.way_chosen) as chosen:
        qtbot.mouseClick(page.buttons[1], Qt.MouseButton.LeftButton)
    assert chosen.args == [Way.QUIT]


def test_a_text_of_several_lines_is_shown_whole(qtbot: QtBot) -> None:
    page = EmptyPage()
    qtbot.addWidget(page)
    page.resize(700, 420)
    page.show()

    page.show_state(EmptyState("model", "No photo has such a name", "many words " * 30, (Way.CLEAR_SEARCH,)))

    text = next(label for label in page.findChildren(QLabel) if label.text().startswith("many"))
    qtbot.waitUntil(
        lambda: text.height() >= text.heightForWidth(text.width()) > 3 * page.fontMetrics().height()
    )


def test_the_same_page_again_keeps_its_buttons(qtbot: QtBot) -> None:
    page = EmptyPage()
    qtbot.addWidget(page)
    state = EmptyState("search", "No photo matches", "", (Way.QUIT,))
    page.show_state(state)
    before = page.buttons

    page.show_state(state)

    assert page.buttons == before


@pytest.mark.parametrize("way", list(Way))
def test_every_way_has_words(qapp: object, way: Way) -> None:
    assert empty_states.way_text(way)


@pytest.mark.parametrize(
    ("result", "scope", "words"),
    [
        (_result(5, SearchQuery()), Scope(), "1234 photos"),
        (_result(5, SearchQuery()), Scope(ScopeKind.FOLDER, 1, "", "Holiday"), "Holiday · 1234 photos"),
        (_result(1), Scope(), "1 match"),
        (_result(7), Scope(), "7 matches"),
        (_result(7), Scope(ScopeKind.FAVOURITES), "7 matches in Favourites"),
        (_result(7, weak_from=3), Scope(), "3 matches, 4 weaker"),
        (_result(7, weak_from=3, complete=False), Scope(), "3 matches, 4+ weaker"),
        (_result(7, complete=False), Scope(), "7+ matches"),
        (_result(7, weak_from=0), Scope(), "Nothing here looks like that, 7 photos come nearest"),
        (_result(0), Scope(), "No match"),
    ],
)
def test_a_result_is_described_in_a_phrase(
    qapp: object, result: SearchResult, scope: Scope, words: str
) -> None:
    assert describe(result, scope).replace(",234", "234") == words
