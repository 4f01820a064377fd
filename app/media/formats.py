"""Which files are pictures by their name: no imports, because a scan asks this for every file on a drive."""

# fmt: off
RAW_SUFFIXES = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos",
    ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})

PHOTO_SUFFIXES = RAW_SUFFIXES | {
    ".avif", ".bmp", ".dib", ".gif", ".heic", ".heics", ".heif", ".heifs", ".hif", ".ico", ".j2c", ".j2k",
    ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".pcx", ".png", ".psd", ".tga",
    ".tif", ".tiff", ".webp",
}
# fmt: on


def is_photo_name(name: str) -> bool:
    """Whether a file of this name (with or without its folders) is worth opening as a picture.

    The sidecar files that macOS leaves on foreign drives ("._IMG_1.JPG") are not.
    """
    dot = name.rfind(".")
    if dot < 0 or name[dot:].lower() not in PHOTO_SUFFIXES:
        return False
    start = max(name.rfind("/"), name.rfind("\\")) + 1
    return dot > start and not name.startswith("._", start)


def is_raw_name(name: str) -> bool:
    """Whether the name says that a file is a camera's raw file."""
    return name[name.rfind(".") :].lower() in RAW_SUFFIXES
