"""Photosift's own command line with a stand-in for the model: `python -m tests.faults.stand_in index FOLDER`.

Everything else is real: decoding processes, the library, the vector index in its process. Nothing heavy is
imported at module level, since helper processes import this module again.
"""

import os
import sys
import time
from collections.abc import Sequence

DIM = 64
_SECONDS_A_PHOTO = "PHOTOSIFT_STAND_IN_SECONDS"


def environment(seconds_a_photo: float) -> dict[str, str]:
    """Makes the stand-in as slow as a model would be."""
    return {_SECONDS_A_PHOTO: str(seconds_a_photo)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Photosift's own `main`, with the stand-in in the place of every model."""
    from app import __main__, bootstrap

    bootstrap.MODEL_PARTS = _parts(bootstrap.MODEL_PARTS)
    bootstrap.READING_PARTS = _parts(bootstrap.READING_PARTS)
    return __main__.main(arguments)


def _parts(real):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from tests.fake_encoder import FakeEncoder

    class SlowEncoder(FakeEncoder):
        """Takes as long as it is told."""

        def encode_images(self, pixels, *, urgent=False):  # type: ignore[no-untyped-def]
            time.sleep(len(pixels) * float(os.environ.get(_SECONDS_A_PHOTO, "0")))
            return super().encode_images(pixels, urgent=urgent)

    return replace(real, open_encoder=lambda *_: SlowEncoder(dim=DIM))


if __name__ == "__main__":
    sys.exit(main())
