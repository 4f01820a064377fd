"""What reading and embedding photos leaves in the library."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from library_builder import DIM, IDENTITY, MODEL, OTHER_MODEL, Shelf, embedded, found, indexed, vector

from app.domain.indexing import PhotoFailure
from app.domain.media import PhotoMetadata
from app.domain.photo import PhotoState, ProblemFile
from app.errors import LibraryError

FULL = PhotoMetadata(
    width=4000,
    height=3000,
    format="HEIF",
    orientation=6,
    taken_at=datetime(2021, 7, 14, 18, 30, 5, 250_000, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    camera_make="Canon",
    camera_model="EOS R5",
    lens="RF 50mm",
    exposure_seconds=0.004,
    f_number=1.8,
    iso=400,
    focal_length_mm=50.0,
    latitude=-33.9,
    longitude=18.4,
    altitude_m=12.5,
    title="Sunset",
    caption="Am Strand 海滩",
    keywords=("sea", "été", "日落"),
)


def test_everything_a_photo_says_about_itself_comes_back(shelf: Shelf) -> None:
    photo_id = shelf.index_one("a.jpg", FULL)
    assert shelf.photo(photo_id).metadata == FULL


def test_a_date_without_offset_stays_without(shelf: Shelf) -> None:
    naive = replace(FULL, taken_at=datetime(2021, 7, 14, 18, 30))  # noqa: DTZ001
    photo_id = shelf.index_one("a.jpg", naive)
    assert shelf.photo(photo_id).metadata == naive


def test_text_that_sqlite_cannot_hold_is_kept_as_far_as_possible(shelf: Shelf) -> None:
    photo_id = shelf.index_one("a.jpg", replace(FULL, title="a\udcffb\0c", keywords=("x\udcff",)))
    metadata = shelf.photo(photo_id).metadata
    assert metadata is not None
    assert (metadata.title, metadata.keywords) == ("a?b c", ("x?",))


def test_photos_are_shown_by_the_clock_where_they_were_taken(shelf: Shelf) -> None:
    evening_in_tokyo = datetime(2020, 5, 1, 20, 0, tzinfo=timezone(timedelta(hours=9)))
    noon_in_london = datetime(2020, 5, 1, 12, 0, tzinfo=UTC)  # later, but noon
    shelf.index_one("london.jpg", replace(FULL, taken_at=noon_in_london))
    shelf.index_one("tokyo.jpg", replace(FULL, taken_at=evening_in_tokyo))
    assert shelf.paths() == ["tokyo.jpg", "london.jpg"]


def test_photos_without_a_date_are_sorted_by_their_file(shelf: Shelf) -> None:
    day = 86_400 * 1_000_000_000
    shelf.apply(added=(found("new.jpg", mtime_ns=18_900 * day), found("old.jpg", mtime_ns=18_000 * day)))
    shelf.index_one("between.jpg", replace(FULL, taken_at=datetime(2020, 6, 1)))  # noqa: DTZ001
    assert shelf.paths() == ["new.jpg", "between.jpg", "old.jpg"]


@pytest.mark.parametrize("mtime_ns", [-(10**30) // 10**12, 2**62, 9 * 10**18])
def test_a_file_with_an_absurd_date_is_taken_up(shelf: Shelf, mtime_ns: int) -> None:
    shelf.apply(added=(found("a.jpg", mtime_ns=mtime_ns),))
    assert shelf.paths() == ["a.jpg"]


def test_storing_gives_back_what_the_vector_index_needs(shelf: Shelf) -> None:
    batch = shelf.index({"a.jpg": "A", "b.jpg": "B"})
    assert batch.labels.tolist() == [1, 2]
    assert batch.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(batch.vectors, axis=1), 1, atol=1e-6)
    stored = shelf.library.embeddings.vectors(IDENTITY, batch.labels)
    np.testing.assert_array_equal(batch.vectors, stored)
    np.testing.assert_allclose(stored[0], vector(sum(b"A")), atol=2e-3)


def test_a_batch_without_embeddings_is_empty_of_the_right_width(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    batch = shelf.photos.store_indexed([indexed(shelf.pending(a), "A")], IDENTITY)
    assert batch.labels.shape == (0,)
    assert batch.vectors.shape == (0, DIM)


def test_equal_content_shares_one_embedding(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    batch = shelf.index({"copy.jpg": "A"})
    assert len(batch.labels) == 0
    a, copy = shelf.id_of("a.jpg"), shelf.id_of("copy.jpg")
    assert shelf.photos.label_of(a, IDENTITY) == shelf.photos.label_of(copy, IDENTITY) == 1
    both = shelf.photos.photos_of_labels(IDENTITY, np.array([1]))
    assert sorted(both) == [(a, 1), (copy, 1)]


def test_equal_pixels_get_a_copy_without_the_model(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    reusable = shelf.photos.reusable_embeddings(
        IDENTITY, [("A", "anything"), ("edited", "pixels of A"), ("new", "new")]
    )
    assert reusable == {"A", "edited"}
    [b] = shelf.add("b.jpg")
    photo = indexed(shelf.pending(b), "edited", pixels="pixels of A")
    batch = shelf.photos.store_indexed([photo], IDENTITY)
    assert batch.labels.tolist() == [2]
    np.testing.assert_array_equal(
        batch.vectors[0], shelf.library.embeddings.vectors(IDENTITY, np.array([1]))[0]
    )


def test_an_unknown_model_has_nothing_to_reuse(shelf: Shelf) -> None:
    assert shelf.photos.reusable_embeddings("unknown", [("A", "a")]) == frozenset()


def test_storing_under_a_model_nobody_announced_is_refused_whole(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    with pytest.raises(LookupError, match="unknown"):
        shelf.photos.store_indexed([embedded(shelf.pending(a), "A")], "unknown")
    assert shelf.photo(a).state is PhotoState.PENDING


def test_a_photo_that_vanished_meanwhile_is_passed_over(shelf: Shelf) -> None:
    a, b = shelf.add("a.jpg", "b.jpg")
    batch = [embedded(shelf.pending(a), "A"), embedded(shelf.pending(b), "B")]
    shelf.photos.mark_missing([a])
    stored = shelf.photos.store_indexed([*batch, replace(batch[0], photo_id=4711)], IDENTITY)
    assert len(stored.labels) == 1
    assert [photo.state for photo in shelf.photos.get([a, b])] == [PhotoState.MISSING, PhotoState.READY]


def test_a_new_file_takes_over_the_missing_photo_of_the_same_content(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = shelf.id_of("a.jpg")
    shelf.photos.set_favourite([a], True)
    shelf.photos.mark_missing([a])
    batch = shelf.index({"renamed/b.jpg": "A"})
    assert (batch.reattached, len(batch.labels)) == (1, 0)
    photo = shelf.photo(a)
    assert (shelf.relative(photo), photo.state, photo.favourite) == ("renamed/b.jpg", PhotoState.READY, True)
    assert len(shelf.photos.known_files(shelf.folder.folder_id)) == 1
    assert shelf.photos.search_words("renamed") == [a]


def test_what_was_decided_before_a_file_was_recognised_is_kept(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = shelf.id_of("a.jpg")
    shelf.photos.mark_missing([a])
    [new] = shelf.add("b.jpg")
    shelf.photos.set_favourite([new], True)
    shelf.index({"b.jpg": "A"})
    assert shelf.photo(a).favourite
    assert shelf.photos.get([new]) == []


def test_two_copies_of_a_missing_photo_take_over_once(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = shelf.id_of("a.jpg")
    shelf.photos.mark_missing([a])
    batch = shelf.index({"b.jpg": "A", "c.jpg": "A"})
    assert batch.reattached == 1
    assert len(shelf.photos.ids()) == 2


def test_a_copy_of_a_present_photo_is_a_photo_of_its_own(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    assert shelf.index({"b.jpg": "A"}).reattached == 0
    assert len(shelf.photos.ids()) == 2


def test_of_several_missing_photos_the_one_of_the_same_name_is_taken(shelf: Shelf) -> None:
    shelf.index({"x/a.jpg": "A", "x/b.jpg": "A"})
    wanted = shelf.id_of("x/a.jpg")
    shelf.photos.mark_missing([wanted, shelf.id_of("x/b.jpg")])
    shelf.index({"y/a.jpg": "A"})
    assert shelf.id_of("y/a.jpg") == wanted


def test_a_changed_file_does_not_take_over_a_missing_photo(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    a, b = shelf.id_of("a.jpg"), shelf.id_of("b.jpg")
    shelf.photos.mark_missing([a])
    shelf.apply(changed=((b, found("b.jpg", size=5)),))
    shelf.index({"b.jpg": "A"})
    assert shelf.id_of("b.jpg") == b
    assert shelf.photo(a).state is PhotoState.MISSING


def test_a_photo_that_cannot_be_read_is_a_problem_with_its_reason(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    pending = shelf.pending(a)
    shelf.photos.store_failures([PhotoFailure(a, pending.size, pending.mtime_ns, "The file is empty.")])
    assert shelf.photos.problems() == (ProblemFile(a, "/pictures/Urlaub/a.jpg", "The file is empty."),)
    assert shelf.photos.ids().tolist() == []
    assert shelf.photos.counts().problems == 1


def test_a_failure_of_an_older_version_is_not_believed(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    shelf.photos.store_failures([PhotoFailure(a, 1, 1, "Truncated."), PhotoFailure(4711, 1, 1, "Gone.")])
    assert shelf.photo(a).state is PhotoState.PENDING
    assert shelf.photos.problems() == ()


def test_problems_are_read_again_when_asked_or_changed(shelf: Shelf) -> None:
    ids = shelf.add("a.jpg", "b.jpg", "c.jpg")
    pending = [shelf.pending(photo_id) for photo_id in ids]
    shelf.photos.store_failures([PhotoFailure(p.photo_id, p.size, p.mtime_ns, "Broken.") for p in pending])
    shelf.apply(changed=((ids[0], found("a.jpg", size=3)),))
    assert shelf.photo(ids[0]).error is None
    assert shelf.photos.retry([ids[1]]) == 1
    assert shelf.photos.retry() == 1
    assert shelf.photos.count_pending() == 3
    assert shelf.photos.problems() == ()


def test_photos_read_without_a_model_wait_to_be_embedded(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    shelf.photos.store_indexed([indexed(shelf.pending(a), "A")], None)
    assert shelf.photos.count_unembedded(IDENTITY) == 1
    [waiting] = shelf.photos.next_unembedded(IDENTITY, 10)
    assert shelf.photos.next_unembedded(IDENTITY, 10, exclude={a}) == []
    assert shelf.photos.next_unembedded(IDENTITY, 10, offline={shelf.folder.folder_id}) == []
    shelf.photos.store_indexed([embedded(waiting, "A")], IDENTITY)
    assert shelf.photos.next_unembedded(IDENTITY, 10) == []
    assert shelf.photos.counts(IDENTITY).embedded == 1


def test_changing_the_model_and_back_embeds_nothing_again(shelf: Shelf) -> None:
    other = OTHER_MODEL.identity
    shelf.library.embeddings.ensure_model(OTHER_MODEL)
    shelf.index({f"{number}.jpg": f"{number}" for number in range(30)})
    assert shelf.photos.count_unembedded(other) == 30
    waiting = shelf.photos.next_unembedded(other, 100)
    contents = {photo.photo_id: photo.content_key for photo in shelf.photos.get(shelf.photos.ids())}
    shelf.photos.store_indexed([embedded(p, contents[p.photo_id] or "") for p in waiting], other)
    for identity in (IDENTITY, other, IDENTITY):
        assert shelf.photos.next_unembedded(identity, 5) == []
        assert shelf.photos.count_unembedded(identity) == 0
        assert len(shelf.photos.ids_with_labels(identity)[0]) == 30


def test_embeddings_are_streamed_in_blocks(shelf: Shelf) -> None:
    shelf.index({f"{number}.jpg": f"{number}" for number in range(10)})
    blocks = list(shelf.library.embeddings.blocks(IDENTITY, labels_after=2, block=3))
    assert [labels.tolist() for labels, _ in blocks] == [[3, 4, 5], [6, 7, 8], [9, 10]]
    assert all(vectors.shape == (len(labels), DIM) for labels, vectors in blocks)
    assert shelf.library.embeddings.count(IDENTITY) == 10
    assert shelf.library.embeddings.high_water(IDENTITY) == 10
    assert shelf.library.embeddings.labels(IDENTITY).tolist() == list(range(1, 11))


@pytest.mark.parametrize("damaged", [b"\0", b"\xff\x7f" * DIM])
def test_a_damaged_embedding_names_the_way_out(shelf: Shelf, damaged: bytes) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    with sqlite3.connect(shelf.database) as connection:
        connection.execute("UPDATE embeddings SET vector = ? WHERE id = 2", (damaged,))
    with pytest.raises(LibraryError, match="doctor --mend"):
        shelf.library.embeddings.vectors(IDENTITY, np.array([1, 2]))
    with pytest.raises(LibraryError, match="doctor --mend"):
        list(shelf.library.embeddings.blocks(IDENTITY))
    with (
        shelf.library.embeddings.snapshot(IDENTITY) as snapshot,
        pytest.raises(LibraryError, match="doctor --mend"),
    ):
        list(snapshot.blocks())


def test_a_model_that_stored_nothing_is_empty(shelf: Shelf) -> None:
    embeddings = shelf.library.embeddings
    assert (embeddings.count("unknown"), embeddings.high_water("unknown")) == (0, 0)
    assert embeddings.labels("unknown").tolist() == []
    assert list(embeddings.blocks("unknown")) == []


def test_vectors_come_in_the_order_asked_for_and_unknown_labels_raise(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    embeddings = shelf.library.embeddings
    backwards = embeddings.vectors(IDENTITY, np.array([2, 1]))
    np.testing.assert_array_equal(backwards[::-1], embeddings.vectors(IDENTITY, np.array([1, 2])))
    with pytest.raises(KeyError):
        embeddings.vectors(IDENTITY, np.array([7]))


def test_announcing_a_model_twice_is_fine(shelf: Shelf) -> None:
    shelf.library.embeddings.ensure_model(MODEL)
    shelf.index({"a.jpg": "A"})
    assert shelf.library.embeddings.count(IDENTITY) == 1


def test_purging_forgets_the_long_missing_and_what_only_they_used(shelf: Shelf) -> None:
    shelf.index({"gone.jpg": "G", "kept.jpg": "K", "liked.jpg": "L"})
    gone, liked = shelf.id_of("gone.jpg"), shelf.id_of("liked.jpg")
    shelf.photos.set_favourite([liked], True)
    shelf.photos.mark_missing([gone, liked])
    assert shelf.photos.purge(older_than_days=30).tolist() == []
    assert shelf.photos.purge(older_than_days=0).tolist() == [1]
    assert [photo.photo_id for photo in shelf.photos.get([gone, liked])] == [liked]
    assert shelf.library.embeddings.labels(IDENTITY).tolist() == [2, 3]


def test_a_label_that_was_purged_is_never_given_out_again(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    shelf.photos.mark_missing([shelf.id_of("a.jpg")])
    assert shelf.photos.purge(0).tolist() == [1]
    assert shelf.index({"b.jpg": "A"}).labels.tolist() == [2]


def test_purging_forgets_long_removed_folders_but_nothing_decided(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "liked.jpg": "L"})
    liked = shelf.id_of("liked.jpg")
    shelf.photos.set_favourite([liked], True)
    shelf.library.folders.remove(shelf.folder.folder_id)
    assert shelf.photos.purge(30).tolist() == []
    assert shelf.photos.purge(0).tolist() == [1]
    shelf.library.folders.add(shelf.folder.path)
    assert shelf.paths() == ["liked.jpg"]


def test_an_edited_photo_leaves_its_old_embedding_to_the_purge(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = shelf.id_of("a.jpg")
    shelf.apply(changed=((a, found("a.jpg", size=5)),))
    shelf.index({"a.jpg": "edited"})
    assert shelf.photos.photos_of_labels(IDENTITY, np.array([1, 2])) == [(a, 2)]
    assert shelf.photos.purge().tolist() == [1]
