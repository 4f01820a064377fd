"""Thumbnails that were damaged on the disk."""

import io
from pathlib import Path

import pytest
from PIL import Image

from app.media.store_examination import examine_store
from app.media.thumbnails import ThumbnailStore, sealed, unsealed


@pytest.fixture
def store(tmp_path: Path) -> ThumbnailStore:
    return ThumbnailStore(tmp_path / "thumbnails")


def _webp(colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "WEBP")
    return out.getvalue()


def test_what_was_written_is_read(store: ThumbnailStore) -> None:
    store.write("w1-a", _webp())
    assert store.read("w1-a") == _webp()


def test_other_programs_can_show_the_file(store: ThumbnailStore) -> None:
    store.write("w1-a", _webp())
    with Image.open(store.path("w1-a")) as picture:
        assert picture.convert("RGB").getpixel((3, 3)) is not None


@pytest.mark.parametrize("place", [0, 5, 30, -9, -5, -1])
def test_one_changed_byte_makes_it_as_good_as_none(store: ThumbnailStore, place: int) -> None:
    store.write("w1-a", _webp())
    data = bytearray(store.path("w1-a").read_bytes())
    data[place] ^= 0x40
    store.path("w1-a").write_bytes(data)
    assert store.read("w1-a") is None
    assert examine_store(store.path("w1-a").parents[1]).damaged == {"w1-a"}


@pytest.mark.parametrize("length", [0, 4, 40, -1, -8])
def test_one_that_was_cut_off_is_as_good_as_none(length: int) -> None:
    cut = sealed(_webp())[:length]
    assert unsealed(cut) in (None, _webp())  # without its seal alone it is still whole
    assert (unsealed(cut) is None) == (length != -8)


def test_one_of_an_earlier_version_has_no_seal_and_is_read(store: ThumbnailStore) -> None:
    store.write("w1-a", _webp())
    store.path("w1-a").write_bytes(_webp("red"))
    assert store.read("w1-a") == _webp("red")


def test_a_store_whose_drive_was_pulled_is_not_made_anew(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path / "library" / "thumbnails")
    with pytest.raises(FileNotFoundError):
        store.write("w1-a", _webp())
    assert not (tmp_path / "library").exists()
