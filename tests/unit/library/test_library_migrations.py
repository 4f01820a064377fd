"""The migrations, which travel inside the package."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from app.errors import LibraryError
from app.library.database import Database
from app.library.library import Library
from app.library.migrate import HEAD, SCRIPTS, migrate
from app.library.schema import Base

_SECOND = '''"""A second revision, for tests."""

from alembic import op

revision = "test2"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("CREATE TABLE second (name TEXT)")
    {more}
'''


def _scripts(folder: Path, more: str = "") -> Path:
    """The package's own scripts and one more."""
    scripts = folder / "scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9999_test.py").write_text(_SECOND.format(head=HEAD, more=more))
    return scripts


def _tables(database: Path) -> set[str]:
    connection = sqlite3.connect(database)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return names


def _indexes(connection: Connection) -> set[str]:
    rows = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    )
    return {" ".join(sql.split()) for sql in rows.scalars()}


def _ours(name: str | None, kind: str, parents: object) -> bool:
    return kind != "table" or not str(name).startswith(("photo_words", "photo_fragments"))


def test_a_migrated_library_has_exactly_the_tables_of_the_schema(library: Library) -> None:
    with library._database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": _ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_a_migrated_library_has_exactly_the_indexes_of_the_schema(library: Library) -> None:
    # Alembic does not compare the conditions of partial indexes.
    fresh = create_engine("sqlite://")
    Base.metadata.create_all(fresh)
    with fresh.connect() as expected, library._database.read() as migrated:
        assert _indexes(migrated) == _indexes(expected)
    fresh.dispose()


def test_ids_and_labels_are_never_given_out_twice(library: Library) -> None:
    statement = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"
    with library._database.read() as connection:
        tables = set(connection.exec_driver_sql(statement).scalars())
    assert {"photos", "embeddings", "folders"} <= tables


def test_the_head_that_the_program_knows_is_the_last_script() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD


def test_a_new_library_is_not_copied(database: Path) -> None:
    Library.open(database).close()
    assert [path.name for path in database.parent.iterdir()] == ["library.db"]


def test_an_existing_library_is_copied_before_it_is_migrated(database: Path, tmp_path: Path) -> None:
    library = Library.open(database)
    library.folders.add("/pictures")
    library.close()
    connections = Database(database)
    migrate(connections, _scripts(tmp_path), "test2")
    connections.close()
    backup = database.with_name(f"library-before-migration-{HEAD}.db")
    assert "second" in _tables(database)
    assert "second" not in _tables(backup)
    assert sqlite3.connect(backup).execute("SELECT count(*) FROM folders").fetchone() == (1,)


def test_a_migration_that_fails_changes_nothing(database: Path, tmp_path: Path) -> None:
    Library.open(database).close()
    connections = Database(database)
    scripts = _scripts(tmp_path, more='raise RuntimeError("half way")')
    with pytest.raises(RuntimeError, match="half way"):
        migrate(connections, scripts, "test2")
    connections.close()
    assert "second" not in _tables(database)
    Library.open(database).close()


def test_without_room_for_the_copy_nothing_is_migrated(database: Path, tmp_path: Path) -> None:
    Library.open(database).close()
    (database.parent / f"library-before-migration-{HEAD}.db.part").mkdir()  # the copy cannot be written there
    connections = Database(database)
    with pytest.raises(LibraryError, match="nothing was changed"):
        migrate(connections, _scripts(tmp_path), "test2")
    connections.close()
    assert "second" not in _tables(database)
