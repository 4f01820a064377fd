"""What decoding one photo yields."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.domain.duplicates import Fingerprint


class Framing(StrEnum):
    """How a picture is brought to the model's input size."""

    SQUASH = "squash"  # resized to height x width, aspect ratio given up
    CROP = "crop"  # shortest side resized to height, centre cropped to height x width
    CROP_HALF_EVEN = "crop-half-even"  # CROP, with its corner rounded as torchvision rounds it
    NAFLEX = "naflex"  # aspect ratio kept, sides multiples of patch_size, at most max_patches patches


@dataclass(frozen=True, slots=True)
class PixelSpec:
    """The pixels that a model wants, as its preprocessor_config.json states them.

    `resample` is Pillow's filter number (2 bilinear, 3 bicubic). Scaling to floats and normalisation happen
    in the encoder, so what travels is uint8.
    """

    framing: Framing
    height: int
    width: int
    resample: int
    patch_size: int = 16
    max_patches: int = 256


class TakenFrom(StrEnum):
    """Who says when a photo was taken."""

    EXIF = "exif"  # the camera
    XMP = "xmp"  # a program: XMP or IPTC, in the photo or in its sidecar
    GPS = "gps"  # the satellites, where the camera had no clock
    CONTAINER = "container"  # of a video
    NAME = "name"  # the file's name; a date alone is midnight


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What a photo says about itself; None where it says nothing."""

    width: int  # upright, in pixels
    height: int
    format: str  # Pillow's name: "JPEG", "HEIF"; "RAW" for raw files
    orientation: int = 1  # EXIF orientation as stored, 1 to 8
    taken_at: datetime | None = None  # local time where it was taken; aware when the offset is known
    camera_make: str | None = None
    camera_model: str | None = None
    lens: str | None = None
    exposure_seconds: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_length_mm: float | None = None
    latitude: float | None = None  # degrees, south and west negative
    longitude: float | None = None
    altitude_m: float | None = None
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None  # stars, 1 to 5; 0 is expressly none, -1 rejected
    label: str | None = None  # the colour or word of xmp:Label as it stands there
    taken_from: TakenFrom | None = None  # None exactly where taken_at is
    sidecar_size: int | None = None  # bytes of the XMP sidecar that was read with the photo
    sidecar_mtime_ns: int | None = None  # None where there is no sidecar


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """Everything one reading of a file yields; all of it made from the same bytes."""

    content_key: str  # see app.media.content_key
    pixel_key: str  # BLAKE2b of the upright pixels at a fixed small size: equal pixels, equal embedding
    size: int  # bytes of the file when read
    mtime_ns: int
    metadata: PhotoMetadata
    thumbnail: bytes  # WebP, longest side 512 px at most; empty when only pixels were asked for
    pixels: (
        NDArray[np.uint8] | None
    )  # (height, width, 3) RGB for the model; None when no PixelSpec was asked for
    fingerprint: Fingerprint | None = None  # None: only pixels were asked for


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """One file to decode, and what for."""

    path: str  # absolute; may hold surrogates for undecodable bytes (os.fsdecode)
    pixel_spec: PixelSpec | None = None
    thumbnail_size: int = 512
    sidecar: str | None = None  # path of its XMP sidecar where that is known; looked for otherwise
    refused: tuple[tuple[str, str], ...] = ()  # (content key, reason) of what is not to be tried again
    pixels_only: bool = False  # everything else is known: no thumbnail, and no more metadata than comes along
