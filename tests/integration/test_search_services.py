"""Opening and closing everything together."""

from pathlib import Path

import pytest

from app.bootstrap import open_services
from app.errors import LibraryError, LibraryInUseError
from app.paths import LibraryPaths
from app.settings import SettingsStore
from tests.unit.services.service_parts import FakeCheckpoints


def opened(root: Path, **options: bool):
    parts = FakeCheckpoints().parts()
    return open_services(
        LibraryPaths(root / "library"), SettingsStore(root / "s.json"), parts=parts, **options
    )


def test_only_one_program_may_write_and_another_may_read_beside_it(tmp_path):
    first = opened(tmp_path)
    with pytest.raises(LibraryInUseError, match="already running"):
        opened(tmp_path)
    reader = opened(tmp_path, exclusive=False)

    assert reader.library.counts().photos == 0

    reader.close()
    first.close()
    opened(tmp_path).close()


def test_closing_twice_does_nothing_more(tmp_path):
    services = opened(tmp_path)
    services.close()
    services.close()


def test_one_step_that_fails_keeps_none_of_the_others_from_closing(tmp_path, monkeypatch):
    services = opened(tmp_path)
    services.closing.callback(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        services.close()
    opened(tmp_path).close()  # the lock was released


def test_a_library_that_cannot_be_made_is_said_in_plain_words(tmp_path):
    (tmp_path / "library").write_text("a file in the way")

    with pytest.raises(LibraryError, match="cannot be used"):
        opened(tmp_path)


def test_the_lock_is_released_when_the_library_cannot_be_opened(tmp_path):
    paths = LibraryPaths(tmp_path / "library")
    paths.root.mkdir()
    paths.database.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(LibraryError):
        opened(tmp_path)
    paths.database.unlink()

    opened(tmp_path).close()


def test_reading_makes_no_library(tmp_path):
    with pytest.raises(LibraryError, match="no library"):
        opened(tmp_path, exclusive=False)
    assert not (tmp_path / "library").exists()
