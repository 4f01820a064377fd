"""One program at a time writes into a library."""

import errno
import os
import sys
from pathlib import Path

import pytest

from app.errors import LibraryError, LibraryInUseError
from app.paths import LibraryPaths
from app.services.library_lock import take_lock


@pytest.fixture
def paths(tmp_path: Path) -> LibraryPaths:
    return LibraryPaths(tmp_path / "library")


def test_the_second_is_told_until_the_first_has_ended(paths: LibraryPaths) -> None:
    with take_lock(paths), pytest.raises(LibraryInUseError, match="already running"):
        take_lock(paths)
    take_lock(paths).release()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks in another way")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_drive_that_cannot_lock_is_explained_and_not_trusted(
    paths: LibraryPaths, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(LibraryError, match="on a drive of this computer"):
        take_lock(paths)


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.EROFS, "only be read"), (errno.EACCES, "only be read"), (errno.ENOSPC, "Free some space")],
)
def test_what_a_drive_refuses_comes_with_a_remedy(
    paths: LibraryPaths, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(LibraryError, match=said):
        take_lock(paths)
