"""Everything but the window: searches without a pause, indexes, and changes the model when it is told to.

    python -m tests.faults.searching_process LIBRARY FOLDER JOURNAL

It reads one command a line, `use CHECKPOINT`, `now` or `quit`, and writes what happens as JSON lines. Nothing
heavy is imported at module level, since helper processes import this module again.
"""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.faults.indexing_process import IndexingProcess
from tests.homes import ROOT

QUERIES = ("a red lighthouse", "blue", "green and yellow", "white", "people at a table")
LIMIT = 12
_PAUSE_SECONDS = 0.01  # between two searches of one thread
_SECONDS_A_PHOTO = 0.004  # of a stand-in


class SearchingProcess(IndexingProcess):
    """The process as its parent sees it."""

    def __init__(self, library: Path, folder: Path, environment: Mapping[str, str], home: Path) -> None:
        self._log = home / "searching.log"
        self.journal = home / "journal.jsonl"
        places = [str(path) for path in (library, folder, self.journal)]
        with self._log.open("ab") as output:
            self._process = psutil.Popen(
                [sys.executable, "-m", "tests.faults.searching_process", *places],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def tell(self, command: str) -> None:
        """Give it a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()


def events(journal: Path) -> Iterator[dict[str, Any]]:
    """What was written; a line that a kill cut off is passed over."""
    for line in journal.read_text(encoding="utf-8").splitlines() if journal.exists() else ():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def pixel_hash(pixels: Any) -> str:
    """Which picture a model was given."""
    return hashlib.blake2b(pixels.tobytes(), digest_size=12).hexdigest()


def open_encoder(checkpoint: str, *options: Any) -> Any:
    """A stand-in by its name, "stand-in SEED DIMENSION", or a real checkpoint."""
    words = Path(checkpoint).name.split()
    if words[0] != "stand-in":
        from app.embedding import encoder_process

        return encoder_process.open_encoder(checkpoint, *options)
    import numpy as np

    from tests.fake_encoder import FakeEncoder

    class StandIn(FakeEncoder):
        """Unlike every other, and as slow as a model."""

        def encode_images(self, pixels, *, urgent=False):  # type: ignore[no-untyped-def]
            time.sleep(len(pixels) * _SECONDS_A_PHOTO)
            return super().encode_images(pixels, urgent=urgent)

    encoder = StandIn(revision=f"stand-in-{words[1]}", dim=int(words[2]))
    shape = encoder._projection.shape
    encoder._projection = np.random.default_rng(int(words[1])).standard_normal(shape)
    return encoder


class _Journal:
    """Lines that are there once they are written, whatever happens to the process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def write(self, event: str, **values: object) -> None:
        with self._lock:
            self._file.write((json.dumps({"event": event, **values}) + "\n").encode())


class _Watched:
    """An encoder that tells which pictures it is given for the library."""

    def __init__(self, encoder: Any, journal: _Journal) -> None:
        self._encoder = encoder
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_images(self, pixels: Any, *, urgent: bool = False) -> Any:
        self._note(pixels, urgent)
        return self._encoder.encode_images(pixels, urgent=urgent)

    def submit_images(self, pixels: Any, *, urgent: bool = False) -> Any:
        self._note(pixels, urgent)
        return self._encoder.submit_images(pixels, urgent=urgent)

    def submit_photos(self, pixels: Any) -> Any:
        self._note(pixels, False)
        return self._encoder.submit_photos(pixels)

    def _note(self, pixels: Any, urgent: bool) -> None:
        if not urgent:
            identity = self._encoder.spec.identity
            self._journal.write("encoded", identity=identity, pixels=[pixel_hash(one) for one in pixels])


def _search(services: Any, journal: _Journal, stopping: threading.Event, first: int) -> None:
    """Ask in turns, and write down what came; once the model was ready, it must always be there."""
    from app.domain.query import QueryTerm, SearchQuery
    from app.domain.status import ModelState

    number = first
    while not stopping.wait(_PAUSE_SECONDS):
        if services.models.status().state is not ModelState.READY:
            continue
        number += 1
        text = QUERIES[number % len(QUERIES)]
        before = services.models.identity
        try:
            found = services.search.search(SearchQuery((QueryTerm(text=text),), limit=LIMIT))
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody got no answer
            journal.write("failed", query=text, error=repr(error))
            continue
        ids = [int(photo_id) for photo_id in found.photo_ids]
        journal.write("answer", query=text, ids=ids, semantic=found.semantic, before=before,
                      after=services.models.identity, message=found.message)  # fmt: skip


def main(library: str, folder: str, journal_path: str) -> int:
    from dataclasses import replace

    from app import bootstrap
    from app.paths import LibraryPaths, settings_file
    from app.settings import SettingsStore

    journal = _Journal(Path(journal_path))
    parts = replace(bootstrap.MODEL_PARTS, open_encoder=lambda *what: _Watched(open_encoder(*what), journal))
    services = bootstrap.open_services(
        LibraryPaths(Path(library)), SettingsStore(settings_file()), parts=parts
    )
    journal.write("started")
    if not services.library.folders():
        services.library.add_folder(folder)
    services.models.subscribe(
        lambda status: journal.write("status", state=status.state, name=status.name, coming=status.coming)
    )
    services.indexing.start(lambda _: None)
    services.models.load()
    stopping = threading.Event()
    threads = [
        threading.Thread(target=_search, args=(services, journal, stopping, first), daemon=True)
        for first in (0, 2)
    ]
    for thread in threads:
        thread.start()
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        if command == "use":
            services.models.use(argument, "cpu")
        elif command == "now":
            services.models.use_now()
        elif command == "quit":
            break
    stopping.set()
    for thread in threads:
        thread.join()
    services.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
