"""The models that have embeddings, and photos that are read for their pixels alone."""

from dataclasses import replace

import pytest
from library_builder import IDENTITY, MODEL, OTHER_MODEL, Shelf, embedded

from app.domain.photo import PhotoState
from app.library.library import Library
from app.library.models import _row_bytes

OTHER = OTHER_MODEL.identity


@pytest.fixture
def two(shelf: Shelf) -> Shelf:
    """Three photos that one of two models has embedded."""
    shelf.library.embeddings.ensure_model(OTHER_MODEL)
    shelf.index({"a.jpg": "A", "b.jpg": "B", "c.jpg": "C"})
    return shelf


def embed_again(shelf: Shelf, count: int) -> None:
    waiting = shelf.photos.next_unembedded(OTHER, count)
    read = [replace(embedded(photo, photo.read_as or ""), metadata=None) for photo in waiting]
    shelf.photos.store_indexed(read, OTHER)


def test_one_model_answers_at_a_time(two: Shelf) -> None:
    models = two.library.models
    assert models.answering() is None
    models.note_place(IDENTITY, "/models/\udcff", None)
    models.let_answer(IDENTITY)
    answering = models.answering()
    assert answering is not None
    assert (answering.identity, answering.place) == (IDENTITY, "/models/\udcff")

    models.let_answer(OTHER)

    answering = models.answering()
    assert answering is not None
    assert answering.identity == OTHER


def test_a_model_is_found_by_its_place_and_patches(two: Shelf) -> None:
    models = two.library.models
    models.note_place(IDENTITY, "google/naflex", 256)
    models.note_place(OTHER, "google/naflex", None)
    for patches, identity in ((256, IDENTITY), (None, OTHER)):
        found = models.at_place("google/naflex", patches)
        assert found is not None
        assert found.identity == identity
    assert models.at_place("google/naflex", 1024) is None


def test_photos_read_for_their_pixels_alone_change_nothing_else(two: Shelf) -> None:
    before = two.photos.get(two.photos.ids())

    embed_again(two, 2)

    assert two.photos.get(two.photos.ids()) == before
    models = two.library.models
    assert (models.found_photos(IDENTITY), models.found_photos(OTHER)) == (3, 2)
    assert (models.lacking(OTHER, beside=IDENTITY), models.lacking(IDENTITY, beside=OTHER)) == (1, 0)
    assert [kept.embeddings for kept in models.kept()] == [3, 2]


def test_pixels_of_another_content_have_the_photo_read_again(two: Shelf) -> None:
    [waiting] = two.photos.next_unembedded(OTHER, 1)

    two.photos.store_indexed([replace(embedded(waiting, "another"), metadata=None)], OTHER)

    assert two.photos.get([waiting.photo_id])[0].state is PhotoState.PENDING
    assert two.library.embeddings.count(OTHER) == 0


def test_only_what_no_model_has_embedded_is_asked_for_while_two_embed(two: Shelf) -> None:
    embed_again(two, 3)
    assert two.photos.next_never_embedded(5) == []
    two.add("d.jpg")
    [pending] = two.photos.next_pending(5)
    from library_builder import indexed

    two.photos.store_indexed([indexed(pending, "D")], None)
    assert [photo.photo_id for photo in two.photos.next_never_embedded(5)] == [pending.photo_id]


def test_photos_that_are_offline_can_be_left_out_of_the_count(two: Shelf) -> None:
    assert two.photos.count_unembedded(OTHER) == 3
    assert two.photos.count_unembedded(OTHER, {two.folder.folder_id}) == 0


def test_a_forgotten_model_leaves_the_embeddings_of_the_other(two: Shelf) -> None:
    embed_again(two, 3)

    two.library.models.forget(OTHER)

    assert [kept.identity for kept in two.library.models.kept()] == [IDENTITY]
    assert two.photos.counts(IDENTITY).embedded == 3
    assert two.photos.next_unembedded(IDENTITY, 5) == []
    two.library.embeddings.ensure_model(OTHER_MODEL)
    assert len(two.photos.next_unembedded(OTHER, 5)) == 3


def test_a_compacted_library_takes_no_more_than_it_holds(two: Shelf, library: Library) -> None:
    embed_again(two, 3)
    library.models.forget(OTHER)
    with library._database.read() as connection:
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()

    library.compact()

    with library._database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA freelist_count").scalar_one() <= free
        assert connection.exec_driver_sql("PRAGMA freelist_count").scalar_one() == 0
    assert library.embeddings.count(MODEL.identity) == 3


@pytest.mark.parametrize(("dim", "measured"), [(512, 1523), (768, 2207), (1152, 4260), (1536, 4260)])
def test_the_room_of_an_embedding_is_told_as_sqlite_takes_it(dim: int, measured: int) -> None:
    assert _row_bytes(dim) == pytest.approx(measured, rel=0.02)
