"""The photos of the window: grid, preview and details, and what is done with the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, Signal

from app.domain.photo import Photo
from app.domain.query import Relevance, SearchResult
from app.ui.album_actions import AlbumActions
from app.ui.album_order import AlbumOrder
from app.ui.decision_actions import DecisionActions
from app.ui.detail_panel import DetailPanel
from app.ui.file_actions import FileActions
from app.ui.photo_decisions import PhotoDecisions
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.photo_grid_view import PhotoGridView
from app.ui.photo_preview import PhotoPreview
from app.ui.settings_keeper import SettingsKeeper
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader
from app.ui.window_body import WindowBody

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.bootstrap import Services


class PhotoArea(QObject):
    """Builds the parts that show photos and connects them with each other."""

    similar_wanted = Signal(object)  # photo ids
    feedback_wanted = Signal(object, bool)  # photo ids, more or less like them
    more_wanted = Signal()
    used = Signal()  # a photo was opened or looked at: the query was a good one
    library_changed = Signal()

    def __init__(
        self, body: WindowBody, services: Services, tasks: TaskRunner, keeper: SettingsKeeper
    ) -> None:
        super().__init__(body)
        self._body = body
        self._keeper = keeper
        self.thumbnails = ThumbnailLoader(services.library, tasks, self)
        self.model = PhotoGridModel(services.library, tasks, self.thumbnails, self)
        self.view = PhotoGridView(tile_size=keeper.settings.tile_size)
        self.view.setModel(self.model)
        self.album_order = AlbumOrder(self.view)
        self.files = FileActions(services.library, tasks, self)
        self.decisions = PhotoDecisions(services.library, self.model, body.messages, tasks, body)
        self.actions = DecisionActions(services.decisions, self.model, body.messages, tasks, body)
        self.albums = AlbumActions(body, services.decisions, self.actions, tasks)
        self.details = DetailPanel(services.library, tasks)
        body.set_photos(self.view, self.details)
        self.preview = PhotoPreview(self.model, services.library, tasks, body)
        self._connect()

    def show_result(self, result: SearchResult) -> None:
        """Show the photos of a result; the same question keeps its place and selection."""
        self.model.set_result(result)
        self.album_order.set_album(result.query.filters.album_id if not result.query.terms else None)

    def refresh(self) -> None:
        """Single photos may have changed: fetch again what is in sight."""
        self.model.refresh()

    def close_preview(self) -> bool:
        """Close the preview; False when there was none."""
        return self.preview.close_preview()

    def toggle_details(self) -> None:
        """Show the details, or hide them."""
        self.details.setVisible(self.details.isHidden())
        self._show_details()

    def _connect(self) -> None:
        view, messages = self.view, self._body.messages
        view.open_requested.connect(self._open)
        view.preview_requested.connect(self._open_preview)
        view.similar_requested.connect(self.similar_wanted)
        view.feedback_requested.connect(self.feedback_wanted)
        view.favourite_requested.connect(self.decisions.set_favourite)
        view.trash_requested.connect(self.decisions.ask_to_trash)
        view.reveal_requested.connect(self.files.reveal_photo)
        view.copy_requested.connect(self.files.copy_photos)
        view.more_wanted.connect(self.more_wanted)
        view.tile_size_changed.connect(self._on_tile_size)
        self._body.header.tile_size_changed.connect(view.set_tile_size)
        self.preview.open_requested.connect(self._open)
        self.preview.favourite_requested.connect(self.decisions.set_favourite)
        self.preview.closed.connect(view.select_row)
        self.details.open_requested.connect(self._open)
        self.details.favourite_requested.connect(self.decisions.set_favourite)
        self.details.reveal_requested.connect(self.files.reveal_photo)
        view.selection_changed.connect(lambda _: self._show_details())
        self.model.dataChanged.connect(self._on_data_changed)
        self.decisions.made.connect(self.library_changed)
        self._connect_decisions()
        self.files.message.connect(messages.say)
        self.model.load_failed.connect(messages.say)

    def _connect_decisions(self) -> None:
        self.view.decision_requested.connect(self.actions.decide)
        self.view.album_menu_wanted.connect(self.albums.fill_menu)
        self.preview.decision_requested.connect(self.actions.decide)
        self.details.decision_requested.connect(self.actions.decide)
        self.details.file_preferred.connect(self.actions.use_what_the_file_says)
        self.actions.made.connect(self.library_changed)
        self.albums.made.connect(self.library_changed)
        self.album_order.order_wanted.connect(self.albums.arrange)

    def _open(self, photo_ids: Sequence[int]) -> None:
        self.used.emit()
        self.files.open_photos(photo_ids)

    def _open_preview(self, row: int) -> None:
        self.used.emit()
        self.preview.open_row(row)

    def _show_details(self) -> None:
        """Describe what is chosen, as long as somebody can see it."""
        if self.details.isHidden():
            return
        ids = self.view.selected_ids()
        if len(ids) == 1:
            self.model.fetch(ids, self._describe)
        elif ids:
            self.details.show_count(len(ids))
        else:
            self.details.show_photo(None)

    def _describe(self, photos: list[Photo]) -> None:
        """The photo may come after another was chosen."""
        if photos and self.view.selected_ids() == [photos[0].photo_id]:
            self.details.show_photo(photos[0], self._why(photos[0]))

    def _why(self, photo: Photo) -> str:
        """Why a photo is in the result, in a few words; empty without a query."""
        result, row = self.model.result, self.model.row_of(photo.photo_id)
        if result is None or row is None or not result.query.terms:
            return ""
        if not result.semantic:
            return self.tr("Its name or folder has these words")
        place = self.tr("place {place} of {count}").format(place=row + 1, count=len(result.photo_ids))
        match = {
            Relevance.STRONG: self.tr("A good match"),
            Relevance.POSSIBLE: self.tr("A possible match"),
            Relevance.WEAK: self.tr("A weak match"),
        }[self.model.relevance(row)]
        return f"{match}, {place}"

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        photo = self.details.photo
        row = self.model.row_of(photo.photo_id) if photo is not None and self.details.isVisible() else None
        if row is not None and first.row() <= row <= last.row():
            self._show_details()

    def _on_tile_size(self, size: int) -> None:
        self._body.header.show_tile_size(size)
        self._keeper.change(tile_size=size)
