"""Colour: every mode that Pillow knows to RGB, and profiles to sRGB."""

import functools
import io
import logging

import numpy as np
from PIL import Image, ImageCms

_log = logging.getLogger(__name__)

_WHITE = (255, 255, 255)
_RANGES = (1, 255, 1023, 4095, 16383, 65535)  # what sensors and scanners count up to


def to_rgb(picture: Image.Image) -> Image.Image:
    """The picture as 8-bit RGB: transparency over white, deep greys scaled to their range."""
    if picture.mode == "RGB":
        return picture
    if picture.mode.startswith(("I", "F")):
        return _from_deep_grey(picture)
    if picture.mode == "LAB":
        return _from_lab(picture)
    if picture.mode in ("La", "RGBa"):  # Pillow converts premultiplied alpha only to its plain sibling
        picture = picture.convert(picture.mode.upper())
    if picture.has_transparency_data:
        return _over_white(picture.convert("RGBA"))
    return picture.convert("RGB")


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """An RGB picture with its colours as a screen shows them; unchanged if the profile is sRGB or broken."""
    transform = _transform(profile, "RGB") if profile else None
    if transform is None:
        return picture
    return ImageCms.applyTransform(picture, transform) or picture


def effective_profile(picture: Image.Image) -> bytes:
    """The profile without which this picture would show other colours; empty where there is none."""
    return in_effect(picture.info.get("icc_profile"), "CMYK" if picture.mode == "CMYK" else "RGB")


def in_effect(profile: object, mode: str) -> bytes:
    """The profile, if it changes what is seen of colours of this mode; else nothing."""
    return profile if isinstance(profile, bytes) and profile and _transform(profile, mode) else b""


def cmyk_to_rgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """A CMYK picture as RGB, through its profile where it has one: the plain formula is far off."""
    transform = _transform(profile, "CMYK") if profile else None
    if transform is None:
        return picture.convert("RGB")
    return ImageCms.applyTransform(picture, transform) or picture.convert("RGB")


@functools.lru_cache(maxsize=16)  # a folder of photos has one or two profiles
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != mode or _is_srgb(source):
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        _log.debug("colour profile not used: %s", error)
        return None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return "srgb" in (profile.profile.profile_description or "").lower()


def _over_white(picture: Image.Image) -> Image.Image:
    background = Image.new("RGB", picture.size, _WHITE)
    background.paste(picture, mask=picture.getchannel("A"))
    return background


def _from_lab(picture: Image.Image) -> Image.Image:
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )
    return ImageCms.applyTransform(picture, transform) or picture.convert("RGB")


def grey_range(highest: float) -> float:
    """What white is where no value is above `highest`."""
    return next((top for top in _RANGES if highest <= top), highest)


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """16- and 32-bit integers and floats, whose range no header tells."""
    values = np.asarray(picture)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0:
        low, high = 0.0, grey_range(high)
    scale = 255.0 / (high - low) if high > low else 0.0
    grey = ((values - np.float32(low)) * np.float32(scale)).clip(0, 255).round().astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
