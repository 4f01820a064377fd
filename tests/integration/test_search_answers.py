"""Searching a real library through a real index, with a model that needs no network."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.progress import CancelToken
from app.domain.query import QueryImage, QueryTerm, SearchFilters, SearchQuery, SortOrder
from app.domain.status import ModelState
from app.errors import AppError, CancelledError, DamagedMediaError, EncoderError, ProcessDiedError
from app.indexing.embedding_target import EmbeddingTargets
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.services.calibration import calibrate
from app.services.models import ModelService
from app.services.search import SearchService
from app.settings import SettingsStore
from tests.fake_encoder import FakeEncoder
from tests.library_seed import seed_library
from tests.unit.services.service_parts import (
    FakeCheckpoints,
    Statuses,
    add_photos,
    chosen,
    picture,
    unit,
)

ALL = None
NO_FILTERS = SearchFilters()


class Desk:
    """A library with its services."""

    def __init__(self, root: Path, decoder: DecodePool, *, checkpoint: str | None = "fake") -> None:
        self.library = Library.open(root / "library.db")
        self.folder = self.library.folders.add(str(root / "photos"))
        self.checkpoints = FakeCheckpoints()
        store = chosen(SettingsStore(root / "settings.json"), checkpoint)
        self.models = ModelService(
            self.library, root / "vectors", store, self.checkpoints.parts(), on_targets=lambda _: None
        )
        self.service = SearchService(self.library, self.models, decoder)
        self.statuses = Statuses()
        self.models.subscribe(self.statuses)

    @property
    def encoder(self) -> FakeEncoder:
        return self.checkpoints.encoders["fake"]

    def load(self, state: ModelState = ModelState.READY) -> "Desk":
        self.models.load()
        self.statuses.wait_for(state)
        return self

    def add(self, *names: str, like: list[str] | None = None) -> list[int]:
        """Photos whose embeddings are those of words: their names' stems, or those of `like`."""
        words = like or [name.partition("=")[2] or Path(name).stem for name in names]
        return add_photos(
            self.library, self.folder, list(names), self.encoder.encode_texts(words), self.encoder
        )

    def add_random(self, count: int, seed: int = 0) -> list[int]:
        vectors = unit(np.random.default_rng(seed).standard_normal((count, self.encoder.spec.dim)))
        names = [f"{number % 7}/img{number:05d}.jpg" for number in range(count)]
        return add_photos(self.library, self.folder, names, vectors, self.encoder)

    def name(self, photo_id: int) -> str:
        [photo] = self.library.photos.get([photo_id])
        return Path(photo.path).relative_to(self.folder.path).as_posix()

    def ask(self, *terms: QueryTerm | str, **options):
        parts = tuple(QueryTerm(text=term) if isinstance(term, str) else term for term in terms)
        return self.service.search(SearchQuery(parts, **options))

    def close(self) -> None:
        self.models.close()
        self.service.close()
        self.library.close()


@pytest.fixture(scope="module")
def decoder() -> Iterator[DecodePool]:
    pool = DecodePool(1)
    yield pool
    pool.close()


@pytest.fixture
def desk(tmp_path: Path, decoder: DecodePool) -> Iterator[Desk]:
    made = Desk(tmp_path, decoder)
    yield made
    made.close()


def ids(result) -> list[int]:
    return result.photo_ids.tolist()


def test_without_terms_the_library_is_shown_whole_newest_first(desk):
    added = desk.add("a.jpg", "b.jpg", "c.jpg")

    result = desk.ask(limit=2)

    assert ids(result) == added[::-1]
    assert (result.complete, result.total, result.weak_from, result.semantic) == (True, 3, 3, True)


@pytest.mark.parametrize("count", [0, 1])
def test_the_smallest_libraries_answer(desk, count):
    added = desk.add(*["red.jpg"][:count])
    desk.load()

    result = desk.ask("zebra")

    assert (ids(result), result.complete, result.total) == (added, True, count)
    assert ids(desk.ask("zebra", filters=SearchFilters(favourites_only=True))) == []


def test_words_find_photos_by_what_is_in_them(desk):
    red, blue = desk.add("1.jpg", "2.jpg", like=["red", "blue"])
    desk.load()

    result = desk.ask("red")

    assert ids(result) == [red, blue]
    assert result.semantic
    assert result.message == ""
    assert [name for name, _ in result.timings_ms] == ["names", "encode", "index", "order"]


def test_a_picture_finds_its_like(desk, tmp_path):
    red, blue = desk.add("1.jpg", "2.jpg", like=["red", "blue"])
    desk.load()
    blue_picture = picture(tmp_path / "query.png", "blue").read_bytes()

    assert ids(desk.ask(QueryTerm(image=QueryImage(blue_picture)))) == [blue, red]
    desk.ask(QueryTerm(image=QueryImage(blue_picture)))
    assert desk.encoder.images_encoded == 1  # remembered


def test_a_damaged_query_picture_is_refused_in_plain_words(desk):
    desk.load()

    with pytest.raises(DamagedMediaError, match="begins as a JPEG picture"):
        desk.service.open_image(b"\xff\xd8\xff and nothing more")


def test_photos_like_this_one_begin_with_itself_then_its_copies(desk):
    copy, original, other = desk.add("a.jpg=red", "b.jpg=red", "c.jpg=blue")
    desk.load()

    result = desk.ask(QueryTerm(photo_id=original))

    assert ids(result) == [original, copy, other]
    assert result.scores[0] == result.scores[1]


def test_similar_photos_to_one_that_is_gone_are_refused_in_plain_words(desk):
    desk.load()

    with pytest.raises(AppError, match="no longer in the library"):
        desk.ask(QueryTerm(photo_id=99))


def test_words_and_a_picture_together_follow_their_weights(desk, tmp_path):
    red, blue, both = desk.add("1.jpg", "2.jpg", "3.jpg", like=["red", "blue", "red blue"])
    desk.load()
    blue_picture = QueryImage(picture(tmp_path / "query.png", "blue").read_bytes())

    def asked(weight: float) -> list[int]:
        return ids(desk.ask(QueryTerm(text="red"), QueryTerm(image=blue_picture, weight=weight)))

    assert asked(1.0)[0] == both
    assert asked(0.05)[0] == red
    assert asked(20.0)[0] == blue


def add_made_of(desk, *mixtures: str) -> list[int]:
    """Photos whose embeddings are sums of words' with signs: "+dog -cat"."""
    vectors = [
        sum(float(f"{part[0]}1") * desk.encoder.encode_texts([part[1:]])[0] for part in mixture.split())
        for mixture in mixtures
    ]
    names = [f"{number}.jpg" for number in range(len(mixtures))]
    return add_photos(desk.library, desk.folder, names, unit(np.array(vectors)), desk.encoder)


def test_a_negative_term_takes_away_and_never_makes_a_match(desk):
    zebra, both, neither = add_made_of(desk, "+zebra -lion", "+zebra +lion", "-zebra -lion")
    desk.load()

    assert desk.ask("zebra").weak_from == 2
    result = desk.ask(QueryTerm(text="zebra"), QueryTerm(text="lion", weight=-1.0))

    assert (ids(result), result.weak_from) == ([zebra, both, neither], 1)


def test_negative_terms_alone_leave_what_they_do_not_match(desk):
    zebra, lion = add_made_of(desk, "+zebra -lion", "-zebra +lion")
    desk.load()

    result = desk.ask(QueryTerm(text="zebra", weight=-1.0))

    assert (ids(result), result.weak_from) == ([lion, zebra], 1)


def test_names_that_match_are_strong_whatever_the_picture_shows(desk):
    unlike = -desk.encoder.encode_texts(["sunset", "sunset"])
    names = ["other.jpg", "sunset.jpg"]
    other, sunset = add_photos(desk.library, desk.folder, names, unlike, desk.encoder)
    desk.load()

    result = desk.ask("sunset")

    assert (ids(result), result.weak_from) == ([sunset, other], 1)


@pytest.mark.parametrize(
    ("checkpoint", "state", "said"),
    [
        (None, ModelState.NONE, "There is no model yet"),
        ("lost", ModelState.FAILED, "There is no model in lost"),
    ],
)
@pytest.mark.expects_log_warnings
def test_without_a_model_names_are_found_and_the_reason_is_told(tmp_path, decoder, checkpoint, state, said):
    desk = Desk(tmp_path, decoder, checkpoint=checkpoint)
    try:
        sunset, _ = desk.add("sunset.jpg", "other.jpg")
        desk.load(state)

        result = desk.ask("sunset")

        assert (ids(result), result.semantic, result.complete) == ([sunset], False, True)
        assert said in result.message
        assert np.isnan(result.scores).all()
        with pytest.raises(AppError, match="needs the model"):
            desk.ask(QueryTerm(image=QueryImage(b"")))
    finally:
        desk.close()


def test_while_the_model_is_loading_names_are_found(desk):
    sunset, _ = desk.add("sunset.jpg", "other.jpg")
    seen = []

    def ask_meanwhile(status):
        if status.state is ModelState.LOADING:
            seen.append(desk.ask("sunset"))

    desk.models.subscribe(ask_meanwhile)
    desk.load()

    assert ids(seen[0]) == [sunset]
    assert "still loading" in seen[0].message
    assert ids(desk.ask("sunset")) != [sunset]


@pytest.mark.expects_log_warnings
def test_a_model_that_fails_leaves_names(desk):
    sunset, _ = desk.add("sunset.jpg", "other.jpg")
    desk.load()
    desk.encoder.failure = EncoderError("The model fell over.")

    result = desk.ask("sunset")

    assert (ids(result), result.semantic, result.message) == ([sunset], False, "The model fell over.")


@pytest.fixture(scope="module")
def thousand(tmp_path_factory, decoder):
    """A library that its tests leave as it is."""
    desk = Desk(tmp_path_factory.mktemp("thousand"), decoder)
    desk.add_random(1000)
    photo_ids = desk.library.photos.ids().tolist()
    desk.library.photos.set_favourite(photo_ids[::9], True)
    yield desk.load()
    desk.close()


def brute_force(desk, word, filters=NO_FILTERS):
    """Photo ids of the filtered set with their exact scores, and how many of them are no weak matches."""
    identity = desk.encoder.spec.identity
    photo_ids, labels = desk.library.photos.ids_with_labels(identity, filters)
    query = desk.encoder.encode_texts([word])[0]
    scores = (desk.models.target.index.get(labels) @ query).astype(np.float32)
    calibration = calibrate(desk.models.target.index.sample_scores(query), desk.encoder.spec, of_text=True)
    matches = int((calibration.z(scores) >= calibration.lines.possible).sum())
    return dict(zip(photo_ids.tolist(), scores.tolist(), strict=True)), matches


def assert_ordered(result, expected):
    """All of them, best first; summed in another order, scores differ in their last bits."""
    assert set(ids(result)) == set(expected)
    assert max(np.diff([expected[photo_id] for photo_id in ids(result)]), default=0) <= 1e-6


@pytest.mark.parametrize(
    "filters",
    [
        SearchFilters(),
        SearchFilters(favourites_only=True),
        SearchFilters(folder_id=1),
        SearchFilters(folder_id=1, subfolder="3"),
        SearchFilters(folder_id=1, subfolder="3", favourites_only=True),
        SearchFilters(added_since=0.0),
        SearchFilters(added_since=4e9),
        SearchFilters(folder_id=99),
    ],
)
def test_a_filtered_search_is_the_exact_search_over_the_filtered_set(thousand, filters):
    expected, strong = brute_force(thousand, "zebra", filters)

    result = thousand.ask("zebra", filters=filters, limit=ALL)

    assert_ordered(result, expected)
    assert (result.weak_from, result.total, result.complete) == (strong, len(expected), True)


@pytest.mark.parametrize("limit", [1, 20, 500, 999, 1000, 2000])
@pytest.mark.parametrize("sort", SortOrder)
def test_a_limited_answer_is_the_beginning_of_the_complete_one(thousand, limit, sort):
    whole = thousand.ask("zebra", limit=ALL, sort=sort)
    cut = thousand.ask("zebra", limit=limit, sort=sort)

    assert ids(cut) == ids(whole)[:limit]
    assert (cut.complete, cut.total) == (limit >= 1000, 1000)
    assert cut.weak_from == min(limit, whole.weak_from)


def test_names_in_the_answer_do_not_break_its_beginning(thousand):
    whole = thousand.ask("img0001", limit=ALL)
    cut = thousand.ask("img0001", limit=20)

    assert len(whole.photo_ids) == len(set(ids(whole))) == 1000
    assert ids(cut) == ids(whole)[:20]


def test_by_date_strong_matches_stay_before_weak_ones(thousand):
    by_relevance = thousand.ask("zebra", limit=ALL)
    by_date = thousand.ask("zebra", limit=ALL, sort=SortOrder.DATE)
    place = {photo_id: number for number, photo_id in enumerate(thousand.library.photos.ids().tolist())}
    strong = by_date.weak_from

    assert strong == by_relevance.weak_from
    assert set(ids(by_date)[:strong]) == set(ids(by_relevance)[:strong])
    for part in (ids(by_date)[:strong], ids(by_date)[strong:]):
        assert part == sorted(part, key=place.__getitem__)


def test_photos_that_vanished_are_in_no_answer_and_take_no_place(desk):
    desk.add_random(700)
    desk.load()
    best = ids(desk.ask("zebra", limit=ALL))
    desk.library.photos.mark_missing(best[:300])

    for limit in (20, 500, ALL):
        assert ids(desk.ask("zebra", limit=limit)) == best[300:][:limit]


def test_photos_of_a_removed_folder_are_in_no_answer(desk):
    desk.add_random(5)
    desk.load()
    desk.library.folders.remove(desk.folder.folder_id)

    result = desk.ask("zebra")

    assert (ids(result), result.total, result.complete) == ([], 0, True)


def test_copies_share_an_embedding_and_are_both_found(desk):
    first, second, _ = desk.add("a.jpg=red", "b.jpg=red", "c.jpg=blue")
    desk.load()

    assert ids(desk.ask("red"))[:2] == [first, second]
    assert desk.library.embeddings.count(desk.encoder.spec.identity) == 2


def test_a_seeded_library_of_150_photos_judges_by_the_floor(tmp_path, decoder):
    encoder = FakeEncoder()
    seed_library(tmp_path / "library.db", 150, model=replace(encoder.spec))
    desk = Desk(tmp_path, decoder)
    try:
        result = desk.load().ask("zebra", limit=ALL)
        expected, strong = brute_force(desk, "zebra")
    finally:
        desk.close()

    assert_ordered(result, expected)
    assert 0 < result.weak_from == strong < 150


def test_few_matches_among_many_photos_are_found_as_strong(desk):
    random = np.random.default_rng(3)
    noise = unit(random.standard_normal((1000, desk.encoder.spec.dim)))
    wanted = desk.encoder.encode_texts(["zebra"])[0]
    noise[:50] = unit(noise[:50] + 0.9 * wanted)
    added = add_photos(
        desk.library, desk.folder, [f"{number}.jpg" for number in range(1000)], noise, desk.encoder
    )
    desk.load()

    result = desk.ask("zebra", limit=ALL)

    strong = set(ids(result)[: result.weak_from])
    assert len(strong & set(added[:50])) >= 48
    assert len(strong - set(added[:50])) <= 10


def test_a_query_that_was_called_off_is_not_answered(desk):
    token = CancelToken()
    token.cancel()

    with pytest.raises(CancelledError):
        desk.service.search(SearchQuery((QueryTerm(text="red"),)), token)


class DyingIndex:
    """An index whose process dies with the next calls, and begins anew without what was added last."""

    def __init__(self, inner, deaths: int) -> None:
        self._inner = inner
        self._deaths = deaths

    def __getattr__(self, name):
        method = getattr(self._inner, name)

        def call(*arguments):
            if name in ("search", "score") and self._deaths:
                self._deaths -= 1
                self._inner.remove(self._inner.labels()[-1:])
                raise ProcessDiedError("The vector index process ended unexpectedly.")
            return method(*arguments)

        return call


def with_dying_index(desk, deaths):
    dying = replace(desk.models.target, index=DyingIndex(desk.models.target.index, deaths))
    desk.models._open._current = EmbeddingTargets(dying)


def test_an_index_that_dies_is_mended_and_asked_once_more(desk):
    red, blue = desk.add("1.jpg", "2.jpg", like=["red", "blue"])
    desk.load()
    with_dying_index(desk, 1)

    assert ids(desk.ask("red")) == [red, blue]
    assert ids(desk.ask(QueryTerm(photo_id=blue))) == [blue, red]


@pytest.mark.expects_log_warnings
def test_an_index_that_keeps_dying_leaves_names(desk):
    sunset, _ = desk.add("sunset.jpg", "2.jpg")
    desk.load()
    with_dying_index(desk, 2)

    result = desk.ask("sunset")

    assert (ids(result), result.semantic) == ([sunset], False)
    assert "ended unexpectedly" in result.message


def test_filters_typed_with_words_decide_which_photos_are_compared(desk):
    desk.add("red/cat.jpg", "blue/cat.jpg=cat2", "blue/dog.jpg", like=["cat", "cat", "dog"])
    result = desk.load().ask("cat folder:blue")
    assert [desk.name(photo_id) for photo_id in ids(result)][:1] == ["blue/cat.jpg"]
    assert {desk.name(photo_id) for photo_id in ids(result)} == {"blue/cat.jpg", "blue/dog.jpg"}
    assert result.query.terms == (QueryTerm(text="cat folder:blue"),)


def test_filters_alone_show_the_library_by_date(desk):
    desk.add("red/a.jpg", "blue/b.jpg", "blue/c.jpg")
    result = desk.load().ask("-folder:red", limit=1)
    assert {desk.name(photo_id) for photo_id in ids(result)} == {"blue/b.jpg", "blue/c.jpg"}
    assert result.complete
    assert result.weak_from == result.total == 2


def test_a_minus_excludes_as_a_vector_of_its_own(desk):
    desk.add("x1.jpg", "x2.jpg", "x3.jpg", like=["cat", "dog", "cat"])
    desk.load()
    typed, given = desk.ask("cat -dog"), desk.ask("cat", QueryTerm(text="dog", weight=-1.0))
    assert ids(typed) == ids(given)
    np.testing.assert_allclose(typed.scores, given.scores)


def test_an_exact_phrase_is_in_the_name_or_the_photo_is_not_there(desk):
    desk.add("my red car.jpg", "red my car.jpg", like=["cat", "cat"])
    result = desk.load().ask('cat "red car"')
    assert [desk.name(photo_id) for photo_id in ids(result)] == ["my red car.jpg"]


def test_the_window_never_waits_for_the_names_of_places(desk):
    desk.add("a.jpg")
    desk.load()
    [problem] = desk.service.understand("near:Lisbon", at_once=True).problems
    assert problem.unfinished
    assert len(ids(desk.ask("near:Lisbon"))) == 0  # the photo says no place
    assert not desk.service.understand("near:Lisbon", at_once=True).problems
