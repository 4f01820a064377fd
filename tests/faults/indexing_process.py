"""A real `photosift index` in a process of its own, to be killed, and what its library holds afterwards."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.homes import ROOT


@dataclass(frozen=True)
class Contents:
    """What is committed in a library database."""

    folders: frozenset[bytes]
    photos: Mapping[tuple[int, bytes], str]  # (folder, relative path) -> state
    embeddings: frozenset[tuple[int, str]]  # (model, content key)
    favourites: frozenset[int]

    @property
    def embedded(self) -> int:
        return len(self.embeddings)

    def lost_since(self, earlier: "Contents") -> list[str]:
        """What `earlier` held and this does not."""
        missing: list[tuple[str, Iterable[object]]] = [
            ("folder", earlier.folders - self.folders),
            ("photo", earlier.photos.keys() - self.photos.keys()),
            ("embedding", earlier.embeddings - self.embeddings),
            ("favourite", earlier.favourites - self.favourites),
            ("reading of", [key for key, state in earlier.photos.items() if self._unread(key, state)]),
        ]
        return [f"{kind} {value!r}" for kind, values in missing for value in values]

    def _unread(self, key: tuple[int, bytes], state: str) -> bool:
        return state == "ready" and self.photos.get(key, "ready") != "ready"


NOTHING = Contents(frozenset(), {}, frozenset(), frozenset())


def read_contents(database: Path) -> Contents:
    """What is committed now, seen from outside; nothing when there is no finished database yet."""
    if not database.exists():
        return NOTHING
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "favourites" not in tables:
            return NOTHING
        connection.execute("BEGIN")  # one moment for all four
        return Contents(
            frozenset(path for (path,) in connection.execute("SELECT path FROM folders")),
            {
                (folder, path): state
                for folder, path, state in connection.execute(
                    "SELECT folder_id, relative_path, state FROM photos"
                )
            },
            frozenset(connection.execute("SELECT model_id, content_key FROM embeddings")),
            frozenset(photo for (photo,) in connection.execute("SELECT photo_id FROM favourites")),
        )


def faults_in(database: Path, thumbnails: Path) -> list[str]:
    """What is broken in a library that no process has open: damage, orphans, doubles, missing thumbnails."""
    if not database.exists():
        return []
    try:
        return list(_faults(database, thumbnails))
    except sqlite3.DatabaseError as error:
        return [f"integrity: {error}"]


def _faults(database: Path, thumbnails: Path) -> Iterator[str]:
    with closing(sqlite3.connect(database)) as connection:
        for (text,) in connection.execute("PRAGMA integrity_check"):
            if text != "ok":
                yield f"integrity: {text}"
        yield from (f"orphan: {row}" for row in connection.execute("PRAGMA foreign_key_check"))
        if read_contents(database) is NOTHING:
            return
        doubles = "SELECT relative_path FROM photos GROUP BY folder_id, relative_path HAVING count(*) > 1"
        yield from (f"twice: {path!r}" for (path,) in connection.execute(doubles))
        keys = "SELECT DISTINCT content_key FROM photos WHERE state = 'ready'"
        stored = {path.stem for path in thumbnails.rglob("*.webp")}
        yield from (f"no thumbnail: {key}" for (key,) in connection.execute(keys) if key not in stored)


class IndexingProcess:
    """`photosift --library L index FOLDER`, running."""

    def __init__(
        self, library: Path, folder: Path, environment: Mapping[str, str], log: Path, *, module: str = "app"
    ) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = psutil.Popen(
                [sys.executable, "-m", module, "--library", str(library), "index", str(folder)],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self, timeout: float) -> int:
        """The exit code."""
        return int(self._process.wait(timeout))

    def kill(self, *, helpers_too: bool) -> int:
        """SIGKILL, without warning; returns how many helper processes were still there ten seconds later."""
        helpers = self._process.children(recursive=True)
        self._process.kill()
        if helpers_too:
            for helper in helpers:
                _kill(helper)
        self._process.wait(10)
        _, alive = psutil.wait_procs(helpers, timeout=10)
        for helper in alive:
            _kill(helper)
        return len(alive)

    def send(self, number: int) -> None:
        """Any signal; returns when the process has ended."""
        self._process.send_signal(number)
        self._process.wait(30)

    def output(self) -> str:
        """What it has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return  # it had ended by itself
