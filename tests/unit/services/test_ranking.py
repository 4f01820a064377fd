"""Order, fusion with names, and what a limit may change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.ranking import (
    FUSED_DEPTH,
    MOST_STEPS,
    POSSIBLE,
    STRONG,
    WEAK,
    Lines,
    Ranking,
    fuse_names,
    in_order,
    put_first,
    rank,
    unscored,
)


def ranking_of(scores, threshold=0.5):
    lines = Lines(threshold, threshold)
    return rank(np.arange(1, len(scores) + 1), np.asarray(scores, np.float32), lines)


def classes_of(scores, strong, possible, *, parts=True):
    lines = Lines(strong, possible, parts)
    return rank(np.arange(len(scores)), np.asarray(scores, np.float32), lines).classes.tolist()


def test_the_best_come_first_and_equal_scores_in_the_order_of_ids():
    ranking = ranking_of([0.1, 0.9, 0.5, 0.9])

    assert ranking.photo_ids.tolist() == [2, 4, 3, 1]
    assert ranking.strong == 3


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, -0.4]), max_size=40), st.randoms(use_true_random=False))
def test_the_order_is_that_of_scores_then_ids_however_many_are_equal(scores, random):
    ids = np.array(random.sample(range(1, 1000), len(scores)), np.int64)
    values = np.array(scores, np.float32)
    ranking = rank(ids, values, Lines(0.0, 0.0))
    order = np.lexsort((ids, -values))
    assert np.array_equal(ranking.photo_ids, ids[order])
    assert np.array_equal(ranking.scores, values[order])


@pytest.mark.parametrize(
    ("limit", "ids", "strong"), [(None, 4, 3), (10, 4, 3), (3, 3, 3), (2, 2, 2), (0, 0, 0)]
)
def test_cutting_keeps_the_count_of_strong_matches_right(limit, ids, strong):
    cut = ranking_of([0.1, 0.9, 0.5, 0.9]).first(limit)

    assert (len(cut), cut.strong) == (ids, strong)


def test_photos_found_both_ways_come_first_and_weak_matches_stay_below():
    fused = fuse_names(ranking_of([0.9, 0.8, 0.1, 0.0]), [2, 4, 77])

    assert fused.photo_ids.tolist() == [2, 1, 4, 77, 3]
    assert fused.strong == 4
    assert np.isnan(fused.scores[3])
    assert fused.scores[0] == np.float32(0.8)


def test_names_alone_are_an_answer():
    fused = fuse_names(unscored([]), [5, 3])

    assert fused.photo_ids.tolist() == [5, 3]
    assert np.isnan(fused.scores).all()


@given(st.data())
def test_a_longer_answer_begins_with_the_shorter_one(data):
    count = data.draw(st.integers(0, 40))
    scores = np.array(
        data.draw(st.lists(st.floats(0, 1, width=32), min_size=count, max_size=count)), np.float32
    )
    named = data.draw(st.lists(st.integers(1, 60), unique=True, max_size=40))
    limit = data.draw(st.integers(1, 30))
    depth = max(limit, FUSED_DEPTH) + 1

    whole = fuse_names(ranking_of(scores), named)
    short = fuse_names(ranking_of(scores).first(depth), named[:depth]).first(limit)

    assert short.photo_ids.tolist() == whole.photo_ids[:limit].tolist()
    assert short.strong == min(whole.strong, limit)


def test_beyond_what_is_fused_longer_answers_begin_with_shorter_ones_too():
    random = np.random.default_rng(0)
    ranking = ranking_of(random.random(3 * FUSED_DEPTH), threshold=0.2)
    named = random.permutation(np.arange(1, 4 * FUSED_DEPTH)).tolist()

    whole = fuse_names(ranking, named)

    for limit in (20, FUSED_DEPTH, 2 * FUSED_DEPTH):
        depth = max(limit, FUSED_DEPTH) + 1
        short = fuse_names(ranking.first(depth), named[:depth]).first(limit)
        assert short.photo_ids.tolist() == whole.photo_ids[:limit].tolist()


def test_by_date_strong_and_possible_matches_mix_and_weak_ones_stay_below():
    ranking = Ranking(
        np.array([1, 2, 3, 4]), np.array([4, 3, 2, 1], np.float32), np.array([0, 1, 2, 2], np.int8)
    )

    dated = in_order(ranking, np.array([4, 2, 3, 1]))

    assert dated.photo_ids.tolist() == [2, 1, 4, 3]
    assert dated.scores.tolist() == [3, 4, 1, 2]
    assert dated.classes.tolist() == [POSSIBLE, STRONG, WEAK, WEAK]
    assert dated.matches == 2


def test_a_photo_that_has_just_gone_comes_last_by_date():
    dated = in_order(unscored([9, 1, 2]), np.array([1, 2]))

    assert dated.photo_ids.tolist() == [1, 2, 9]


def test_the_photo_asked_about_comes_before_its_copies():
    ranking = Ranking(np.array([1, 2, 3]), np.array([1, 1, 0.1], np.float32), np.array([0, 0, 2], np.int8))

    assert put_first(ranking, 2).photo_ids.tolist() == [2, 1, 3]
    assert put_first(ranking, 3).strong == 3
    assert put_first(ranking, 8) is ranking


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([6, 5.8, 3.6, 1], [STRONG, STRONG, POSSIBLE, WEAK]),  # the gap, although the third is above the line
        ([4, 3.3, 1], [STRONG, STRONG, WEAK]),  # the gap, although the second is below the line
        ([3.4, 2.6, 1], [POSSIBLE, POSSIBLE, WEAK]),  # not even the best reaches the line
        ([2, 1], [WEAK, WEAK]),
        ([], []),
    ],
)
def test_strong_matches_end_at_the_widest_gap_near_the_line(scores, expected):
    assert classes_of(scores, strong=3.5, possible=2.5) == expected


def test_without_parting_the_lines_are_the_lines():
    assert classes_of([6, 5.8, 3.6, 3.4, 1], 3.5, 2.5, parts=False) == [STRONG] * 3 + [POSSIBLE, WEAK]


def test_where_all_that_is_looked_at_is_strong_the_line_decides():
    scores = np.linspace(9, 2, 4 * FUSED_DEPTH)

    classes = classes_of(scores, strong=3.5, possible=2.5)

    assert classes.count(STRONG) == np.count_nonzero(scores >= 3.5)


@given(st.lists(st.floats(-1, 9, width=32), max_size=60), st.integers(-MOST_STEPS, MOST_STEPS - 1))
def test_asking_for_more_never_makes_a_match_weak(scores, steps):
    def matches(steps):
        lines = Lines(3.5, 2.5, parts=True).moved(steps)
        return rank(np.arange(len(scores)), np.asarray(scores, np.float32), lines).matches

    assert matches(steps) <= matches(steps + 1)


def test_possible_matches_stay_below_those_whose_names_match():
    lines = Lines(3.5, 2.5)
    ranking = rank(np.arange(1, 5), np.array([5, 3, 2.9, 1], np.float32), lines)

    fused = fuse_names(ranking, [3, 77])

    assert fused.photo_ids.tolist() == [1, 3, 77, 2, 4]
    assert fused.classes.tolist() == [STRONG, STRONG, STRONG, POSSIBLE, WEAK]
