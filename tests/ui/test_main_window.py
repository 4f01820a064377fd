"""The real window on fake services: opening, searching, scopes, keys, live refresh, closing."""

import threading

import pytest
from fakes import FakeLibraryService, FakeModelService, fake_services
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QMessageBox, QSlider
from pytestqt.qtbot import QtBot
from window_driver import OpenWindow, asked, click, dialog_of, settle, texts_asked

from app.bootstrap import Services
from app.domain.companions import CompanionKind
from app.domain.photo import FolderState
from app.domain.progress import IndexPhase, IndexProgress
from app.domain.query import SortOrder
from app.domain.status import ModelState, ModelStatus
from app.errors import LibraryError, LibraryInUseError, LibraryTooNewError
from app.settings import Settings
from app.ui.empty_states import Way
from app.ui.main_window import MainWindow
from app.ui.scope import Scope, ScopeKind
from app.ui.settings_dialog import SettingsDialog
from app.ui.window_actions import ShortcutsDialog


def _shown(window: MainWindow) -> list[int]:
    return window.workspace.photos.model.photo_ids.tolist()


def _type(qtbot: QtBot, window: MainWindow, text: str) -> None:
    window.body.search_bar.edit.clear()
    qtbot.keyClicks(window.body.search_bar.edit, text)


# --- opening


def test_the_window_is_there_before_the_library(
    open_window: OpenWindow, qtbot: QtBot, services: Services
) -> None:
    gate = threading.Event()

    def slow() -> Services:
        gate.wait(10)
        return services

    window = open_window(slow)

    assert window.isVisible()
    assert window.workspace is None
    assert window.body.empty_page.state.title == "Opening the library…"
    assert not window.body.search_bar.isEnabled()
    gate.set()
    settle(qtbot, window)
    assert window.body.search_bar.isEnabled()


def test_closing_while_the_library_opens_closes_the_library_too(
    open_window: OpenWindow, tmp_path: object, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    monkeypatch.setattr(type(services), "close", lambda self: closed.append(self))
    window = open_window()

    window.close()
    window.shut_down()

    assert not window.isVisible()
    assert closed == [services]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (LibraryInUseError("Another Photosift uses /library."), "open in another window"),
        (LibraryTooNewError("It was written by version 9."), "needs a newer Photosift"),
        (LibraryError("The disk is full."), "cannot be opened"),
    ],
)
def test_a_library_that_does_not_open_gets_a_page_with_ways_out(
    open_window: OpenWindow, qtbot: QtBot, error: LibraryError, words: str
) -> None:
    def refuse() -> Services:
        raise error

    window = open_window(refuse)
    page = window.body.empty_page

    qtbot.waitUntil(lambda: words in page.state.title)
    assert str(error) in page.state.text
    assert page.state.ways == (Way.TRY_AGAIN, Way.QUIT)


def test_trying_again_opens_the_library(open_window: OpenWindow, qtbot: QtBot, services: Services) -> None:
    attempts = iter((LibraryInUseError("in use"), None))

    def open_at_second() -> Services:
        error = next(attempts)
        if error is not None:
            raise error
        return services

    window = open_window(open_at_second)
    qtbot.waitUntil(lambda: bool(window.body.empty_page.buttons))
    click(qtbot, window.body.empty_page.buttons[0])

    settle(qtbot, window)
    assert len(_shown(window)) == 200


def test_the_window_shows_the_library_newest_first(window: MainWindow, services: Services) -> None:
    assert _shown(window) == list(range(1, 201))
    assert window.body.header.text == "200 photos"
    assert window.body.pages.currentWidget() is window.workspace.photos.view


def test_a_large_library_is_shown_in_two_steps(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: object
) -> None:
    services = fake_services(tmp_path, 3000)
    window = open_window(lambda: services)

    qtbot.waitUntil(lambda: window.workspace is not None and len(_shown(window)) == 3000)

    assert [query.limit for query in asked(services)] == [500, None]


def test_the_first_model_and_index_start_behind_the_window(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("start")))
    assert services.models.calls_of("load")
    assert not services.indexing.calls_of("pause")


def test_a_model_that_is_ready_while_it_is_asked_for_does_not_stay_loading(
    open_window: OpenWindow, services: Services, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a model loading ends at once: what was read before must not be told after that."""
    models = services.models
    assert isinstance(models, FakeModelService)

    def status() -> ModelStatus:
        monkeypatch.undo()
        models.become(ModelStatus(ModelState.NONE))
        return ModelStatus(ModelState.LOADING)

    monkeypatch.setattr(models, "status", status)
    window = open_window()
    settle(qtbot, window)
    qtbot.waitUntil(lambda: "No model" in window.body.activity.model_button.text())


def test_a_pause_outlasts_the_program(open_window: OpenWindow, services: Services, qtbot: QtBot) -> None:
    open_window(settings=Settings(indexing_paused=True))

    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("pause")))


# --- searching


def test_typing_searches_after_a_pause(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    _type(qtbot, window, "dog")

    qtbot.waitUntil(lambda: texts_asked(services) == ["dog"])
    qtbot.waitUntil(lambda: len(_shown(window)) == 20)
    assert window.body.header.text == "10 matches, 10 weaker"


def test_a_newer_query_cancels_the_older_one(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.search.matches = {"dog": [5], "cat": [7, 8]}
    services.search.gate.close()
    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: texts_asked(services) == ["dog"])

    window.body.search_bar.set_text("cat")

    # the gate is still closed: only a cancelled "dog" lets the one search thread go on to "cat"
    qtbot.waitUntil(lambda: texts_asked(services) == ["dog", "cat"])
    services.search.gate.open()
    qtbot.waitUntil(lambda: _shown(window) == [7, 8])


def test_an_answer_that_comes_late_is_not_shown(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.search.matches = {"dog": [5], "cat": [7, 8]}
    shown = []
    window.workspace.session.found.connect(lambda result: shown.append(result.query.terms[0].text))

    for text in ("dog", "cat", "dog", "cat"):
        window.body.search_bar.set_text(text)
    qtbot.waitUntil(lambda: _shown(window) == [7, 8])

    assert shown == ["cat"]


def test_a_query_that_finds_nothing_offers_to_clear_it(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.search.matches = {"unicorn": []}
    window.body.search_bar.set_text("unicorn")
    page = window.body.empty_page
    qtbot.waitUntil(lambda: page.isVisible() and page.state.title == "No photo matches")

    click(qtbot, page.buttons[-1])

    qtbot.waitUntil(lambda: len(_shown(window)) == 200)
    assert window.body.pages.currentWidget() is window.workspace.photos.view


def test_a_failing_search_says_why(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.search.error = LibraryError("The disk is gone.")

    window.body.search_bar.set_text("dog")

    qtbot.waitUntil(lambda: window.body.messages.text == "The disk is gone.")


def test_the_order_can_be_switched_for_a_query(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: texts_asked(services) == ["dog"])

    window.body.header.choose_sort(SortOrder.DATE)

    qtbot.waitUntil(lambda: asked(services)[-1].sort is SortOrder.DATE)


def test_the_order_can_be_typed_and_the_buttons_follow(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    bar, header = window.body.search_bar, window.body.header

    def shown() -> list[SortOrder]:
        return [sort for sort, button in header.sort_buttons.items() if button.isChecked()]

    bar.set_text("dog sort:date")
    assert [chip.text for chip in window.body.query_line.chips] == ["newest first"]
    assert (shown(), header.sort) == ([SortOrder.DATE], SortOrder.RELEVANCE)

    header.sort_buttons[SortOrder.RELEVANCE].click()

    assert bar.text() == "dog sort:relevance"
    assert shown() == [SortOrder.RELEVANCE]
    bar.set_text("dog sort:unusual")
    assert shown() == [SortOrder.UNUSUAL]
    bar.set_text("dog")
    assert shown() == [SortOrder.RELEVANCE]
    qtbot.waitUntil(lambda: texts_asked(services)[-1] == "dog")


def test_the_end_of_a_cut_result_fetches_all_of_it(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: object
) -> None:
    services = fake_services(tmp_path, 8000)
    window = open_window(lambda: services)
    settle(qtbot, window)
    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: bool(window.workspace.session.result.query.terms))
    assert len(_shown(window)) == 500

    window.workspace.photos.view.more_wanted.emit()

    qtbot.waitUntil(lambda: len(_shown(window)) == 800)
    assert asked(services)[-1].limit is None


def test_enter_remembers_the_query(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    _type(qtbot, window, "dog")
    qtbot.keyClick(window.body.search_bar.edit, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: services.history.texts == ["dog"])


def test_similar_replaces_the_query_by_a_chip(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.body.search_bar.set_text("dog")

    window.workspace.photos.view.similar_requested.emit([9])

    qtbot.waitUntil(lambda: [term.photo_id for term in asked(services)[-1].terms] == [9])
    assert window.body.search_bar.text() == ""
    assert "IMG_0000009.jpg" in window.body.search_bar.chips[0].name


# --- parts of the library


def test_a_folder_scopes_browsing_and_search(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.body.sidebar.choose(Scope(ScopeKind.FOLDER, 1, "2024", "2024"))
    window.body.search_bar.set_text("dog")

    qtbot.waitUntil(lambda: texts_asked(services) == ["dog"])
    filters = asked(services)[-1].filters
    assert (filters.folder_id, filters.subfolder) == (1, "2024")


def test_an_empty_folder_of_favourites_says_how_to_make_one(window: MainWindow, qtbot: QtBot) -> None:
    window.body.sidebar.choose(Scope(ScopeKind.FAVOURITES))

    qtbot.waitUntil(lambda: window.body.empty_page.state.title == "No favourites yet")
    assert window.body.empty_page.isVisible()


def test_without_folders_the_window_asks_for_one(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: object
) -> None:
    services = fake_services(tmp_path, 0, folder_paths=())
    window = open_window(lambda: services)
    settle(qtbot, window)

    assert window.body.empty_page.state.ways == (Way.ADD_FOLDER, Way.TRY_DEMO)
    assert window.body.empty_page.isVisible()


def test_an_unplugged_drive_is_named_as_such(open_window: OpenWindow, qtbot: QtBot, tmp_path: object) -> None:
    services = fake_services(tmp_path, 0)
    services.library.folder_states = {1: (FolderState.OFFLINE, "")}
    window = open_window(lambda: services)
    settle(qtbot, window)

    assert window.body.empty_page.state.title == "The drive is not connected"


def test_the_first_indexing_is_announced(open_window: OpenWindow, qtbot: QtBot, tmp_path: object) -> None:
    services = fake_services(tmp_path, 0)
    window = open_window(lambda: services)
    settle(qtbot, window)
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("start")))

    services.indexing.report(IndexProgress(IndexPhase.SCANNING, current="/photos"))

    qtbot.waitUntil(lambda: window.body.empty_page.state.title == "Looking for photos…")


# --- the library changes


def test_new_photos_appear_by_themselves_and_keep_the_selection(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("start")))
    view = window.workspace.photos.view
    view.select_row(3)
    before = view.selected_ids()

    services.library.photo_count = 210
    services.indexing.report(IndexProgress(IndexPhase.INDEXING, 5, 10, library_version=7))

    qtbot.waitUntil(lambda: len(_shown(window)) == 210, timeout=4000)
    assert view.selected_ids() == before


def test_many_reports_make_few_searches(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("start")))
    before = len(asked(services))

    for version in range(1, 30):
        services.indexing.report(IndexProgress(IndexPhase.INDEXING, version, 30, library_version=version))

    qtbot.waitUntil(lambda: len(asked(services)) > before, timeout=4000)
    assert len(asked(services)) == before + 1


def test_an_unchanged_result_is_not_set_again(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("start")))

    with (
        qtbot.assertNotEmitted(window.workspace.session.refreshed),
        qtbot.waitSignal(window.workspace.session.unchanged, timeout=4000),
    ):
        services.indexing.report(IndexProgress(IndexPhase.INDEXING, 1, 2, library_version=3))


def test_a_model_that_gets_ready_answers_the_question_anew(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.models.become(ModelStatus(ModelState.LOADING))
    qtbot.waitUntil(lambda: window.body.activity.model_button.text() == "Loading model…")
    before = len(asked(services))

    services.models.become(ModelStatus(ModelState.READY, "siglip2", "cuda"))

    qtbot.waitUntil(lambda: window.body.activity.model_button.text() == "siglip2 · GPU")
    qtbot.waitUntil(lambda: len(asked(services)) > before, timeout=4000)


def test_without_a_model_the_window_says_so_once(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.models.become(ModelStatus(ModelState.NONE))
    qtbot.waitUntil(lambda: "no model yet" in window.body.messages.text)

    window.body.messages.dismiss()
    services.models.become(ModelStatus(ModelState.NONE, message="still none"))

    qtbot.waitUntil(lambda: window.body.activity.model_button.toolTip() == "still none")
    assert window.body.messages.text == ""


# --- keys


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_Slash, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_keys_that_lead_to_the_search_bar(
    window: MainWindow, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    view = window.workspace.photos.view
    view.setFocus()

    qtbot.keyClick(view, key, modifier)

    qtbot.waitUntil(window.body.search_bar.edit.hasFocus)


def test_a_slash_can_be_typed(window: MainWindow, qtbot: QtBot) -> None:
    _type(qtbot, window, "2024/i?")

    assert window.body.search_bar.edit.text() == "2024/i?"


def test_escape_goes_back_one_level_at_a_time(window: MainWindow, qtbot: QtBot) -> None:
    sidebar, bar = window.body.sidebar, window.body.search_bar
    sidebar.choose(Scope(ScopeKind.FAVOURITES))
    bar.set_text("dog")

    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert bar.text() == ""
    assert sidebar.scope.kind is ScopeKind.FAVOURITES

    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert sidebar.scope.is_all


def test_f5_looks_through_all_folders(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F5)

    qtbot.waitUntil(lambda: services.indexing.calls_of("rescan") == [(None,)])


def test_f1_lists_the_keys(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)

    qtbot.waitUntil(lambda: dialog_of(ShortcutsDialog) is not None)
    dialog_of(ShortcutsDialog).close()


# --- decisions about photos


def test_trash_asks_before_it_moves(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    view = window.workspace.photos.view
    view.setFocus()
    view.select_row(2)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is not None)
    assert not services.library.calls_of("move_to_trash")

    box = dialog_of(QMessageBox)
    click(qtbot, next(button for button in box.buttons() if button.text() == "Move to trash"))

    qtbot.waitUntil(lambda: services.library.calls_of("move_to_trash") == [((3,),)])
    qtbot.waitUntil(lambda: 3 not in _shown(window), timeout=4000)
    assert window.body.messages.text == "1 photo moved to the trash."


@pytest.mark.parametrize(
    ("kinds", "ids", "question"),
    [
        ({}, [4], "Move 1 photo to the trash?"),
        ({4: CompanionKind.RAW}, [4], "Move 1 photo and its RAW file to the trash?"),
        ({4: CompanionKind.RAW}, [4, 5], "Move 2 photos and their RAW files (1) to the trash?"),
        ({4: CompanionKind.FILM}, [4], "Move 1 photo and its Live Photo film to the trash?"),
        (
            {4: CompanionKind.RAW, 5: CompanionKind.FILM},
            [4, 5],
            "Move 2 photos and the RAW files and films that belong to them (2) to the trash?",
        ),
    ],
)
def test_the_question_before_the_trash_names_what_goes_along(
    window: MainWindow,
    services: Services,
    qtbot: QtBot,
    kinds: dict[int, CompanionKind],
    ids: list[int],
    question: str,
) -> None:
    services.library.companion_kinds = kinds
    window.workspace.photos.decisions.ask_to_trash(ids)
    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is not None)
    box = dialog_of(QMessageBox)
    assert box.text() == question
    box.close()


def test_trash_can_be_declined(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.workspace.photos.decisions.ask_to_trash([4])
    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is not None)
    box = dialog_of(QMessageBox)

    qtbot.keyClick(box, Qt.Key.Key_Escape)

    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is None)
    assert not services.library.calls_of("move_to_trash")


def test_files_that_cannot_be_trashed_are_named(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.library.untrashable = {4: "It is in use."}
    window.workspace.photos.decisions.ask_to_trash([4, 5])
    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is not None)
    box = dialog_of(QMessageBox)

    click(qtbot, next(button for button in box.buttons() if button.text() == "Move to trash"))

    qtbot.waitUntil(lambda: "It is in use." in window.body.messages.text)
    assert "1 photo moved" in window.body.messages.text


def test_f_makes_a_favourite(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    view = window.workspace.photos.view
    view.setFocus()
    view.select_row(0)
    qtbot.waitUntil(lambda: window.workspace.photos.model.photo_at(0) is not None)

    qtbot.keyClick(view, Qt.Key.Key_F)

    qtbot.waitUntil(lambda: services.library.calls_of("set_favourite") == [((1,), True)])


# --- the end


def test_what_was_changed_is_there_next_time(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.toggle_sidebar()
    window.body.header.slider.setValue(300)
    window.close()
    window.shut_down()

    stored = services.settings.load()
    assert not stored.sidebar_visible
    assert stored.tile_size == 300
    assert stored.window_geometry


def test_settings_that_others_wrote_are_kept(window: MainWindow, services: Services) -> None:
    services.settings.save(Settings(checkpoint="/models/siglip2"))
    window.keeper.change(tile_size=111)
    window.keeper.save_now()

    assert services.settings.load().checkpoint == "/models/siglip2"


def test_every_control_has_an_accessible_name(window: MainWindow) -> None:
    for kind in (QAbstractButton, QLineEdit, QSlider):
        nameless = [
            control
            for control in window.findChildren(kind)
            if control.isVisible() and not control.accessibleName() and not _text(control)
        ]
        assert nameless == []


def _text(control: object) -> str:
    return control.text() if isinstance(control, QAbstractButton) else ""


def test_an_unexpected_exception_is_shown_with_details(
    window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    window.show_bug(ZeroDivisionError("oops"))

    assert window.body.messages.text == "Something went wrong."
    assert window.body.messages.action.text() == "Details"
    assert "oops" in caplog.text


def test_a_library_is_never_touched_on_the_windows_thread(
    open_window: OpenWindow, qtbot: QtBot, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, seen = threading.get_ident(), set()
    record = FakeLibraryService.record

    def watching(self: FakeLibraryService, name: str, *arguments: object) -> None:
        seen.add(threading.get_ident())
        record(self, name, *arguments)

    monkeypatch.setattr("fakes.Recorder.record", watching)
    window = open_window()
    settle(qtbot, window)
    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: len(_shown(window)) == 20)

    assert seen
    assert main not in seen


def test_open_settings_follow_the_model(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    window.dialogs.open_settings()
    dialog = dialog_of(SettingsDialog)

    services.models.become(ModelStatus(ModelState.LOADING))
    qtbot.waitUntil(lambda: dialog.model.note == "Loading model…")

    services.models.become(ModelStatus(ModelState.READY, "siglip2", "cpu"))
    qtbot.waitUntil(lambda: dialog.model.note == "siglip2 · CPU")
    dialog.close()


def test_a_bug_while_opening_is_shown_with_its_details(
    open_window: OpenWindow, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Services:
        raise ZeroDivisionError("oops")

    window = open_window(fail)

    qtbot.waitUntil(lambda: window.body.empty_page.state.title == "The library cannot be opened")
    assert "oops" not in window.body.empty_page.state.text
    assert window.body.messages.text == "Something went wrong."
    assert "oops" in caplog.text


def test_photos_can_be_enlarged_from_the_search_bar(window: MainWindow, qtbot: QtBot) -> None:
    before = window.workspace.photos.view.tile_size

    qtbot.keyClick(window.body.search_bar.edit, Qt.Key.Key_Equal, Qt.KeyboardModifier.ControlModifier)

    assert window.workspace.photos.view.tile_size > before


def test_raw_files_are_shown_apart_from_the_settings(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    assert services.indexing.calls_of("show_raw_apart") == [(False,)]
    window.dialogs.open_settings()
    qtbot.waitUntil(lambda: dialog_of(SettingsDialog) is not None)
    box = dialog_of(SettingsDialog).indexing.raw_apart
    assert not box.isChecked()

    box.click()

    assert services.indexing.calls_of("show_raw_apart")[-1] == (True,)
    qtbot.waitUntil(lambda: services.settings.load().raw_apart, timeout=4000)
    dialog_of(SettingsDialog).close()
