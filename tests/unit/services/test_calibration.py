"""What is a match, and how sure it is."""

from dataclasses import replace

import numpy as np
import pytest

from app.domain.model import MatchBand, Scoring
from app.services.calibration import MINIMUM_SAMPLE, POSSIBLE_Z, calibrate, cosine_floor
from app.services.ranking import POSSIBLE, STRONG, WEAK, rank
from tests.fake_encoder import FakeEncoder
from tests.library_seed import seed_model

SIGLIP = seed_model()
CLIP = replace(SIGLIP, logit_bias=0.0, scoring=Scoring.SOFTMAX)


def matching(sample, spec=SIGLIP, *, of_text=True, scores=None):
    """Which are strong or possible matches."""
    calibration = calibrate(np.asarray(sample, np.float32), spec, of_text=of_text)
    scores = sample if scores is None else scores
    return calibration.z(np.asarray(scores, np.float32)) >= calibration.lines.possible


def test_the_floor_is_where_the_models_sigmoid_says_one_in_ten_thousand():
    floor = cosine_floor(SIGLIP)

    logit = floor * SIGLIP.logit_scale + SIGLIP.logit_bias
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(1e-4, rel=1e-6)


def test_a_model_trained_with_a_softmax_has_no_floor():
    assert cosine_floor(CLIP) == -1.0


def test_five_in_a_hundred_matches_are_found_and_nearly_nothing_else():
    random = np.random.default_rng(1)
    others, matches = random.normal(0.0, 0.02, 1900), random.normal(0.13, 0.015, 100)

    found = matching(np.concatenate([others, matches]))

    assert found[1900:].mean() > 0.95
    assert found[:1900].mean() < 0.01


def test_a_library_without_matches_has_hardly_a_strong_one():
    found = matching(np.random.default_rng(2).normal(0.0, 0.02, 2048))

    assert found.mean() < 0.005


def test_without_a_floor_only_what_stands_out_is_strong():
    found = matching(np.random.default_rng(2).normal(0.2, 0.02, 2048), CLIP)

    assert found.mean() < 0.02


@pytest.mark.parametrize("count", [0, 1, 150, MINIMUM_SAMPLE - 1])
def test_in_a_small_library_the_floor_decides_alone(count):
    floor = cosine_floor(SIGLIP)

    found = matching(np.full(count, 0.9), scores=[floor - 0.01, floor + 0.01])

    assert found.tolist() == [False, True]


def test_equal_photos_do_not_break_the_scale():
    found = matching(np.full(1000, 0.3), scores=[0.3, cosine_floor(SIGLIP) - 0.01])

    assert found.tolist() == [True, False]


def test_pictures_that_stand_out_are_strong_in_a_small_library():
    others = np.random.default_rng(3).normal(0.45, 0.06, 40)

    found = matching(np.concatenate([others, [0.72, 0.85, 0.98]]), of_text=False)

    assert found[40:].all()
    assert found[:40].sum() <= 1


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ([], []),
        ([0.5], [False]),  # one photo, and nothing to tell whether it is near
        ([0.95], [True]),
        ([0.5, 0.51], [False, False]),
        ([0.99, 0.98, 0.97], [True, True, True]),  # a library of copies
        ([0.5, 0.5, 0.5, 0.5, 0.7], [False] * 4 + [True]),
    ],
)
def test_a_picture_among_very_few_is_strong_only_where_it_says_something(sample, expected):
    assert matching(sample, of_text=False).tolist() == expected


def test_half_a_library_of_one_picture_does_not_make_all_of_it_strong():
    sample = np.concatenate([np.full(600, 0.4), np.random.default_rng(4).normal(0.4, 0.05, 400)])

    assert matching(sample, of_text=False).mean() < 0.01


def test_words_in_a_small_library_of_a_softmax_model_are_strong_where_they_stand_out():
    sample = np.concatenate([np.random.default_rng(5).normal(0.18, 0.015, 50), [0.29]])

    found = matching(sample, CLIP)

    assert found[50]
    assert found[:50].sum() <= 1


def test_z_scores_of_small_and_large_libraries_share_their_line():
    small = calibrate(np.zeros(5, np.float32), FakeEncoder().spec, of_text=True)

    assert small.lines.possible == POSSIBLE_Z


BANDED = replace(SIGLIP, match_band=MatchBand(-1.5, -0.4))


def log_odds(values):
    return (np.asarray(values, np.float32) - BANDED.logit_bias) / BANDED.logit_scale


def test_the_band_of_a_checkpoint_is_where_its_matches_begin_however_few_photos_there_are():
    scores = log_odds([2.0, -0.3, -0.5, -1.4, -1.6, -7.0])
    calibration = calibrate(scores, BANDED, of_text=True)

    ranking = rank(np.arange(len(scores)), calibration.z(scores), calibration.lines)

    assert ranking.classes.tolist() == [STRONG, STRONG, POSSIBLE, POSSIBLE, WEAK, WEAK]


def test_a_band_is_for_words_alone():
    with_band, without = (calibrate(SAMPLE, spec, of_text=False) for spec in (BANDED, SIGLIP))

    assert with_band == without


SAMPLE = np.random.default_rng(6).normal(-0.06, 0.056, 2048).astype(np.float32)


def test_scores_like_those_of_siglip_2_on_coco_are_told_apart():
    """True pairs lie from 0.08 to 0.21, half of them above 0.15; others about -0.06."""
    so400m = replace(SIGLIP, logit_scale=109.9, logit_bias=-15.9)
    calibration = calibrate(SAMPLE, so400m, of_text=True)
    scores = np.array([0.21, 0.15, 0.09, 0.02, -0.06], np.float32)

    ranking = rank(np.arange(5), calibration.z(scores), calibration.lines)

    assert ranking.classes.tolist() == [STRONG, STRONG, POSSIBLE, WEAK, WEAK]


def test_with_few_photos_the_models_own_probability_tells_strong_from_possible():
    calibration = calibrate(SAMPLE[: MINIMUM_SAMPLE - 1], SIGLIP, of_text=True)
    odds = np.log([0.5, 0.02, 0.005, 0.0002, 0.00005])
    scores = ((odds - np.log1p(-np.exp(odds)) - SIGLIP.logit_bias) / SIGLIP.logit_scale).astype(np.float32)

    ranking = rank(np.arange(5), calibration.z(scores), calibration.lines)

    assert ranking.classes.tolist() == [STRONG, STRONG, POSSIBLE, POSSIBLE, WEAK]
