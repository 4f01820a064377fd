"""Which new file is taken for which remembered one."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.indexing import FolderChanges, FoundFile, KnownFile
from app.domain.photo import PhotoState
from app.indexing.moves import spelling
from app.indexing.reconcile import FolderView, reconcile
from app.indexing.scanner import ScanOutcome


def file(path: str, number: int | None, *, size: int = 10, mtime: int = 1) -> FoundFile:
    return FoundFile(path, size, mtime, None if number is None else f"dev:{number}")


def known(
    photo_id: int,
    path: str,
    *,
    number: int | None = -1,
    size: int = 10,
    state: PhotoState = PhotoState.READY,
    device: str = "dev",
) -> KnownFile:
    """Its file has the number of the photo unless another is given."""
    inode = photo_id if number == -1 else number
    return KnownFile(photo_id, path, size, 1, None if inode is None else f"{device}:{inode}", state)


class Told:
    """Says that files moved: path now -> path before."""

    def __init__(self, moves: Mapping[str, str]) -> None:
        self._moves = moves

    def moved_from(self, folder_id: int, path: str) -> str | None:
        return self._moves.get(path)

    def has_left(self, folder_id: int, path: str) -> bool:
        return path in self._moves.values()


def compare(
    files: list[FoundFile], remembered: list[KnownFile], told: Mapping[str, str] | None = None
) -> FolderChanges:
    outcome = ScanOutcome(1, "/root", None, tuple(files))
    changes = reconcile([FolderView(outcome, remembered)], told=Told(told or {}))
    return changes[0] if changes else FolderChanges(1)


def moved(changes: FolderChanges) -> dict[int, str]:
    return {photo_id: now.relative_path for photo_id, now in changes.moved}


def test_two_files_that_swapped_names_are_two_moves() -> None:
    changes = compare([file("a.jpg", 2), file("b.jpg", 1)], [known(1, "a.jpg"), known(2, "b.jpg")])
    assert moved(changes) == {1: "b.jpg", 2: "a.jpg"}
    assert changes.count == 2


def test_in_a_chain_of_renames_every_photo_follows_its_file() -> None:
    files = [file("b.jpg", 1), file("c.jpg", 2), file("d.jpg", 3)]
    changes = compare(files, [known(1, "a.jpg"), known(2, "b.jpg"), known(3, "c.jpg")])
    assert moved(changes) == {1: "b.jpg", 2: "c.jpg", 3: "d.jpg"}
    assert changes.count == 3


def test_a_file_put_over_another_leaves_the_row_of_the_path() -> None:
    now = file("a.jpg", 2, size=20)
    changes = compare([now], [known(1, "a.jpg"), known(2, "b.jpg", size=20)])
    assert changes == FolderChanges(1, changed=((1, now),), missing=(2,))


def test_a_chain_whose_end_was_put_over_another_file_moves_nobody_wrongly() -> None:
    files = [file("b.jpg", 1), file("c.jpg", 2)]
    changes = compare(files, [known(1, "a.jpg"), known(2, "b.jpg"), known(3, "c.jpg")])
    assert changes.moved == ()
    assert changes.missing == (1,)


def test_a_new_file_at_a_path_that_was_left_is_added() -> None:
    files = [file("a.jpg", 9), file("b.jpg", 1)]
    changes = compare(files, [known(1, "a.jpg")])
    assert (moved(changes), changes.added) == ({1: "b.jpg"}, (files[0],))


def test_a_missing_photo_makes_way_for_one_that_moved_to_its_path() -> None:
    remembered = [known(1, "a.jpg", state=PhotoState.MISSING), known(2, "b.jpg")]
    assert moved(compare([file("a.jpg", 2)], remembered)) == {2: "a.jpg"}


def test_a_missing_photo_returns_by_its_path_when_the_name_in_between_was_never_read() -> None:
    now = file("a.jpg", 2, size=20)
    remembered = [
        known(1, "a.jpg", state=PhotoState.MISSING),
        known(2, "a.tmp.jpg", size=20, state=PhotoState.PENDING),
    ]
    assert compare([now], remembered) == FolderChanges(1, changed=((1, now),), missing=(2,))


def test_a_swap_between_two_folders_comes_apart_in_the_right_order() -> None:
    first = FolderView(
        ScanOutcome(1, "/one", None, (file("a.jpg", 2), file("new.jpg", 7))), [known(1, "a.jpg")]
    )
    second = FolderView(ScanOutcome(2, "/two", None, (file("b.jpg", 1),)), [known(2, "b.jpg")])
    changes = reconcile([first, second])
    assert [(one.folder_id, moved(one), len(one.added)) for one in changes] == [
        (1, {2: "a.jpg"}, 0),
        (2, {1: "b.jpg"}, 0),
        (1, {}, 1),
    ]


def test_links_to_one_file_are_told_apart_by_name_then_by_place() -> None:
    remembered = [
        known(1, "x/a.jpg", number=5),
        known(2, "x/b.jpg", number=5),
        known(3, "y/deep/c.jpg", number=5),
    ]
    files = [file("z/b.jpg", 5), file("y/deep/other.jpg", 5), file("x/what.jpg", 5)]
    assert moved(compare(files, remembered)) == {2: "z/b.jpg", 3: "y/deep/other.jpg", 1: "x/what.jpg"}


def test_what_the_system_told_counts_more_than_names() -> None:
    remembered = [known(1, "a.jpg", number=5), known(2, "b.jpg", number=5)]
    files = [file("new/a.jpg", 5), file("new/b.jpg", 5)]
    told = {"new/a.jpg": "b.jpg", "new/b.jpg": "a.jpg"}
    assert moved(compare(files, remembered, told)) == {2: "new/a.jpg", 1: "new/b.jpg"}


def test_what_the_system_told_is_enough_where_files_have_no_ids() -> None:
    remembered = [known(1, "a.jpg", number=None), known(2, "b.jpg", number=None)]
    files = [file("x.jpg", None), file("y.jpg", None)]
    assert moved(compare(files, remembered, {"x.jpg": "b.jpg", "y.jpg": "a.jpg"})) == {1: "y.jpg", 2: "x.jpg"}


def test_what_was_told_of_another_file_is_not_believed() -> None:
    now = file("b.jpg", 9)
    changes = compare([now], [known(1, "a.jpg")], {"b.jpg": "a.jpg"})
    assert changes == FolderChanges(1, added=(now,), missing=(1,))


def test_a_file_told_to_have_moved_is_followed_though_it_was_edited_on_the_way() -> None:
    now = file("b.jpg", 1, size=99)
    assert compare([now], [known(1, "a.jpg")], {"b.jpg": "a.jpg"}) == FolderChanges(1, moved=((1, now),))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Caf\u00e9/\u00fc.jpg", "Cafe\u0301/u\u0308.jpg"),
        ("IMG.JPG", "img.jpg"),
        ("stra\u00dfe.jpg", "STRASSE.jpg"),
    ],
)
def test_a_name_that_is_only_spelled_otherwise_is_a_move_though_its_id_changed(
    before: str, after: str
) -> None:
    now = file(after, 77)
    assert compare([now], [known(1, before)]) == FolderChanges(1, moved=((1, now),))
    edited = file(after, 77, size=11)
    assert compare([edited], [known(1, before)]) == FolderChanges(1, added=(edited,), missing=(1,))


def test_a_photo_on_its_way_makes_room_for_one_that_moved_to_its_path() -> None:
    remembered = [known(1, "a.jpg"), known(2, "b.jpg")]
    told = {"a.jpg": "b.jpg", "hidden": "a.jpg"}
    assert moved(compare([file("a.jpg", 2)], remembered, told)) == {2: "a.jpg"}


def test_names_that_are_no_text_have_a_spelling() -> None:
    assert spelling("caf\udce9.jpg") == "caf\udce9.jpg"


def test_a_drive_that_has_another_number_now_is_no_change_and_its_moves_are_known() -> None:
    remembered = [known(number, f"{number}.jpg", device="old") for number in (1, 2)]
    assert compare([file("1.jpg", 1), file("2.jpg", 2)], remembered).count == 0
    assert moved(compare([file("1.jpg", 1), file("new/2.jpg", 2)], remembered)) == {2: "new/2.jpg"}


def test_a_thousand_links_to_one_file_take_no_time() -> None:
    remembered = [known(number, f"old/{number}.jpg", number=5) for number in range(1, 1001)]
    changes = compare([file(f"new/{number}.jpg", 5) for number in range(1000)], remembered)
    assert len(moved(changes)) == 1000


_NAMES = ["a.jpg", "b.jpg", "c.jpg", "sub/a.jpg", "sub/B.jpg"]
_STATES = [PhotoState.READY, PhotoState.PENDING, PhotoState.MISSING, PhotoState.PROBLEM]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_row_gets_two_files_and_no_file_two_rows(data: st.DataObject) -> None:
    paths = data.draw(st.lists(st.sampled_from(_NAMES), unique=True))
    inode, size = st.one_of(st.none(), st.integers(1, 3)), st.integers(1, 2)
    remembered = [
        known(
            number,
            path,
            number=data.draw(inode),
            size=data.draw(size),
            state=data.draw(st.sampled_from(_STATES)),
        )
        for number, path in enumerate(paths, 1)
    ]
    there = data.draw(st.lists(st.sampled_from(_NAMES), unique=True))
    files = [file(path, data.draw(inode), size=data.draw(size)) for path in there]
    told = data.draw(st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_NAMES)))

    changes = compare(files, remembered, told)

    rows = Counter([photo_id for photo_id, _ in (*changes.moved, *changes.changed, *changes.returned)])
    rows.update(changes.missing)
    assert all(count == 1 for count in rows.values())
    placed = [now.relative_path for _, now in (*changes.moved, *changes.changed, *changes.returned)]
    placed += [now.relative_path for now in changes.added]
    assert len(placed) == len(set(placed))
    left = {one.relative_path: one.photo_id for one in remembered}
    left = {path: photo_id for path, photo_id in left.items() if photo_id not in moved(changes)}
    for now in files:  # every file has a row afterwards, and a present row never loses its path to nobody
        assert now.relative_path in placed or now.relative_path in left
    for one in remembered:
        if one.relative_path not in there and one.state is not PhotoState.MISSING:
            assert one.photo_id in moved(changes) or one.photo_id in changes.missing
