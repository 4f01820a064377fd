"""What users decide about folders, over a real library, a real worker and real files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.arguments import parse
from app.cli.commands import run
from app.domain.folder_rules import NO_RULES, FolderRules, RulesPreview
from app.domain.photo import FolderState
from app.errors import FolderError
from app.indexing import folder_watch
from app.paths import LibraryPaths
from app.services.folders import FolderService
from tests.indexing_rig import Rig, make_photo, wait_for


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_watch, "_ROOT_CHECK_SECONDS", 0.1)


@pytest.fixture
def service(rig: Rig, tmp_path: Path) -> FolderService:
    return FolderService(
        rig.library,
        rig.states,
        LibraryPaths(tmp_path / "library"),
        on_folders_changed=rig.worker.folders_changed,
        on_rescan=rig.worker.rescan,
    )


@pytest.fixture
def indexed(rig: Rig) -> Iterator[tuple[int, Path]]:
    """A folder with four photos that were read."""
    watched, folder = rig.add_folder()
    for number, name in enumerate(("a.jpg", "b.png", "trip/c.jpg", "trip/d.jpg")):
        make_photo(folder / name, number)
    rig.start()
    rig.wait_for_photos("photos/a.jpg", "photos/b.png", "photos/trip/c.jpg", "photos/trip/d.jpg")
    rig.settle()
    return watched.folder_id, folder


def gone(rig: Rig, folder_id: int) -> bool:
    return rig.states.get(folder_id)[0] is FolderState.OFFLINE


def test_rules_say_beforehand_what_they_leave_out(
    rig: Rig, service: FolderService, indexed: tuple[int, Path]
) -> None:
    folder_id, _ = indexed
    assert service.preview_rules(folder_id, FolderRules(exclude=("trip/", "*.png"))) == RulesPreview(4, 3)

    service.set_rules(folder_id, FolderRules(exclude=("trip/",)))
    rig.wait_for_photos("photos/a.jpg", "photos/b.png")

    assert service.rules(folder_id) == FolderRules(exclude=("trip/",))
    assert service.preview_rules(folder_id, NO_RULES) == RulesPreview(4, 0)
    assert service.preview_rules(folder_id, FolderRules(include=("trip/",))) == RulesPreview(4, 2)


def test_rules_that_mean_nothing_change_nothing(service: FolderService, indexed: tuple[int, Path]) -> None:
    folder_id, _ = indexed
    for attempt in (service.set_rules, service.preview_rules):
        with pytest.raises(FolderError, match="cannot be understood"):
            attempt(folder_id, FolderRules(exclude=("*.png", "!")))
    assert service.rules(folder_id) == NO_RULES
    with pytest.raises(FolderError, match="not watched any more"):
        service.rules(999)


def test_a_folder_is_located_where_its_files_are_and_only_there(
    rig: Rig, service: FolderService, indexed: tuple[int, Path]
) -> None:
    folder_id, folder = indexed
    photo_id = rig.photo("photos/trip/c.jpg").photo_id
    make_photo(rig.place / "others" / "z.jpg", 50)
    with pytest.raises(FolderError, match="still there"):
        service.locate(folder_id, str(rig.place / "others"))

    moved = folder.rename(rig.place / "moved")
    wait_for(lambda: gone(rig, folder_id), "it is offline")
    with pytest.raises(FolderError, match="0 % of those"):
        service.locate(folder_id, str(rig.place / "others"))
    (moved / "a.jpg").unlink()  # people go on living with their files
    opened = len(rig.opened)
    service.locate(folder_id, str(moved))

    rig.wait_for_photos("moved/b.png", "moved/trip/c.jpg", "moved/trip/d.jpg")
    assert rig.photo("moved/trip/c.jpg").photo_id == photo_id
    assert len(rig.opened) == opened


def test_a_folder_with_the_files_of_one_that_is_gone_is_known_for_it(
    rig: Rig, service: FolderService, indexed: tuple[int, Path]
) -> None:
    folder_id, folder = indexed
    make_photo(rig.place / "others" / "z.jpg", 50)
    assert service.offline_twin(str(folder)) is None

    moved = folder.rename(rig.place / "moved")
    folder.mkdir()  # an empty mount point is no drive

    twin = service.offline_twin(str(moved))
    assert twin is not None
    assert twin.folder_id == folder_id
    assert service.offline_twin(str(rig.place / "others")) is None
    assert service.offline_twin(str(folder)) is None


def test_a_removed_folder_gives_way_to_one_that_is_located_in_its_place(
    rig: Rig, service: FolderService, indexed: tuple[int, Path]
) -> None:
    folder_id, folder = indexed
    other, place = rig.add_folder("other")
    make_photo(place / "a.jpg", 0)
    make_photo(place / "old.jpg", 60)
    wait_for(lambda: len(rig.names()) == 6, "both are in")
    rig.settle()
    liked = rig.photo("other/a.jpg").photo_id
    rig.library.photos.set_favourite([liked], True)
    rig.library.folders.remove(other.folder_id)
    rig.worker.folders_changed()
    (place / "a.jpg").unlink()
    (place / "old.jpg").unlink()
    place.rmdir()
    folder.rename(place)

    service.locate(folder_id, str(place))

    rig.wait_for_photos("other/a.jpg", "other/b.png", "other/trip/c.jpg", "other/trip/d.jpg")
    assert [one.path for one in rig.library.folders.all()] == [str(place)]
    assert rig.photo("other/a.jpg").favourite


def test_the_command_line_asks_before_much_is_removed_and_knows_a_moved_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def photosift(*arguments: str) -> tuple[int, str]:
        code = run(parse(["--library", str(tmp_path / "library"), "index", *arguments]))
        said = capsys.readouterr()
        return code, said.out + said.err

    for number in range(25):
        make_photo(tmp_path / "old" / f"{number}.jpg", number)
    assert "25 photos" in photosift(str(tmp_path / "old"))[1]
    (tmp_path / "old").rename(tmp_path / "new")

    code, said = photosift(str(tmp_path / "new"))
    assert code == 0
    assert "takes its place" in said
    assert "25 photos" in said

    for number in range(22):
        (tmp_path / "new" / f"{number}.jpg").unlink()
    code, said = photosift()
    assert code == 1
    assert "22 of its photos" in said
    assert "--accept-removals" in said
    assert "25 photos" in said
    code, said = photosift("--accept-removals")
    assert (code, "3 photos" in said) == (0, True)
