"""The form of texts that the towers were trained with."""

import pytest

from app.embedding.trained_text import as_trained


def test_every_text_is_lower_cased_and_siglip_2_keeps_its_punctuation() -> None:
    assert as_trained("A Dog's  ball, ÄHNLICH!", canonical=False) == "a dog's  ball, ähnlich!"


def test_siglip_1_drops_punctuation_and_takes_underscores_for_spaces() -> None:
    assert as_trained(" A Dog's\tball: IMG_2041.JPG ", canonical=True) == "a dogs ball img 2041jpg"


@pytest.mark.parametrize("canonical", [False, True])
def test_half_a_surrogate_pair_is_no_text_for_a_tokenizer(canonical: bool) -> None:
    as_trained("a \ud83d dog", canonical=canonical).encode("utf-8")
