"""How the parts of a query are put together."""

from dataclasses import replace

import numpy as np
import pytest

from app.services.calibration import Calibration
from app.services.combining import (
    ScoredTerm,
    beside_words,
    combined_lines,
    effective_weights,
    leave_some,
    positive_weight,
)
from app.services.ranking import Lines

EMBEDDING = np.zeros(2, np.float32)


def term(weight=1.0, *, is_text=True, strong=3.5, possible=2.5):
    calibration = Calibration(0.0, 1.0, Lines(strong, possible, parts=not is_text))
    return ScoredTerm(weight, EMBEDDING, calibration, is_text)


def picture(weight=1.0):
    return term(weight, is_text=False)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([term()], [1.0]),
        ([term(), term(-1.0)], [1.0, -1.0]),
        ([term(), picture()], [1.0, 1.0]),
        ([term(), *[picture()] * 4], [1.0, 0.5, 0.5, 0.5, 0.5]),  # together they count twice
        ([term(), picture(-1.0)], [1.0, -0.25]),
        ([term(), picture(-1.0), picture(-1.0)], [1.0, -0.125, -0.125]),
        ([term(), picture(), picture(-1.0), picture(-0.5)], [1.0, 1.0, -0.5, -0.25]),
    ],
)
def test_pictures_share_what_they_count(terms, expected):
    assert effective_weights(terms) == pytest.approx(expected)


def test_unlike_a_disliked_picture_is_no_merit():
    z = np.array([4.0, 1.0, -3.0], np.float32)

    assert picture(-1.0).counted(z).tolist() == [4.0, 1.0, 0.0]


def test_words_that_are_not_wanted_take_away_only_what_may_match_them():
    z = np.array([4.0, 2.6, 1.0, -3.0], np.float32)

    assert term(-1.0).counted(z) == pytest.approx([4.0, 2.6, 0.0, 0.0])


def test_the_lines_of_a_combined_score_are_the_means_of_its_wanted_parts():
    terms = [term(strong=3.0, possible=2.0), picture(3.0), term(-1.0, strong=99.0)]
    weights = effective_weights(terms)

    lines = combined_lines(terms, weights)

    assert positive_weight(weights) == 4.0
    assert (lines.strong, lines.possible, lines.parts) == (3.375, 2.375, True)


def brought(weight=1.0):
    return replace(picture(weight), is_brought=True)


def test_a_picture_beside_words_counts_up_to_where_it_may_match():
    words, limited = beside_words([term(), brought()])

    assert words == term()
    assert limited.counted(np.array([9.0, 2.0], np.float32)).tolist() == [2.5, 2.0]
    assert combined_lines([words, limited], [1.0, 1.0]).strong == (3.5 + 2.5) / 2


@pytest.mark.parametrize(
    "terms", [[brought()], [brought(), term(-1.0)], [term(), picture()], [brought(-1.0)]]
)
def test_elsewhere_a_picture_counts_in_full(terms):
    assert beside_words(terms) == terms


def test_without_a_wanted_part_all_that_nothing_speaks_against_is_a_match():
    terms = [term(-1.0)]

    assert combined_lines(terms, effective_weights(terms)) == Lines(0.0, 0.0)


def test_disliking_what_all_matches_share_leaves_the_match_that_lost_least() -> None:
    """Marking one of two matches as unwanted must not end in "nothing here looks like that"."""
    lines = Lines(3.5, 2.5)
    wanted = np.array([5.0, 4.0, 1.0], np.float32)
    taken = np.array([4.0, 2.0, 0.0], np.float32)

    left = leave_some(lines, wanted - taken, taken)

    assert left == Lines(1.5, 0.5)
    assert (wanted - taken >= left.possible).tolist() == [True, True, True]


def test_where_a_match_is_left_or_never_was_one_the_lines_stay() -> None:
    lines = Lines(3.5, 2.5)
    taken = np.array([4.0, 1.0], np.float32)

    assert leave_some(lines, np.array([1.0, 3.0], np.float32), taken) == lines
    assert leave_some(lines, np.array([-3.0, 1.0], np.float32), taken) == lines
    assert leave_some(lines, np.zeros(0, np.float32), np.zeros(0, np.float32)) == lines
