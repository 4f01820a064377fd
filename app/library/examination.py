"""Whether a library database holds together. Only looks: it may be open elsewhere, or read-only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.health import Finding, Part, Weight
from app.domain.vectors import Labels
from app.errors import LibraryError
from app.library.database import BUSY_TIMEOUT_MS, Database, explained, uri_to_read
from app.library.log_file import read_log
from app.library.migrate import check_revision
from app.library.word_copy import words_in_step

EXAMPLES = 5
_BLOCK = 4096
_NORM_TOLERANCE = 0.01  # float16 moves the length of a vector by less than 0.001
_RESTORE = (
    "Make a copy of the library's folder, then run: photosift doctor --restore. It takes over everything that"
    " can still be read and keeps the damaged file."
)
# What SQLite says of an index that can be made again from its table.
_OF_AN_INDEX = (
    "missing from index",
    "wrong # of entries in index",
    "non-unique entry in index",
    "out of order",
)

Half = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model as the library knows it."""

    model_id: int
    identity: str
    dim: int


@dataclass(frozen=True, slots=True)
class _Rule:
    """A question whose every answer is something wrong; `{rows}` in the text stands for how many."""

    part: Part
    weight: Weight
    sql: str  # selects one value that names each wrong row
    text: str
    mending: str


UNKNOWN_EMBEDDING = (
    "embedded_by IS NOT NULL AND content_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM embeddings e"
    " WHERE e.model_id = photos.embedded_by AND e.content_key = photos.content_key)"
)
READ_WITHOUT_CONTENT = "state = 'ready' AND content_key IS NULL"
HIDDEN_BEHIND_NOTHING = (
    "companion_of IS NOT NULL AND companion_of NOT IN"
    " (SELECT id FROM photos WHERE state IN ('ready', 'pending') AND companion_of IS NULL)"
)
MISSING_SINCE_NEVER = "state = 'missing' AND missing_since IS NULL"
WRONG_LENGTH = "length(vector) <> 2 * (SELECT dim FROM models WHERE models.id = model_id)"

_RULES = (
    _Rule(
        Part.PHOTOS,
        Weight.FAULT,
        "SELECT relative_path FROM photos NOT INDEXED GROUP BY folder_id, relative_path HAVING count(*) > 1",
        "The library has more than one entry for the same file.",
        "",
    ),
    _Rule(
        Part.PHOTOS,
        Weight.FAULT,
        f"SELECT relative_path FROM photos WHERE {READ_WITHOUT_CONTENT}",
        "Photos count as read, but what they hold was not noted.",
        "They are read again.",
    ),
    _Rule(
        Part.PHOTOS,
        Weight.FAULT,
        f"SELECT relative_path FROM photos WHERE {MISSING_SINCE_NEVER}",
        "Photos are missing, but not since when: they would never be forgotten.",
        "They count as missing from today on.",
    ),
    _Rule(
        Part.PHOTOS,
        Weight.NOTE,
        f"SELECT relative_path FROM photos WHERE {HIDDEN_BEHIND_NOTHING}",
        "RAW files or films are hidden behind a photo that is not shown. The next start shows them.",
        "",
    ),
    _Rule(
        Part.EMBEDDINGS,
        Weight.FAULT,
        f"SELECT relative_path FROM photos WHERE {UNKNOWN_EMBEDDING}",
        "Photos count as embedded, but have no embedding: they cannot be found by what is in them.",
        "They are embedded again.",
    ),
    _Rule(
        Part.EMBEDDINGS,
        Weight.FAULT,
        f"SELECT id FROM embeddings WHERE {WRONG_LENGTH}",
        "Embeddings do not have the dimension of their model.",
        "They are removed, and their photos embedded again.",
    ),
    _Rule(
        Part.EMBEDDINGS,
        Weight.NOTE,
        "SELECT id FROM embeddings WHERE content_key NOT IN"
        " (SELECT content_key FROM photos WHERE content_key IS NOT NULL)",
        "Embeddings belong to photos that were changed or forgotten. They do no harm and go by themselves.",
        "",
    ),
)


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that writes nothing. Raises LibraryError with what a person can do."""
    try:
        with closing(
            sqlite3.connect(
                uri_to_read(database), uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None
            )
        ) as connection:
            yield connection
    except sqlite3.OperationalError as error:
        readable = explained(database, error)
        raise readable or LibraryError(f"The library {database} cannot be read: {error}.") from error


def examine(database: Path) -> list[Finding]:
    """Everything that can be told from the database alone.

    Raises LibraryTooNewError, LibraryOutdatedError when it has another version, LibraryError when it cannot
    be opened at all.
    """
    findings = list(_examine_log(database))
    try:
        with reading(database) as connection:
            damage = list(_damage(connection))
            if not damage:
                _check_version(database)
                damage = [*_loose_ends(connection), *_broken_rules(connection), *_words(connection)]
                damage += _bad_vectors(connection)
    except sqlite3.DatabaseError as error:
        damage = [Finding(Part.DATABASE, Weight.FAULT, 1, f"The database is damaged: {error}. {_RESTORE}")]
    return findings + damage


def models(connection: sqlite3.Connection) -> list[StoredModel]:
    """Every model that embeddings are kept of."""
    return [StoredModel(*row) for row in connection.execute("SELECT id, identity, dim FROM models")]


def vectors(connection: sqlite3.Connection, model: StoredModel) -> Iterator[tuple[Labels, Half]]:
    """All embeddings of one model by label, as stored; those of a wrong length are left out."""
    after = 0
    while True:
        rows = connection.execute(
            "SELECT id, vector FROM embeddings WHERE model_id = ? AND id > ? ORDER BY id LIMIT ?",
            (model.model_id, after, _BLOCK),
        ).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        whole = [(label, blob) for label, blob in rows if len(blob) == 2 * model.dim]
        joined = np.frombuffer(b"".join(blob for _, blob in whole), "<f2")
        yield np.array([label for label, _ in whole], np.int64), joined.reshape(len(whole), model.dim)


def bad_vectors(connection: sqlite3.Connection) -> list[int]:
    """Labels of embeddings with infinite or undefined numbers, or not of unit length."""
    found: list[int] = []
    for model in models(connection):
        for labels, half in vectors(connection, model):
            lengths = np.linalg.norm(half.astype(np.float32), axis=1)
            found += labels[~(np.abs(lengths - 1) <= _NORM_TOLERANCE)].tolist()  # NaN fails this too
    return found


def content_keys(connection: sqlite3.Connection) -> tuple[set[str], set[str]]:
    """The content of all photos that were read, and that of every photo there is."""
    read = connection.execute(
        "SELECT DISTINCT content_key FROM photos WHERE state = 'ready' AND content_key IS NOT NULL"
    )
    known = connection.execute("SELECT DISTINCT content_key FROM photos WHERE content_key IS NOT NULL")
    return {key for (key,) in read}, {key for (key,) in known}


def count_photos(connection: sqlite3.Connection) -> int:
    """How many entries there are, missing ones too."""
    (count,) = connection.execute("SELECT count(*) FROM photos").fetchone()
    return int(count)


def _examine_log(database: Path) -> Iterator[Finding]:
    log = read_log(database)
    if log.lost_commits:
        yield Finding(
            Part.LOG,
            Weight.FAULT,
            log.lost_commits,
            "The write-ahead log is damaged: the last changes before the program ended cannot be read. Photos"
            " among them are taken in again by themselves; look whether your last decisions are there.",
        )


def _damage(connection: sqlite3.Connection) -> Iterator[Finding]:
    said = [text for (text,) in connection.execute("PRAGMA integrity_check(100)") if text != "ok"]
    if not said:
        return
    if all(any(part in text for part in _OF_AN_INDEX) for text in said):
        yield Finding(
            Part.DATABASE,
            Weight.FAULT,
            len(said),
            "Indexes of the database are damaged: searches may miss photos. Nothing is lost.",
            "The indexes are made again.",
            tuple(said[:EXAMPLES]),
        )
    else:
        text = f"The database is damaged. {_RESTORE}"
        yield Finding(Part.DATABASE, Weight.FAULT, len(said), text, examples=tuple(said[:EXAMPLES]))


def _check_version(database: Path) -> None:
    connections = Database(database, read_only=True)
    try:
        check_revision(connections)
    finally:
        connections.close()


def _loose_ends(connection: sqlite3.Connection) -> Iterator[Finding]:
    rows = connection.execute("PRAGMA foreign_key_check").fetchall()
    if rows:
        yield Finding(
            Part.DATABASE,
            Weight.FAULT,
            len(rows),
            f"Entries refer to others that are not there. {_RESTORE}",
            examples=tuple(
                f"{table}, row {row}, refers to {other}" for table, row, other, _ in rows[:EXAMPLES]
            ),
        )


def _broken_rules(connection: sqlite3.Connection) -> Iterator[Finding]:
    for rule in _RULES:
        wrong = [value for (value,) in connection.execute(rule.sql)]
        if wrong:
            examples = tuple(_printable(value) for value in wrong[:EXAMPLES])
            yield Finding(rule.part, rule.weight, len(wrong), rule.text, rule.mending, examples)


def _words(connection: sqlite3.Connection) -> Iterator[Finding]:
    if not words_in_step(connection):
        yield Finding(
            Part.WORDS,
            Weight.FAULT,
            1,
            "The index of words does not say what the photos say: searches for names may miss some.",
            "It is made again.",
        )


def _bad_vectors(connection: sqlite3.Connection) -> list[Finding]:
    bad = bad_vectors(connection)
    if not bad:
        return []
    return [
        Finding(
            Part.EMBEDDINGS,
            Weight.FAULT,
            len(bad),
            "Embeddings are not of unit length: a faulty device computed them, or they were damaged.",
            "They are removed, and their photos embedded again.",
            tuple(map(str, bad[:EXAMPLES])),
        )
    ]


def _printable(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
