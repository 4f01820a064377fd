"""Thumbnails as files: made, stored whole, evicted."""

import os
import threading

import pytest
from media_samples import corners, noise, scene, webp
from PIL import Image

from app.media.thumbnails import (
    PreviewStore,
    ThumbnailStore,
    encode_preview,
    encode_thumbnail,
    write_atomically,
)


@pytest.mark.parametrize(
    ("size", "expected"), [((1000, 750), (512, 384)), ((750, 1000), (384, 512)), ((100, 80), (100, 80))]
)
def test_thumbnails_are_webp_of_at_most_their_size(size, expected):
    data = encode_thumbnail(scene(*size), 512, None)
    assert data[8:12] == b"WEBP"
    assert webp(data).size == expected
    assert corners(webp(data)) == ["red", "green", "blue", "white"]


def test_previews_are_larger_and_finer():
    assert webp(encode_preview(scene(3000, 2000), 1600, None)).size == (1600, 1067)


@pytest.fixture
def store(tmp_path):
    return ThumbnailStore(tmp_path / "thumbnails")


def test_a_thumbnail_is_stored_read_and_removed(store):
    assert not store.has("w1-abcd")
    assert store.read("w1-abcd") is None
    store.write("w1-abcd", b"picture")
    assert store.has("w1-abcd")
    assert store.read("w1-abcd") == b"picture"
    store.remove("w1-abcd")
    store.remove("w1-abcd")
    assert not store.has("w1-abcd")


def test_thumbnails_are_spread_over_folders(store):
    assert store.path("w1-00ff").parent != store.path("w1-00fe").parent


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    target = tmp_path / "a.webp"
    write_atomically(target, b"old")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]
    assert target.read_bytes() == b"old"


def test_readers_never_see_half_a_thumbnail(store):
    versions = {bytes([n]) * 100_000 for n in range(4)}
    store.write("w1-k", min(versions))
    seen = set()
    done = threading.Event()

    def read():
        while not done.is_set():
            seen.add(store.read("w1-k"))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        for version in versions:
            store.write("w1-k", version)
    done.set()
    reader.join()
    assert seen <= versions


@pytest.fixture
def previews(tmp_path):
    return lambda cap: PreviewStore(tmp_path / "previews", cap)


def test_previews_not_looked_at_for_longest_are_evicted_first(previews):
    store = previews(350)
    for key in "abc":
        store.write(f"w1-{key}", bytes(100))
    assert store.read("w1-a") is not None
    store.write("w1-d", bytes(100))
    assert [key for key in "abcd" if store.read(f"w1-{key}") is not None] == ["a", "c", "d"]


def test_a_preview_larger_than_the_cap_is_kept_alone(previews):
    store = previews(50)
    store.write("w1-a", bytes(100))
    store.write("w1-b", bytes(100))
    assert store.read("w1-a") is None
    assert store.read("w1-b") is not None


def test_the_order_of_use_survives_a_restart(previews, tmp_path):
    store = previews(1000)
    for position, key in enumerate("abc"):
        store.write(f"w1-{key}", bytes(100))
        path = next((tmp_path / "previews").glob(f"*/w1-{key}.webp"))
        os.utime(path, (1000 - position, 1000 - position))  # c is the oldest
    reopened = previews(350)
    reopened.write("w1-d", bytes(100))
    assert reopened.read("w1-c") is None
    assert reopened.read("w1-a") is not None


def test_replacing_a_preview_counts_it_once(previews):
    store = previews(250)
    for _ in range(5):
        store.write("w1-a", bytes(100))
    store.write("w1-b", bytes(100))
    assert store.read("w1-a") is not None


def test_thumbnails_of_photos_stay_small():
    smooth = noise(1000, 750).reduce(4).resize((1000, 750), Image.Resampling.BICUBIC)
    assert len(encode_thumbnail(scene(1000, 750), 512, None)) < 10_000
    assert len(encode_thumbnail(smooth, 512, None)) < 80_000
