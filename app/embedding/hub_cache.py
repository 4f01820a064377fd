"""The hub's cache on disk: where the files of a model lie, whole or half, without asking the network.

The layout is huggingface_hub's own, so that other programs find the models that we download, and we theirs
(https://huggingface.co/docs/huggingface_hub/guides/manage-cache): the content below `blobs`, named by its
checksum, and names that lead to it below `snapshots/<commit>`. `refs/main` names the commit in use; we write
it last, so that nobody takes half a model for a whole one.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_UNFINISHED = ".incomplete"


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub lists it."""

    name: str
    size: int
    checksum: str  # SHA-256 of the content, or for small files the SHA-1 that git gives a blob


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """The part of the cache that belongs to one model."""

    root: Path

    @classmethod
    def of(cls, hub_id: str) -> "ModelFolder":
        from huggingface_hub.constants import HF_HUB_CACHE

        return cls(Path(HF_HUB_CACHE) / f"models--{hub_id.replace('/', '--')}")

    @property
    def lock(self) -> Path:
        """Held by whoever downloads this model."""
        return self.root.parent / ".locks" / self.root.name / "photosift.lock"

    def blob(self, file: HubFile) -> Path:
        return self.root / "blobs" / file.checksum

    def unfinished(self, file: HubFile) -> Path:
        """Where a file grows until its checksum is right."""
        return self.root / "blobs" / (file.checksum + _UNFINISHED)

    def snapshot(self, commit: str) -> Path:
        return self.root / "snapshots" / commit

    def find(self, commit: str, file: HubFile) -> Path | None:
        """Where a whole file lies, by whichever name; None when it is not here."""
        candidates = (self.blob(file), self.snapshot(commit) / file.name)
        return next((path for path in candidates if path.is_file()), None)

    def bytes_there(self, commit: str, file: HubFile) -> int:
        """How much of a file need not be fetched any more."""
        if self.find(commit, file) is not None:
            return file.size
        return min(file.size, size_of(self.unfinished(file)))

    def unfinished_bytes(self) -> int:
        """What downloads that were broken off have left."""
        return sum(size_of(path) for path in self.root.glob(f"blobs/*{_UNFINISHED}"))

    def publish(self, commit: str) -> None:
        """Make a commit the one that is used by name."""
        reference = self.root / "refs" / "main"
        reference.parent.mkdir(parents=True, exist_ok=True)
        unfinished = reference.with_name("main.new")
        unfinished.write_text(commit, encoding="utf-8")
        os.replace(unfinished, reference)

    def name_files(self, commit: str, files: tuple[HubFile, ...]) -> Path:
        """Give blobs the names they have in a commit; the folder that now holds the whole checkpoint."""
        folder = self.snapshot(commit)
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            _name(self.blob(file), folder / file.name)
        return folder


def size_of(path: Path) -> int:
    """Bytes of a file; 0 when there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _name(blob: Path, name: Path) -> None:
    if name.exists():
        return
    name.unlink(missing_ok=True)  # a link that leads nowhere
    try:
        name.symlink_to(os.path.relpath(blob, name.parent))
    except OSError:  # Windows lets only some users make links; huggingface_hub moves the file there, too
        os.replace(blob, name)
