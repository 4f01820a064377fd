"""Embedding the library with another model while the first one answers."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def first() -> FakeEncoder:
    return FakeEncoder(revision="first")


@pytest.fixture
def second() -> FakeEncoder:
    return FakeEncoder(revision="second", dim=32, side=48)


def fill(folder: Path, count: int) -> list[str]:
    return [f"photos/{make_photo(folder / f'{number}.jpg', number).name}" for number in range(count)]


def indexed(rig: Rig, first: FakeEncoder, count: int = 12) -> Path:
    """A library that the first model has embedded."""
    _, folder = rig.add_folder()
    fill(folder, count)
    rig.use(first)
    rig.start()
    rig.settle()
    wait_for(lambda: embedded(rig, first) == count, "all are embedded")
    return folder


def embedded(rig: Rig, encoder: FakeEncoder) -> int:
    return rig.library.photos.counts(encoder.spec.identity).embedded


def change(rig: Rig, first: FakeEncoder, second: FakeEncoder, *, keep_up: bool = True) -> list[str]:
    """Let the second model come; who took over."""
    taken: list[str] = []
    rig.worker.when_caught_up(taken.append)
    answering, coming = rig._target(first, 8), rig._target(second, 8)
    rig.worker.use(EmbeddingTargets(answering, coming, keep_up))
    return taken


def indexes(rig: Rig) -> dict[str, int]:
    return {target.identity: target.index.status().count for target in targets(rig)}


def targets(rig: Rig) -> tuple[EmbeddingTarget, ...]:
    return rig.worker._pipeline.targets.all


def test_all_photos_are_embedded_once_more_and_nothing_else_is_made_again(
    rig: Rig, first: FakeEncoder, second: FakeEncoder
) -> None:
    indexed(rig, first)
    rows = rig.photos()
    thumbnails = {path: path.stat().st_mtime_ns for path in (rig.place / "library").rglob("*.webp")}

    taken = change(rig, first, second)

    wait_for(lambda: taken, "the second has caught up")
    rig.settle()
    assert taken == [second.spec.identity]
    assert second.images_encoded == first.images_encoded == 12
    assert indexes(rig) == {first.spec.identity: 12, second.spec.identity: 12}
    assert rig.photos() == rows
    assert {path: path.stat().st_mtime_ns for path in thumbnails} == thumbnails
    change_seen = [report.change for report in rig.reports if report.change is not None]
    assert change_seen
    assert {seen.total for seen in change_seen} == {12}


def test_each_embedding_is_its_own_models(rig: Rig, first: FakeEncoder, second: FakeEncoder) -> None:
    indexed(rig, first)
    taken = change(rig, first, second)
    wait_for(lambda: taken, "the second has caught up")

    from app.domain.media import DecodeRequest
    from app.media.decode import decode_photo

    for encoder in (first, second):
        for photo in rig.photos():
            label = rig.library.photos.label_of(photo.photo_id, encoder.spec.identity)
            stored = rig.library.embeddings.vectors(encoder.spec.identity, np.array([label]))[0]
            decoded = decode_photo(DecodeRequest(photo.path, encoder.spec.pixel_spec))
            assert float(encoder.encode_images([decoded.pixels])[0] @ stored) > 0.999


def test_a_newcomer_is_found_by_the_model_that_answers_and_then_by_both(
    rig: Rig, first: FakeEncoder, second: FakeEncoder
) -> None:
    folder = indexed(rig, first)
    taken = change(rig, first, second)
    make_photo(folder / "new.jpg", 99)

    wait_for(lambda: embedded(rig, first) == 13, "the first model knows the newcomer")
    wait_for(lambda: taken and embedded(rig, second) == 13, "the second as well")
    rig.settle()
    assert first.images_encoded == second.images_encoded == 13


def test_where_the_first_knows_little_newcomers_go_to_the_second_alone(
    rig: Rig, first: FakeEncoder, second: FakeEncoder
) -> None:
    folder = indexed(rig, first, 2)
    rig.worker.pause(True)
    for number in range(2, 12):
        make_photo(folder / f"{number}.jpg", number)
    taken = change(rig, first, second, keep_up=False)
    rig.worker.pause(False)

    wait_for(lambda: taken and embedded(rig, second) == 12, "the second has embedded all")
    assert first.images_encoded == 2
    assert second.images_encoded == 12


def test_a_change_that_was_interrupted_embeds_no_photo_twice(
    rig: Rig, first: FakeEncoder, second: FakeEncoder
) -> None:
    indexed(rig, first)
    change(rig, first, second)
    wait_for(lambda: embedded(rig, second) > 0, "the second has begun")
    rig.worker.stop()
    rig.target = None
    done = embedded(rig, second)
    rig.restart()

    taken = change(rig, first, second)

    wait_for(lambda: taken, "the second has caught up")
    assert embedded(rig, second) == 12
    assert second.images_encoded <= 12 + 8  # what was with the model when it stopped
    assert done <= 12


def test_a_file_that_changed_unseen_is_read_again_in_full(
    rig: Rig, first: FakeEncoder, second: FakeEncoder
) -> None:
    folder = indexed(rig, first, 3)
    before = rig.photo("photos/1.jpg")
    other = make_photo(rig.place / "other.jpg", 77).read_bytes()
    rig.worker.pause(True)
    rig.worker.stop()
    path = folder / "1.jpg"
    path.write_bytes(other)
    rig.target = None
    rig.restart()

    taken = change(rig, first, second)

    wait_for(lambda: taken and embedded(rig, second) == 3, "the second has caught up")
    wait_for(lambda: rig.photo("photos/1.jpg").content_key != before.content_key, "it was read again")


def test_photos_on_a_drive_that_is_not_here_are_counted_and_hold_nothing_up(
    rig: Rig, first: FakeEncoder, second: FakeEncoder
) -> None:
    indexed(rig, first, 4)
    _, away = rig.add_folder("drive")
    for number in range(5):
        make_photo(away / f"{number}.jpg", 100 + number)
    wait_for(lambda: embedded(rig, first) == 9, "all are embedded")
    away.rename(rig.place / "unplugged")
    wait_for(lambda: rig.states.offline(), "the drive is missed", 30)

    taken = change(rig, first, second)

    wait_for(lambda: taken, "the second has caught up")
    rig.settle()
    assert embedded(rig, second) == 4
    wait_for(lambda: rig.last.away == 5, "those away are counted")
    (rig.place / "unplugged").rename(away)
    wait_for(lambda: embedded(rig, second) == 9, "they are embedded once they are back", 30)
