"""What a scan lists, what it passes over, and what it admits not to know."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.progress import CancelToken
from app.errors import CancelledError
from app.indexing.scanner import FolderScanner, ScanOutcome, found_file


def scan(root: Path, below: str | None = None) -> ScanOutcome:
    return FolderScanner().scan(1, str(root), below=below)


def paths(outcome: ScanOutcome) -> list[str]:
    return sorted(file.relative_path for file in outcome.files)


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


@pytest.fixture
def closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A subfolder that refuses to be listed, for root as well."""
    put(tmp_path, "open/a.jpg", "closed/b.jpg")
    listing = os.scandir

    def refuse(path: str) -> "os._ScandirIterator[str]":
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr("app.indexing.scanner.os.scandir", refuse)
    yield "closed"
    monkeypatch.undo()


def test_pictures_are_listed_with_slashes_and_their_identity(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "2024/trip/b.HEIC", "notes.txt")

    outcome = scan(tmp_path)

    assert paths(outcome) == ["2024/trip/b.HEIC", "a.jpg"]
    status = (tmp_path / "a.jpg").stat()
    (file,) = [file for file in outcome.files if file.relative_path == "a.jpg"]
    assert (file.size, file.mtime_ns) == (1, status.st_mtime_ns)
    assert file == found_file(str(tmp_path), "a.jpg")


def test_hidden_and_system_folders_are_passed_over(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.jpg",
        ".hidden.jpg",
        ".cache/b.jpg",
        "$RECYCLE.BIN/c.jpg",
        "@eaDir/d.jpg",
        "lost+found/e.jpg",
    )

    assert paths(scan(tmp_path)) == ["a.jpg"]


def test_a_loop_of_links_ends_and_links_to_files_count(tmp_path: Path) -> None:
    put(tmp_path, "sub/a.jpg")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "sub" / "a.jpg")
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")

    assert paths(scan(tmp_path)) == ["link.jpg", "sub/a.jpg"]


def test_names_that_are_no_text_are_listed(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    put(tmp_path, name)

    assert paths(scan(tmp_path)) == [name]


def test_what_only_looks_like_a_picture_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "directory.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")

    assert paths(scan(tmp_path)) == []
    assert found_file(str(tmp_path), "pipe.jpg") is None


def test_a_folder_that_refuses_is_reported_and_the_rest_listed(tmp_path: Path, closed_folder: str) -> None:
    outcome = scan(tmp_path)

    assert paths(outcome) == ["open/a.jpg"]
    assert outcome.unreadable == (closed_folder,)


def test_a_root_that_is_gone_is_no_empty_folder(tmp_path: Path) -> None:
    assert scan(tmp_path / "unplugged").root_gone
    assert not scan(tmp_path).root_gone


def test_a_part_can_be_scanned_alone(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "trip/b.jpg", "trip/deep/c.jpg")

    assert paths(scan(tmp_path, "trip")) == ["trip/b.jpg", "trip/deep/c.jpg"]
    assert scan(tmp_path, "gone") == ScanOutcome(1, str(tmp_path), "gone")
    assert scan(tmp_path, "a.jpg").unreadable == ()


def test_a_scan_can_be_called_off(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(CancelledError):
        FolderScanner().scan(1, str(tmp_path), cancel=cancel)
