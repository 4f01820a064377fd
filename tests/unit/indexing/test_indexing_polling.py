"""Watching where nobody tells: the system's limits, drives of other computers, and looking for oneself."""

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.folder_rules import FolderRules
from app.domain.photo import Folder
from app.indexing import polling, watcher
from app.indexing.network_drives import Mount, network_type
from app.indexing.polling import FolderPoller
from app.indexing.touched import PathChange
from app.indexing.watcher import FolderWatcher
from tests.indexing_rig import make_photo, wait_for


def change(path: str, *, directory: bool = False) -> PathChange:
    return PathChange(1, path, directory)


class Polled:
    """A poller whose rounds follow each other at once, and what it noted."""

    def __init__(self, root: Path, rules: FolderRules | None = None) -> None:
        self.noted: list[PathChange] = []
        self.poller = FolderPoller(self.noted.append)
        self.root = root
        self.folder = Folder(1, str(root), rules) if rules else Folder(1, str(root))

    def wait_for(self, *changes: PathChange) -> None:
        wait_for(lambda: set(changes) <= set(self.noted), f"{changes} are noted; now {self.noted}")


@pytest.fixture
def polled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Polled]:
    monkeypatch.setattr(polling, "POLL_SECONDS", 0.05)
    root = tmp_path / "photos"
    make_photo(root / "a.jpg")
    make_photo(root / "trip/b.jpg")
    built = Polled(root)
    built.poller.add(built.folder)
    yield built
    built.poller.close()


def test_what_was_there_at_first_is_not_noted_and_what_comes_later_is(polled: Polled) -> None:
    make_photo(polled.root / "new.jpg")
    make_photo(polled.root / "other/deep/c.jpg")
    (polled.root / "notes.txt").write_text("x")
    polled.wait_for(change("new.jpg"), change("other/deep/c.jpg"))
    assert {one.relative_path for one in polled.noted} == {"new.jpg", "other/deep/c.jpg"}


def test_what_is_renamed_or_removed_is_noted(polled: Polled) -> None:
    (polled.root / "a.jpg").rename(polled.root / "z.jpg")
    (polled.root / "trip").rename(polled.root / "journey")
    polled.wait_for(change("a.jpg"), change("z.jpg"), change("trip", directory=True), change("journey/b.jpg"))


def test_a_file_saved_through_another_name_is_noted(polled: Polled) -> None:
    make_photo(polled.root / "a.tmp", 7).rename(polled.root / "a.jpg")
    polled.wait_for(change("a.jpg"))


def test_a_growing_file_is_noted_once_it_has_stopped(polled: Polled, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(1, 6))
    asked = polling._size_and_time

    def growing(path: str) -> tuple[int, int] | None:
        now = asked(path)
        return None if now is None else (next(sizes, 100), now[1])

    monkeypatch.setattr(polling, "_size_and_time", growing)
    (polled.root / "new.jpg").write_bytes(b"x")
    polled.wait_for(change("new.jpg"))
    assert next(sizes, None) is None  # it was asked until the size stayed


def test_a_marker_means_its_whole_directory(polled: Polled) -> None:
    (polled.root / "trip/.nomedia").touch()
    polled.wait_for(change("trip", directory=True))


def test_nothing_is_concluded_while_the_folder_is_not_there(polled: Polled) -> None:
    polled.root.rename(polled.root.with_name("away"))
    polled.poller._round(polled.poller._trees[1])
    assert polled.noted == []


def test_a_round_over_unchanged_directories_lists_none(
    polled: Polled, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = polled.poller._trees[1]
    old = 1_500_000_000
    for place in (polled.root, polled.root / "trip"):
        os.utime(place, (old, old))
    polled.poller.remove(1)
    polled.poller._round(tree)  # takes note of these times

    def refuse(path: str) -> None:
        raise AssertionError(f"{path} was listed")

    monkeypatch.setattr(polling, "_entries", refuse)
    polled.poller._round(tree)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/nas/photos", "cifs"),
        ("/mnt/nas2", None),
        ("/mnt/nas/local/x", None),
        ("/home/me", None),
        ("/s/x", "sshfs"),
    ],
)
def test_network_drives_are_known_by_the_nearest_mount(path: str, kind: str | None) -> None:
    mounts = [
        Mount("/", "ext4", "rw"),
        Mount("/mnt/nas", "autofs", "rw"),
        Mount("/mnt/nas", "cifs", "rw"),
        Mount("/mnt/nas/local", "ext4", "rw"),
        Mount("/s", "fuse.sshfs", "rw"),
    ]
    assert network_type(path, mounts) == kind


def test_a_drive_that_the_system_calls_remote_is_one() -> None:
    assert network_type("/z/photos", [Mount("/z", "NTFS", "rw,remote")]) == "ntfs"


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FolderWatcher]:
    monkeypatch.setattr(polling, "POLL_SECONDS", 0.05)
    built = FolderWatcher(lambda: None)
    yield built
    built.close()


class Room:
    """Lets so many directories be watched, as the system's limit does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
        from watchdog.observers.inotify_c import InotifyFD

        self.left = left
        self._add = InotifyFD._get_or_create_watch
        room = self

        def add(self, path, mask):  # type: ignore[no-untyped-def]
            if room.left <= 0:
                raise OSError(errno.ENOSPC, "inotify watch limit reached")
            room.left -= 1
            return room._add(self, path, mask)

        monkeypatch.setattr(InotifyFD, "_get_or_create_watch", add)


def taken(watching: FolderWatcher, path: str, patience: float = 20.0) -> None:
    seen: set[str] = set()

    def arrived() -> bool:
        changes, _ = watching.take()
        seen.update(one.relative_path for one in changes)
        return path in seen

    wait_for(arrived, f"{path} is told", patience)


linux_only = pytest.mark.skipif(not Path("/proc/sys/fs/inotify").exists(), reason="needs inotify")


@linux_only
def test_a_full_limit_is_explained_with_a_number_that_suffices_and_the_folder_is_polled(
    tmp_path: Path, live: FolderWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    Room(monkeypatch, 2)
    remark = live.watch(Folder(1, str(tmp_path)))
    limit = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    [number] = [int(word.rstrip(".").partition("=")[2]) for word in remark.split() if "watches=" in word]
    assert "sudo sysctl fs.inotify.max_user_watches=" in remark
    assert number >= limit + 3
    assert live.watch(Folder(1, str(tmp_path))) == remark
    make_photo(tmp_path / "two/a.jpg")
    taken(live, "two/a.jpg")


@linux_only
def test_too_many_watching_programs_are_told_apart_from_too_many_folders(
    tmp_path: Path, live: FolderWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchdog.observers.inotify_c.inotify_init", lambda: -1)
    monkeypatch.setattr("ctypes.get_errno", lambda: errno.EMFILE)
    assert "sudo sysctl fs.inotify.max_user_instances=" in live.watch(Folder(1, str(tmp_path)))


@linux_only
def test_live_watching_is_taken_up_again_when_there_is_room(
    tmp_path: Path, live: FolderWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_RETRY_SECONDS", (0.05, 0.1))
    folder = Folder(1, str(tmp_path))
    room = Room(monkeypatch, 0)
    assert live.watch(folder)
    wait_for(lambda: live.take()[1] == {1}, "it is tried again")
    assert live.watch(folder)  # still full
    room.left = 10
    wait_for(lambda: live.take()[1] == {1}, "it is tried once more")
    assert live.watch(folder) == ""
    assert 1 not in live._poller
    make_photo(tmp_path / "a.jpg")
    taken(live, "a.jpg")


@linux_only
def test_a_new_directory_that_cannot_be_watched_turns_the_folder_to_polling(
    tmp_path: Path, live: FolderWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(1, str(tmp_path))
    Room(monkeypatch, 1)
    assert live.watch(folder) == ""
    (tmp_path / "new").mkdir()
    wait_for(lambda: live.take()[1] == {1}, "the folder is looked through")
    assert "max_user_watches" in live.watch(folder)
    make_photo(tmp_path / "new/a.jpg")
    taken(live, "new/a.jpg")


@linux_only
def test_events_that_the_system_dropped_lead_to_a_look_through_every_folder(
    tmp_path: Path, live: FolderWatcher, caplog: pytest.LogCaptureFixture
) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask, WatchDescriptor

    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        live.watch(Folder(number, str(tmp_path / str(number))))
    reader = live._observer._inotify_fd  # type: ignore[union-attr]
    reader.handle_event(InotifyEvent(WatchDescriptor(-1), Mask(InotifyConstants.IN_Q_OVERFLOW), 0, b""))
    assert live.take()[1] == {1, 2}
    make_photo(tmp_path / "2/a.jpg")
    taken(live, "a.jpg")


def test_a_network_drive_is_polled_and_says_so(
    tmp_path: Path, live: FolderWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "network_type", lambda path: "nfs4")
    assert "network drive (nfs4)" in live.watch(Folder(1, str(tmp_path)))
    assert live._observer is None
    make_photo(tmp_path / "a.jpg")
    taken(live, "a.jpg")
    live.unwatch(1)
    assert 1 not in live._poller


def test_polling_ends_with_the_watcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "network_type", lambda path: "nfs4")
    ended = FolderWatcher(lambda: None)
    ended.watch(Folder(1, str(tmp_path)))
    ended.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "folder-poll"]
