"""How sure answers are, feedback, unusual photos and ideas that can be switched on, in a real library."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.progress import CancelToken
from app.domain.query import QueryImage, QueryTerm, Relevance, SearchFilters, SearchQuery, SortOrder
from app.media.decode_pool import DecodePool
from app.services.hubness import Hubness, captions
from app.services.saved_queries import SavedQueries
from app.services.tuning import SearchTuning, lines_key
from tests.integration.test_search_answers import Desk, ids
from tests.unit.services.service_parts import add_photos, unit


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


def add_near(desk: Desk, word: str, cosines: list[float], others: int = 210) -> list[int]:
    """Photos with these cosines to a word, among others that have nothing to do with it."""
    random = np.random.default_rng(7)
    towards = desk.encoder.encode_texts([word])[0]
    noise = unit(random.standard_normal((len(cosines) + others, len(towards))))
    noise = unit(noise - np.outer(noise @ towards, towards))
    wanted = np.concatenate([cosines, random.normal(0.0, 0.05, others)]).astype(np.float32)
    rows = unit(wanted[:, None] * towards + np.sqrt(1 - wanted[:, None] ** 2) * noise)
    names = [f"{number:04}.jpg" for number in range(len(rows))]
    return add_photos(desk.library, desk.folder, names, rows.astype(np.float32), desk.encoder)


def classes(result) -> list[Relevance]:
    return [result.relevance_at(row) for row in range(len(result.photo_ids))]


def test_strong_possible_and_weak_matches_are_told_apart(desk):
    added = add_near(desk, "zebra", [0.6, 0.58, 0.2])
    desk.load()

    result = desk.ask("zebra")

    assert ids(result)[:3] == added[:3]
    assert classes(result)[:3] == [Relevance.STRONG, Relevance.STRONG, Relevance.POSSIBLE]
    assert classes(result)[-1] is Relevance.WEAK
    assert (result.possible_from, result.lines_key) == (2, f"{desk.encoder.spec.identity}:text")


def test_by_date_possible_matches_mix_with_strong_ones_and_keep_their_class(desk):
    add_near(desk, "zebra", [0.6, 0.58, 0.2])
    desk.load()
    by_relevance, by_date = desk.ask("zebra", limit=None), desk.ask("zebra", limit=None, sort=SortOrder.DATE)

    assert by_date.weak_from == by_relevance.weak_from
    assert by_date.possible_from in (2, by_date.weak_from)
    of = dict(zip(ids(by_relevance), classes(by_relevance), strict=True))
    assert [of[photo_id] for photo_id in ids(by_date)] == classes(by_date)


def test_asking_for_more_holds_for_this_model_and_kind_of_query_alone(desk):
    add_near(desk, "zebra", [0.6])
    desk.load()
    usual = desk.ask("zebra").weak_from
    identity = desk.encoder.spec.identity

    for key, changes in ((f"{identity}:image", False), ("other:text", False), (f"{identity}:text", True)):
        desk.service.tune(SearchTuning(steps={key: 4}))
        assert (desk.ask("zebra").weak_from > usual) == changes
        assert (desk.ask("zebra", filters=SearchFilters(folder_id=1)).weak_from > usual) == changes


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ([QueryTerm(text="a")], "text"),
        ([QueryTerm(text="a"), QueryTerm(photo_id=1, weight=-1.0)], "text"),
        ([QueryTerm(photo_id=1)], "image"),
        ([QueryTerm(text="a"), QueryTerm(photo_id=1)], "mixed"),
    ],
)
def test_kinds_of_queries_have_lines_of_their_own(terms, kind):
    assert lines_key("model", terms) == f"model:{kind}"


def test_where_nothing_is_wanted_there_is_no_line_to_move():
    assert lines_key("model", [QueryTerm(text="a", weight=-1.0)]) == ""


# --- feedback


def test_more_like_this_brings_up_what_shares_more_than_the_words(desk):
    """Dogs in the snow and dogs in the city; the words say only dog."""
    snow = desk.add(*(f"s{n}.jpg" for n in range(4)), like=["dog snow"] * 4)
    city = desk.add(*(f"c{n}.jpg" for n in range(4)), like=["dog city"] * 4)
    desk.add_random(210)
    desk.load()

    liked = desk.ask("dog", QueryTerm(photo_id=snow[0]))
    disliked = desk.ask("dog", QueryTerm(photo_id=snow[0]), QueryTerm(photo_id=city[0], weight=-1.0))

    assert set(ids(liked)[:4]) == set(snow)
    assert set(ids(disliked)[:4]) == set(snow)
    assert liked.relevance_at(0) is Relevance.STRONG

    def best_of_city(result):
        return max(result.scores[ids(result).index(photo_id)] for photo_id in city)

    assert best_of_city(disliked) < best_of_city(liked) - 1


def test_several_photos_find_what_is_like_all_of_them(desk):
    snow = desk.add("a.jpg", "b.jpg", like=["dog snow", "cat snow"])
    both = desk.add("c.jpg", like=["dog cat snow"])
    desk.add_random(210)
    desk.load()

    result = desk.ask(*(QueryTerm(photo_id=photo_id) for photo_id in snow))

    assert set(ids(result)[:3]) == {*snow, *both}


def test_signs_and_weights_are_part_of_a_saved_search(desk):
    first, second = desk.add("a.jpg", "b.jpg")
    query = SearchQuery(
        (
            QueryTerm(text="dog"),
            QueryTerm(photo_id=first, weight=0.5),
            QueryTerm(photo_id=second, weight=-1.0),
        )
    )
    saved = SavedQueries(desk.library)

    assert saved.from_json(saved.to_json(query)).terms == query.terms


# --- numbers beside saved searches


def count(desk, *terms, **filters):
    asked = tuple(QueryTerm(text=each) if isinstance(each, str) else each for each in terms)
    return desk.service.count(SearchQuery(asked, SearchFilters(**filters)), CancelToken())


@pytest.mark.parametrize("words", ["zebra", "zebra sort:date", "zebra -quagga", "zebra date:..1990"])
def test_a_count_is_what_lies_above_the_divider_and_embeds_nothing(desk, words):
    add_near(desk, "zebra", [0.6, 0.58, 0.3])
    desk.load()

    assert count(desk, words) is None
    answer = desk.ask(words, limit=None)

    assert count(desk, words) == answer.weak_from


def test_a_count_without_words_is_that_of_the_filters(desk):
    [liked, *_] = desk.add("a.jpg", "b.jpg", "c.jpg")
    desk.library.photos.set_favourite([liked], True)

    assert count(desk) == 3
    assert count(desk, favourites_only=True) == count(desk, "is:favourite") == 1


def test_a_count_of_what_is_like_a_photo_needs_its_embedding_alone(desk):
    [like, *_] = desk.add("a.jpg", "b.jpg", like=["dog", "dog"])
    desk.add_random(210)
    desk.load()

    term = QueryTerm(photo_id=like)
    assert count(desk, term) == desk.ask(term, limit=None).weak_from
    assert count(desk, QueryTerm(image=QueryImage(b"some picture"))) is None


def test_without_any_model_names_are_counted(tmp_path, decoder):
    desk = Desk(tmp_path, decoder, checkpoint=None)
    desk.add("zebra-1.jpg", "zebra-2.jpg", "dog.jpg")

    assert count(desk, "zebra") == 2
    assert count(desk, QueryTerm(photo_id=1)) is None
    desk.close()


# --- unusual photos


def test_unusual_photos_come_first(desk):
    odd = desk.add("odd.jpg")
    desk.add(*(f"{n}.jpg" for n in range(30)), like=["dog"] * 30)
    desk.load()

    result = desk.ask(sort=SortOrder.UNUSUAL)

    assert ids(result)[0] == odd[0]
    assert len(result.photo_ids) == result.total == 31
    assert (result.unfinished, result.message, result.weak_from) == (False, "", 31)
    assert result.scores[0] > result.scores[1]


def test_the_words_of_a_query_may_ask_for_an_order(desk):
    add_near(desk, "zebra", [0.6, 0.55, 0.5])
    desk.load()
    plain = desk.ask("zebra", limit=None)
    dated, unusual = desk.ask("zebra sort:date"), desk.ask("zebra sort:unusual", limit=None)

    assert ids(dated) == ids(desk.ask("zebra", sort=SortOrder.DATE))
    assert (dated.query.sort, dated.query.terms[0].text) == (SortOrder.DATE, "zebra sort:date")
    assert unusual.weak_from == plain.weak_from
    most_unusual = ids(desk.ask(sort=SortOrder.UNUSUAL))
    for part in (slice(None, plain.weak_from), slice(plain.weak_from, None)):
        assert set(ids(unusual)[part]) == set(ids(plain)[part])
        assert ids(unusual)[part] == sorted(ids(unusual)[part], key=most_unusual.index)
    assert ids(unusual) != ids(plain)
    assert ids(desk.ask("sort:unusual")) == most_unusual


def test_an_order_in_the_words_is_part_of_a_saved_search(desk):
    saved = SavedQueries(desk.library)
    query = SearchQuery((QueryTerm(text="dog sort:unusual"),))
    assert saved.from_json(saved.to_json(query)) == query


def test_without_a_model_nothing_is_unusual_and_the_answer_says_why(tmp_path, decoder):
    desk = Desk(tmp_path, decoder, checkpoint=None)
    desk.add_random(3)

    result = desk.ask(sort=SortOrder.UNUSUAL)

    assert ids(result) == []
    assert result.message == "A model tells which photos are unusual. Choose one in the settings."
    desk.close()


# --- ideas that are off by default


def test_very_short_texts_can_be_asked_in_several_phrases(desk):
    desk.add("a.jpg")
    desk.load()
    desk.ask("dog")
    assert desk.encoder.texts[-1] == "dog"

    desk.service.tune(SearchTuning(average_prompts=True))
    desk.ask("cat")
    desk.ask("a cat in the snow")

    assert "a photo of cat" in desk.encoder.texts
    assert "a photo of a cat in the snow" not in desk.encoder.texts


def test_a_hub_steps_back_once_hubs_are_corrected(desk):
    """A photo near to every caption, and one that is a little less near to what is asked for."""
    bank = unit(desk.encoder.encode_texts(captions()).mean(axis=0)[None])[0]
    asked = desk.encoder.encode_texts(["zebra"])[0]
    hub, right = unit(np.stack([asked + 1.2 * bank, asked + 0.9 * _across(asked, bank)]))
    rows = np.stack([hub, right]).astype(np.float32)
    hub_id, right_id = add_photos(desk.library, desk.folder, ["h.jpg", "r.jpg"], rows, desk.encoder)
    desk.add_random(40)
    desk.load()
    before = desk.ask("zebra", limit=None)

    desk.service.tune(SearchTuning(correct_hubs=True))
    after = desk.ask("zebra", limit=None)

    def lead(result):
        score = dict(zip(ids(result), result.scores.tolist(), strict=True))
        return score[hub_id] - score[right_id]

    assert lead(after) < lead(before) - 0.5


def _across(asked, bank):
    """A direction that has nothing to do with either."""
    other = np.random.default_rng(1).standard_normal(len(asked))
    for known in (asked, bank - asked * (asked @ bank)):
        other -= known * (other @ known) / (known @ known)
    return other / np.linalg.norm(other)


def test_hubs_are_corrected_only_once_all_photos_are_measured(desk, tmp_path):
    desk.add_random(200)
    desk.load()
    target = desk.models.target
    hubness = Hubness(tmp_path, target.identity)
    labels = target.index.labels()
    scores = np.zeros(len(labels), np.float32)

    hubness.measure(target, 0.0, CancelToken())
    assert hubness.correct(scores, labels).tolist() == scores.tolist()

    hubness.measure(target, 60.0, CancelToken())
    assert hubness.correct(scores, labels).std() > 0
    assert hubness.correct(scores, labels).mean() == pytest.approx(0.0, abs=1e-6)


def test_the_bank_has_many_different_captions():
    assert len(set(captions())) == len(captions()) == 1200
    assert {"a dog", "in the snow"} <= {word for text in captions() for word in (text[:5], text[-11:])}
