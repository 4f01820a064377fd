"""Fetches files of a model from the hub and goes on where an earlier attempt broke off.

huggingface_hub 2.4 asks the hub, builds addresses and headers, and knows proxies, tokens and errors. The
transfer itself is ours: its own writes to a file with a new name each time and deletes that when it fails
(`_download_to_tmp_and_move`), so a gigabyte on a slow line would start again at zero after every break. Here
a file grows under its checksum, and `Range` asks for the rest.

Only ever imported in the process that downloads: everything else is offline.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from app import __version__
from app.embedding.hub_cache import HubFile, size_of
from app.errors import DownloadError

_WANTED = ("*.json", "*.model", "merges.txt", "*.safetensors")  # never .bin: opening it can run code
_BRANCH = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CHECKSUM = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256_DIGITS = 64
_HUB_SECONDS = 15.0  # without an answer, or without another byte
_ATTEMPTS = 4  # in a row without a single byte
_PAUSES = (1.0, 2.0, 4.0)  # seconds between them
_BLOCK = 1 << 20


def list_files(hub_id: str) -> tuple[str, tuple[HubFile, ...]]:
    """The current commit of a model and the files of it that a checkpoint needs, small ones first."""
    from huggingface_hub import HfApi

    api = HfApi(library_name="photosift", library_version=__version__)
    answer = api.model_info(hub_id, revision=_BRANCH, files_metadata=True, timeout=_HUB_SECONDS)
    files = []
    for entry in answer.siblings or ():
        if "/" in entry.rfilename or not any(fnmatch(entry.rfilename, pattern) for pattern in _WANTED):
            continue
        checksum = entry.lfs.sha256 if entry.lfs else entry.blob_id
        if entry.size is None or not _CHECKSUM.fullmatch(checksum or ""):
            raise DownloadError(f"The server does not say what {entry.rfilename} of {hub_id} should be like.")
        files.append(HubFile(entry.rfilename, entry.size, str(checksum)))
    if not _COMMIT.fullmatch(answer.sha or "") or not any(f.name.endswith(".safetensors") for f in files):
        raise DownloadError(
            f"{hub_id} has no weights in the safetensors format. Choose another model, or a folder."
        )
    return str(answer.sha), tuple(sorted(files, key=lambda file: file.size))


def fetch(hub_id: str, commit: str, file: HubFile, path: Path, on_bytes: Callable[[int], None]) -> None:
    """Append to `path` what it lacks of `file`; `on_bytes` hears how many came, negative when they went.

    A line that breaks is tried again a few times. Raises what huggingface_hub and httpx2 raise, and
    DownloadError when the server sends another amount than it announced.
    """
    import httpx2
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # lazily exported

    url = hf_hub_url(hub_id, file.name, revision=commit)
    headers = build_hf_headers(library_name="photosift", library_version=__version__)
    failures = 0
    while (before := size_of(path)) != file.size or not path.exists():
        try:
            _transfer(url, headers, file, path, on_bytes)
        except (httpx2.TransportError, httpx2.StreamError):
            failures = 1 if size_of(path) > before else failures + 1
            if failures == _ATTEMPTS:
                raise
            time.sleep(_PAUSES[failures - 1])
        else:
            _check_size(file, path, on_bytes)


def matches(path: Path, file: HubFile) -> bool:
    """Whether a file has the size and the checksum that the hub lists."""
    size = size_of(path)
    if size != file.size:
        return False
    if len(file.checksum) == _SHA256_DIGITS:
        checksum = hashlib.sha256()
    else:
        checksum = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)  # as git names its blobs
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            checksum.update(block)
    return checksum.hexdigest() == file.checksum


def _transfer(
    url: str, headers: Mapping[str, str], file: HubFile, path: Path, on_bytes: Callable[[int], None]
) -> None:
    from huggingface_hub import get_session, hf_raise_for_status

    have = size_of(path)
    wanted = {**headers, "Accept-Encoding": "identity"}  # ranges are counted in the file's own bytes
    if have:
        wanted["Range"] = f"bytes={have}-"
    with get_session().stream("GET", url, headers=wanted, timeout=_HUB_SECONDS) as response:
        hf_raise_for_status(response)
        with path.open("ab", buffering=0) as stream:  # whatever has come is on disk when we are ended
            if have and response.status_code != 206:  # a server that knows no ranges starts from the front
                stream.truncate(0)
                on_bytes(-have)
                have = 0
            for block in response.iter_raw():
                stream.write(block)
                on_bytes(len(block))
                have += len(block)
                if have > file.size:
                    break


def _check_size(file: HubFile, path: Path, on_bytes: Callable[[int], None]) -> None:
    """The server ended the file in good order: it must be whole now."""
    size = size_of(path)
    if size == file.size:
        return
    path.unlink(missing_ok=True)
    on_bytes(-size)
    raise DownloadError(
        f"The server sent {size:,} bytes of {file.name} where it had announced {file.size:,}. "
        "Try again later, or choose a folder with the model."
    )
