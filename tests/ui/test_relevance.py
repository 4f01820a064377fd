"""How sure matches are, as the window shows it: sections, words, more or fewer, more like this."""

import numpy as np
import pytest
from fakes import FakeSearchService
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_driver import asked

from app.bootstrap import Services
from app.domain.query import QueryTerm, SearchQuery, SearchResult, SortOrder
from app.services.ranking import MOST_STEPS
from app.ui.main_window import MainWindow
from app.ui.result_header import ResultHeader, describe
from app.ui.scope import Scope, ScopeKind
from app.ui.settings_dialog import SEARCH, SettingsDialog

DOG = SearchQuery((QueryTerm(text="dog"),))


def result_of(classes: list[int], *, complete: bool = True) -> SearchResult:
    array = np.array(classes, np.int8)
    return SearchResult(
        query=DOG,
        photo_ids=np.arange(1, len(classes) + 1, dtype=np.int64),
        scores=np.linspace(5, 0, len(classes), dtype=np.float32),
        weak_from=int((array < 2).sum()),
        total=len(classes),
        complete=complete,
        semantic=True,
        classes=array,
        lines_key="model:text",
    )


@pytest.mark.parametrize(
    ("classes", "complete", "words"),
    [
        ([0, 0, 1, 2, 2, 2], True, "2 matches, 1 possible, 3 weaker"),
        ([0, 0, 1, 2, 2, 2], False, "2 matches, 1 possible, 3+ weaker"),
        ([0, 0, 1], False, "2 matches, 1+ possible"),
        ([1, 1, 2], True, "No clear match, 2 possible, 1 weaker"),
        ([2, 2], True, "Nothing here looks like that, 2 photos come nearest"),
        ([1, 0, 2], True, "2 matches, 1 weaker"),  # by date both classes mix
    ],
)
def test_the_header_tells_how_sure_matches_are(
    qapp: object, classes: list[int], complete: bool, words: str
) -> None:
    assert describe(result_of(classes, complete=complete), Scope()) == words


def test_the_grid_has_a_section_for_possible_matches(window: MainWindow, services: Services) -> None:
    view = window.workspace.photos.view
    view.grid_model.set_result(result_of([0, 0, 1, 1, 2]))
    strong, possible, weak = (view.visualRect(view.grid_model.index(row)) for row in (1, 2, 4))

    assert strong.bottom() + 15 < possible.top()
    assert possible.bottom() + 15 < weak.top()
    assert possible.left() == weak.left()


def test_a_change_of_class_alone_moves_the_sections(window: MainWindow, qtbot: QtBot) -> None:
    model = window.workspace.photos.model
    model.set_result(result_of([0, 0, 1, 1, 2]))

    with qtbot.waitSignal(model.sections_changed):
        model.set_result(result_of([0, 1, 1, 1, 2]))

    assert (model.possible_from, model.weak_from) == (1, 4)


# --- more or fewer


def test_more_and_fewer_matches_are_asked_for_by_model_and_kind(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    window.body.search_bar.set_text("dog")
    fewer, more = window.body.header.steps_buttons
    qtbot.waitUntil(more.isVisible)

    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.keeper.settings.match_steps == {"model:text": 1})
    assert isinstance(services.search, FakeSearchService)
    assert services.search.tunings[-1].steps == {"model:text": 1}
    qtbot.waitUntil(lambda: len([query for query in asked(services) if query.terms]) == 2)

    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(fewer, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(fewer, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.keeper.settings.match_steps == {})


def test_the_settings_switch_ideas_on_and_forget_what_was_asked_for_more(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    assert isinstance(services.search, FakeSearchService)
    window.keeper.change(match_steps={"model:text": 2})
    window.dialogs.open_settings()
    dialog = window.findChild(SettingsDialog)
    dialog.show_page(SEARCH)

    dialog.search.hubs.click()
    dialog.search.prompts.click()
    assert (services.search.tunings[-1].correct_hubs, services.search.tunings[-1].average_prompts) == (
        True,
        True,
    )
    assert services.search.tunings[-1].steps == {"model:text": 2}

    dialog.search.reset.click()
    assert services.search.tunings[-1].steps == {}
    assert not dialog.search.reset.isEnabled()
    dialog.accept()


def test_the_library_itself_has_nothing_to_ask_more_of(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.workspace.session.result is not None)

    assert not any(button.isVisible() for button in window.body.header.steps_buttons)


def test_there_is_an_end_to_more(qtbot: QtBot) -> None:
    header = ResultHeader()
    qtbot.addWidget(header)

    header.show_result(result_of([0, 2]), Scope(), MOST_STEPS)

    assert [button.isEnabled() for button in header.steps_buttons] == [True, False]


# --- more and less like this


def test_m_and_l_add_what_is_liked_and_disliked_to_the_question(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    bar, view = window.body.search_bar, window.workspace.photos.view
    bar.set_text("dog")
    qtbot.waitUntil(lambda: view.grid_model.rowCount() > 0 and bool(view.grid_model.result.query.terms))
    first = view.grid_model.id_at(0)
    view.select_row(0)
    qtbot.keyClick(view, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: len(view.grid_model.result.query.terms) == 2)
    second = next(each for each in view.grid_model.photo_ids.tolist() if each != first)
    view.select_row(view.grid_model.row_of(second))
    qtbot.keyClick(view, Qt.Key.Key_L)

    wanted = [(None, 1.0), (first, 1.0), (second, -1.0)]
    qtbot.waitUntil(lambda: [(term.photo_id, term.weight) for term in bar.terms()] == wanted)
    assert bar.text() == "dog"
    assert "Unlike" in bar.chips[1].accessibleName()


def test_the_same_photo_liked_after_all_changes_its_sign(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.body.search_bar
    window.workspace.give_feedback([9], False)
    qtbot.waitUntil(lambda: [term.weight for term in bar.terms()] == [-1.0])

    window.workspace.give_feedback([9], True)

    qtbot.waitUntil(lambda: [term.weight for term in bar.terms()] == [1.0])


def test_several_photos_are_looked_for_at_once(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.workspace.photos.view.similar_requested.emit([7, 8, 9])

    bar = window.body.search_bar
    qtbot.waitUntil(lambda: sorted(term.photo_id for term in asked(services)[-1].terms) == [7, 8, 9])
    assert all(chip.sizeHint().width() < 100 for chip in bar.chips), "no room for names"


def test_a_chip_turns_its_sign_and_keeps_its_weight(window: MainWindow, qtbot: QtBot) -> None:
    window.workspace.give_feedback([9], True)
    qtbot.waitUntil(lambda: len(window.body.search_bar.chips) == 1)
    chip = window.body.search_bar.chips[0]
    chip.set_weight(0.5)

    chip.open_menu()
    menu = next(menu for menu in chip.findChildren(type(window.menu())) if menu.isVisible())
    next(action for action in menu.actions() if action.text() == "Less like this").trigger()
    menu.close()

    assert chip.term.weight == -0.5


# --- unusual photos


def test_unusual_photos_are_an_entry_of_the_sidebar(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    window.body.sidebar.choose(Scope(ScopeKind.UNUSUAL))

    qtbot.waitUntil(lambda: asked(services)[-1].sort is SortOrder.UNUSUAL)
    window.body.sidebar.set_folders([])  # the entry outlives a change of the others
    assert window.body.sidebar.scope.kind is ScopeKind.UNUSUAL

    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: bool(asked(services)[-1].terms))
    assert asked(services)[-1].sort is SortOrder.RELEVANCE


def test_an_unfinished_answer_is_asked_for_again_by_itself(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    search = services.search
    assert isinstance(search, FakeSearchService)
    search.unfinished = True
    window.body.sidebar.choose(Scope(ScopeKind.UNUSUAL))
    qtbot.waitUntil(lambda: sum(query.sort is SortOrder.UNUSUAL for query in asked(services)) > 1)

    search.unfinished = False
    qtbot.waitUntil(lambda: not window.workspace.session.result.unfinished)
