"""What preprocessor_config.json asks for: the pixels' size, filter and framing, and their normalisation.

The checkpoint's file decides, never a class's defaults, which differ from the SigLIP 2 checkpoints.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.media import Framing, PixelSpec
from app.errors import CheckpointError

MOST_PATCHES = 4096  # of a NaFlex picture; attention over more fills any memory
_LARGEST_PATCH = 64
_FILTERS = range(6)  # Pillow's numbers, from nearest (0) to Hamming (5)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How uint8 pixels become what the model sees: (pixel * rescale - mean) / std, per channel."""

    rescale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def read_pixel_spec(config: Mapping[str, Any], family: str) -> PixelSpec:
    """The pixels that the checkpoint wants. Raises CheckpointError when we cannot make them."""
    if not config.get("do_resize", True):
        raise CheckpointError(
            "preprocessor_config.json asks for pictures of any size, which is not supported."
        )
    resample = config.get("resample")
    if not isinstance(resample, int) or resample not in _FILTERS:
        raise CheckpointError("preprocessor_config.json does not name a known filter under 'resample'.")
    if family == "siglip2":
        return _naflex(config, resample)
    height, width = _size(config, family)
    crop = bool(config.get("do_center_crop", False))
    if crop and _edges(config.get("crop_size"), "crop_size") != (height, width):
        raise CheckpointError(
            "preprocessor_config.json crops to another size than it resizes to: not supported."
        )
    return PixelSpec(_framing(config, crop), height, width, resample)


def read_normalisation(config: Mapping[str, Any]) -> Normalisation:
    """Factor, mean and deviation. Raises CheckpointError when they are not three numbers each."""
    rescale = config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0
    if isinstance(rescale, bool) or not isinstance(rescale, int | float) or not 0 < rescale < math.inf:
        raise CheckpointError("preprocessor_config.json gives no usable 'rescale_factor'.")
    if not config.get("do_normalize", True):
        return Normalisation(float(rescale), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    mean, std = (_triple(config.get(name), name) for name in ("image_mean", "image_std"))
    if min(std) <= 0:
        raise CheckpointError("preprocessor_config.json divides by zero or less: see 'image_std'.")
    return Normalisation(float(rescale), mean, std)


def _naflex(config: Mapping[str, Any], resample: int) -> PixelSpec:
    """The aspect ratio is kept, so height and width say only how large a square picture becomes."""
    patch, patches = config.get("patch_size"), config.get("max_num_patches")
    if not isinstance(patch, int) or not isinstance(patches, int):
        raise CheckpointError("preprocessor_config.json lacks 'patch_size' or 'max_num_patches'.")
    if not 1 <= patch <= _LARGEST_PATCH or not 1 <= patches <= MOST_PATCHES:
        raise CheckpointError(
            f"preprocessor_config.json asks for {patches} patches of {patch} pixels: not supported."
        )
    return naflex_pixel_spec(patch, patches, resample)


def _framing(config: Mapping[str, Any], crop: bool) -> Framing:
    if not crop:
        return Framing.SQUASH
    return Framing.CROP_HALF_EVEN if config.get("crop_rounding") == "half_even" else Framing.CROP


def naflex_pixel_spec(patch: int, patches: int, resample: int) -> PixelSpec:
    """At most `patches` squares of `patch` pixels, in the picture's own proportions."""
    side = int(patches**0.5) * patch
    return PixelSpec(Framing.NAFLEX, side, side, resample, patch_size=patch, max_patches=patches)


def _size(config: Mapping[str, Any], family: str) -> tuple[int, int]:
    size = config.get("size")
    one_edge = isinstance(size, int) and family == "clip"  # CLIP's plain number is the shortest edge
    shortest = isinstance(size, Mapping) and "shortest_edge" in size
    if (one_edge or shortest) and not config.get("do_center_crop", False):
        raise CheckpointError("preprocessor_config.json resizes without cropping to a square: not supported.")
    return _edges(size, "size")


def _edges(size: Any, name: str) -> tuple[int, int]:
    """Height and width of the forms {"height", "width"}, {"shortest_edge"} and a plain number."""
    if isinstance(size, Mapping):
        edge = size.get("shortest_edge")
        height, width = size.get("height", edge), size.get("width", edge)
    else:
        height = width = size
    if not isinstance(height, int) or not isinstance(width, int) or min(height, width) < 1:
        raise CheckpointError(f"preprocessor_config.json gives no usable {name!r}.")
    return height, width


def _triple(value: Any, name: str) -> tuple[float, float, float]:
    try:
        red, green, blue = (float(number) for number in value)
        if not all(map(math.isfinite, (red, green, blue))):
            raise ValueError("infinite, or no number")
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"preprocessor_config.json gives no three numbers under {name!r}.") from error
    return red, green, blue
