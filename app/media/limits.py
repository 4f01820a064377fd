"""How large a picture one decoding process may make."""

from app.errors import MediaTooLargeError

Size = tuple[int, int]  # width, height in pixels

MAX_DECODED_PIXELS = 120_000_000  # with copies on the way about 1.2 GB
MAX_PANORAMA_PIXELS = 1_000_000_000  # of what is decoded part by part, which takes long
MAX_COEFFICIENT_BYTES = 900_000_000  # a progressive JPEG is held as coefficients, whatever the scale


def check_pixels(size: Size) -> None:
    """Raises MediaTooLargeError for what cannot be decoded whole."""
    if size[0] * size[1] > MAX_DECODED_PIXELS:
        raise too_large(size)


def check_panorama(size: Size) -> None:
    """Raises MediaTooLargeError for what cannot be decoded part by part in time either."""
    if size[0] * size[1] > MAX_PANORAMA_PIXELS:
        raise too_large(size)


def too_large(size: Size) -> MediaTooLargeError:
    return MediaTooLargeError(
        f"The picture is too large to open safely ({size[0]} x {size[1]} pixels). Save a smaller copy of it."
    )
