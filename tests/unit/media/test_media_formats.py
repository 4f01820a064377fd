"""Which names and which contents are pictures."""

import subprocess
import sys

import pytest

from app.media.formats import (
    PHOTO_SUFFIXES,
    is_photo_name,
    is_sidecar_name,
    is_video_name,
    sidecar_keys,
)
from app.media.sniffing import Kind, is_film, sniff


@pytest.mark.parametrize(
    "name", ["a.jpg", "B.JPEG", "x/y/ü.HeIc", "c:\\d\\e.nef", "a.b.tif", "x\udcff.png", ".a.jpg"]
)
def test_names_of_pictures_are_recognised(name):
    assert is_photo_name(name)


@pytest.mark.parametrize(
    "name", ["", "jpg", "a.txt", "a.jpg.part", ".jpg", "x/.jpg", "x/._a.jpg", "a.mov", "a."]
)
def test_other_names_are_passed_over(name):
    assert not is_photo_name(name)


@pytest.mark.parametrize("name", ["a.mp4", "x/B.MOV", "a.m4v", "a.avi", "a.mkv", "a.webm"])
def test_videos_count_only_where_they_are_asked_for(name):
    assert is_video_name(name)
    assert is_photo_name(name, videos=True)
    assert not is_photo_name(name)
    assert not is_photo_name(f"x/._{name.rpartition('/')[2]}", videos=True)
    assert is_photo_name("a.jpg", videos=True)
    assert not is_video_name("a.jpg")


def test_sidecars_are_known_by_their_names_in_any_case():
    assert is_sidecar_name("x/IMG_1.JPG.XMP")
    assert not is_sidecar_name("IMG_1.jpg")
    assert sidecar_keys("x/IMG_1.JPG") == ("img_1.jpg.xmp", "img_1.xmp")


def test_every_format_of_the_product_has_its_suffixes():
    pictures = ".jpg .png .webp .gif .tif .bmp .avif .psd .jp2 .ico .tga .pcx .heic .heif .jxl"
    raw = ".nef .cr2 .cr3 .arw .dng .rw2 .orf .raf .pef .srw"
    assert set(pictures.split()) | set(raw.split()) <= PHOTO_SUFFIXES


def test_asking_for_a_name_imports_no_picture_library():
    code = "import sys, app.media.formats; sys.exit(bool({'PIL', 'numpy'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _iso(brand, *compatible, boxes=b""):
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + boxes


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "a.png", Kind.JPEG),
        (b"II*\x00" + bytes(20), "a.jpg", Kind.TIFF),
        (b"II*\x00" + bytes(20), "a.NEF", Kind.RAW),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "a.tif", Kind.RAW),
        (_iso(b"heic", b"mif1", b"heic"), "a.jpg", Kind.HEIF),
        (_iso(b"mif1", b"mif1", b"avif"), "a.heic", Kind.AVIF),
        (_iso(b"crx ", b"isom"), "a.mov", Kind.RAW),
        (_iso(b"mp42", b"isom"), "a.jpg", None),
        (b"IIRO" + bytes(20), "x", Kind.RAW),
        (b"hello", "a.jpg", None),
        (b"", "a.nef", None),
    ],
)
def test_content_decides_the_kind(data, name, kind):
    assert sniff(data, name) is kind


def test_a_film_is_told_from_a_picture_in_the_same_container():
    box = (8).to_bytes(4, "big")
    assert is_film(_iso(b"msf1", b"hevc", boxes=box + b"moov"))
    assert not is_film(_iso(b"msf1", b"hevc", boxes=box + b"mdat" + box + b"meta" + box + b"moov"))
    assert not is_film(_iso(b"crx ", boxes=box + b"moov"))
