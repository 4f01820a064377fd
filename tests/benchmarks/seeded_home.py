"""A home with settings and a library of any size; the photos look unchanged and have thumbnails."""

import os
import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image

from app.embedding.checkpoint import describe_checkpoint
from app.media.thumbnails import ThumbnailStore
from app.paths import LibraryPaths
from app.settings import Settings, SettingsStore
from tests.homes import settings_file_in
from tests.library_seed import seed_library

_PICTURES = 50  # different thumbnails; more would only take longer to make
_LINKS = 10_000  # names of one file; file systems allow few more


def prepare_home(
    home: Path,
    count: int,
    checkpoint: Path,
    *,
    thumbnails: int | None = None,
    precision: Literal["auto", "float32"] = "auto",
) -> LibraryPaths:
    """`count` photos, read, and embedded at random for the checkpoint; the files only look right.

    `thumbnails`: only so many, of the newest; a window that is not scrolled shows no more.
    """
    settings = Settings(checkpoint=str(checkpoint), device="cpu", precision=precision)
    SettingsStore(settings_file_in(home)).save(settings)
    library = LibraryPaths(home / "library")
    seed_library(library.database, count, root=str(home), model=describe_checkpoint(str(checkpoint)))
    with closing(sqlite3.connect(library.database)) as connection:
        (root,) = connection.execute("SELECT path FROM folders").fetchone()
        for path, size, mtime_ns in connection.execute("SELECT relative_path, size, mtime_ns FROM photos"):
            _make_file(Path(os.fsdecode(root), os.fsdecode(path)), size, mtime_ns)
        newest = "SELECT content_key FROM photos ORDER BY sort_time DESC, id DESC LIMIT ?"
        keys = [key for (key,) in connection.execute(newest, (count if thumbnails is None else thumbnails,))]
    _link_thumbnails(ThumbnailStore(library.thumbnails), keys)
    return library


def _make_file(path: Path, size: int, mtime_ns: int) -> None:
    """A file that takes no room and looks unchanged to a scan."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    os.utime(path, ns=(mtime_ns, mtime_ns))


def _link_thumbnails(store: ThumbnailStore, keys: list[str]) -> None:
    """A thumbnail for every photo, in a few files of many names."""
    originals: dict[int, Path] = {}
    for number, key in enumerate(keys):
        path = store.path(key)
        picture = number % _PICTURES
        if picture not in originals or number % (_PICTURES * _LINKS) < _PICTURES:
            store.write(key, _thumbnail(picture))
            originals[picture] = path
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(originals[picture], path)


def _thumbnail(number: int) -> bytes:
    out = BytesIO()
    gradient = Image.linear_gradient("L").rotate(number * 7).resize((512, 384))
    Image.merge("RGB", (gradient, gradient.rotate(180), gradient)).save(out, "WEBP", quality=70)
    return out.getvalue()
