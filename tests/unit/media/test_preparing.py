"""Model pixels equal those of transformers' own PIL processors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_samples import noise, scene
from PIL import Image

from app.domain.media import Framing, PixelSpec
from app.media.preparing import fit_within, naflex_size, needed_size, prepare_pixels

SIZES = [(640, 480), (480, 640), (224, 224), (100, 37), (1000, 90), (33, 1200), (225, 223), (1, 1), (3, 500)]
SQUASH = PixelSpec(Framing.SQUASH, 224, 224, 2)
CROP = PixelSpec(Framing.CROP, 224, 224, 3)
NAFLEX = PixelSpec(Framing.NAFLEX, 0, 0, 2, patch_size=16, max_patches=256)


def normalised(pixels):
    return pixels.astype(np.float32) * 2 / 255 - 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("resample", [2, 3])
def test_squashed_pixels_equal_the_reference(size, resample):
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    picture = noise(*size)
    reference = SiglipImageProcessorPil(resample=resample, size={"height": 224, "width": 224})
    expected = reference(picture, return_tensors="np")["pixel_values"][0]
    ours = prepare_pixels(picture, PixelSpec(Framing.SQUASH, 224, 224, resample), size)
    assert ours.shape == (224, 224, 3)
    assert np.allclose(normalised(ours).transpose(2, 0, 1), expected, atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [224, 336])
def test_cropped_pixels_equal_the_reference(size, side):
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    picture = noise(*size)
    reference = CLIPImageProcessorPil(
        size={"shortest_edge": side},
        crop_size={"height": side, "width": side},
        do_normalize=False,
        do_rescale=False,
    )
    expected = reference(picture, return_tensors="np")["pixel_values"][0]
    ours = prepare_pixels(picture, PixelSpec(Framing.CROP, side, side, 3), size)
    assert ours.shape == (side, side, 3)
    assert np.array_equal(ours.transpose(2, 0, 1), expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("patch", "most"), [(16, 256), (14, 729), (16, 64)])
def test_naflex_pixels_equal_the_reference(size, patch, most):
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    picture = noise(*size)
    reference = Siglip2ImageProcessorPil(patch_size=patch, max_num_patches=most)
    expected = reference(picture, return_tensors="np")
    down, across = expected["spatial_shapes"][0]
    ours = prepare_pixels(picture, PixelSpec(Framing.NAFLEX, 0, 0, 2, patch, most), size)
    assert ours.shape == (down * patch, across * patch, 3)
    patches = normalised(ours).reshape(down, patch, across, patch, 3).transpose(0, 2, 1, 3, 4)
    patches = patches.reshape(down * across, -1)
    assert np.allclose(patches, expected["pixel_values"][0][: down * across], atol=1e-6)


@given(
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    patch=st.sampled_from([14, 16, 32]),
    most=st.sampled_from([49, 256, 729, 1024]),
)
@settings(max_examples=300, deadline=None)
def test_naflex_sizes_equal_the_reference(width, height, patch, most):
    from transformers.models.siglip2.image_processing_pil_siglip2 import get_image_size_for_max_num_patches

    expected = get_image_size_for_max_num_patches(height, width, patch, most)
    assert naflex_size((width, height), patch, most) == expected[::-1]


def test_a_reduced_picture_gets_the_size_that_the_whole_one_has():
    reduced = scene(1001, 751)
    pixels = prepare_pixels(reduced, NAFLEX, (4003, 3001))
    assert pixels.shape[1::-1] == naflex_size((4003, 3001), 16, 256)


def test_a_reduced_picture_gives_nearly_the_pixels_of_the_whole_one():
    whole = scene(2000, 1500)
    error = np.abs(
        prepare_pixels(whole, SQUASH, whole.size).astype(int)
        - prepare_pixels(whole.reduce(3), SQUASH, whole.size).astype(int)
    )
    assert error.mean() < 1


@pytest.mark.parametrize(
    ("spec", "full", "expected"),
    [
        (None, (4000, 3000), (512, 384)),
        (SQUASH, (4000, 3000), (512, 448)),
        (SQUASH, (300, 200), (448, 448)),
        (CROP, (4000, 3000), (596, 448)),
        (NAFLEX, (4000, 3000), (576, 448)),
    ],
)
def test_pictures_are_decoded_at_twice_the_input_of_the_model_or_the_size_of_the_thumbnail(
    spec, full, expected
):
    assert needed_size(spec, 512, full) == expected


@pytest.mark.parametrize(
    ("full", "expected"), [((4000, 3000), (512, 384)), ((100, 50), (100, 50)), ((9000, 3), (512, 1))]
)
def test_thumbnails_keep_the_aspect_ratio_and_never_grow(full, expected):
    assert fit_within(full, 512) == expected


def test_a_long_strip_is_cropped_without_resizing_all_of_it():
    strip = Image.new("RGB", (2, 60_000), (1, 2, 3))  # whole, it would be 4 gigabytes
    pixels = prepare_pixels(strip, CROP, strip.size)
    assert pixels.shape == (224, 224, 3)
    assert (pixels == (1, 2, 3)).all()


@pytest.mark.parametrize("spare", [0, 1, 2, 3, 4, 5])
def test_an_odd_margin_is_cropped_as_the_checkpoints_framework_does(spare: int) -> None:
    """transformers drops the half pixel, torchvision rounds it to the even one."""
    picture = Image.new("RGB", (8 + spare, 8))
    picture.putpixel((spare // 2, 0), (255, 0, 0))
    picture.putpixel((round(spare / 2), 7), (255, 0, 0))
    for framing, row in ((Framing.CROP, 0), (Framing.CROP_HALF_EVEN, 7)):
        pixels = prepare_pixels(picture, PixelSpec(framing, 8, 8, 3), picture.size)
        assert pixels[row, 0, 0] == 255
