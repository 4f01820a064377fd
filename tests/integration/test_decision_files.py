"""Decisions on their way from one library to another, and the weekly copies."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.cli.arguments import parse
from app.cli.commands import run
from app.domain.decisions import Decisions, Flag, Kind
from app.domain.folder_rules import FolderRules
from app.domain.indexing import FolderChanges, FoundFile
from app.domain.photo import Folder
from app.domain.query import QueryTerm, SearchFilters, SearchQuery, SortOrder
from app.errors import DecisionFileError, LibraryError
from app.library.library import Library
from app.media.sidecar_writer import Saying, write_sidecar
from app.media.xmp import parse_xmp
from app.services.decision_files import DecisionFileService
from app.services.decisions import DecisionService
from app.services.sidecars import SidecarService
from tests.indexing_rig import Rig, make_photo, wait_for
from tests.library_seed import seed_library


class Home:
    """A library with its services."""

    def __init__(self, place: Path, count: int, root: str = "/seeded") -> None:
        seed_library(place / "library.db", count, root=root)
        self.library = Library.open(place / "library.db")
        self.told: list[object] = []
        self.decisions = DecisionService(self.library, on_said=self.told.append)
        self.files = DecisionFileService(
            self.library, place / "decisions", on_said=lambda: self.told.append(None)
        )
        self.ids = self.library.photos.ids().tolist()

    def of(self, photo_id: int) -> Decisions:
        return self.library.photos.get([photo_id])[0].decisions

    def key(self, photo_id: int) -> str | None:
        return self.library.photos.get([photo_id])[0].content_key

    def with_key(self, key: str | None) -> int:
        return next(photo_id for photo_id in self.ids if self.key(photo_id) == key)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "old", 20)
    yield home
    home.library.close()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Home]:
    """The same photos in another folder, but for those from number 10 on."""
    home = Home(tmp_path / "new", 10, root="/elsewhere")
    yield home
    home.library.close()


def test_everything_decided_arrives_in_a_library_in_another_place(
    old: Home, new: Home, tmp_path: Path
) -> None:
    ours = [old.with_key(f"content-{number}") for number in (3, 5)]
    old.decisions.rate(ours, 4)
    old.decisions.flag(ours[:1], Flag.PICK)
    old.decisions.label(ours[1:], "Green")
    album = old.decisions.create_album("Best", ours)
    old.decisions.save_search(
        "Cars", SearchQuery((QueryTerm(text="car"),), SearchFilters(album_id=album), SortOrder.DATE)
    )
    new.decisions.create_album("Something else")
    assert old.files.export_to(tmp_path / "all.json") == 3  # and the seed's favourite
    report = new.files.import_from(tmp_path / "all.json")
    there = [new.with_key(f"content-{number}") for number in (3, 5)]
    assert [new.of(photo_id) for photo_id in there] == [
        Decisions(4, Flag.PICK),
        Decisions(4, None, "Green"),
    ]
    [best, _] = new.decisions.albums()
    assert new.library.photos.ids(SearchFilters(album_id=best.album_id)).tolist() == there
    [search] = new.decisions.searches()
    query = new.decisions.query_of(search)
    assert (query.terms, query.filters.album_id) == ((QueryTerm(text="car"),), best.album_id)
    assert (report.albums, report.searches) == (1, 1)


def test_what_are_no_duplicates_is_known_in_another_library(old: Home, new: Home, tmp_path: Path) -> None:
    ours, theirs = ("content-3", "content-5"), ("content-1", "content-1")
    old.library.fingerprints.dismiss([ours, theirs])
    new.library.fingerprints.dismiss([theirs])
    old.files.export_to(tmp_path / "all.json")
    assert new.files.import_from(tmp_path / "all.json").not_duplicates == 1
    assert new.library.fingerprints.dismissed() == {ours, theirs}
    assert new.files.import_from(tmp_path / "all.json").not_duplicates == 0
    assert new.library.archive.not_duplicates()[1] == old.library.archive.not_duplicates()[1]


def test_importing_again_changes_nothing(old: Home, tmp_path: Path) -> None:
    old.decisions.rate(old.ids[:5], 3)
    old.decisions.create_album("Best", old.ids[:3])
    old.files.export_to(tmp_path / "all.json")
    report = old.files.import_from(tmp_path / "all.json")
    assert (report.changed, report.kept, report.albums) == (0, 0, 0)


def test_the_newer_of_two_decisions_stays_taking_back_included(old: Home, tmp_path: Path) -> None:
    first, second, liked = old.ids[:3]
    old.decisions.rate([first, second], 2)
    old.library.photos.set_favourite([liked], True)
    album = old.decisions.create_album("Best", [first])
    old.files.export_to(tmp_path / "then.json")
    old.decisions.rate([first], 5)
    old.decisions.rate([second], 0)
    old.library.photos.set_favourite([liked], False)
    old.decisions.remove_from_album(album, [first])
    old.files.import_from(tmp_path / "then.json")
    assert (old.of(first).rating, old.of(second).rating) == (5, 0)
    assert not old.library.photos.get([liked])[0].favourite
    assert old.decisions.albums()[0].photo_count == 0


def test_what_finds_no_photo_waits_for_it(old: Home, new: Home, tmp_path: Path) -> None:
    late = old.with_key("content-15")
    old.decisions.rate([late], 5)
    old.files.export_to(tmp_path / "all.json")
    assert new.files.import_from(tmp_path / "all.json").kept == 2  # and the seed's favourite
    assert new.files.match_kept() == 0
    new.files.export_to(tmp_path / "again.json")
    assert '"content-15"' in (tmp_path / "again.json").read_text()
    folder = new.library.folders.add("/seeded/photos-0")
    path = old.library.photos.get([late])[0].path.removeprefix("/seeded/photos-0/")
    add_file(new.library, folder, path)
    assert new.files.match_kept() == 1
    assert new.library.archive.count_kept() == 1
    photo = new.library.photos.find(folder.folder_id, path)
    assert photo is not None
    assert new.of(photo.photo_id).rating == 5


def add_file(library: Library, folder: Folder, path: str) -> None:
    library.photos.apply_changes(FolderChanges(folder.folder_id, added=(FoundFile(path, 1, 1),)))


def test_a_path_that_is_no_text_survives(old: Home, tmp_path: Path) -> None:
    folder = old.library.folders.add("/odd")
    add_file(old.library, folder, "caf\udce9.jpg")
    odd = old.library.photos.find(folder.folder_id, "caf\udce9.jpg")
    assert odd is not None
    old.decisions.rate([odd.photo_id], 3)
    old.files.export_to(tmp_path / "all.json")
    old.decisions.rate([odd.photo_id], 3)
    old.library.decisions.forget_own(Kind.RATING, [odd.photo_id])
    old.files.import_from(tmp_path / "all.json")
    assert old.of(odd.photo_id).rating == 3


def test_a_saved_search_of_another_query_under_a_known_name_is_not_lost(
    old: Home, new: Home, tmp_path: Path
) -> None:
    old.decisions.save_search("Cars", SearchQuery((QueryTerm(text="red car"),)))
    new.decisions.save_search("Cars", SearchQuery((QueryTerm(text="car"),)))
    old.files.export_to(tmp_path / "all.json")
    for _ in range(2):
        new.files.import_from(tmp_path / "all.json")
    assert [search.name for search in new.decisions.searches()] == ["Cars", "Cars (imported)"]


def test_a_photo_to_compare_with_is_known_by_its_content(old: Home, new: Home, tmp_path: Path) -> None:
    old.decisions.save_search("Like it", SearchQuery((QueryTerm(photo_id=old.with_key("content-4")),)))
    old.decisions.save_search("Like that", SearchQuery((QueryTerm(photo_id=old.with_key("content-14")),)))
    old.files.export_to(tmp_path / "all.json")
    new.files.import_from(tmp_path / "all.json")
    here, gone = new.decisions.searches()
    assert new.decisions.query_of(here).terms[0].photo_id == new.with_key("content-4")
    with pytest.raises(LibraryError, match="not in the library"):
        new.decisions.query_of(gone)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "damaged"),
        ("[]", "no file of decisions"),
        ('{"format": "photosift decisions", "version": 2}', "newer Photosift"),
        (
            (
                '{"format": "photosift decisions", "version": 1, "photos":'
                ' [{"folder": "/a", "path": "b", "rating": {"value": 9, "decided_at": 1}}]}'
            ),
            "no decision",
        ),
        ('{"format": "photosift decisions", "version": 1, "photos": [3]}', "no decision"),
        ('{"format": "photosift decisions", "version": 1, "not_duplicates": [{"first": 3}]}', "no decision"),
    ],
)
def test_a_file_that_is_not_right_changes_nothing_and_says_why(
    old: Home, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(DecisionFileError, match=reason):
        old.files.import_from(tmp_path / "bad.json")


def test_an_export_that_cannot_be_written_says_so(old: Home, tmp_path: Path) -> None:
    with pytest.raises(DecisionFileError, match="cannot be written"):
        old.files.export_to(tmp_path / "nowhere" / "all.json")


def test_a_copy_is_kept_weekly_and_five_stay(old: Home, tmp_path: Path) -> None:
    copies = tmp_path / "old" / "decisions"
    first = date(2026, 1, 5)
    for day in range(60):
        old.files.keep_weekly_copy(first + timedelta(days=day))
    names = sorted(path.name for path in copies.iterdir())
    assert names == [f"{first + timedelta(weeks=week)}.json" for week in range(4, 9)]
    assert json.loads((copies / names[-1]).read_text())["photos"]


def test_a_clock_that_was_wrong_does_not_stop_the_copies(old: Home, tmp_path: Path) -> None:
    old.files.keep_weekly_copy(date(2036, 1, 1))
    assert old.files.keep_weekly_copy(date(2026, 1, 1)) is not None
    assert old.files.keep_weekly_copy(date(2026, 1, 2)) is None


def test_nothing_decided_is_not_copied_over_what_was(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library.db")
    files = DecisionFileService(library, tmp_path / "decisions", on_said=lambda: None)
    assert files.keep_weekly_copy() is None
    assert not (tmp_path / "decisions").exists()
    library.close()


def test_a_copy_that_cannot_be_written_stops_nothing(old: Home, tmp_path: Path) -> None:
    (tmp_path / "old" / "decisions").write_text("in the way")
    assert old.files.keep_weekly_copy() is None


# -- sidecars


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def sidecars(rig: Rig) -> Iterator[SidecarService]:
    service = SidecarService(rig.library)
    yield service
    service.close()


def rated(path: Path) -> int | None:
    return parse_xmp(path.read_bytes()).rating


def test_decisions_go_into_sidecars_where_that_is_switched_on_and_nowhere_else(
    rig: Rig, sidecars: SidecarService
) -> None:
    decisions = DecisionService(rig.library, on_said=sidecars.tell)
    wanted, on = rig.add_folder("on")
    _, off = rig.add_folder("off")
    rig.library.folders.set_rules(wanted.folder_id, FolderRules(write_sidecars=True))
    for folder in (on, off):
        make_photo(folder / "a.jpg", len(str(folder)))
    rig.start()
    rig.wait_for_photos("on/a.jpg", "off/a.jpg")
    before = (on / "a.jpg").read_bytes(), (on / "a.jpg").stat().st_mtime_ns
    photo_ids = [rig.photo("on/a.jpg").photo_id, rig.photo("off/a.jpg").photo_id]
    decisions.rate(photo_ids, 4)
    undo = decisions.label(photo_ids, "Red")
    sidecars.finish()
    values = parse_xmp((on / "a.jpg.xmp").read_bytes())
    assert (values.rating, values.label) == (4, "Red")
    assert [path.name for path in off.iterdir()] == ["a.jpg"]
    assert before == ((on / "a.jpg").read_bytes(), (on / "a.jpg").stat().st_mtime_ns)
    decisions.undo(undo)
    decisions.rate(photo_ids, 0)
    decisions.flag(photo_ids, Flag.REJECT)
    sidecars.finish()
    values = parse_xmp((on / "a.jpg.xmp").read_bytes())
    assert (values.rating, values.label) == (-1, None)


def test_our_own_sidecars_are_not_read_as_news(rig: Rig, sidecars: SidecarService) -> None:
    decisions = DecisionService(rig.library, on_said=sidecars.tell)
    folder, photos = rig.add_folder()
    rig.library.folders.set_rules(folder.folder_id, FolderRules(write_sidecars=True))
    make_photo(photos / "a.jpg")
    rig.start()
    rig.wait_for_photos("photos/a.jpg")
    rig.settle()
    decisions.rate([rig.photo("photos/a.jpg").photo_id], 4)
    sidecars.finish()
    rig.settle()
    rig.restart()
    rig.settle()
    assert len(rig.opened) <= 2  # the event may be looked at before we noted what we wrote
    opened = len(rig.opened)
    rig.restart()
    rig.settle()
    assert len(rig.opened) == opened
    assert rig.photo("photos/a.jpg").decisions == Decisions(4)


def test_what_was_decided_before_is_written_once_it_is_switched_on(
    rig: Rig, sidecars: SidecarService
) -> None:
    folder, photos = rig.add_folder()
    make_photo(photos / "a.jpg")
    make_photo(photos / "b.jpg", 1)
    rig.start()
    rig.wait_for_photos("photos/a.jpg", "photos/b.jpg")
    rig.library.decisions.decide(Kind.RATING, [rig.photo("photos/a.jpg").photo_id], 2)
    sidecars.tell()
    sidecars.finish()
    assert not (photos / "a.jpg.xmp").exists()
    rig.library.folders.set_rules(folder.folder_id, FolderRules(write_sidecars=True))
    sidecars.tell()
    sidecars.finish()
    assert rated(photos / "a.jpg.xmp") == 2
    assert not (photos / "b.jpg.xmp").exists()


def test_a_conflict_is_not_written_over_before_it_is_settled(rig: Rig, sidecars: SidecarService) -> None:
    folder, photos = rig.add_folder()
    rig.library.folders.set_rules(folder.folder_id, FolderRules(write_sidecars=True))
    make_photo(photos / "a.jpg")
    rig.start()
    rig.wait_for_photos("photos/a.jpg")
    rig.settle()
    photo_id = rig.photo("photos/a.jpg").photo_id
    rig.library.decisions.decide(Kind.RATING, [photo_id], 5)
    write_sidecar(str(photos / "a.jpg"), Saying(3), datetime.now(UTC))
    wait_for(lambda: rig.photo("photos/a.jpg").decisions.rating_conflict, "the conflict is seen")
    sidecars.tell()
    sidecars.finish()
    assert rated(photos / "a.jpg.xmp") == 3
    rig.library.decisions.decide(Kind.RATING, [photo_id], 5)
    sidecars.tell([photo_id])
    sidecars.finish()
    assert rated(photos / "a.jpg.xmp") == 5


def test_a_sidecar_that_cannot_be_written_is_told_and_left_as_it_is(
    rig: Rig, sidecars: SidecarService
) -> None:
    folder, photos = rig.add_folder()
    rig.library.folders.set_rules(folder.folder_id, FolderRules(write_sidecars=True))
    make_photo(photos / "a.jpg")
    (photos / "a.xmp").write_bytes(b"<broken")
    rig.start()
    rig.wait_for_photos("photos/a.jpg")
    problems: list[str] = []
    sidecars.subscribe(problems.append)
    rig.library.decisions.decide(Kind.RATING, [rig.photo("photos/a.jpg").photo_id], 2)
    sidecars.tell()
    sidecars.finish()
    assert "left as it is" in problems[0]
    assert (photos / "a.xmp").read_bytes() == b"<broken"
    assert rig.photo("photos/a.jpg").decisions.rating == 2


# -- the command line


def command(place: Path, *words: str) -> int:
    return run(parse(["--library", str(place), *words]))


def test_the_commands_write_and_merge_a_file(
    old: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.decisions.rate(old.ids[:2], 4)
    file = str(tmp_path / "all.json")
    assert command(tmp_path / "old", "export", "decisions", file) == 0
    assert "Decisions about 2 photos" in capsys.readouterr().out
    seed_library(tmp_path / "third" / "library.db", 5, root="/third")
    assert command(tmp_path / "third", "import", "decisions", file) == 0
    said = capsys.readouterr().out
    assert "found" in said
    assert "kept until they come" in said
    assert command(tmp_path / "third", "import", "decisions", str(tmp_path / "no.json")) == 1
    assert "cannot be read" in capsys.readouterr().err
