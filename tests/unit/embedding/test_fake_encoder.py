"""The stand-in encoder behaves as the tests that use it assume."""

import numpy as np
import pytest

from app.domain.model import ImageTextEncoder
from app.errors import EncoderError
from tests.fake_encoder import FakeEncoder


def solid(*colour: int) -> np.ndarray:
    return np.full((32, 32, 3), colour, np.uint8)


def test_it_follows_the_protocol() -> None:
    encoder: ImageTextEncoder = FakeEncoder()
    assert encoder.spec.dim == 64


def test_embeddings_have_unit_length_and_the_dimension_of_the_spec() -> None:
    encoder = FakeEncoder(dim=48)
    for embeddings in (
        encoder.encode_images([solid(1, 2, 3), solid(128, 128, 128)]),
        encoder.encode_texts(["", "a dog"]),
    ):
        assert embeddings.shape == (2, 48)
        assert embeddings.dtype == np.float32
        assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    assert encoder.encode_images([]).shape == (0, 48)


def test_similar_pictures_have_similar_embeddings_and_words_find_their_colour() -> None:
    encoder = FakeEncoder()
    reds = encoder.encode_images([solid(250, 5, 5), solid(255, 0, 0)])
    blue = encoder.encode_images([solid(0, 0, 255)])
    assert reds[0] @ reds[1] > 0.99 > reds[0] @ blue[0]
    red_text = encoder.encode_texts(["Red"])
    assert red_text[0] @ reds[1] > 0.99 > red_text[0] @ blue[0]


def test_a_new_process_would_compute_the_same() -> None:
    pictures = [solid(9, 99, 199)]
    assert np.array_equal(FakeEncoder().encode_images(pictures), FakeEncoder().encode_images(pictures))
    assert np.array_equal(FakeEncoder().encode_texts(["dog"]), FakeEncoder().encode_texts(["dog"]))


def test_a_failure_reaches_the_caller_and_the_future() -> None:
    encoder = FakeEncoder()
    encoder.failure = EncoderError("no memory")
    with pytest.raises(EncoderError):
        encoder.encode_texts(["dog"])
    with pytest.raises(EncoderError):
        encoder.submit_images([solid(0, 0, 0)]).result()
