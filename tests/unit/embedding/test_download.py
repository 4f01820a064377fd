"""Downloading a checkpoint through huggingface_hub from a server on this machine that breaks on purpose."""

import errno
import os
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.domain.download import DownloadPhase, Transfer
from app.domain.progress import CancelToken
from app.embedding.checkpoint import open_checkpoint
from app.embedding.download import _check_room, download_checkpoint, is_downloaded, unfinished_bytes
from app.embedding.hub_cache import HubFile, ModelFolder
from app.embedding.hub_transfer import matches
from app.errors import CancelledError, CheckpointError, DownloadError
from tests.fake_hub import COMMIT, HUB_ID, FakeHub, Faults, serving


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, for this process and those it starts."""
    folder = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    return folder


@pytest.fixture
def hub(
    checkpoint_of: Callable[[str], Path], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeHub]:
    with serving(checkpoint_of("siglip2-fixres")) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def download(cancel: CancelToken | None = None) -> str:
    return download_checkpoint(HUB_ID, lambda transfer: None, cancel)


def part_way(hub: FakeHub) -> None:
    """Begin a download and end it in the middle of the weights."""
    hub.faults = Faults(hold_after=len(hub.weights) // 2)
    cancel = CancelToken()

    def stop_in_the_middle(_: Transfer) -> None:
        if unfinished_bytes(HUB_ID) > len(hub.weights) // 4:
            cancel.cancel()

    with pytest.raises(CancelledError):
        download_checkpoint(HUB_ID, stop_in_the_middle, cancel)
    hub.released.set()
    hub.faults = Faults()


def test_a_model_arrives_checked_and_ready_to_open(hub: FakeHub, cache: Path) -> None:
    seen: list[Transfer] = []

    folder = download_checkpoint(HUB_ID, seen.append)

    assert open_checkpoint(HUB_ID).folder == Path(folder)
    assert open_checkpoint(HUB_ID).spec.checkpoint == HUB_ID
    assert is_downloaded(HUB_ID)
    assert unfinished_bytes(HUB_ID) == 0
    names = {path.name for path in Path(folder).iterdir()}
    assert "model.safetensors" in names
    assert names.isdisjoint({"README.md", "pytorch_model.bin"})
    assert all(transfer.done_bytes <= transfer.total_bytes for transfer in seen)
    assert hub.gets_of("agent-harnesses") == []


def test_what_is_here_is_not_fetched_again(hub: FakeHub) -> None:
    download()
    sent = hub.bytes_sent("model.safetensors")

    download()

    assert hub.bytes_sent("model.safetensors") == sent == len(hub.weights)


def test_huggingface_hub_finds_the_model_that_we_downloaded(hub: FakeHub, cache: Path) -> None:
    from huggingface_hub import snapshot_download

    folder = download()

    assert snapshot_download(HUB_ID, cache_dir=cache, local_files_only=True) == folder


def test_a_cut_connection_goes_on_where_it_broke(hub: FakeHub) -> None:
    hub.faults = Faults(cut_after=len(hub.weights) // 2)

    download()

    first, second = hub.gets_of("model.safetensors")
    assert second.start == first.sent > 0
    assert hub.bytes_sent("model.safetensors") == len(hub.weights)


def test_a_cancelled_download_is_over_at_once_and_goes_on_later(hub: FakeHub) -> None:
    part_way(hub)

    kept = unfinished_bytes(HUB_ID)
    assert kept > 0
    assert not is_downloaded(HUB_ID)

    download()

    assert hub.gets_of("model.safetensors")[-1].start == kept
    assert is_downloaded(HUB_ID)


def test_half_a_model_is_never_opened(hub: FakeHub) -> None:
    part_way(hub)

    with pytest.raises(CheckpointError):
        open_checkpoint(HUB_ID)


def test_a_server_without_ranges_sends_everything_again(hub: FakeHub) -> None:
    part_way(hub)
    hub.faults = Faults(ignore_ranges=True)

    download()

    assert is_downloaded(HUB_ID)


def test_a_damaged_file_in_the_cache_is_fetched_again(hub: FakeHub) -> None:
    weights = Path(download()) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.resolve().write_bytes(content)

    download()

    assert weights.read_bytes() == hub.weights


@pytest.mark.parametrize(
    ("faults", "text"),
    [
        (Faults(status=401), "there is no such model, or it is private"),
        (Faults(status=403, headers={"X-Error-Code": "GatedRepo"}), "accepted its terms"),
        (Faults(status=403), "accepted its terms"),
        (Faults(status=404, headers={"X-Error-Code": "RepoNotFound"}), "has no google/siglip2-tiny"),
        (Faults(status=404, headers={"X-Error-Code": "RevisionNotFound"}), "has no google/siglip2-tiny"),
        (Faults(missing="model.safetensors"), "not all of its files"),
        (Faults(status=500), "answered with an error"),
        (Faults(extra_bytes=7), "where it had announced"),
        (Faults(missing_bytes=7), "where it had announced"),
        (Faults(flip_a_byte=True), "arrived damaged"),
    ],
)
def test_what_went_wrong_is_told_plainly(hub: FakeHub, faults: Faults, text: str) -> None:
    hub.faults = faults

    with pytest.raises(DownloadError, match=text):
        download()

    assert not is_downloaded(HUB_ID)


def test_no_network_names_the_ways_out(hub: FakeHub) -> None:
    hub.close()

    with pytest.raises(DownloadError, match=r"no connection.*[Tt]ry again.*folder.*demo"):
        download()


def test_a_model_that_does_not_fit_is_not_begun(
    hub: FakeHub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(1_000_000_000))

    with pytest.raises(DownloadError, match=r"needs 1\.1 GB in .*only 1\.0 GB"):
        _check_room(1_000_000_000, cache / "models--a--b")
    _check_room(900_000_000, cache / "models--a--b")


def test_a_full_disk_is_told_plainly(cache: Path) -> None:
    from app.embedding.hub_errors import told_plainly

    with pytest.raises(DownloadError, match=r"is full.*kept"), told_plainly(HUB_ID, str(cache)):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_two_downloads_of_one_model_do_not_meet(hub: FakeHub) -> None:
    from filelock import FileLock

    lock = ModelFolder.of(HUB_ID).lock
    lock.parent.mkdir(parents=True)
    with FileLock(lock), pytest.raises(DownloadError, match="already"):
        download()


def test_a_wrong_name_is_told_before_anything_is_asked(hub: FakeHub) -> None:
    with pytest.raises(DownloadError, match="not the name of a model"):
        download_checkpoint("--no--", lambda transfer: None)

    assert hub.requests == []


def test_small_files_are_checked_as_git_does(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"hello\n")

    assert matches(path, HubFile("file", 6, "ce013625030ba8dba906f756967f9e9ca394464a"))  # git hash-object
    assert not matches(path, HubFile("file", 6, "0" * 40))
    assert not matches(path, HubFile("file", 7, "ce013625030ba8dba906f756967f9e9ca394464a"))


def test_files_are_moved_where_links_are_not_allowed(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = ModelFolder.of(HUB_ID), HubFile("config.json", 2, "0" * 40)
    folder.blob(file).parent.mkdir(parents=True)
    folder.blob(file).write_bytes(b"{}")

    def refuse(self: Path, target: str) -> None:
        raise OSError("a required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder.name_files(COMMIT, (file,))

    assert (folder.snapshot(COMMIT) / "config.json").read_bytes() == b"{}"
    assert folder.bytes_there(COMMIT, file) == 2
    shutil.rmtree(folder.root)
    assert folder.bytes_there(COMMIT, file) == 0


def test_only_the_process_that_downloads_is_online(hub: FakeHub) -> None:
    before = dict(os.environ)

    download()

    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert dict(os.environ) == before


def test_progress_ends_with_everything(hub: FakeHub) -> None:
    seen: list[Transfer] = []
    hub.faults = Faults(hold_after=len(hub.weights) // 2)
    cancel = CancelToken()

    def listen(transfer: Transfer) -> None:
        seen.append(transfer)
        if transfer.done_bytes > len(hub.weights) // 4:
            cancel.cancel()

    with pytest.raises(CancelledError):
        download_checkpoint(HUB_ID, listen, cancel)

    last = seen[-1]
    assert last.phase is DownloadPhase.DOWNLOADING
    assert len(hub.weights) // 4 < last.done_bytes < last.total_bytes
