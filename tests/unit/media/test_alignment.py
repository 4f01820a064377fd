"""Whether two pictures are one: what brightening explains, and what another light does not."""

import numpy as np
from PIL import Image

from app.domain.duplicates import Likeness
from app.media.alignment import Greys, compare
from tests.unit.media.test_fingerprint import picture


def likeness(one: Image.Image, other: Image.Image) -> Likeness:
    found = compare(Greys(one), Greys(other), (0.0, 1.0, 0.0, 1.0))
    assert found is not None
    return found


def test_clipped_highlights_are_the_same_light_and_a_shadow_is_not() -> None:
    original = picture(1, (480, 360))
    values = np.asarray(original, np.float64)
    brightened = Image.fromarray(np.clip(values * 1.4, 0, 255).astype(np.uint8))
    in_shadow = values.copy()
    in_shadow[:, :240] *= 0.5
    assert likeness(original, brightened).other_light < 10
    assert likeness(original, Image.fromarray(in_shadow.astype(np.uint8))).other_light > 14
