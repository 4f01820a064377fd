"""What a scan lists, what it passes over, and what it admits not to know."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.progress import CancelToken
from app.errors import CancelledError
from app.indexing import placeholders
from app.indexing.scanner import FolderScanner, ScanOutcome, found_file


def scan(root: Path, below: str | None = None, rules: FolderRules = NO_RULES) -> ScanOutcome:
    return FolderScanner().scan(1, str(root), below=below, rules=rules)


def found(root: Path, path: str, rules: FolderRules = NO_RULES) -> list[str]:
    return paths(FolderScanner().find(1, str(root), path, rules))


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


def test_what_the_rules_leave_out_is_not_looked_into(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "a.png", "private/b.jpg", "trip/private/c.jpg")
    rules = FolderRules(exclude=("private/", "*.png"))

    assert paths(scan(tmp_path, rules=rules)) == ["a.jpg"]
    assert paths(scan(tmp_path, "trip/private", rules)) == []
    assert found(tmp_path, "a.jpg", rules) == ["a.jpg"]
    assert found(tmp_path, "a.png", rules) == found(tmp_path, "private/b.jpg", rules) == []


def test_a_marker_hides_its_folder_and_all_below(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "phone/b.jpg", "phone/deep/c.jpg", "phone/.nomedia")

    outcome = scan(tmp_path)

    assert paths(outcome) == ["a.jpg"]
    assert outcome.hidden == ("phone",)
    assert scan(tmp_path, "phone/deep") == ScanOutcome(1, str(tmp_path), "phone/deep", hidden=("phone",))
    assert found(tmp_path, "phone/b.jpg") == found(tmp_path, "phone/deep/c.jpg") == []
    (tmp_path / "phone" / ".nomedia").unlink()
    assert found(tmp_path, "phone/deep/c.jpg") == ["phone/deep/c.jpg"]


def test_a_file_by_itself_is_found_as_a_scan_would_find_it(tmp_path: Path) -> None:
    put(tmp_path, "trip/a.jpg", "notes.txt")

    assert found(tmp_path, "trip/a.jpg") == ["trip/a.jpg"]
    assert found(tmp_path, "notes.txt") == found(tmp_path, "trip/gone.jpg") == []


class CloudFile:
    """What a file that is not on this computer looks like."""

    def __init__(self, status: os.stat_result, **others: int) -> None:
        self._status, self._others = status, others

    def __getattr__(self, name: str) -> int:
        return self._others[name] if name in self._others else getattr(self._status, name)


@pytest.mark.parametrize(
    "signs",
    [{"st_file_attributes": 0x400000}, {"st_file_attributes": 0x1000}, {"st_flags": 0x40000000}],
)
def test_files_in_the_cloud_are_told_apart_without_opening_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signs: dict[str, int]
) -> None:
    put(tmp_path, "here.jpg", "cloud.jpg")
    looking = placeholders.is_placeholder
    afar = (tmp_path / "cloud.jpg").stat().st_ino

    def look(status: os.stat_result, root: str) -> bool:
        seen = CloudFile(status, **signs) if status.st_ino == afar else status
        return looking(seen, root)  # type: ignore[arg-type]

    monkeypatch.setattr("app.indexing.scanner.is_placeholder", look)

    outcome = scan(tmp_path)

    assert (paths(outcome), outcome.placeholders) == (["here.jpg"], ("cloud.jpg",))


@pytest.mark.parametrize(("file_system", "expected"), [("ext4", False), ("fuse.onedriver", True)])
def test_sparse_files_are_in_the_cloud_only_where_a_cloud_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_system: str, expected: bool
) -> None:
    class Part:
        mountpoint, fstype = str(tmp_path), file_system

    monkeypatch.setattr("app.indexing.placeholders.psutil.disk_partitions", lambda **_: [Part])
    put(tmp_path, "a.jpg")
    status = CloudFile((tmp_path / "a.jpg").stat(), st_blocks=0, st_size=4096)

    assert placeholders.is_placeholder(status, str(tmp_path)) is expected  # type: ignore[arg-type]


def test_a_scan_can_be_called_off(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(CancelledError):
        FolderScanner().scan(1, str(tmp_path), cancel=cancel)
