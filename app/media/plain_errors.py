"""Whatever a codec raises about a file, as one of our errors with a text for people."""

import contextlib
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

from app.errors import DamagedMediaError, MediaError, MediaTooLargeError
from app.media.sniffing import Kind

TRUNCATED = "The file is cut off: part of its picture is missing. Copy it again from the original."
_DAMAGED = "The file is damaged, so its picture cannot be read. Restore it from a backup or the original."
_MEMORY = "The picture needs more memory than one photo may take. Save a smaller copy of it."


@contextlib.contextmanager
def plain_errors(kind: Kind | None = None) -> Iterator[None]:
    """Turn whatever a codec makes of a hostile file of this kind into one of our errors."""
    try:
        yield
    except MediaError:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise MediaTooLargeError(_MEMORY) from error
    except (UnidentifiedImageError, SyntaxError) as error:
        begins = f"begins as {_with_article(kind)} picture but" if kind is not None else "is no video or"
        raise DamagedMediaError(
            f"The file {begins} cannot be read: it is damaged or a rare variant of it."
        ) from error
    except Exception as error:
        raise DamagedMediaError(TRUNCATED if "truncated" in str(error) else _DAMAGED) from error


def _with_article(kind: Kind) -> str:
    return f"an {kind}" if kind.startswith(("A", "I")) else f"a {kind}"
