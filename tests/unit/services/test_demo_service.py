"""The demonstration's pictures: drawn once, called off at any time, and a disk that refuses is told."""

from pathlib import Path

import pytest

from app.demo import library
from app.demo.examples import EXAMPLES
from app.demo.library import demo_photos
from app.domain.progress import CancelToken
from app.errors import CancelledError, DemoError
from app.services.demo import DemoService


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoService:
    """Three pictures, so that a test takes no time."""
    photos = demo_photos()[:3]
    monkeypatch.setattr(library, "demo_photos", lambda: photos)
    return DemoService(tmp_path / "pictures")


def test_every_picture_is_counted_while_it_is_drawn(demo: DemoService) -> None:
    reports: list[tuple[int, int]] = []

    demo.draw(lambda done, total: reports.append((done, total)))

    assert reports == [(1, 3), (2, 3), (3, 3)]
    assert len(list(demo.pictures.rglob("*.jpg"))) == 3


def test_drawing_that_was_called_off_goes_on_next_time(demo: DemoService) -> None:
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        demo.draw(lambda done, total: cancel.cancel(), cancel)
    assert len(list(demo.pictures.rglob("*.jpg"))) == 1

    demo.draw(lambda done, total: None)

    assert len(list(demo.pictures.rglob("*.jpg"))) == 3


def test_a_disk_that_refuses_is_named_with_a_way_out(demo: DemoService) -> None:
    demo.pictures.write_bytes(b"not a folder")

    with pytest.raises(DemoError, match="Check the free space"):
        demo.draw(lambda done, total: None)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.words)
def test_every_example_has_a_photo_that_shows_it(example) -> None:
    assert any(photo.scene.shows(example.wanted) for photo in demo_photos())
