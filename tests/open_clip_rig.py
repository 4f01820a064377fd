"""What the open_clip reference and the product are both given: seeded weights, pictures and tokens.

Used by `packaging/mcip_reference`, where open_clip is installed, and by the tests, where it is not.
Everything follows from the names, shapes and seeds, so that only the resulting vectors need to be kept.
"""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.embedding.open_clip_models import VIT_L_14_336, VIT_SO400M_14_SIGLIP_384, OpenClipModel, TowerSize

FIXTURES = Path(__file__).parent / "unit" / "embedding" / "open_clip"

# The same architectures, with fewer and narrower layers: files of a few megabytes, made in an instant.
SMALL_CLIP = replace(
    VIT_L_14_336,
    side=56,
    dim=48,
    vision=TowerSize(width=128, layers=3, heads=2, hidden=512),
    text=TowerSize(width=64, layers=2, heads=1, hidden=256),
    vocabulary=400,
)
SMALL_SIGLIP = replace(
    VIT_SO400M_14_SIGLIP_384,
    side=62,  # no multiple of the patch, as 384 is none
    dim=144,
    vision=TowerSize(width=144, layers=3, heads=2, hidden=538),
    text=TowerSize(width=144, layers=2, heads=2, hidden=538),
    vocabulary=400,
)
# Narrow and shallow, but with the pictures of the real ones: for photos, whose preparation is what differs.
_MEDIUM = TowerSize(width=384, layers=6, heads=6, hidden=1536)
MEDIUM_CLIP = replace(SMALL_CLIP, side=336, dim=256, vision=_MEDIUM)
MEDIUM_SIGLIP = replace(
    SMALL_SIGLIP,
    side=384,
    dim=288,
    vision=TowerSize(width=288, layers=6, heads=4, hidden=1076),
    text=TowerSize(width=288, layers=2, heads=4, hidden=1076),
)
MODELS: Mapping[str, OpenClipModel] = {
    "clip-small": SMALL_CLIP,
    "siglip-small": SMALL_SIGLIP,
    "clip-medium": MEDIUM_CLIP,
    "siglip-medium": MEDIUM_SIGLIP,
    "clip-full": VIT_L_14_336,
    "siglip-full": VIT_SO400M_14_SIGLIP_384,
}
SEED = 5
_PICTURES = ((90, 61), (61, 90), (500, 333), (337, 481), (1200, 400), (384, 384), (64, 300), (641, 480))
_TEXTS = 5


def seeded_tensor(name: str, shape: tuple[int, ...], seed: int = SEED) -> NDArray[np.float32]:
    """Numbers of the size that a trained model has there, different in every tensor."""
    if not shape:
        return np.array(math.log(100.0) if name == "logit_scale" else -12.0, np.float32)
    rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
    noise = rng.standard_normal(shape, np.float32)
    if len(shape) == 1:
        is_scale = name.endswith(".weight")
        return np.asarray(is_scale + 0.1 * noise, np.float32)
    if "embedding" in name or "pos_embed" in name or "latent" in name:
        return np.asarray(0.3 * noise, np.float32)
    return np.asarray(noise * (1.3 / math.sqrt(math.prod(shape[1:]))), np.float32)


def write_file(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Path:
    """A .pth file as open_clip users save one."""
    import torch

    torch.save({name: torch.from_numpy(seeded_tensor(name, shape)) for name, shape in shapes.items()}, path)
    return path


def pictures() -> list[Image.Image]:
    """Drawn ones of every shape; the sizes leave odd and even margins to crop."""
    rng = np.random.default_rng(SEED)
    drawn = []
    for width, height in _PICTURES:
        coarse = Image.fromarray(rng.integers(0, 256, (9, 7, 3), np.uint8))
        picture = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
        grain = rng.integers(-24, 25, (height, width, 1), np.int16)
        drawn.append(Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8)))
    return drawn


def token_rows(model: OpenClipModel) -> NDArray[np.int64]:
    """Texts as tokens, padded as each family pads: CLIP with zeros after its end, SigLIP with its end."""
    rng = np.random.default_rng(SEED)
    is_clip = model.marker == VIT_L_14_336.marker
    start, end = model.vocabulary - 2, model.vocabulary - 1
    rows = np.full((_TEXTS, model.positions), 0 if is_clip else 1, np.int64)
    for row, length in zip(rows, rng.integers(2, 20, _TEXTS), strict=True):
        words = rng.integers(5, start, length)
        tokens = [start, *words, end] if is_clip else [*words, 1]
        row[: len(tokens)] = tokens
    return rows


@dataclass(frozen=True, slots=True)
class Reference:
    """What open_clip answered; every row of unit length."""

    versions: str
    shapes: Mapping[str, tuple[int, ...]]  # of its own state dict
    images: NDArray[np.float32]
    texts: NDArray[np.float32]

    def save(self, path: Path) -> None:
        names = np.array(list(self.shapes))
        shapes = np.array(["x".join(map(str, shape)) for shape in self.shapes.values()])
        np.savez_compressed(
            path,
            versions=np.array(self.versions),
            names=names,
            shapes=shapes,
            images=self.images,
            texts=self.texts,
        )

    @classmethod
    def load(cls, case: str) -> "Reference":
        with np.load(FIXTURES / f"{case}.npz") as kept:
            shapes = {
                str(name): tuple(int(edge) for edge in str(shape).split("x") if edge)
                for name, shape in zip(kept["names"], kept["shapes"], strict=True)
            }
            return cls(str(kept["versions"]), shapes, kept["images"], kept["texts"])
