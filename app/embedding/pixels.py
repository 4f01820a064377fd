"""From framed uint8 pixels to the tensors of a vision tower, as transformers' processors make them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.domain.media import Framing, PixelSpec
from app.embedding.devices import Runtime
from app.embedding.preprocessor import Normalisation

if TYPE_CHECKING:
    import torch

Pixels = NDArray[np.uint8]  # (height, width, 3) RGB


def model_inputs(
    pictures: Sequence[Pixels], spec: PixelSpec, normalisation: Normalisation, runtime: Runtime
) -> dict[str, "torch.Tensor"]:
    """The keyword arguments of the vision tower, on the device. ValueError for pixels not made by `spec`."""
    if spec.framing is Framing.NAFLEX:
        return _naflex_inputs(pictures, spec, normalisation, runtime)
    return {"pixel_values": _fixed_values(pictures, spec, normalisation, runtime)}


def _fixed_values(
    pictures: Sequence[Pixels], spec: PixelSpec, normalisation: Normalisation, runtime: Runtime
) -> "torch.Tensor":
    """(n, 3, height, width); the bytes travel to the device, the floats are made there."""
    import torch

    values = torch.from_numpy(stacked(pictures, spec)).to(runtime.device)  # (n, height, width, 3)
    return normalise(values, normalisation).permute(0, 3, 1, 2).contiguous().to(runtime.dtype)


def stacked(pictures: Sequence[Pixels], spec: PixelSpec) -> Pixels:
    """(n, height, width, 3) of pictures of a fixed size. ValueError for pixels not made by `spec`."""
    wanted = (spec.height, spec.width, 3)
    for picture in pictures:
        if picture.shape != wanted or picture.dtype != np.uint8:
            raise ValueError(f"pixels are {picture.shape} {picture.dtype}, the model wants {wanted} uint8")
    return np.stack(pictures)


def _naflex_inputs(
    pictures: Sequence[Pixels], spec: PixelSpec, normalisation: Normalisation, runtime: Runtime
) -> dict[str, "torch.Tensor"]:
    """Patches of each picture in reading order, zeros up to `max_patches`, the mask and the patch grid.

    After transformers' Siglip2ImageProcessor (convert_image_to_patches, pad_along_first_dim).
    """
    import torch

    size, most = spec.patch_size, spec.max_patches
    values = torch.zeros(len(pictures), most, size * size * 3, device=runtime.device, dtype=runtime.dtype)
    mask = torch.zeros(len(pictures), most, dtype=torch.int32)
    shapes = torch.empty(len(pictures), 2, dtype=torch.int64)
    for number, picture in enumerate(pictures):
        rows, columns = _grid(picture, spec)
        patches = picture.reshape(rows, size, columns, size, 3).swapaxes(1, 2).reshape(rows * columns, -1, 3)
        normalised = normalise(torch.from_numpy(patches).to(runtime.device), normalisation)
        values[number, : rows * columns] = normalised.reshape(rows * columns, -1)
        mask[number, : rows * columns] = 1
        shapes[number] = torch.tensor((rows, columns))
    # The model reads the grid on the CPU, picture by picture; on a GPU each would be a wait.
    return {"pixel_values": values, "pixel_attention_mask": mask.to(runtime.device), "spatial_shapes": shapes}


def _grid(picture: Pixels, spec: PixelSpec) -> tuple[int, int]:
    """Rows and columns of patches."""
    height, width, channels = picture.shape
    rows, columns = height // spec.patch_size, width // spec.patch_size
    whole = (rows * spec.patch_size, columns * spec.patch_size) == (height, width)
    if not whole or channels != 3 or not 1 <= rows * columns <= spec.max_patches or picture.dtype != np.uint8:
        raise ValueError(
            f"pixels are {picture.shape} {picture.dtype}, not whole patches of {spec.patch_size}"
        )
    return rows, columns


def normalise(values: "torch.Tensor", normalisation: Normalisation) -> "torch.Tensor":
    """(..., 3) uint8 to float32."""
    import torch

    mean = torch.tensor(normalisation.mean, device=values.device)
    std = torch.tensor(normalisation.std, device=values.device)
    return (values.to(torch.float32) * normalisation.rescale - mean) / std
