"""The measures of retrieval against figures worked out by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.services.evaluation import measures
from app.services.evaluation.measures import (
    Totals,
    average_precisions,
    caption_ranks,
    interval,
    mean_totals,
    recall_totals,
    resampled_shares,
    shares,
)
from tests.hand_checked import (
    CAPTIONS,
    GROUPS,
    IMAGE_OF,
    IMAGE_TO_TEXT,
    ON_A_CIRCLE,
    PICTURES,
    RANKS_OF_BEST_CAPTION,
    RANKS_OF_OWN_IMAGE,
    TEXT_TO_IMAGE,
    WITH_QUERY,
    WITHOUT_QUERY,
)


def share(ranks: NDArray[np.int64], clusters: NDArray[np.int64], cut: int) -> float:
    return float(shares([recall_totals(ranks, clusters, int(clusters.max()) + 1, cut)])[0])


def test_ranks_are_those_worked_out_by_hand() -> None:
    ranks = caption_ranks(PICTURES, CAPTIONS, IMAGE_OF)
    assert ranks.of_own_image.tolist() == RANKS_OF_OWN_IMAGE
    assert ranks.of_best_caption.tolist() == RANKS_OF_BEST_CAPTION


@pytest.mark.parametrize("cut", [1, 5, 10])
def test_recall_is_the_share_of_captions_and_of_described_pictures(cut: int) -> None:
    ranks = caption_ranks(PICTURES, CAPTIONS, IMAGE_OF)
    assert share(ranks.of_own_image, IMAGE_OF, cut) == TEXT_TO_IMAGE[cut]
    assert share(ranks.of_best_caption, np.arange(12), cut) == IMAGE_TO_TEXT[cut]


@pytest.mark.parametrize(
    ("better", "hits"), [(4, (0, 1, 1)), (5, (0, 0, 1)), (9, (0, 0, 1)), (10, (0, 0, 0))]
)
def test_image_to_text_recall_at_the_edges_of_five_and_ten(better: int, hits: tuple[int, ...]) -> None:
    pictures = np.eye(2, dtype=np.float32)
    captions = np.array([[0.5, 0.0]] + [[0.6, 0.7]] * better, np.float32)
    image_of = np.array([0] + [1] * better)
    rank = caption_ranks(pictures, captions, image_of).of_best_caption[:1]
    assert tuple(share(rank, np.zeros(1, np.int64), cut) for cut in (1, 5, 10)) == hits


def test_a_model_that_gives_all_the_same_embedding_finds_nothing() -> None:
    same = np.ones((20, 4), np.float32) / 2
    ranks = caption_ranks(same, same, np.arange(20))
    assert set(ranks.of_own_image) == {20}
    assert set(ranks.of_best_caption) == {20}


def test_ranks_do_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    pictures = random.standard_normal((30, 8)).astype(np.float32)
    captions = random.standard_normal((70, 8)).astype(np.float32)
    image_of = random.integers(0, 30, 70)
    scores = captions @ pictures.T
    own = scores[np.arange(70), image_of]
    expected = (scores > own[:, None]).sum(axis=1) + 1
    for block in (1, 90, 10**9):
        monkeypatch.setattr(measures, "_BLOCK_SCORES", block)
        ranks = caption_ranks(pictures, captions, image_of)
        assert ranks.of_own_image.tolist() == expected.tolist()
        for picture in set(image_of.tolist()):
            best = own[image_of == picture].max()
            before = (scores[image_of != picture, picture] > best).sum()
            assert ranks.of_best_caption[picture] == before + 1


def test_average_precision_with_and_without_the_query() -> None:
    found = average_precisions(ON_A_CIRCLE, GROUPS)
    assert found.without_query == pytest.approx(WITHOUT_QUERY, nan_ok=True)
    assert found.with_query == pytest.approx(WITH_QUERY, nan_ok=True)


def test_an_equally_similar_stranger_comes_before_the_right_picture() -> None:
    pictures = np.array([[1, 0], [0.5, 0.5], [0.5, 0.5]], np.float32)
    found = average_precisions(pictures, np.array([0, 0, 1]))
    assert found.without_query[0] == pytest.approx(1 / 2)
    assert found.with_query[0] == pytest.approx((1 + 2 / 3) / 2)


def test_the_mean_leaves_out_what_nothing_belongs_to() -> None:
    totals = mean_totals(np.array([0.5, np.nan, 1.0]), np.array([0, 1, 0]), 2)
    assert shares([totals])[0] == 0.75


def test_what_belongs_together_is_drawn_together() -> None:
    # a picture with three captions that are found, another with one that is not
    drawn = resampled_shares([Totals(np.array([3.0, 0.0]), np.array([3.0, 1.0]))])
    assert set(drawn[:, 0]) == {0.0, 0.75, 1.0}


def test_all_measures_are_drawn_alike_and_each_run_the_same() -> None:
    right, asked = np.random.default_rng(0).integers(0, 2, 50).astype(float), np.ones(50)
    drawn = resampled_shares([Totals(right, asked), Totals(1 - right, asked)])
    assert np.allclose(drawn.sum(axis=1), 1.0)
    assert np.array_equal(drawn, resampled_shares([Totals(right, asked), Totals(1 - right, asked)]))


def test_the_interval_is_as_wide_as_theory_says() -> None:
    right = np.arange(1000) % 2.0
    low, high = interval(resampled_shares([Totals(right, np.ones(1000))])[:, 0])
    assert low < 0.5 < high
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 1000), rel=0.15)


def test_a_resample_without_a_question_does_not_count() -> None:
    drawn = resampled_shares([Totals(np.array([1.0, 0.0]), np.array([1.0, 0.0]))])
    assert np.isnan(drawn).any()
    assert interval(drawn[:, 0]) == (1.0, 1.0)
