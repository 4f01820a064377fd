"""What one look at a folder brought back, and what people should know of it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.indexing import KnownFile
from app.domain.photo import PhotoState, VolumePlace
from app.indexing.scanner import ScanOutcome

OFFLINE_MESSAGE = "The folder is not there now. Its photos stay in the library until it is back."
EMPTY_MESSAGE = (
    "The folder is empty, though it held photos before: perhaps its drive is not mounted."
    " Its photos stay in the library until they are back."
)
REPLACED_MESSAGE = (
    "Another drive is in the folder's place, with none of its photos. They stay in the library until their"
    " drive is back. To watch what is there now, stop watching the folder and add it again."
)
UNREADABLE_MESSAGE = "The folder cannot be read: check its permissions."
HIDDEN_MESSAGE = "A file named .nomedia hides this folder. Delete that file, and its photos are shown."
KEPT_MESSAGE = "{count} of its photos are not there now. They stay in the library, as you decided."

RootId = tuple[int, int]  # device and inode: another drive mounted at the same place is another root


@dataclass(frozen=True, slots=True)
class FolderLook:
    """What a scan brought back from one folder."""

    outcome: ScanOutcome
    root: RootId | None
    empty: bool
    refusal: str  # why it is not watched; "" when it is
    volume: VolumePlace | None

    def is_foreign(self, known: Sequence[KnownFile], root: RootId | None, volume: VolumePlace | None) -> bool:
        """Whether this is another drive than the one of the known files, which had that root and volume."""
        other_device = root is not None and self.root is not None and self.root[0] != root[0]
        names = (volume.volume_id, self.volume.volume_id) if volume and self.volume else ("", "")
        if not (other_device or names[0] != names[1]) or not self.outcome.files:
            return False
        expected = {one.relative_path: one for one in known if one.state is not PhotoState.MISSING}
        return bool(expected) and not any(
            (one := expected.get(file.relative_path)) is not None
            and (one.size, one.mtime_ns) == (file.size, file.mtime_ns)
            for file in self.outcome.files
        )

    def remark(self) -> str:
        """What people should know about a folder that is there."""
        said = [self.refusal, HIDDEN_MESSAGE if "" in self.outcome.hidden else ""]
        unreadable, afar = len(self.outcome.unreadable), len(self.outcome.placeholders)
        if unreadable:
            said.append(f"Subfolders that cannot be read: {unreadable}. Their photos stay as they were.")
        if afar:
            files = "1 file is" if afar == 1 else f"{afar} files are"
            said.append(f"{files} only in the cloud: new ones are left out until they are on this computer.")
        return " ".join(filter(None, said))


def root_id(path: str) -> RootId | None:
    """None when no directory is there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if os.path.isdir(path) else None


def has_entries(path: str) -> bool:
    """Whether anything at all is in a directory; False when it cannot be told."""
    try:
        with os.scandir(path) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
