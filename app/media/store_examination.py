"""Whether a store of thumbnails holds what it should. Only looks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.media.thumbnails import TEMPORARY_PREFIX, ThumbnailStore, unsealed

_THREADS = 4  # reading waits for the disk most of the time


@dataclass(frozen=True, slots=True)
class StoredThumbnails:
    """What is in a store: content keys by their fate, and files that nobody wrote to the end."""

    sound: frozenset[str]
    damaged: frozenset[str]
    leftovers: tuple[Path, ...]


def examine_store(folder: Path) -> StoredThumbnails:
    """Read every thumbnail and compare it with its seal."""
    store = ThumbnailStore(folder)
    files = sorted(folder.glob("*/*"))
    pictures = [path for path in files if path.suffix == ".webp" and store.path(path.stem) == path]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="thumbnail-check") as pool:
        sound = {
            path.stem for path, whole in zip(pictures, pool.map(_is_whole, pictures), strict=True) if whole
        }
    leftovers = tuple(path for path in files if path.name.startswith(TEMPORARY_PREFIX))
    return StoredThumbnails(frozenset(sound), frozenset(path.stem for path in pictures) - sound, leftovers)


def _is_whole(path: Path) -> bool:
    try:
        return unsealed(path.read_bytes()) is not None
    except OSError:
        return False
