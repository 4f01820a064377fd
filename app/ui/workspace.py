"""Connects the widgets of the window with the services, once the library is open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox

from app.domain.download import DownloadPhase, DownloadProgress
from app.domain.photo import Folder, FolderStatus
from app.domain.progress import IndexPhase, IndexProgress
from app.domain.query import QueryTerm, SearchQuery, SearchResult, SortOrder
from app.domain.status import LibraryCounts, ModelState, ModelStatus
from app.services.query_parts import ParsedQuery
from app.services.tuning import SearchTuning
from app.ui import empty_states, wording
from app.ui.decision_files import DecisionFiles
from app.ui.dropped_content import DroppedContent
from app.ui.empty_states import Situation
from app.ui.file_actions import url_of
from app.ui.folder_care import FolderCare
from app.ui.library_overview import LibraryOverview
from app.ui.photo_area import PhotoArea
from app.ui.picture_intake import PictureIntake
from app.ui.saved_searches import SavedSearches
from app.ui.scope import Scope, ScopeKind
from app.ui.search_aids import SearchAids
from app.ui.search_counts import SearchCounts
from app.ui.search_session import FIRST_PAGE, SearchSession
from app.ui.settings_keeper import SettingsKeeper
from app.ui.task_runner import Lane, TaskRunner
from app.ui.window_body import WindowBody

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.bootstrap import Services

# From the first result until the processes of model and index start: while thumbnails are decoded, pictures
# painted and two interpreters started all at once, the window's thread waits for a processor.
_SETTLING_MS = 250


class Workspace(QObject):
    """Keeps what the window shows equal to what was asked, what is in the library and how the model is."""

    model_changed = Signal(object)  # ModelStatus
    progress_changed = Signal(object)  # IndexProgress

    def __init__(
        self, body: WindowBody, services: Services, tasks: TaskRunner, keeper: SettingsKeeper
    ) -> None:
        super().__init__(body)
        self._body = body
        self._services = services
        self._tasks = tasks
        self._keeper = keeper
        self._folders: tuple[FolderStatus, ...] | None = None
        self._progress = IndexProgress(IndexPhase.IDLE)
        self._model = ModelStatus(ModelState.LOADING)
        self._told_about_model = False
        self._beginning = QTimer(self, singleShot=True, interval=_SETTLING_MS)
        self._beginning.timeout.connect(self._begin)
        self._begun = self._under_way = False
        self.photos = PhotoArea(body, services, tasks, keeper)
        self.session = SearchSession(services.search, tasks)
        self.overview = LibraryOverview(services.library, services.indexing, tasks)
        self.folder_care = FolderCare(body, services.folders, self.overview, tasks)
        self.intake = PictureIntake(
            body.search_bar, body.messages, services.search, services.library, services.fetcher, tasks
        )
        self.aids = SearchAids(body.search_bar, services.history, services.completion, tasks, keeper)
        self.counts = SearchCounts(services.decisions, services.search, tasks, lambda: self.session.is_asking)
        self.searches = SavedSearches(
            body, services.decisions, services.search, services.library, tasks, self.counts
        )
        self.decision_files = DecisionFiles(services.decision_files, services.sidecars, body.messages, tasks)
        self._connect_body()
        self._connect_parts()

    @property
    def is_settled(self) -> bool:
        """Whether folders and a first result are shown."""
        return self._folders is not None and self.session.result is not None

    @property
    def is_under_way(self) -> bool:
        """Whether the model is loading and photos are being taken in."""
        return self._under_way

    @property
    def progress(self) -> IndexProgress:
        """How far indexing is."""
        return self._progress

    def start(self) -> None:
        """Ask for folders, counts and the first photos; once they are there, load the model and index."""
        self._services.search.tune(SearchTuning.of(self._keeper.settings))
        self._body.set_usable(True)
        self.aids.start()
        self._ask()
        self.overview.start()
        self.searches.refresh()

    def stop(self) -> None:
        """Call off what is under way; the window is closing."""
        self._beginning.stop()
        self.session.stop()
        self.counts.stop()
        self.overview.stop()
        self.intake.stop()

    def take(self, content: DroppedContent) -> None:
        """Something was dropped or pasted."""
        self.intake.take(content)

    def search_like(self, photo_ids: Sequence[int]) -> None:
        """Look for photos like some of the library, instead of what was asked before."""
        self._body.search_bar.empty()
        self.intake.add_similar(photo_ids)

    def give_feedback(self, photo_ids: Sequence[int], more: bool) -> None:
        """Ask the same again, with more or with less like these."""
        self.intake.add_similar(photo_ids, 1.0 if more else -1.0)

    def step_back(self) -> None:
        """Undo one level: preview, message, query, part of the library."""
        bar = self._body.search_bar
        if self.photos.close_preview():
            return
        if bar.terms() or bar.edit.text():
            bar.clear()
        elif not self._body.sidebar.scope.is_all:
            self._body.sidebar.choose(Scope())
        else:
            self._body.messages.dismiss()
            self.photos.view.setFocus()

    def show_raw_apart(self, apart: bool) -> None:
        """Show raw files by themselves, or with the photos they belong to; the grid follows by itself."""
        self._keeper.change(raw_apart=apart)
        self._services.indexing.show_raw_apart(apart)

    def retune(self) -> None:
        """Answer the question anew, as the settings say now."""
        self._services.search.tune(SearchTuning.of(self._keeper.settings))
        self.counts.count_again()
        self._ask()

    def model_chosen(self, checkpoint: str | None, device: str) -> None:
        """The settings dialog switched the model: remember it, and answer the question anew."""
        self._keeper.change(checkpoint=checkpoint, device=device)
        self.session.library_changed()

    # --- wiring

    def _connect_body(self) -> None:
        body = self._body
        body.search_bar.terms_changed.connect(self._on_terms)
        body.search_bar.help_wanted.connect(lambda: body.search_help.open_below(body.search_bar))
        body.search_help.example_chosen.connect(body.search_bar.add_text)
        body.query_line.text_wanted.connect(body.search_bar.set_text)
        body.query_line.part_wanted.connect(body.search_bar.select_part)
        body.search_bar.leave_wanted.connect(lambda: self.photos.view.setFocus())
        body.sidebar.scope_changed.connect(lambda _: self._ask())
        body.sidebar.children_wanted.connect(self.overview.load_subfolders)
        body.sidebar.remove_folder_wanted.connect(self._ask_to_remove)
        body.sidebar.reveal_wanted.connect(self._reveal_folder)
        body.sidebar.rescan_wanted.connect(self.overview.rescan)
        body.header.sort_changed.connect(lambda _: self._ask())
        body.header.sort_wanted.connect(self._on_sort_wanted)
        body.header.steps_changed.connect(self._on_steps)
        body.activity.pause_wanted.connect(self.pause)

    def _connect_parts(self) -> None:
        body = self._body
        self.session.found.connect(self._on_found)
        self.session.refreshed.connect(self._on_refreshed)
        self.session.unchanged.connect(self.photos.refresh)
        self.session.slow.connect(lambda: body.header.show_searching())
        self.session.failed.connect(self._on_search_failed)
        self.overview.folders_changed.connect(self._on_folders)
        self.overview.counts_changed.connect(self._on_counts)
        self.overview.counts_changed.connect(lambda _: self.photos.albums.refresh())
        body.search_bar.save_wanted.connect(lambda: self.searches.ask_to_save(self.session.query))
        self.overview.subfolders_changed.connect(body.sidebar.set_subfolders)
        self.overview.folder_added.connect(self._on_folder_added)
        self.overview.failed.connect(body.messages.say_error)
        self.folder_care.library_changed.connect(self._on_library_changed)
        self.photos.more_wanted.connect(self.session.ask_for_all)
        self.photos.similar_wanted.connect(self.search_like)
        self.photos.feedback_wanted.connect(self.give_feedback)
        self.photos.used.connect(lambda: self.aids.remember(body.search_bar.text()))
        self.aids.failed.connect(body.messages.say_error)
        self.photos.library_changed.connect(self._on_library_changed)
        self.decision_files.imported.connect(self._on_library_changed)
        self.decision_files.imported.connect(self.searches.refresh)

    def _begin_soon(self) -> None:
        """Start what would only have slowed the first photos down; the first result or failure tells when."""
        if not self._begun:
            self._begun = True
            self._beginning.start()

    def _begin(self) -> None:
        self.decision_files.start()
        self._tasks.run(self._start_services, on_error=self._body.messages.say_error, lane=Lane.LOOSE)

    def _start_services(self) -> None:
        """On a thread: listen first, so that nothing is missed, then set things going."""
        services = self._services
        services.models.subscribe(lambda status: self._tasks.post(lambda: self._on_model(status)))
        services.models.load()
        told = None  # only now: before, every model looked like none at all
        while told != (status := services.models.status()):  # once more if it changed before it was told
            told = status
            self._tasks.post(partial(self._on_model, status))
        services.downloads.subscribe(lambda progress: self._tasks.post(lambda: self._on_download(progress)))
        settings = self._keeper.settings
        services.indexing.behave(settings.manners, settings.release_after_minutes)
        services.storage.allow(settings.picture_cache_gb)
        services.indexing.show_raw_apart(self._keeper.settings.raw_apart)
        services.indexing.start(lambda progress: self._tasks.post(lambda: self._on_progress(progress)))
        if settings.indexing_paused:
            services.indexing.pause()
        self._under_way = True

    # --- asking and showing

    def _ask(self) -> None:
        terms = self._body.search_bar.terms()
        asked = self._show_understanding()
        self._body.header.set_sortable(bool(terms))
        self._body.header.show_sort(asked.sort)
        scope = self._body.sidebar.scope
        unusual = scope.kind is ScopeKind.UNUSUAL and not terms
        sort = SortOrder.UNUSUAL if unusual else self._body.header.sort
        self.counts.give_way()
        self.session.ask(SearchQuery(terms, scope.filters(), sort, FIRST_PAGE))

    def _on_steps(self, key: str, steps: int) -> None:
        """More or fewer matches are wanted of this model and kind of query, from now on."""
        chosen = {**self._keeper.settings.match_steps, key: steps}
        self._keeper.change(match_steps={name: each for name, each in chosen.items() if each})
        self.retune()

    def _show_understanding(self) -> ParsedQuery:
        asked = self._understanding()
        self._body.query_line.show_query(asked)
        return asked

    def _understanding(self) -> ParsedQuery:
        return self._services.search.understand(self._body.search_bar.text(), at_once=True)

    def _on_sort_wanted(self, sort: SortOrder) -> None:
        """Another order than the one that is typed: type it."""
        asked = self._understanding()
        if asked.sort_part is not None:
            self._body.search_bar.set_text(asked.with_instead(asked.sort_part, f"sort:{sort}"))

    def _on_terms(self, terms: tuple[QueryTerm, ...]) -> None:
        self._ask()

    def _on_found(self, result: SearchResult) -> None:
        self._show_understanding()  # the search may have had the names of places loaded
        self._show(result)
        self._begin_soon()

    def _on_refreshed(self, result: SearchResult) -> None:
        self._show(result)
        self.photos.refresh()

    def _show(self, result: SearchResult) -> None:
        self.photos.show_result(result)
        steps = self._keeper.settings.match_steps.get(result.lines_key, 0)
        self._body.header.show_result(result, self._body.sidebar.scope, steps)
        self._show_page_or_grid()

    def _show_page_or_grid(self) -> None:
        """Photos where there are any, else the page that says why not."""
        result = self.session.result
        if result is None or self._folders is None:
            return
        situation = Situation(
            result,
            self._body.sidebar.scope,
            self._folders,
            self._progress,
            self._model,
            asked=self._body.query_line.asked,
            is_demo=self._services.demo is not None,
        )
        state = empty_states.choose(situation)
        self._body.header.setVisible(state is None or bool(result.query.terms))
        if state is None:
            self._body.show_grid()
        else:
            self._body.empty_page.show_state(state)
            self._body.show_page()

    def _on_search_failed(self, error: Exception) -> None:
        self._body.header.clear()
        self._body.messages.say_error(error)
        self._begin_soon()

    # --- the library changes

    def _on_folders(self, folders: Sequence[FolderStatus]) -> None:
        self._folders = tuple(folders)
        self._body.sidebar.set_folders(folders)
        self.folder_care.show_folders(folders)
        self._body.activity.set_watching(bool(folders))
        for folder_id, parent in self._body.sidebar.model.loaded_parents():
            self.overview.load_subfolders(folder_id, parent)
        self._show_page_or_grid()
        self._tell_about_model()

    def _on_counts(self, counts: LibraryCounts) -> None:
        self._body.sidebar.set_counts(counts)
        self._body.activity.show_problem_count(counts.problems)

    def _on_folder_added(self, folder: Folder) -> None:
        name = wording.folder_name(folder.path)
        self._body.messages.say(self.tr("Watching {name} from now on.").format(name=name))

    def _on_library_changed(self) -> None:
        self.session.library_changed()
        self.counts.count_again()
        self.overview.refresh_soon()

    def _on_progress(self, progress: IndexProgress) -> None:
        before, self._progress = self._progress, progress
        self._body.activity.show_progress(progress)
        self.progress_changed.emit(progress)
        if progress.library_version != before.library_version:
            self._on_library_changed()
        elif (progress.phase, progress.problems) != (before.phase, before.problems):
            self.overview.refresh_soon()
        if progress.phase != before.phase:
            self._show_page_or_grid()
            if progress.phase is IndexPhase.IDLE:
                self.decision_files.take_up_kept()

    def pause(self, pause: bool) -> None:
        """Let indexing rest, or go on; the choice outlasts the program."""
        self._keeper.change(indexing_paused=pause)
        self.overview.pause_indexing(pause)

    def _ask_to_remove(self, folder_id: int, name: str) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Stop watching?"),
            self.tr("Stop watching {name}?").format(name=name),
            QMessageBox.StandardButton.Cancel,
            self._body.window(),
        )
        box.setInformativeText(
            self.tr(
                "Its photos stay where they are. Add the folder again within 30 days, and nothing is lost."
            )
        )
        stop = box.addButton(self.tr("Stop watching"), QMessageBox.ButtonRole.DestructiveRole)
        stop.clicked.connect(lambda: self.overview.remove_folder(folder_id))
        stop.clicked.connect(self._on_library_changed)
        box.open()

    def _reveal_folder(self, folder_id: int, relative_path: str) -> None:
        for status in self._folders or ():
            if status.folder.folder_id == folder_id:
                path = os.path.join(status.folder.path, *relative_path.split("/"))
                QDesktopServices.openUrl(url_of(path))

    # --- the model changes

    def _on_model(self, status: ModelStatus) -> None:
        before, self._model = self._model, status
        self._body.activity.show_model(status)
        self.model_changed.emit(status)
        if status.state is ModelState.READY and (before.state, before.name) != (status.state, status.name):
            self.session.library_changed()  # what was found by name, or by another model, is found anew
            self.counts.count_again()
        self._show_page_or_grid()
        self._tell_about_model()

    def _on_download(self, progress: DownloadProgress) -> None:
        """The model service uses what came, whether or not anybody still looks at the page."""
        self._body.activity.show_download(progress)
        if progress.phase is DownloadPhase.DONE:
            self.model_chosen(progress.hub_id, str(self._keeper.settings.device))

    def _tell_about_model(self) -> None:
        """Once, and only when there is something to search: words find names alone without a model."""
        if self._told_about_model or not self._folders:
            return
        if self._model.state is ModelState.NONE:
            text = self.tr("There is no model yet: names and folders are searched, not what photos show.")
        elif self._model.state is ModelState.FAILED:
            text = self._model.message or self.tr("The model does not work: only names are searched.")
        else:
            return
        self._told_about_model = True
        self._body.messages.say(text, self.tr("Choose a model…"), self._body.activity.model_wanted.emit)
