"""The typed face of the decoding processes."""

import pytest
from media_samples import encoded, noise, scene, webp
from PIL import Image

from app.domain.media import DecodeRequest, Framing, PixelSpec
from app.errors import DamagedMediaError, FileAccessError, MediaTimeoutError, MediaTooLargeError
from app.media.decode_pool import DecodePool

SPEC = PixelSpec(Framing.SQUASH, 64, 64, 2)


@pytest.fixture(scope="module")
def pool():
    pool = DecodePool(2)
    yield pool
    pool.close()


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "photo.jpg"
        path.write_bytes(data)
        return str(path)

    return write


def test_photos_queries_and_previews_are_decoded(pool, file):
    path = file(encoded(scene()))
    photo = pool.submit(DecodeRequest(path, SPEC)).result(30)
    pixels, thumbnail = pool.submit_query_image(encoded(scene()), SPEC).result(30)
    assert photo.pixels.shape == pixels.shape == (64, 64, 3)
    assert webp(thumbnail).size == (512, 384)
    assert webp(pool.submit_preview(path, 100).result(30)).size == (100, 75)


def test_errors_come_with_their_reason(pool, file, tmp_path):
    with pytest.raises(DamagedMediaError, match="cut off"):
        pool.submit(DecodeRequest(file(encoded(noise(90, 90))[:3000]))).result(30)
    with pytest.raises(FileAccessError, match="no longer there"):
        pool.submit(DecodeRequest(str(tmp_path / "gone.jpg"))).result(30)


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux keeps to a memory limit")
def test_a_picture_beyond_the_memory_limit_is_too_large(file):
    pool = DecodePool(1, memory_limit=150_000_000)
    try:
        with pytest.raises(MediaTooLargeError):
            pool.submit(DecodeRequest(file(encoded(Image.new("1", (9000, 9000)), "PNG")))).result(30)
        assert pool.submit(DecodeRequest(file(encoded(scene())))).result(30).size > 0
    finally:
        pool.close()


def test_a_picture_that_takes_too_long_is_left_out(file):
    pool = DecodePool(1, time_limit=0.05)
    try:
        with pytest.raises(MediaTimeoutError):
            pool.submit(DecodeRequest(file(encoded(Image.new("L", (9000, 9000)), "PNG")))).result(30)
    finally:
        pool.close()
