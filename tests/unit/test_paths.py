"""Where things live on disk."""

from pathlib import Path

import pytest

from app import paths
from app.paths import DemoPaths, LibraryPaths


def test_resources_are_real_files_that_travel_with_the_code() -> None:
    assert paths.resource("__init__.py").is_file()


def test_a_resource_is_named_with_slashes_on_every_system() -> None:
    assert paths.resource("licences/components.txt").is_file()


def test_everything_of_a_library_lies_below_its_folder(tmp_path: Path) -> None:
    library = LibraryPaths(tmp_path / "library")

    files = [library.database, library.vectors, library.thumbnails, library.previews, library.lock]

    assert len(set(files)) == len(files)
    assert all(file.is_relative_to(library.root) for file in files)


def test_naming_a_library_creates_nothing(tmp_path: Path) -> None:
    root = tmp_path / "library"

    _ = LibraryPaths(root).database

    assert not root.exists()


@pytest.mark.parametrize(
    "place",
    [
        lambda: LibraryPaths.default().root,
        lambda: DemoPaths.default().root,
        paths.settings_file,
        paths.log_folder,
    ],
)
def test_no_test_sees_the_developers_own_files(place, home_of_its_own: Path) -> None:
    assert place().is_relative_to(home_of_its_own)
    assert "photosift" in str(place()).lower()


def test_the_demonstration_shares_no_file_with_the_users_library() -> None:
    own, demo = LibraryPaths.default(), DemoPaths.default()
    files = (demo.library.database, demo.library.lock, demo.settings, demo.pictures)

    assert all(file.is_relative_to(demo.root) for file in files)
    assert demo.library.database != own.database
    assert demo.settings != paths.settings_file()
    assert not demo.pictures.is_relative_to(demo.library.root)  # a library's own folder cannot be watched


def test_only_the_library_of_the_demonstration_has_settings_of_its_own(tmp_path: Path) -> None:
    assert paths.settings_file(DemoPaths.default().library) == DemoPaths.default().settings
    assert paths.settings_file(LibraryPaths(tmp_path)) == paths.settings_file()
    assert paths.settings_file(LibraryPaths.default()) == paths.settings_file()
