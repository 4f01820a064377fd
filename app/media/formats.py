"""Which files are pictures by their name; a scan asks this for every file on a drive."""

from app.domain.companions import RAW_SUFFIXES

# fmt: off
PHOTO_SUFFIXES = RAW_SUFFIXES | {
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heics", ".heif", ".heifs", ".hif", ".ico", ".j2c",
    ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".jxl", ".mpo", ".pcx", ".png",
    ".psb", ".psd", ".tga", ".tif", ".tiff", ".webp",
}

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
# fmt: on


def is_photo_name(name: str, videos: bool = False) -> bool:
    """Whether a file of this name (with or without its folders) is worth opening as a picture.

    With `videos` those count too: they are shown by one of their frames. The companions that macOS leaves on
    foreign drives ("._IMG_1.JPG") never do.
    """
    dot = name.rfind(".")
    if dot < 0:
        return False
    suffix = name[dot:].lower()
    if suffix not in PHOTO_SUFFIXES and not (videos and suffix in VIDEO_SUFFIXES):
        return False
    start = max(name.rfind("/"), name.rfind("\\")) + 1
    return dot > start and not name.startswith("._", start)


def is_video_name(name: str) -> bool:
    """Whether the name says that a file is a video."""
    return name[name.rfind(".") :].lower() in VIDEO_SUFFIXES


def is_sidecar_name(name: str) -> bool:
    """Whether the name says that a file is an XMP sidecar, which holds what programs note about a photo."""
    return name[-4:].lower() == ".xmp"


def sidecar_keys(name: str) -> tuple[str, str]:
    """The case-folded names that a photo's sidecar may have, the surer one first.

    "IMG.JPG.xmp" can only mean this photo; "IMG.xmp" means every photo of that stem.
    """
    name = name[max(name.rfind("/"), name.rfind("\\")) + 1 :]
    return f"{name}.xmp".casefold(), f"{name[: name.rfind('.')]}.xmp".casefold()


def is_raw_name(name: str) -> bool:
    """Whether the name says that a file is a camera's raw file."""
    return name[name.rfind(".") :].lower() in RAW_SUFFIXES
