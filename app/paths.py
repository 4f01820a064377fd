"""Where everything lives on disk: resources that travel with the code, and the user's data."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("Photosift", appauthor=False)


def resource(relative: str) -> Path:
    """A file of `resources/`, found the same way from a checkout, a wheel and a frozen bundle."""
    return Path(str(files("resources").joinpath(relative)))


def settings_file(library: "LibraryPaths | None" = None) -> Path:
    """The settings of this user on this machine; they do not travel with a library.

    The demonstration has its own, so that its model and its searches stay out of the user's.
    """
    demo = DemoPaths.default()
    if library is not None and library.root == demo.library.root:
        return demo.settings
    return Path(_DIRS.user_config_dir) / "settings.json"


def models_folder() -> Path:
    """Checkpoints that were converted from other programs' files; all libraries of this user share them."""
    return Path(_DIRS.user_data_dir) / "models"


def exports_folder() -> Path:
    """Models made faster for this machine whose checkpoints lie where nothing may be written."""
    return Path(_DIRS.user_data_dir) / "exports"


def compiled_folder() -> Path:
    """Code that torch compiled for this machine; whoever deletes it waits for it again."""
    return Path(_DIRS.user_cache_dir) / "compiled"


def log_folder() -> Path:
    """Where log files are kept."""
    return Path(_DIRS.user_log_dir)


@dataclass(frozen=True, slots=True)
class LibraryPaths:
    """The files of one library, all below one folder."""

    root: Path

    @classmethod
    def default(cls) -> "LibraryPaths":
        """The library in the platform's data folder."""
        return cls(Path(_DIRS.user_data_dir))

    @property
    def database(self) -> Path:
        return self.root / "library.db"

    @property
    def vectors(self) -> Path:
        return self.root / "vectors"

    @property
    def thumbnails(self) -> Path:
        return self.root / ".thumbnails"  # hidden: a watched folder above must not index them

    @property
    def previews(self) -> Path:
        return self.root / ".previews"

    @property
    def decisions(self) -> Path:
        return self.root / "decisions"  # weekly copies of what the user decided

    @property
    def lock(self) -> Path:
        return self.root / "photosift.lock"


@dataclass(frozen=True, slots=True)
class DemoPaths:
    """Everything of the demonstration, all below one folder: without it, it is as if never tried."""

    root: Path

    @classmethod
    def default(cls) -> "DemoPaths":
        """Beside the library in the platform's data folder."""
        return cls(LibraryPaths.default().root / "demo")

    @property
    def library(self) -> LibraryPaths:
        return LibraryPaths(self.root / "library")

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"

    @property
    def pictures(self) -> Path:
        """The folder that is watched; its name is what the sidebar shows."""
        return self.root / "Drawn scenes"
