"""What a drop or a paste holds: pictures, folders, an image's bytes, or the address of one on the web.

`read_mime` looks at the data only and may run on the window's thread; `sort_paths`, `read_picture_file` and
`encode_image` touch the disk or take a while and may not.
"""

import base64
import binascii
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import cast
from urllib.parse import unquote_to_bytes, urlsplit

from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QGuiApplication, QImage

from app.errors import DamagedMediaError, FileAccessError, MediaTooLargeError
from app.ui.wording import printable

_PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif"}
    | {".heic", ".heif", ".hif", ".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf"}
    | {".orf", ".rw2", ".pef", ".srw", ".3fr", ".erf", ".kdc", ".mrw", ".rwl", ".x3f"}
)
# In the order of preference: what a browser offers without loss first.
_IMAGE_MIMES = ("image/png", "image/webp", "image/avif", "image/jpeg", "image/gif", "image/tiff", "image/bmp")
_PATH_START = re.compile(r"^(/|~/|[A-Za-z]:[\\/]|\\\\|file://)")
MAX_PICTURE_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DroppedContent:
    """Everything of a drop or paste that we can use; empty fields where there is nothing of the kind."""

    photo_ids: tuple[int, ...] = ()  # photos of the library, dragged out of our own grid
    paths: tuple[str, ...] = ()  # files and folders, not yet told apart
    image_data: bytes = b""  # an encoded image file
    image: QImage | None = None  # pixels without a file, as another program handed them over
    offers_image: bool = False  # seen with `peek`: there are bytes or pixels, not taken over yet
    address: str = ""  # http or https; nothing was fetched
    text: str = ""  # words that are none of the above

    @property
    def is_empty(self) -> bool:
        return not (self.paths or self.has_picture or self.address or self.text)

    @property
    def has_picture(self) -> bool:
        """Whether it holds a picture that needs neither the disk nor the web."""
        return bool(self.photo_ids or self.image_data or self.offers_image or self.image is not None)


@dataclass(frozen=True, slots=True)
class SortedPaths:
    """Paths by what lies there."""

    pictures: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # neither, or not there

    @property
    def is_empty(self) -> bool:
        return not (self.pictures or self.folders)


def read_mime(mime: QMimeData, *, peek: bool = False) -> DroppedContent:
    """What the data of a drop or the clipboard holds, without touching the disk.

    `peek` leaves pixels with the program that offers them: while dragging, only their being there matters.
    """
    content = DroppedContent(paths=tuple(url.toLocalFile() for url in mime.urls() if url.isLocalFile()))
    if content.paths:
        return content
    if peek and (mime.hasImage() or any(mime.hasFormat(name) for name in _IMAGE_MIMES)):
        return replace(content, offers_image=True)
    data = _encoded_image(mime)
    if data:
        return replace(content, image_data=data)
    if mime.hasImage():
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return replace(content, image=image)
    return _from_addresses(content, mime)


def clipboard_mime() -> QMimeData | None:
    """What is on the clipboard; the stubs do not know that there may be nothing."""
    return cast("QMimeData | None", QGuiApplication.clipboard().mimeData())


def guess_paths(paths: Iterable[str]) -> SortedPaths:
    """Tell pictures and folders apart by their names alone: quick, put right by `sort_paths`."""
    paths = tuple(paths)
    pictures = tuple(path for path in paths if _suffix(path) in _PICTURE_SUFFIXES)
    folders = tuple(path for path in paths if not _suffix(path))
    return SortedPaths(pictures, folders, tuple(p for p in paths if p not in {*pictures, *folders}))


def sort_paths(paths: Iterable[str]) -> SortedPaths:
    """Tell pictures, folders and the rest apart by looking at the disk; any thread but the window's."""
    pictures, folders, others = [], [], []
    for path in paths:
        if Path(path).is_dir():
            folders.append(path)
        elif _suffix(path) in _PICTURE_SUFFIXES and Path(path).is_file():
            pictures.append(path)
        else:
            others.append(path)
    return SortedPaths(tuple(pictures), tuple(folders), tuple(others))


def path_in_text(text: str) -> str | None:
    """The path that a pasted line spells out, or None when it does not look like one."""
    line = text.strip().strip("\"'")
    if "\n" in line or not _PATH_START.match(line):
        return None
    if line.startswith("file://"):
        return QUrl(line).toLocalFile() or None
    return str(Path(line).expanduser())


def read_picture_file(path: str) -> bytes:
    """The bytes of a picture file; any thread but the window's. Raises MediaError."""
    try:
        if os.path.getsize(path) > MAX_PICTURE_BYTES:
            raise MediaTooLargeError(_tr("{path} is too large to search with.").format(path=printable(path)))
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        reason = _tr("{path} cannot be read: {reason}.")
        raise FileAccessError(reason.format(path=printable(path), reason=error.strerror)) from error


def encode_image(image: QImage) -> bytes:
    """Pixels as a PNG file, without loss; takes a while for a large one. Raises DamagedMediaError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG", 90):  # type: ignore[call-overload]  # the stubs lack the QIODevice form
        raise DamagedMediaError(_tr("This picture could not be read."))
    return bytes(buffer.data().data())


def is_web_address(text: str) -> bool:
    """Whether a line is an http or https address."""
    return bool(re.fullmatch(r"https?://\S+", text.strip(), re.IGNORECASE))


def _encoded_image(mime: QMimeData) -> bytes:
    """The file that a browser hands over, or b"": its own bytes spare us from encoding pixels again."""
    for name in _IMAGE_MIMES:
        data = bytes(mime.data(name).data())
        if data:
            return data
    return b""


def _from_addresses(content: DroppedContent, mime: QMimeData) -> DroppedContent:
    """An image dragged out of a page inside a link: the page names the picture, the list only the link."""
    candidates = [*_image_sources(mime.html()), *(url.toString() for url in mime.urls()), mime.text()]
    for candidate in map(str.strip, candidates):
        if candidate.startswith("data:"):
            data = _decode_data_url(candidate)
            if data:
                return replace(content, image_data=data)
        elif is_web_address(candidate):
            return replace(content, address=candidate)
    return replace(content, text=mime.text().strip())


class _ImageSources(HTMLParser):
    """Collects the addresses of the pictures in a piece of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.extend(value for name, value in attributes if name == "src" and value)


def _image_sources(html: str) -> list[str]:
    parser = _ImageSources()
    parser.feed(html)
    return parser.found


def _decode_data_url(url: str) -> bytes:
    """The bytes inside a data: address of an image, b"" when it holds none."""
    header, comma, body = url[len("data:") :].partition(",")
    if not comma or not header.lower().startswith("image/"):
        return b""
    raw = unquote_to_bytes(body)
    if not header.lower().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw)
    except binascii.Error:
        return b""


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def address_host(address: str) -> str:
    """The part of an address that tells people where it leads."""
    return urlsplit(address).hostname or address


def _tr(text: str) -> str:
    return QCoreApplication.translate("DroppedContent", text)
