"""What could not be read is tried once, wherever its content turns up again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.photo import ProblemFile
from tests.indexing_rig import Rig, make_photo, wait_for


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


@pytest.fixture
def codec(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that a codec was asked to open."""
    from app.media import decode

    opened: list[str] = []
    open_picture = decode.open_picture

    def record(data: bytes, path: str, *rest: object) -> object:
        opened.append(Path(path).name)
        return open_picture(data, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(decode, "open_picture", record)
    return opened


def _damaged(path: Path, seed: int = 0) -> Path:
    make_photo(path, seed)
    path.write_bytes(path.read_bytes()[:300] + bytes([seed]))
    return path


def _problems(rig: Rig, count: int) -> tuple[ProblemFile, ...]:
    wait_for(lambda: len(rig.library.photos.problems()) == count, f"{count} problems are noted")
    rig.settle()
    return rig.library.photos.problems()


def test_a_copy_of_a_bad_file_is_not_tried_and_has_the_same_reason(rig: Rig, codec: list[str]) -> None:
    _, folder = rig.add_folder()
    bad = _damaged(folder / "bad.jpg")
    rig.start()
    [first] = _problems(rig, 1)
    shutil.copy(bad, folder / "copy.jpg")
    rig.worker.rescan(None)
    problems = _problems(rig, 2)
    assert {problem.reason for problem in problems} == {first.reason}
    assert codec == ["bad.jpg"]


def test_a_bad_file_that_went_and_came_back_is_not_tried_again(rig: Rig, codec: list[str]) -> None:
    _, folder = rig.add_folder()
    bad = _damaged(folder / "bad.jpg")
    make_photo(folder / "good.jpg")  # an empty folder would look like a drive that is not there
    rig.start()
    _problems(rig, 1)
    elsewhere = shutil.move(bad, rig.place / "bad.jpg")
    rig.worker.rescan(None)
    _problems(rig, 0)
    shutil.copy(elsewhere, folder / "named anew.jpg")
    rig.worker.rescan(None)
    _problems(rig, 1)
    assert sorted(codec) == ["bad.jpg", "good.jpg"]


def test_a_start_tries_no_bad_file_again(rig: Rig, codec: list[str]) -> None:
    _, folder = rig.add_folder()
    _damaged(folder / "bad.jpg")
    rig.start()
    _problems(rig, 1)
    rig.restart()
    _problems(rig, 1)
    assert codec == ["bad.jpg"]


def test_another_file_of_the_same_size_is_tried(rig: Rig, codec: list[str]) -> None:
    _, folder = rig.add_folder()
    _damaged(folder / "bad.jpg")
    rig.start()
    _problems(rig, 1)
    _damaged(folder / "other.jpg", seed=1)
    rig.worker.rescan(None)
    _problems(rig, 2)
    assert codec == ["bad.jpg", "other.jpg"]


def test_whoever_asks_for_it_has_it_tried_again(rig: Rig, codec: list[str]) -> None:
    _, folder = rig.add_folder()
    bad = _damaged(folder / "bad.jpg")
    shutil.copy(bad, folder / "copy.jpg")
    rig.start()
    problems = _problems(rig, 2)
    before = len(codec)
    rig.library.photos.retry([problems[0].photo_id])
    rig.worker.wake()
    wait_for(lambda: len(codec) > before, "it was tried")
    _problems(rig, 2)
    assert codec[before:] == [Path(problems[0].path).name]


def test_a_newer_version_tries_again(rig: Rig, codec: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = rig.add_folder()
    bad = _damaged(folder / "bad.jpg")
    rig.start()
    _problems(rig, 1)
    monkeypatch.setattr("app.library.refusals.__version__", "99.0")
    shutil.copy(bad, folder / "copy.jpg")
    rig.worker.rescan(None)
    _problems(rig, 2)
    assert codec == ["bad.jpg", "copy.jpg"]


def test_a_file_that_was_repaired_is_read(rig: Rig) -> None:
    _, folder = rig.add_folder()
    _damaged(folder / "a.jpg")
    rig.start()
    _problems(rig, 1)
    make_photo(folder / "a.jpg", seed=5)
    rig.worker.rescan(None)
    rig.wait_for_photos("photos/a.jpg")
