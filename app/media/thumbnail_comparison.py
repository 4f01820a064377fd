"""Looks at stored thumbnails again: their fingerprints, and how alike two are. Runs in a decoding process."""

import io
from collections.abc import Sequence

from PIL import Image

from app.domain.duplicates import Comparison, Fingerprint, Likeness
from app.media.alignment import Greys, compare, moment_likeness
from app.media.fingerprint import WINDOWS, fingerprint
from app.media.thumbnails import unsealed


def fingerprints_of(paths: Sequence[str]) -> list[Fingerprint | None]:
    """Of thumbnails by path; None of one that is not there or damaged."""
    pictures = (_opened(path) for path in paths)
    return [None if picture is None else fingerprint(picture) for picture in pictures]


def compare_copies(comparisons: Sequence[Comparison]) -> list[Likeness | None]:
    """How alike each two are when one is laid into the other; None where that cannot be or be seen."""
    greys = _Greys()
    found: list[Likeness | None] = []
    for one in comparisons:
        outer, inner = greys.of(one.outer), greys.of(one.inner)
        if outer is None or inner is None:
            found.append(None)
        else:
            found.append(compare(outer, inner, WINDOWS[one.window]))
    return found


def compare_moments(pairs: Sequence[tuple[str, str]]) -> list[float]:
    """How alike each two shots are when what they show may have moved a little; 0 where that is not seen."""
    greys = _Greys()
    found = []
    for one, other in pairs:
        first, second = greys.of(one), greys.of(other)
        found.append(0.0 if first is None or second is None else moment_likeness(first, second))
    return found


class _Greys:
    """Each thumbnail is decoded once, however many others it is compared with."""

    def __init__(self) -> None:
        self._known: dict[str, Greys | None] = {}

    def of(self, path: str) -> Greys | None:
        if path not in self._known:
            picture = _opened(path)
            self._known[path] = None if picture is None else Greys(picture)
        return self._known[path]


def _opened(path: str) -> Image.Image | None:
    """A damaged thumbnail is as good as none: it will be made again when it is looked at."""
    try:
        with open(path, "rb") as file:
            data = unsealed(file.read())
        if data is None:
            return None
        with Image.open(io.BytesIO(data)) as picture:
            return picture.convert("RGB")
    except OSError:
        return None
