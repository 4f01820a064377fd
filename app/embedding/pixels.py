"""From framed uint8 pixels to the tensors of a vision tower, as transformers' processors make them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.domain.media import Framing, PixelSpec
from app.embedding.devices import REFERENCE, Runtime
from app.embedding.preprocessor import Normalisation
from app.embedding.transfer import PlainTransfer, Transfer

if TYPE_CHECKING:
    import torch

Pixels = NDArray[np.uint8]  # (height, width, 3) RGB


class Normaliser:
    """Bytes to floats, on one device. Its constants travel there once: each time would be a wait."""

    def __init__(self, normalisation: Normalisation, device: str = REFERENCE.device) -> None:
        import torch

        self._rescale = normalisation.rescale
        self._mean = torch.tensor(normalisation.mean, device=device)
        self._std = torch.tensor(normalisation.std, device=device)

    def __call__(self, values: "torch.Tensor") -> "torch.Tensor":
        """(..., 3) uint8 to float32."""
        import torch

        return (values.to(torch.float32) * self._rescale - self._mean) / self._std


class ModelInputs:
    """Makes the keyword arguments of a vision tower: the bytes travel, the floats are made on the device."""

    def __init__(
        self,
        spec: PixelSpec,
        normalisation: Normalisation,
        runtime: Runtime = REFERENCE,
        transfer: Transfer | None = None,
    ) -> None:
        self._spec = spec
        self._runtime = runtime
        self._transfer = transfer or PlainTransfer(runtime.device)
        self._normalise = Normaliser(normalisation, runtime.device)

    def of(self, pictures: Sequence[Pixels]) -> dict[str, "torch.Tensor"]:
        """On the device. ValueError for pixels not made by the spec."""
        if self._spec.framing is Framing.NAFLEX:
            return self._naflex(pictures)
        return {"pixel_values": self._fixed(pictures)}

    def _fixed(self, pictures: Sequence[Pixels]) -> "torch.Tensor":
        """(n, 3, height, width)"""
        import torch

        spec = self._spec
        laid_out = self._transfer.host((len(pictures), spec.height, spec.width, 3), torch.uint8)
        stacked(pictures, spec, laid_out.numpy())
        values = self._normalise(self._transfer.send(laid_out))
        return values.permute(0, 3, 1, 2).contiguous().to(self._runtime.dtype)

    def _naflex(self, pictures: Sequence[Pixels]) -> dict[str, "torch.Tensor"]:
        """Patches of each picture in reading order, zeros up to `max_patches`, the mask and the patch grid.

        After transformers' Siglip2ImageProcessor (convert_image_to_patches, pad_along_first_dim).
        """
        import torch

        most, size = self._spec.max_patches, self._spec.patch_size
        patches = self._transfer.host((len(pictures), most, size * size, 3), torch.uint8)
        mask = self._transfer.host((len(pictures), most), torch.int32)
        grids = [_grid(picture, self._spec) for picture in pictures]
        for picture, (rows, columns), row, used in zip(
            pictures, grids, patches.numpy(), mask.numpy(), strict=True
        ):
            count = rows * columns
            cut = picture.reshape(rows, size, columns, size, 3).swapaxes(1, 2)
            row[:count] = cut.reshape(count, -1, 3)
            used[:count], used[count:] = 1, 0
        there = self._transfer.send(mask)
        values = self._normalise(self._transfer.send(patches))  # what is beyond the mask was never written
        padding = (there == 0)[:, :, None]
        values = values.reshape(len(pictures), most, -1).masked_fill(padding, 0)
        return {
            "pixel_values": values.to(self._runtime.dtype),
            "pixel_attention_mask": there,
            # The model reads the grid on the CPU, picture by picture; on a GPU each would be a wait.
            "spatial_shapes": torch.tensor(grids, dtype=torch.int64),
        }


def stacked(pictures: Sequence[Pixels], spec: PixelSpec, into: Pixels | None = None) -> Pixels:
    """(n, height, width, 3) of pictures of a fixed size. ValueError for pixels not made by `spec`."""
    wanted = (spec.height, spec.width, 3)
    for picture in pictures:
        if picture.shape != wanted or picture.dtype != np.uint8:
            raise ValueError(f"pixels are {picture.shape} {picture.dtype}, the model wants {wanted} uint8")
    return np.stack(pictures, out=into)


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
