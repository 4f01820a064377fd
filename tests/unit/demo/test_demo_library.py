"""The demo library on disk."""

from collections import Counter

import pytest
from PIL import ExifTags, Image

from app.demo import library
from app.demo.library import demo_photos, write_demo_library
from app.demo.scenes import Ground, Kind, is_held_out
from app.domain.progress import CancelToken
from app.errors import CancelledError


@pytest.fixture
def small(monkeypatch):
    """Only the first few photos, so that a test takes no time."""
    photos = demo_photos()[:4]
    monkeypatch.setattr(library, "demo_photos", lambda: photos)
    return photos


def test_a_few_hundred_photos_of_every_kind_that_training_never_saw():
    photos = demo_photos()
    assert len({photo.relative_path for photo in photos}) == len(photos) >= 300
    assert set(Counter(photo.scene.kind for photo in photos).values()) == {len(photos) // len(Kind)}
    assert all(is_held_out(photo.scene) for photo in photos)


def test_the_library_is_always_the_same():
    assert demo_photos() == demo_photos()


def test_dates_fit_the_season():
    months = {photo.taken_at.month for photo in demo_photos() if photo.scene.ground is Ground.AUTUMN}
    assert months == {10, 11}


def test_photos_are_written_with_the_date_they_were_taken(tmp_path, small):
    assert write_demo_library(tmp_path) == 4
    with Image.open(tmp_path / small[0].relative_path) as picture:
        stamp = picture.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        assert picture.size == small[0].size
    assert stamp == f"{small[0].taken_at:%Y:%m:%d %H:%M:%S}"


def test_what_is_there_is_not_drawn_again(tmp_path, small):
    write_demo_library(tmp_path)
    (tmp_path / small[2].relative_path).unlink()
    steps = []
    assert write_demo_library(tmp_path, lambda done, total: steps.append((done, total))) == 1
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_run_that_was_called_off_leaves_whole_photos_only(tmp_path, small):
    token = CancelToken()
    with pytest.raises(CancelledError):
        write_demo_library(tmp_path, lambda done, total: token.cancel(), token)
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".jpg"]
    assert write_demo_library(tmp_path) == 3
