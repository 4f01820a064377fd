"""From an upright picture to the pixels a model wants, equal to what transformers' PIL processors make.

Scaling to floats and normalisation are left to the encoder, so that what travels between processes is uint8.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.domain.media import Framing, PixelSpec
from app.media.colours import to_srgb
from app.media.limits import Size

OVERSAMPLING = 2  # a picture at least twice the model's input is resized to it without visible loss

_LARGEST_RESIZED = 30_000_000  # pixels


def needed_size(spec: PixelSpec | None, thumbnail_size: int, full: Size) -> Size:
    """The smallest width and height at which a picture of size `full` may be decoded for this purpose."""
    width, height = fit_within(full, thumbnail_size)
    if spec is None:
        return width, height
    model_width, model_height = _resized(spec, full)
    return max(width, OVERSAMPLING * model_width), max(height, OVERSAMPLING * model_height)


def fit_within(full: Size, longest: int) -> Size:
    """`full` scaled down, keeping its aspect ratio, until no side is longer than `longest`."""
    scale = min(1.0, longest / max(full))
    return max(1, round(full[0] * scale)), max(1, round(full[1] * scale))


def prepare_pixels(
    picture: Image.Image, spec: PixelSpec, full: Size, profile: bytes | None = None
) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 sRGB for the model.

    `picture` is upright RGB, possibly decoded at a reduced scale; `full` is the size it has in the file,
    which decides the target where the aspect ratio is kept; `profile` is that of its colours.
    """
    target = _resized(spec, full)
    filter_ = Image.Resampling(spec.resample)
    # Before resizing, as the reference: mixed in another colour space, cosines fall to 0.9998.
    picture = to_srgb(picture, profile)
    if spec.framing in (Framing.CROP, Framing.CROP_HALF_EVEN):
        return np.asarray(_resize_and_crop(picture, target, spec, filter_))
    return np.asarray(picture.resize(target, filter_))


def _resized(spec: PixelSpec, full: Size) -> Size:
    """The size of the whole picture as the model sees it, before any cropping."""
    if spec.framing is Framing.SQUASH:
        return spec.width, spec.height
    if spec.framing is Framing.NAFLEX:
        return naflex_size(full, spec.patch_size, spec.max_patches)
    short, long = sorted(full)
    scaled = int(spec.height * long / short)
    return (spec.height, scaled) if full[0] <= full[1] else (scaled, spec.height)


def _resize_and_crop(
    picture: Image.Image, target: Size, spec: PixelSpec, filter_: Image.Resampling
) -> Image.Image:
    """The centre of the resized picture; of the longest panoramas, nothing but the centre is ever made."""
    crop = spec.width, spec.height
    left, top = (_corner(target[axis] - crop[axis], spec.framing) for axis in (0, 1))
    if target[0] * target[1] <= _LARGEST_RESIZED:
        resized = picture.resize(target, filter_)
        return resized.crop((left, top, left + crop[0], top + crop[1]))
    across, down = picture.width / target[0], picture.height / target[1]
    box = (left * across, top * down, (left + crop[0]) * across, (top + crop[1]) * down)
    return picture.resize(crop, filter_, box=box)


def _corner(spare: int, framing: Framing) -> int:
    """Where the crop begins; the frameworks differ about the half pixel."""
    return round(spare / 2) if framing is Framing.CROP_HALF_EVEN else spare // 2


def naflex_size(full: Size, patch: int, max_patches: int) -> Size:
    """The largest size of about this aspect ratio that is made of at most `max_patches` whole patches.

    The bisection of SigLIP 2's NaFlex (arXiv 2502.14786, section 2.4.2) with the bounds and the tolerance of
    the reference implementation, because they decide which of two neighbouring sizes is taken.
    """
    tolerance = 1e-5
    low, high = tolerance / 10, 100.0
    while high - low >= tolerance:
        scale = (low + high) / 2
        across, down = (_patches(scale, side, patch) for side in full)
        if across * down <= max_patches:
            low = scale
        else:
            high = scale
    return _patches(low, full[0], patch) * patch, _patches(low, full[1], patch) * patch


def _patches(scale: float, side: int, patch: int) -> int:
    return max(1, math.ceil(side * scale / patch))
