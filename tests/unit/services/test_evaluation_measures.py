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

# Twelve pictures are the unit vectors, so that a caption's embedding is its row of scores.
_PICTURES = np.eye(12, dtype=np.float32)
_SCORES = np.array(
    [
        [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],  # of picture 0: first
        [0.8, 0.5, 0.8, 0.8, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],  # of 1: behind three and an equal: 5th
        [0.6, 0.6, 0.2, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.0, 0.0],  # of 2: behind nine: 10th
        [0.6, 0.5, 0.2, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.2, 0.0],  # of 2: and an equal: 11th
    ],
    np.float32,
)
_IMAGE_OF = np.array([0, 1, 2, 2])


def share(ranks: NDArray[np.int64], clusters: NDArray[np.int64], cut: int) -> float:
    return float(shares([recall_totals(ranks, clusters, int(clusters.max()) + 1, cut)])[0])


def test_a_captions_rank_counts_what_scores_as_high() -> None:
    ranks = caption_ranks(_PICTURES, _SCORES, _IMAGE_OF).of_own_image
    assert ranks.tolist() == [1, 5, 10, 11]


@pytest.mark.parametrize(("cut", "expected"), [(1, 1 / 4), (5, 2 / 4), (10, 3 / 4)])
def test_text_to_image_recall_is_the_share_of_captions(cut: int, expected: float) -> None:
    ranks = caption_ranks(_PICTURES, _SCORES, _IMAGE_OF).of_own_image
    assert share(ranks, _IMAGE_OF, cut) == expected


def test_a_pictures_rank_is_that_of_its_best_caption_among_all_captions() -> None:
    ranks = caption_ranks(_PICTURES, _SCORES, _IMAGE_OF).of_best_caption
    # 0: first. 1: behind one of 0.6, level with one of 0.5. 2: behind one of 0.8, its own are no rivals
    assert ranks.tolist() == [1, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(("cut", "expected"), [(1, 1 / 3), (5, 3 / 3), (10, 3 / 3)])
def test_image_to_text_recall_is_the_share_of_described_pictures(cut: int, expected: float) -> None:
    ranks = caption_ranks(_PICTURES, _SCORES, _IMAGE_OF).of_best_caption
    assert share(ranks, np.arange(12), cut) == expected


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


def on_a_circle(*degrees: float) -> NDArray[np.float32]:
    """Embeddings whose order by score is that of the angles between them."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_average_precision_with_and_without_the_query() -> None:
    # a at 0, 10, 50; b at 20, 60; c alone at 35
    pictures, groups = on_a_circle(0, 10, 50, 20, 60, 35), np.array([0, 0, 0, 1, 1, 2])
    found = average_precisions(pictures, groups)
    # the first a meets a, b, c, a, b: right at 1 and 4
    assert found.without_query[0] == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert found.with_query[0] == pytest.approx((1 / 1 + 2 / 2 + 3 / 5) / 3)
    # the first b meets a, c, a, a, b: right at 5
    assert found.without_query[3] == pytest.approx(1 / 5)
    assert found.with_query[3] == pytest.approx((1 / 1 + 2 / 6) / 2)
    assert np.isnan([found.without_query[5], found.with_query[5]]).all()  # nothing belongs to c


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
