"""Real pictures of every orientation, shape and colour mode, opened as Pillow's own documentation says.

The product opens files in its own way, at reduced scales and with many checks; what it is compared with is
made here without any of its code: whole decode, EXIF orientation, colour profile to sRGB, transparency over
white, RGB.
"""

import io
import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from app.domain.media import DecodeRequest
from app.errors import MediaError
from app.media.decode import decode_photo
from tests.benchmarks.fidelity import draw

_MOST = {"orientation": 18, "everyday": 12, "formats": 12}  # of each kind
_KINDS = ("camera", *_MOST)
_LARGEST = 40_000_000  # pixels: the reference decodes whole, again and again
_DEEP = ("I", "F")  # deep greys have no agreed way to 8 bits


@dataclass(frozen=True, slots=True)
class Chosen:
    """The files of one run."""

    paths: tuple[Path, ...]
    are_real: bool

    def described(self) -> dict[str, str | int]:
        """For a figure's details."""
        modes: Counter[str] = Counter()
        for path in self.paths:
            with Image.open(path) as picture:
                modes[f"{picture.format} {picture.mode}"] += 1
        kinds = ", ".join(f"{count} {mode}" for mode, count in modes.most_common())
        return {"photos": len(self.paths), "source": "real" if self.are_real else "drawn", "modes": kinds}


def choose(count: int, scratch: Path) -> Chosen:
    """`count` files of PHOTOSIFT_TEST_PHOTOS, the odd ones first; drawn ones where it is not set."""
    root = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    if not root:
        return Chosen(tuple(draw(scratch / f"drawn-{number}.jpg", number) for number in range(count)), False)
    share = -(-count // len(_KINDS))  # a few of each kind; of the camera's what is left to choose
    shares = {kind: min(share, most) for kind, most in _MOST.items()}
    shares["camera"] = count - sum(shares.values())
    found = [_usable(Path(root) / kind, at_most=share) for kind, share in shares.items()]
    return Chosen(tuple(path for paths in found for path in paths), True)


def open_reference(path: Path) -> Image.Image:
    """Upright, in sRGB, without transparency."""
    with Image.open(path) as opened:
        opened.load()
        profile = opened.info.get("icc_profile")
        picture = ImageOps.exif_transpose(opened)
    if picture.mode == "RGBA" or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", layer.size, "white")
        picture.paste(layer, mask=layer.getchannel("A"))
    if profile and picture.mode in ("RGB", "CMYK"):
        picture = _in_srgb(picture, profile)
    return picture.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return (
            ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            or picture
        )
    except ImageCms.PyCMSError:  # of another colour space than the picture
        return picture


def _usable(folder: Path, at_most: int) -> Iterator[Path]:
    """Files that both Pillow and the product open, rare modes first and otherwise by lot."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    random.Random(0).shuffle(paths)
    given = 0
    for path in sorted(paths, key=_commonness):
        if given < at_most and _opens(path):
            given += 1
            yield path


def _commonness(path: Path) -> int:
    try:
        with Image.open(path) as picture:
            plain = picture.mode == "RGB" and not picture.info.get("icc_profile")
            return 1 if plain and 0.5 < picture.width / picture.height < 2 else 0
    except (OSError, SyntaxError, ValueError):
        return 2


def _opens(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith(_DEEP) or picture.width * picture.height > _LARGEST:
                return False
            picture.load()
        decode_photo(DecodeRequest(str(path)))
    except (OSError, SyntaxError, ValueError, MediaError):
        return False
    return True


def opened(paths: Sequence[Path]) -> Iterator[Image.Image]:
    """One after the other: whole photos are large."""
    for path in paths:
        yield open_reference(path)
