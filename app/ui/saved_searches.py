"""Searches under a name: saved from the search bar, shown in the sidebar, run anew when chosen."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

from app.domain.decisions import SavedSearch
from app.domain.query import QueryTerm, SearchFilters, SearchQuery
from app.ui import wording
from app.ui.name_dialog import ask_for_name
from app.ui.scope import Scope, ScopeKind
from app.ui.search_counts import SearchCounts
from app.ui.task_runner import Lane, TaskRunner
from app.ui.window_body import WindowBody

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.decisions import DecisionService
    from app.services.library import LibraryService
    from app.services.search import SearchService


@dataclass(frozen=True, slots=True)
class _Opened:
    """A saved search, ready for the search bar: pictures with their names and thumbnails."""

    query: SearchQuery
    words: str
    pictures: tuple[tuple[QueryTerm, str, bytes], ...]


class SavedSearches(QObject):
    """Shows the saved searches in the sidebar and carries out what is wished with them."""

    def __init__(
        self,
        body: WindowBody,
        decisions: DecisionService,
        search: SearchService,
        library: LibraryService,
        tasks: TaskRunner,
        counts: SearchCounts,
    ) -> None:
        super().__init__(body)
        self._body = body
        self._decisions = decisions
        self._search = search
        self._library = library
        self._tasks = tasks
        self._counts = counts
        self._searches: dict[int, SavedSearch] = {}
        counts.counted.connect(body.sidebar.set_search_count)
        sidebar = body.sidebar
        sidebar.search_chosen.connect(self.run)
        sidebar.rename_wanted.connect(self._ask_to_rename)
        sidebar.delete_wanted.connect(self._ask_to_delete)

    def refresh(self) -> None:
        """Look at the saved searches again."""
        self._tasks.run(self._decisions.searches, self._show, self._body.messages.say_error)

    def ask_to_save(self, query: SearchQuery) -> None:
        """Ask for a name, then keep what the search bar asks for."""
        words = " ".join(term.text for term in query.terms if term.text)
        ask_for_name(
            self._body.window(),
            self.tr("Save search"),
            self.tr("Name of the search"),
            words,
            lambda name: self._change(lambda: self._decisions.save_search(name, query)),
        )

    def run(self, search_id: int) -> None:
        """Ask a saved search now."""
        search = self._searches.get(search_id)
        if search is not None:
            self._tasks.run(partial(self._open, search), self._ask, self._body.messages.say_error)

    def _open(self, search: SavedSearch) -> _Opened:
        """On a thread."""
        query = self._decisions.query_of(search)
        words = " ".join(term.text for term in query.terms if term.text)
        return _Opened(query, words, tuple(self._picture(term) for term in query.terms if not term.text))

    def _picture(self, term: QueryTerm) -> tuple[QueryTerm, str, bytes]:
        if term.image is not None:
            return term, term.image.name, self._search.image_thumbnail(term.image)
        photos = self._library.photos([term.photo_id] if term.photo_id is not None else [])
        if not photos:
            return term, "", b""
        name = wording.printable(os.path.basename(photos[0].path))
        return term, name, self._library.thumbnail(photos[0]) or b""

    def _ask(self, opened: _Opened) -> None:
        bar = self._body.search_bar
        bar.empty()
        self._body.sidebar.choose(self._scope(opened.query.filters))
        self._body.header.choose_sort(opened.query.sort)
        for term, name, thumbnail in opened.pictures:
            bar.add_chip(term, name, thumbnail)
        bar.set_text(opened.words)

    def _scope(self, filters: SearchFilters) -> Scope:
        """The part of the library that a search looks in, as the sidebar names it."""
        model = self._body.sidebar.model
        if filters.folder_id is not None:
            subfolder = filters.subfolder or ""
            name = subfolder.rpartition("/")[2] or model.name_of(Scope(ScopeKind.FOLDER, filters.folder_id))
            return Scope(ScopeKind.FOLDER, filters.folder_id, subfolder, wording.printable(name))
        if filters.album_id is not None:
            scope = Scope(ScopeKind.ALBUM, album_id=filters.album_id)
            return Scope(ScopeKind.ALBUM, album_id=filters.album_id, name=model.name_of(scope))
        if filters.favourites_only:
            return Scope(ScopeKind.FAVOURITES)
        return Scope(ScopeKind.RECENT) if filters.added_since is not None else Scope()

    def _ask_to_rename(self, scope: Scope) -> None:
        search_id = scope.search_id
        if scope.kind is ScopeKind.SEARCH and search_id is not None:
            ask_for_name(
                self._body.window(),
                self.tr("Rename search"),
                self.tr("Name of the search"),
                scope.name,
                lambda name: self._change(lambda: self._decisions.rename_search(search_id, name)),
            )

    def _ask_to_delete(self, scope: Scope) -> None:
        search_id = scope.search_id
        if scope.kind is not ScopeKind.SEARCH or search_id is None:
            return
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Delete search?"),
            self.tr("Delete the saved search {name}?").format(name=wording.printable(scope.name)),
            QMessageBox.StandardButton.Cancel,
            self._body.window(),
        )
        delete = box.addButton(self.tr("Delete search"), QMessageBox.ButtonRole.DestructiveRole)
        delete.clicked.connect(lambda: self._change(lambda: self._decisions.delete_search(search_id)))
        box.open()

    def _show(self, searches: tuple[SavedSearch, ...]) -> None:
        self._searches = {search.search_id: search for search in searches}
        self._body.sidebar.set_searches(searches)
        self._counts.set_searches(searches)

    def _change(self, work: Callable[[], Any]) -> None:
        self._tasks.run(work, lambda _: self.refresh(), self._body.messages.say_error, lane=Lane.WRITES)
