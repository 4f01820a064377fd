"""What a file is by its content; its name decides only where the content cannot."""

import struct
from collections.abc import Iterator
from enum import StrEnum

from app.media.formats import is_raw_name


class Kind(StrEnum):
    """A family of files that one decoder opens; the values are Pillow's names of the formats."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WEBP"
    BMP = "BMP"
    TIFF = "TIFF"
    PSD = "PSD"
    JPEG2000 = "JPEG2000"
    ICO = "ICO"
    PCX = "PCX"
    TGA = "TGA"
    AVIF = "AVIF"
    HEIF = "HEIF"
    JXL = "JXL"
    RAW = "RAW"


_SIGNATURES = (
    (0, b"\xff\xd8\xff", Kind.JPEG),
    (0, b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (0, b"GIF87a", Kind.GIF),
    (0, b"GIF89a", Kind.GIF),
    (8, b"WEBP", Kind.WEBP),
    (0, b"BM", Kind.BMP),
    (0, b"8BPS", Kind.PSD),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", Kind.JPEG2000),
    (0, b"\xff\x4f\xff\x51", Kind.JPEG2000),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", Kind.JXL),
    (0, b"\xff\x0a", Kind.JXL),
    (0, b"\x00\x00\x01\x00", Kind.ICO),
    (0, b"FUJIFILMCCD-RAW", Kind.RAW),
    (0, b"IIRO", Kind.RAW),  # Olympus
    (0, b"IIRS", Kind.RAW),
    (0, b"MMOR", Kind.RAW),
    (0, b"IIU\x00", Kind.RAW),  # Panasonic, Leica
    (0, b"\x00MRM", Kind.RAW),  # Minolta
    (0, b"FOVb", Kind.RAW),  # Sigma
    (6, b"HEAPCCDR", Kind.RAW),  # Canon CRW
)
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"avci"}
_AVIF_BRANDS = {b"avif", b"avis"}

_NEW_SUBFILE_TYPE = 254
_SUB_IFDS = 330
_DNG_VERSION = 50706


def is_film(data: bytes) -> bool:
    """Whether a file is of the same family as HEIF or JPEG 2000 but has moving pictures only."""
    if data[4:8] == b"ftyp" and data[8:12] != b"crx ":
        boxes = set(_top_level_boxes(data))
        return b"moov" in boxes and b"meta" not in boxes
    return data[4:8] == b"jP  " and data[20:24] == b"mjp2"


def sniff(data: bytes, name: str) -> Kind | None:
    """The kind of file that these bytes are; None when they are nothing that we open."""
    for offset, signature, kind in _SIGNATURES:
        if data.startswith(signature, offset):
            return kind
    if data.startswith(_TIFF):
        return Kind.RAW if is_raw_name(name) or _is_raw_tiff(data) else Kind.TIFF
    if data[4:8] == b"ftyp":
        return _kind_by_brands(data)
    if data[:1] == b"\x0a" and data[1:2] in (b"\x00", b"\x02", b"\x03", b"\x05") and data[2:3] == b"\x01":
        return Kind.PCX
    if name.lower().endswith(".tga"):
        return Kind.TGA  # the only format without a signature
    return Kind.RAW if is_raw_name(name) and data else None


def _kind_by_brands(data: bytes) -> Kind | None:
    """HEIF, AVIF and Canon's CR3 are all ISO base media files that name their brands at the start."""
    length = min(int.from_bytes(data[:4], "big"), 512)
    brands = {data[8:12]} | {data[at : at + 4] for at in range(16, length, 4)}
    if data[8:12] == b"crx ":
        return Kind.RAW
    if brands & _AVIF_BRANDS and not brands & (_HEIF_BRANDS - {b"mif1", b"mif2", b"msf1"}):
        return Kind.AVIF
    return Kind.HEIF if brands & _HEIF_BRANDS else None


def _top_level_boxes(data: bytes) -> Iterator[bytes]:
    """The types of an ISO base media file's outermost boxes."""
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8]
        if length == 1:  # the length follows in 64 bits
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if length < 8:
            return
        at += length


def _is_raw_tiff(data: bytes) -> bool:
    """Whether a TIFF holds a camera's sensor data: its first directory is then only a small preview."""
    if data[8:10] == b"CR":
        return True
    tags = _first_directory(data)
    return _DNG_VERSION in tags or (tags.get(_NEW_SUBFILE_TYPE) == 1 and _SUB_IFDS in tags)


def _first_directory(data: bytes) -> dict[int, int]:
    """Tags of a classic TIFF's first directory with their values as 32-bit numbers (or offsets)."""
    order = "<" if data.startswith(b"II") else ">"
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        entries = [struct.unpack_from(f"{order}HHII", data, start + 2 + 12 * n) for n in range(count)]
    except struct.error:
        return {}
    return {tag: value for tag, _, _, value in entries}
