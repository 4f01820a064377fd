"""One program at a time writes into a library."""

import errno

from filelock import FileLock, Timeout

from app.errors import LibraryError, LibraryInUseError
from app.paths import LibraryPaths

_NO_LOCKS = (
    "Its drive cannot keep two programs from writing at once, as some network drives cannot. Keep the library"
    " on a drive of this computer; the photos may stay where they are."
)
_READ_ONLY = "It can only be read there. photosift search still finds what is in it."
_LOCK_REMEDIES = {
    errno.ENOSYS: _NO_LOCKS,
    errno.ENOLCK: _NO_LOCKS,
    errno.EOPNOTSUPP: _NO_LOCKS,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.ENOSPC: "The disk is full. Free some space and try again.",
}
_ANY_REMEDY = "Check the permissions of the folder and the free space of its disk."


def take_lock(paths: LibraryPaths) -> FileLock:
    """The right to write into a library; the system takes it back when this process ends, however it ends.

    A lock that is only a file would stay behind after a crash, so there is none where the system cannot lock.
    Raises LibraryInUseError, LibraryError.
    """
    try:
        paths.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(paths.lock, thread_local=False, fallback_to_soft=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LibraryInUseError(
            "Photosift is already running with this library. Use its window, or close it first."
        ) from error
    except OSError as error:
        remedy = _LOCK_REMEDIES.get(error.errno or 0, _ANY_REMEDY)
        raise LibraryError(
            f"The library in {paths.root} cannot be used: {error.strerror}. {remedy}"
        ) from error
    return lock
