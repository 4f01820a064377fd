"""Made embeddings are always the same, and as close to each other as their maker says."""

import numpy as np

from tests.benchmarks.embedding_maker import DIM, EmbeddingMaker


def test_the_first_of_many_are_those_of_few() -> None:
    few, many = EmbeddingMaker().photos(500), EmbeddingMaker().photos(10_500)
    assert many.shape == (10_500, DIM)
    assert np.array_equal(few, many[:500])
    assert np.array_equal(EmbeddingMaker().photos(500, first=10_000), many[10_000:])
    assert not np.array_equal(EmbeddingMaker(seed=8).photos(5), few[:5])


def test_they_are_of_unit_length_and_queries_are_no_photos_of_the_library() -> None:
    maker = EmbeddingMaker()
    photos = maker.photos(1000)
    for rows in (photos, maker.pictures(50), maker.texts(50)):
        assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert (maker.pictures(50) @ photos.T).max() < 0.999


def test_cosines_are_those_of_a_text_and_image_model() -> None:
    maker = EmbeddingMaker()
    photos = maker.photos(3000)
    unrelated = np.percentile(photos[:200] @ photos[1000:].T, [5, 95])
    with_texts = maker.texts(100) @ photos.T
    assert 0.1 < unrelated[0] < unrelated[1] < 0.65
    assert abs(float(np.median(with_texts))) < 0.1
    assert 0.1 < float(with_texts.max(axis=1).mean()) < 0.25
