"""Files that took the place of others, and belong to photos that the last look did not see."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from app.domain.indexing import FolderChanges
from app.indexing.moves import FileKey, file_key
from app.library.library import Library


def without_crossings(
    library: Library, found: Iterable[FolderChanges], looked_through: Collection[int]
) -> tuple[list[FolderChanges], set[int]]:
    """The changes that are certain, and folders that have to be looked through together for the others.

    A file at a known path that differs from what was there may be another photo's, swapped with it. Where
    that photo was in view, `reconcile` knows. `looked_through` are the folders that were in view as a whole.
    """
    found = list(found)
    keys = {key for changes in found for _, file in changes.changed if (key := file_key(file)) is not None}
    if not keys:
        return found, set()
    seen = set(looked_through)
    gone = {photo_id for changes in found for photo_id in changes.missing}
    owners: dict[FileKey, int] = {}
    for folder_id, known in library.photos.owners({file_id for file_id, _, _ in keys}):
        key = file_key(known)
        if key is not None and key in keys and folder_id not in seen and known.photo_id not in gone:
            owners[key] = folder_id
    return _split(found, owners)


def _split(
    found: Iterable[FolderChanges], owners: Mapping[FileKey, int]
) -> tuple[list[FolderChanges], set[int]]:
    certain, doubtful = [], set[int]()
    for changes in found:
        kept = []
        for photo_id, file in changes.changed:
            owner = owners.get(key) if (key := file_key(file)) is not None else None
            if owner is None:
                kept.append((photo_id, file))
            else:
                doubtful |= {owner, changes.folder_id}
        certain.append(replace(changes, changed=tuple(kept)))
    return certain, doubtful
