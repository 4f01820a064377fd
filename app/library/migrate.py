"""Bringing a library to the schema of this version: Alembic, run by the program itself."""

import logging
import os
import sqlite3
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection

from app.errors import LibraryError, LibraryOutdatedError, LibraryTooNewError
from app.library.database import Database, has_log

SCRIPTS = Path(str(files("app.library").joinpath("migrations")))
_LOG = logging.getLogger(__name__)
_TRACES = (".thumbnails", "vectors", "decisions")  # what a library leaves beside its database
HEAD = "0010"  # known without reading the scripts: Alembic is imported only when there is work for it


def migrate(database: Database, scripts: Path = SCRIPTS, head: str = HEAD) -> None:
    """Bring the file to revision `head`, all or nothing, after copying it when it holds something.

    Raises LibraryTooNewError for a revision that `scripts` do not have, LibraryError for everything else that
    keeps the file from being used.
    """
    with database.readable_errors():
        with database.writer.connect() as connection:
            revision = _revision(connection, database.path)
        if revision == head:
            return
        if revision is not None:
            _refuse_unknown(revision, scripts, database.path)
            _back_up(database.path, revision)
        with database.writer.begin() as connection:
            _upgrade(connection, scripts, head)


def make_file(path: Path) -> None:
    """An empty file, which SQLite takes for a new database, unless there is something already.

    Raises LibraryError when there is a library around it: then its database was lost, and nobody may begin
    an empty one in its place without saying so.
    """
    try:
        if path.exists() and (path.is_dir() or path.stat().st_size or has_log(path)):
            return
        traces = [name for name in _TRACES if any((path.parent / name).glob("*"))]
        if traces or backups(path):
            raise LibraryError(
                f"{path.name} of the library in {path.parent} is missing or empty, but the library's other"
                " files are there. Put back a copy of it, or run: photosift doctor --restore"
            )
        path.touch()
    except OSError as error:
        raise LibraryError(
            f"The library {path} cannot be made: {error.strerror}. Check the free space and the permissions"
            " of its folder."
        ) from error


def backups(path: Path) -> list[Path]:
    """The copies that were made before migrations, newest first."""
    found = path.parent.glob(f"{path.stem}-before-migration-*{path.suffix}")
    return sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)


def check_revision(database: Database, head: str = HEAD) -> None:
    """Raises LibraryTooNewError or LibraryOutdatedError unless the file is at `head`; changes nothing."""
    with database.read() as connection:
        revision = _revision(connection, database.path)
    if revision == head:
        return
    if revision is None:
        raise LibraryOutdatedError(
            f"The library {database.path} holds nothing yet. Begin with: photosift index FOLDER"
        )
    _refuse_unknown(revision, SCRIPTS, database.path)
    raise LibraryOutdatedError(
        f"The library {database.path} was written by an older Photosift and must be updated first. Open its"
        " window once, or run: photosift index"
    )


def _revision(connection: Connection, path: Path) -> str | None:
    """The revision of the file; None when it is new. Raises LibraryError when it is not ours."""
    tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    if not tables:
        return None
    if "alembic_version" not in tables or "photos" not in tables:
        raise LibraryError(
            f"The file {path} belongs to another program. Choose another place for the library."
        )
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def _refuse_unknown(revision: str, scripts: Path, path: Path) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(scripts)).walk_revisions()}
    if revision not in known:
        raise LibraryTooNewError(
            f"The library {path} was written by a newer Photosift. Update Photosift to open it;"
            " nothing was changed."
        )


def _back_up(path: Path, revision: str) -> None:
    """Copy the database beside itself, whole or not at all."""
    target = path.with_name(f"{path.stem}-before-migration-{revision}{path.suffix}")
    temporary = target.with_name(f"{target.name}.part")
    try:
        temporary.unlink(missing_ok=True)
        source, copy = sqlite3.connect(path), sqlite3.connect(temporary)
        try:
            source.backup(copy)
        finally:
            copy.close()
            source.close()
        os.replace(temporary, target)
    except (OSError, sqlite3.Error) as error:
        _discard(temporary)
        raise LibraryError(
            f"The library must be updated, but no copy of it could be made in {path.parent}: {error}."
            " Free some space and try again; nothing was changed."
        ) from error


def _discard(temporary: Path) -> None:
    """Half a copy would only take the room that is missing."""
    try:
        temporary.unlink(missing_ok=True)
    except OSError as error:
        _LOG.info("%s stays behind: %s", temporary, error)


def _upgrade(connection: Connection, scripts: Path, head: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, head)
