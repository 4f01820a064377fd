"""One small place that differs: told apart from what saving a picture again changes everywhere."""

import io
import random

import pytest
from PIL import Image, ImageDraw, ImageFont

from app.media.local_difference import Detail, detail_of
from tests.unit.media.test_fingerprint import picture

_WHOLE = (0.0, 1.0, 0.0, 1.0)


def screen(amount: str, seed: int = 4) -> Image.Image:
    """A list of amounts as a telephone shows it; one of them is given, and the others by lot."""
    random_ = random.Random(seed)
    shown = Image.new("RGB", (1080, 1920), (250, 250, 252))
    draw, font = ImageDraw.Draw(shown), ImageFont.load_default(34)
    for row in range(25):
        text = amount if row == 7 else f"{random_.randint(10, 99)}.{random_.randint(10, 99)}"
        draw.text((60, 60 + 70 * row), "Somewhere in the town", font=font, fill=(30, 30, 34))
        draw.text((860, 60 + 70 * row), text, font=font, fill=(30, 30, 34))
    return shown


def thumbnail(shown: Image.Image, quality: int = 90) -> Image.Image:
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=quality)
    small = Image.open(out).convert("L")
    small.thumbnail((512, 512), Image.Resampling.HAMMING)
    return small


@pytest.mark.parametrize("quality", [90, 40])
def test_two_other_digits_stand_out(quality: int) -> None:
    one, other = thumbnail(screen("47.20")), thumbnail(screen("83.20"), quality)
    assert detail_of(one, other, _WHOLE).oddest > 8


def test_a_list_with_other_amounts_is_not_explained() -> None:
    one, other = thumbnail(screen("47.20")), thumbnail(screen("47.20", seed=5))
    assert detail_of(one, thumbnail(screen("47.20"), 40), _WHOLE).unexplained < 0.5
    assert detail_of(one, other, _WHOLE).unexplained > 0.7


@pytest.mark.parametrize("shown", [screen("47.20"), picture(1, (1200, 900))], ids=["screen", "photo"])
def test_what_was_saved_again_differs_everywhere_about_as_much(shown: Image.Image) -> None:
    width, height = shown.size
    original = thumbnail(shown)
    assert detail_of(original, thumbnail(shown, 40), _WHOLE).oddest < 6
    assert detail_of(original, thumbnail(shown.resize((width // 2, height // 2))), _WHOLE).oddest < 6
    assert detail_of(original, thumbnail(shown.point(lambda value: value * 0.8)), _WHOLE).oddest < 6
    cropped = shown.crop((width // 10, 0, width, height))
    assert detail_of(original, thumbnail(cropped), (0.1, 1.0, 0.0, 1.0)).oddest < 6


def test_a_frame_that_reaches_beyond_is_compared_where_both_show_something() -> None:
    original = thumbnail(screen("47.20"))
    assert detail_of(original, original, (-0.02, 1.0, 0.0, 1.03)).oddest < 20


def test_a_picture_of_a_few_pixels_says_nothing() -> None:
    tiny = Image.new("L", (12, 9))
    assert detail_of(tiny, tiny, _WHOLE) == Detail()
