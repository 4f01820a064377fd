"""Every real camera file ends as a photo or with a reason; none hangs or crashes the pool."""

import collections
import os
from pathlib import Path

import numpy as np
import pytest
from media_samples import webp

from app.domain.media import DecodeRequest, Framing, PixelSpec
from app.errors import MediaCrashedError, MediaError, MediaTimeoutError
from app.media.decode_pool import DecodePool

FOLDER = os.environ.get("PHOTOSIFT_TEST_PHOTOS", "")
SPEC = PixelSpec(Framing.SQUASH, 224, 224, 2)

pytestmark = [
    pytest.mark.photos,
    pytest.mark.skipif(not FOLDER, reason="PHOTOSIFT_TEST_PHOTOS names no folder"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def outcomes():
    """By path: the decoded photo or the error."""
    pool = DecodePool(2)
    paths = sorted(str(path) for path in Path(FOLDER).rglob("*") if path.is_file())
    futures = {path: pool.submit(DecodeRequest(path, SPEC)) for path in paths}
    try:
        yield {path: future.exception(500) or future.result() for path, future in futures.items()}
    finally:
        pool.close()


def test_every_file_is_decoded_or_refused_with_a_reason(outcomes):
    errors = {path: outcome for path, outcome in outcomes.items() if isinstance(outcome, Exception)}
    assert len(errors) < len(outcomes)
    for path, error in errors.items():
        assert isinstance(error, MediaError), path
        assert not isinstance(error, (MediaCrashedError, MediaTimeoutError)), (path, error)
        assert str(error).endswith("."), path
        assert str(error).isprintable(), path


def test_what_is_decoded_is_complete(outcomes):
    for path, photo in outcomes.items():
        if not isinstance(photo, Exception):
            assert photo.pixels.shape == (224, 224, 3), path
            assert max(webp(photo.thumbnail).size) <= 512, path
            assert photo.metadata.width > 0, path


def test_ordinary_photos_are_all_decoded_with_small_thumbnails(outcomes):
    everyday = {path: photo for path, photo in outcomes.items() if "everyday" in Path(path).parts}
    assert everyday
    assert not [path for path, photo in everyday.items() if isinstance(photo, Exception)]
    assert np.mean([len(photo.thumbnail) for photo in everyday.values()]) <= 30_000


@pytest.mark.parametrize("suffix", [".avif", ".webp", ".tif", ".tiff", ".png", ".gif", ".bmp", ".nef"])
def test_sound_files_of_these_formats_all_open(outcomes, suffix):
    errors = {
        Path(path).name
        for path, outcome in outcomes.items()
        if "formats" in Path(path).parts and path.endswith(suffix) and isinstance(outcome, Exception)
    }
    assert not errors


def test_all_orientations_of_a_picture_look_alike(outcomes):
    by_scene = collections.defaultdict(list)
    for path, photo in outcomes.items():
        if "orientation" in Path(path).parts and path.endswith(".jpg"):
            by_scene[Path(path).name.split("_")[0]].append(photo.pixels.astype(float))
    assert by_scene
    for name, pictures in by_scene.items():
        for picture in pictures:
            assert np.abs(picture - pictures[0]).mean() < 6, name
