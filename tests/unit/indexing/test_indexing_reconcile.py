"""What differs between folders and library, without opening a file."""

import time

from app.domain.indexing import FolderChanges, FoundFile, KnownFile
from app.domain.photo import PhotoState
from app.indexing.reconcile import FolderView, reconcile
from app.indexing.scanner import ScanOutcome


def file(path: str, *, size: int = 10, mtime: int = 1, file_id: str | None = "dev:1") -> FoundFile:
    return FoundFile(path, size, mtime, file_id)


def known(
    photo_id: int,
    path: str,
    *,
    size: int = 10,
    mtime: int = 1,
    file_id: str | None = "dev:1",
    state: PhotoState = PhotoState.READY,
) -> KnownFile:
    return KnownFile(photo_id, path, size, mtime, file_id, state)


def view(
    files: list[FoundFile], remembered: list[KnownFile], *, folder: int = 1, unreadable: tuple[str, ...] = ()
) -> FolderView:
    return FolderView(ScanOutcome(folder, "/root", None, tuple(files), unreadable), remembered)


def changes_of(*views: FolderView) -> tuple[FolderChanges, ...]:
    return reconcile(views)


def test_unchanged_files_produce_nothing() -> None:
    assert changes_of(view([file("a.jpg")], [known(1, "a.jpg")])) == ()


def test_a_new_file_is_added() -> None:
    assert changes_of(view([file("a.jpg")], [])) == (FolderChanges(1, added=(file("a.jpg"),)),)


def test_another_size_or_time_means_changed() -> None:
    for now in (file("a.jpg", size=11), file("a.jpg", mtime=2)):
        assert changes_of(view([now], [known(1, "a.jpg")])) == (FolderChanges(1, changed=((1, now),)),)


def test_a_renamed_file_is_known_by_its_id() -> None:
    now = file("b.jpg")
    assert changes_of(view([now], [known(1, "a.jpg")])) == (FolderChanges(1, moved=((1, now),)),)


def test_an_id_given_out_again_is_no_move() -> None:
    now = file("b.jpg", size=99)
    assert changes_of(view([now], [known(1, "a.jpg")])) == (FolderChanges(1, added=(now,), missing=(1,)),)


def test_files_without_ids_are_not_guessed_at() -> None:
    now = file("b.jpg", file_id=None)
    found = changes_of(view([now], [known(1, "a.jpg", file_id=None)]))
    assert found == (FolderChanges(1, added=(now,), missing=(1,)),)


def test_a_move_to_another_folder_is_one_move() -> None:
    now = file("b.jpg")
    found = changes_of(view([], [known(1, "a.jpg")]), view([now], [], folder=2))
    assert found == (FolderChanges(2, moved=((1, now),)),)


def test_a_copy_beside_the_original_is_added() -> None:
    copy = file("b.jpg", file_id="dev:2")
    assert changes_of(view([file("a.jpg"), copy], [known(1, "a.jpg")])) == (FolderChanges(1, added=(copy,)),)


def test_a_missing_file_that_is_back_returns() -> None:
    was = known(1, "a.jpg", state=PhotoState.MISSING)
    assert changes_of(view([file("a.jpg")], [was])) == (FolderChanges(1, returned=((1, file("a.jpg")),)),)
    other = file("a.jpg", size=11)
    assert changes_of(view([other], [was])) == (FolderChanges(1, changed=((1, other),)),)


def test_a_missing_file_that_turns_up_elsewhere_is_a_move() -> None:
    was = known(1, "a.jpg", state=PhotoState.MISSING)
    assert changes_of(view([file("b.jpg")], [was])) == (FolderChanges(1, moved=((1, file("b.jpg")),)),)


def test_still_missing_is_no_change() -> None:
    assert changes_of(view([], [known(1, "a.jpg", state=PhotoState.MISSING)])) == ()


def test_a_file_just_gone_is_the_better_candidate() -> None:
    long_gone = known(1, "a.jpg", state=PhotoState.MISSING)
    found = changes_of(view([file("c.jpg")], [known(2, "b.jpg"), long_gone]))
    assert found == (FolderChanges(1, moved=((2, file("c.jpg")),)),)


def test_nothing_is_concluded_about_parts_that_cannot_be_read() -> None:
    remembered = [known(1, "closed/a.jpg"), known(2, "closed-not/b.jpg"), known(3, "closed/deep/c.jpg")]
    assert changes_of(view([], remembered, unreadable=("closed",))) == (FolderChanges(1, missing=(2,)),)
    assert changes_of(view([], remembered, unreadable=("",))) == ()


def test_a_saved_file_keeps_its_row_though_the_temporary_name_was_known() -> None:
    now = file("a.jpg", size=20, file_id="dev:2")
    found = changes_of(view([now], [known(1, "a.jpg"), known(2, "a.tmp.jpg", size=20, file_id="dev:2")]))
    assert found == (FolderChanges(1, changed=((1, now),), missing=(2,)),)


def test_five_thousand_moves_take_no_time() -> None:
    remembered = [known(number, f"old/{number}.jpg", file_id=f"dev:{number}") for number in range(5000)]
    files = [file(f"new/{number}.jpg", file_id=f"dev:{number}") for number in range(5000)]

    started = time.perf_counter()
    (found,) = changes_of(view(files, remembered))

    assert len(found.moved) == 5000
    assert (found.added, found.missing) == ((), ())
    assert time.perf_counter() - started < 1.0
