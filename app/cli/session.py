"""Services for one command, and the model they load meanwhile."""

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.bootstrap import Services, open_services
from app.domain.status import ModelState, ModelStatus
from app.paths import LibraryPaths, settings_file
from app.settings import SettingsStore

_PATIENCE_SECONDS = 0.2  # waits are short, so that Ctrl+C is heard on every system


def library_paths(options: argparse.Namespace) -> LibraryPaths:
    """The library that --library names, else the user's own."""
    return LibraryPaths(Path(options.library).absolute()) if options.library else LibraryPaths.default()


@contextmanager
def open_session(options: argparse.Namespace, *, exclusive: bool) -> Iterator[Services]:
    """The services, closed at the end whatever happens."""
    paths = library_paths(options)
    services = open_services(paths, SettingsStore(settings_file(paths)), exclusive=exclusive)
    try:
        yield services
    finally:
        services.close()


class ModelLoading:
    """Loads the model that was named, or that of the settings. Raises CheckpointError at once."""

    def __init__(self, services: Services, options: argparse.Namespace) -> None:
        self._models = services.models
        self._settled = threading.Event()
        self._models.subscribe(self._listen)
        if options.model or options.device:
            settings = services.settings.load()
            self._models.use(named(options.model) or settings.checkpoint, options.device or settings.device)
        else:
            self._models.load()

    def wait(self) -> ModelStatus:
        """Until loading has ended, well or not."""
        while not self.settled():
            continue
        return self._models.status()

    def settled(self) -> bool:
        """Whether it has, after a moment of waiting."""
        return self._settled.wait(_PATIENCE_SECONDS)

    def _listen(self, status: ModelStatus) -> None:
        if status.state is not ModelState.LOADING:
            self._settled.set()


def named(model: str | None) -> str | None:
    """A folder or file as an absolute path, since it is remembered; anything else may be a hub id."""
    return str(Path(model).absolute()) if model and Path(model).exists() else model
