"""What happens with things that are dropped, pasted or chosen: chips, watched folders, an offer to fetch."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.domain.progress import CancelToken
from app.domain.query import QueryImage, QueryTerm
from app.ui.dropped_content import (
    DroppedContent,
    SortedPaths,
    address_host,
    encode_image,
    path_in_text,
    read_picture_file,
    sort_paths,
)
from app.ui.message_bar import MessageBar
from app.ui.search_bar import SearchBar
from app.ui.task_runner import Lane, TaskRunner
from app.ui.wording import printable

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.fetch import PictureFetcher
    from app.services.library import LibraryService
    from app.services.search import SearchService

_MOST_PICTURES = 5  # of one drop: more make a query that nobody can read


class PictureIntake(QObject):
    """Turns content into chips of the search bar; everything that reads or fetches runs on threads."""

    folders_offered = Signal(object)  # tuple[str, ...]: to be watched

    def __init__(
        self,
        bar: SearchBar,
        messages: MessageBar,
        search: SearchService,
        library: LibraryService,
        fetcher: PictureFetcher,
        tasks: TaskRunner,
    ) -> None:
        super().__init__()
        self._bar = bar
        self._messages = messages
        self._search = search
        self._library = library
        self._fetcher = fetcher
        self._tasks = tasks
        self._fetching: CancelToken | None = None

    def take(self, content: DroppedContent) -> None:
        """Do what the overlay announced."""
        if content.photo_ids:
            self.add_similar(content.photo_ids)
        elif content.paths:
            self._sort(content.paths)
        elif content.image_data:
            self._add_bytes(content.image_data, self.tr("Dropped picture"))
        elif content.image is not None:
            self._add_pixels(content)
        elif content.address:
            self.offer_to_fetch(content.address)
        elif content.text:
            self._take_text(content.text)
        else:
            self._explain()

    def add_files(self, paths: Sequence[str]) -> None:
        """Search with picture files."""
        if len(paths) > _MOST_PICTURES:
            text = self.tr("Only the first {n} pictures are searched with.")
            self._messages.say(text.format(n=_MOST_PICTURES))
        for path in paths[:_MOST_PICTURES]:
            self._tasks.run(
                functools.partial(self._open_file, path), self._add_chip, self._messages.say_error
            )

    def add_similar(self, photo_ids: Sequence[int], weight: float = 1.0) -> None:
        """Search for photos like these of the library, or unlike them with a negative weight."""
        if len(photo_ids) > _MOST_PICTURES:
            text = self.tr("Only the first {n} photos are searched with.")
            self._messages.say(text.format(n=_MOST_PICTURES))
        for photo_id in photo_ids[:_MOST_PICTURES]:
            self._tasks.run(
                functools.partial(self._look_up, photo_id),
                functools.partial(self._add_similar_chip, weight),
                self._messages.say_error,
            )

    def offer_to_fetch(self, address: str) -> None:
        """Say that nothing was fetched, and offer to fetch this one; asked every time."""
        text = self.tr("This is only an address at {host}, without the picture itself. Nothing was fetched.")
        self._messages.say(
            text.format(host=printable(address_host(address))),
            self.tr("Fetch this one picture"),
            lambda: self._fetch(address),
        )

    def stop(self) -> None:
        """Call off a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None

    def _sort(self, paths: tuple[str, ...]) -> None:
        self._tasks.run(lambda: sort_paths(paths), self._take_sorted, self._messages.say_error)

    def _take_sorted(self, found: SortedPaths) -> None:
        if found.folders:
            self.folders_offered.emit(found.folders)
        if found.pictures:
            self.add_files(found.pictures)
        if found.others:
            self._explain_others(found)

    def _take_text(self, text: str) -> None:
        path = path_in_text(text)
        if path is None:
            self._bar.set_text(" ".join(text.split()))
            return

        def sorted_out(found: SortedPaths) -> None:
            if found.is_empty:
                self._bar.set_text(text)
            else:
                self._take_sorted(found)

        self._tasks.run(lambda: sort_paths((path,)), sorted_out, self._messages.say_error)

    def _open_file(self, path: str) -> tuple[QueryImage, bytes]:
        return self._check(read_picture_file(path), os.path.basename(path))

    def _check(self, data: bytes, name: str) -> tuple[QueryImage, bytes]:
        """A picture that can be searched with, and its thumbnail. Raises MediaError."""
        image = self._search.open_image(data, name)
        return image, self._search.image_thumbnail(image)

    def _add_bytes(self, data: bytes, name: str) -> None:
        self._tasks.run(lambda: self._check(data, name), self._add_chip, self._messages.say_error)

    def _add_pixels(self, content: DroppedContent) -> None:
        image, name = content.image, self.tr("Pasted picture")
        if image is not None:
            self._tasks.run(
                lambda: self._check(encode_image(image), name), self._add_chip, self._messages.say_error
            )

    def _add_chip(self, opened: tuple[QueryImage, bytes]) -> None:
        image, thumbnail = opened
        self._bar.add_chip(QueryTerm(image=image), image.name, thumbnail)

    def _look_up(self, photo_id: int) -> tuple[int, str, bytes]:
        """Id, name and thumbnail of a photo of the library."""
        photos = self._library.photos([photo_id])
        if not photos:
            return photo_id, "", b""
        return photo_id, os.path.basename(photos[0].path), self._library.thumbnail(photos[0]) or b""

    def _add_similar_chip(self, weight: float, found: tuple[int, str, bytes]) -> None:
        photo_id, name, thumbnail = found
        self._bar.add_chip(QueryTerm(photo_id=photo_id, weight=weight), name, thumbnail)

    def _fetch(self, address: str) -> None:
        self.stop()
        token = self._fetching = CancelToken()
        text = self.tr("Fetching the picture from {host}…").format(host=printable(address_host(address)))
        self._messages.say(text, self.tr("Stop"), self.stop)

        def fetch() -> tuple[QueryImage, bytes]:
            image = self._fetcher.fetch(address, token)
            return self._check(image.data, image.name)

        def done(opened: tuple[QueryImage, bytes]) -> None:
            if token is self._fetching:
                self._fetching = None
                self._messages.dismiss()
                self._add_chip(opened)

        def failed(error: Exception) -> None:
            if token is self._fetching:
                self._fetching = None
                self._messages.say_error(error)

        self._tasks.run(fetch, done, failed, lane=Lane.LOOSE)

    def _explain_others(self, found: SortedPaths) -> None:
        name = printable(os.path.basename(found.others[0]) or found.others[0])
        if len(found.others) > 1:
            text = self.tr("{name} and {n} more are neither pictures nor folders.")
            self._messages.say(text.format(name=name, n=len(found.others) - 1))
        else:
            self._messages.say(self.tr("{name} is neither a picture nor a folder.").format(name=name))

    def _explain(self) -> None:
        text = self.tr(
            "This cannot be used. Drop or paste a picture to search with it, or a folder to watch it."
        )
        self._messages.say(text)
