"""Perceptual hashes, and laying pictures over each other."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from app.domain.duplicates import Comparison
from app.media.alignment import Greys, compare, moment_likeness
from app.media.fingerprint import WINDOWS, fingerprint
from app.media.thumbnail_comparison import compare_copies, compare_moments, fingerprints_of
from app.media.thumbnails import ThumbnailStore, encode_thumbnail

WHOLE = WINDOWS[0]


def picture(seed: int, size: tuple[int, int] = (480, 320)) -> Image.Image:
    """Structure on every scale, as photos have it."""
    random = np.random.default_rng(seed)
    canvas = np.zeros((size[1], size[0]), np.float32)
    for cells in (3, 6, 12, 24, 48):
        layer = Image.fromarray(random.integers(0, 256, (cells, cells), np.uint8))
        canvas += np.asarray(layer.resize(size, Image.Resampling.BICUBIC), np.float32) / cells**0.5
    stretched = np.clip(128 + (canvas - canvas.mean()) * (55 / canvas.std()), 0, 255)
    return Image.fromarray(stretched.astype(np.uint8)).convert("RGB")


def nearest(outer: Image.Image, inner: Image.Image) -> tuple[int, int]:
    """(bits, window) of the window of the outer picture that the inner one resembles most."""
    distances = np.bitwise_count(fingerprint(outer).hashes ^ fingerprint(inner).hashes[0])
    return int(distances.min()), int(distances.argmin())


def test_a_smaller_and_a_brighter_copy_have_nearly_the_same_hash() -> None:
    original = picture(1)
    brighter = ImageEnhance.Brightness(original).enhance(1.3)
    for copy in (original.resize((200, 133)), brighter):
        assert nearest(original, copy)[0] <= 6
    assert nearest(original, picture(2))[0] > 14


@pytest.mark.parametrize("box", [(48, 32, 432, 288), (0, 0, 432, 320), (24, 10, 456, 298)])
def test_a_cropped_copy_looks_like_a_window_and_fits_into_it(box: tuple[int, int, int, int]) -> None:
    original = picture(3)
    copy = original.crop(box)
    bits, window = nearest(original, copy)
    assert bits <= 12
    likeness = compare(Greys(original), Greys(copy), WINDOWS[window])
    assert likeness is not None
    assert likeness.worst > 0.8
    expected = (box[0] / 480, box[2] / 480, box[1] / 320, box[3] / 320)
    assert likeness.frame == pytest.approx(expected, abs=0.01)


def test_another_picture_does_not_fit() -> None:
    likeness = compare(Greys(picture(4)), Greys(picture(5)), WHOLE)
    assert likeness is None or likeness.worst < 0.5


def test_one_changed_part_shows_although_the_rest_is_equal() -> None:
    original = picture(6)
    changed = original.copy()
    changed.paste(picture(7).crop((0, 0, 70, 50)), (100, 60))
    likeness = compare(Greys(original), Greys(changed), WHOLE)
    assert likeness is not None
    assert likeness.middle > 0.95
    assert likeness.least < 0.4


def test_shots_of_a_moment_are_alike_although_the_camera_moved() -> None:
    scene = picture(8, (560, 400))
    first = scene.crop((40, 40, 520, 360))
    second = scene.rotate(1.2, Image.Resampling.BICUBIC).crop((52, 33, 532, 353))
    assert moment_likeness(Greys(first), Greys(second)) > 0.7
    assert moment_likeness(Greys(first), Greys(picture(9))) < 0.55


def test_a_picture_without_anything_on_it_is_like_nothing() -> None:
    plain = Greys(Image.new("RGB", (64, 64), "white"))
    assert moment_likeness(plain, plain) == 0
    likeness = compare(plain, plain, WHOLE)
    assert likeness is None or likeness.telling == 0


def test_a_blurred_shot_is_less_sharp() -> None:
    shot = picture(10)
    blurred = shot.filter(ImageFilter.GaussianBlur(2))
    assert fingerprint(shot).sharpness > 1.5 * fingerprint(blurred).sharpness


def test_tiny_pictures_have_fingerprints() -> None:
    assert fingerprint(Image.new("RGB", (1, 1))).hashes.shape == (len(WINDOWS),)


def test_stored_thumbnails_are_compared_and_damaged_ones_passed_over(tmp_path) -> None:
    store = ThumbnailStore(tmp_path)
    for key, shown in (("w1-aa", picture(11)), ("w1-ab", picture(11).resize((240, 160)))):
        store.write(key, encode_thumbnail(shown, 512, None))
    store.write("w1-ac", b"no picture")
    good, other, bad, absent = (str(store.path(f"w1-a{letter}")) for letter in "abcd")
    assert [seen is not None for seen in fingerprints_of([good, bad, absent])] == [True, False, False]
    seen = compare_copies([Comparison(good, other, 0), Comparison(good, bad, 0)])
    assert seen[0] is not None
    assert seen[0].worst > 0.8
    assert seen[1] is None
    likeness, nothing = compare_moments([(good, other), (good, absent)])
    assert likeness > 0.9
    assert nothing == 0
