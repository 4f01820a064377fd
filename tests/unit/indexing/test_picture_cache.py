"""Thumbnails and previews keep to their cap, and only what can be made again goes."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.photo import FolderState
from app.indexing.folder_states import FolderStates
from app.indexing.picture_cache import PictureCache, is_low
from app.library.library import Library
from app.media.thumbnails import PreviewStore, ThumbnailStore
from tests.library_seed import seed_library

PICTURE = b"RIFF" + (992).to_bytes(4, "little") + bytes(992)
STORED = len(PICTURE) + 12  # bytes at most, with what the store adds
GB = 1_000_000_000
DAY = 86_400
KEYS = [f"content-{number}" for number in range(6)]  # in two folders by turns


class Place:
    """A library of six photos, with a thumbnail each; the first was not looked at for longest."""

    def __init__(self, root: Path) -> None:
        seed_library(root / "library.db", 6, folders=2, root=str(root))
        self.library = Library.open(root / "library.db")
        self.states = FolderStates()
        self.thumbnails = ThumbnailStore(root / "thumbnails")
        self.previews = PreviewStore(root / "previews")
        self.disk = (500 * GB, 1000 * GB)
        self.cache = PictureCache(
            self.library, self.thumbnails, self.previews, self.states, root, lambda _: self.disk
        )
        self.places = {key: places[0] for key, places in self.library.photos.places(KEYS).items()}
        for age, (key, (folder_id, path)) in enumerate(sorted(self.places.items())):
            self.states.set(folder_id, FolderState.WATCHING)
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(b"a photo")
            self.put(key, days_ago=20 - age)

    def put(self, key: str, *, days_ago: float) -> None:
        self.thumbnails.write(key, PICTURE)
        used = time.time() - days_ago * DAY
        os.utime(self.thumbnails.path(key), (used, used))

    def keep(self, count: float) -> None:
        """Allow room for so many pictures, and tidy up."""
        self.cache.limit(round(count * STORED))
        self.tidy()

    def tidy(self) -> None:
        while self.cache.step():
            continue

    def kept(self) -> list[str]:
        return [key for key in KEYS if self.thumbnails.has(key)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    built = Place(tmp_path)
    yield built
    built.library.close()


def test_with_room_enough_everything_stays(place: Place) -> None:
    place.previews.write("content-0", PICTURE)
    place.keep(20)
    assert place.kept() == KEYS
    assert place.previews.size() == len(PICTURE)


def test_previews_go_first_and_those_not_looked_at_for_longest_before_others(place: Place) -> None:
    for key in KEYS[:4]:
        place.previews.write(key, PICTURE)
    place.previews.read(KEYS[0])
    place.keep(8.2)
    assert place.kept() == KEYS
    assert [key for key in KEYS if place.previews.read(key)] == [KEYS[0], KEYS[3]]


def test_thumbnails_go_only_when_there_is_no_preview_left_to_go(place: Place) -> None:
    place.previews.write(KEYS[0], PICTURE)
    place.keep(4.3)
    assert place.previews.size() == 0
    assert place.kept() == KEYS[2:]


def test_a_thumbnail_that_was_looked_at_stays_longer(place: Place) -> None:
    place.thumbnails.read(KEYS[0])
    place.keep(4.3)
    assert place.kept() == [KEYS[0], *KEYS[3:]]


def test_thumbnails_of_an_offline_drive_never_go(place: Place) -> None:
    folder_id, _ = place.places[KEYS[0]]
    place.states.set(folder_id, FolderState.OFFLINE)
    place.keep(1)
    assert place.kept() == [key for key in KEYS if place.places[key][0] == folder_id]


def test_thumbnails_of_files_that_are_not_there_never_go(place: Place) -> None:
    Path(place.places[KEYS[1]][1]).unlink()
    place.keep(1)
    assert place.kept() == [KEYS[1]]


def test_a_thumbnail_whose_row_is_still_to_come_stays(place: Place) -> None:
    place.put("unknown-new", days_ago=0)
    place.put("unknown-old", days_ago=30)
    place.keep(1)
    assert place.thumbnails.has("unknown-new")
    assert not place.thumbnails.has("unknown-old")


def test_on_a_nearly_full_drive_previews_are_no_longer_kept_and_that_is_said(place: Place) -> None:
    place.tidy()
    assert place.cache.message == ""
    place.disk = (400_000_000, 500 * GB)
    place.cache._next_look = 0.0
    place.tidy()
    place.previews.write(KEYS[0], PICTURE)
    assert place.previews.read(KEYS[0]) is None
    assert "0.4 GB free" in place.cache.message
    assert place.kept() == KEYS

    place.disk = (50 * GB, 500 * GB)
    place.cache._next_look = 0.0
    place.tidy()
    place.previews.write(KEYS[0], PICTURE)
    assert place.previews.read(KEYS[0]) == PICTURE
    assert place.cache.message == ""


@pytest.mark.parametrize(
    ("free", "total", "low"),
    [
        (2 * GB, 32 * GB, False),
        (0.9 * GB, 32 * GB, True),
        (3 * GB, 256 * GB, True),
        (6 * GB, 256 * GB, False),
        (50 * GB, 8000 * GB, False),
        (9 * GB, 8000 * GB, True),
    ],
)
def test_what_a_nearly_full_drive_is(free: float, total: float, low: bool) -> None:
    assert is_low(int(free), int(total)) is low


def test_emptying_gives_back_what_previews_took(place: Place) -> None:
    for key in KEYS[:3]:
        place.previews.write(key, PICTURE)
    assert place.previews.clear() == 3 * len(PICTURE)
    assert place.previews.size() == 0
    assert place.previews.read(KEYS[0]) is None
