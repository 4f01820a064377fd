"""What mime data holds, and what paths lead to."""

import base64
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QUrl
from PySide6.QtGui import QImage

from app.errors import FileAccessError
from app.ui.dropped_content import (
    DroppedContent,
    guess_paths,
    path_in_text,
    read_mime,
    read_picture_file,
    sort_paths,
)


def _mime(**parts: object) -> QMimeData:
    mime = QMimeData()
    if "urls" in parts:
        mime.setUrls([QUrl(url) for url in parts["urls"]])
    if "html" in parts:
        mime.setHtml(parts["html"])
    if "text" in parts:
        mime.setText(parts["text"])
    return mime


def test_files_come_before_everything_else() -> None:
    """A file manager adds an icon as image data; the file itself is better."""
    mime = _mime(urls=["file:///photos/a%20b.jpg"])
    mime.setData("image/png", QByteArray(b"icon"))

    assert read_mime(mime) == DroppedContent(paths=("/photos/a b.jpg",))


def test_while_dragging_pixels_are_not_taken_over() -> None:
    mime = QMimeData()
    mime.setImageData(QImage(2, 2, QImage.Format.Format_RGB32))

    content = read_mime(mime, peek=True)

    assert content.has_picture
    assert content.image is None


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("data:image/png;base64," + base64.b64encode(b"\x89PNG").decode(), b"\x89PNG"),
        ("data:image/svg+xml,%3Csvg%3E", b"<svg>"),
        ("data:image/png;charset=utf-8;base64,AAAA", b"\0\0\0"),
    ],
)
def test_data_addresses_are_decoded(url: str, data: bytes) -> None:
    assert read_mime(_mime(text=url)).image_data == data


@pytest.mark.parametrize(
    "url", ["data:text/html,hello", "data:image/png;base64,!", "data:image/png", "data:"]
)
def test_other_data_addresses_hold_no_picture(url: str) -> None:
    assert not read_mime(_mime(text=url)).has_picture


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "ftp://example.com/a.jpg", "about:blank"])
def test_other_addresses_are_never_offered_for_fetching(scheme: str) -> None:
    assert read_mime(_mime(urls=[scheme])).address == ""


def test_the_first_picture_of_a_page_is_the_address() -> None:
    html = "<p><img alt=x><img src='https://a.example/1.jpg'><img src='https://a.example/2.jpg'></p>"

    assert read_mime(_mime(html=html, urls=["https://a.example/page"])).address == "https://a.example/1.jpg"


def test_pictures_folders_and_the_rest_are_told_apart_by_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").write_bytes(b"x")
    (tmp_path / "b.jpg").mkdir()
    (tmp_path / "c.txt").write_bytes(b"x")
    paths = [str(tmp_path / name) for name in ("a.JPG", "b.jpg", "c.txt", "gone.jpg")]

    found = sort_paths(paths)

    assert found.pictures == (paths[0],)
    assert found.folders == (paths[1],)
    assert found.others == (paths[2], paths[3])


def test_names_alone_give_a_first_guess() -> None:
    found = guess_paths(["/a/b.heic", "/a/folder", "/a/c.pdf"])

    assert (found.pictures, found.folders, found.others) == (("/a/b.heic",), ("/a/folder",), ("/a/c.pdf",))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/photos/a.jpg", "/photos/a.jpg"),
        (" '/photos/a b.jpg'\n", "/photos/a b.jpg"),
        ("file:///photos/a%20b.jpg", "/photos/a b.jpg"),
        ("C:\\photos\\a.jpg", "C:\\photos\\a.jpg"),
        ("a red car", None),
        ("/one\n/two", None),
        ("", None),
    ],
)
def test_a_path_in_pasted_text_is_recognised(text: str, path: str | None) -> None:
    assert path_in_text(text) == path


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"gone\.jpg cannot be read"):
        read_picture_file(str(tmp_path / "gone.jpg"))
