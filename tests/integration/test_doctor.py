"""What the doctor finds in a library that was damaged on purpose, and what mending leaves."""

import argparse
import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from app.cli.doctor import doctor as doctor_command
from app.domain.health import HealthReport, Part, Weight
from app.errors import LibraryError, LibraryInUseError, LibraryTooNewError
from app.library.library import Library
from app.media.thumbnails import ThumbnailStore
from app.paths import LibraryPaths
from app.services.doctor import Doctor
from app.services.library_lock import take_lock
from app.vector_index.vector_store import VectorStore
from tests.library_seed import seed_library, seed_model

_PHOTOS = 40
_MODEL = seed_model(dim=16)


@pytest.fixture(scope="module")
def sound_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty photos with thumbnails, embeddings and a matrix of them."""
    paths = LibraryPaths(tmp_path_factory.mktemp("sound") / "library")
    seed_library(paths.database, _PHOTOS, model=_MODEL)
    picture = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(picture, "WEBP")
    for number in range(_PHOTOS):
        ThumbnailStore(paths.thumbnails).write(f"content-{number}", picture.getvalue())
    library = Library.open(paths.database)
    paths.vectors.mkdir()
    store = VectorStore(paths.vectors, _MODEL.identity, _MODEL.dim)
    for labels, embeddings in library.embeddings.blocks(_MODEL.identity):
        store.add(labels, embeddings)
    store.save()
    store.close()
    library.close()
    return paths.root


@pytest.fixture
def paths(sound_library: Path, tmp_path: Path) -> LibraryPaths:
    shutil.copytree(sound_library, tmp_path / "library")
    return LibraryPaths(tmp_path / "library")


@pytest.fixture
def change(paths: LibraryPaths) -> Iterator[Callable[[str], None]]:
    """Runs SQL behind the program's back."""
    with closing(sqlite3.connect(paths.database, isolation_level=None)) as connection:
        yield lambda statement: connection.execute(statement) and None


def _examined(paths: LibraryPaths) -> HealthReport:
    return Doctor(paths, alone=True).examine()


def _found(report: HealthReport, weight: Weight = Weight.FAULT) -> list[tuple[Part, int]]:
    return [(finding.part, finding.count) for finding in report.findings if finding.weight is weight]


def _mended(paths: LibraryPaths) -> HealthReport:
    physician = Doctor(paths, alone=True)
    return physician.mend(physician.examine())


def _one(paths: LibraryPaths, statement: str) -> object:
    with closing(sqlite3.connect(paths.database)) as connection:
        return connection.execute(statement).fetchone()[0]


def test_a_sound_library_has_no_findings(paths: LibraryPaths) -> None:
    assert _examined(paths) == HealthReport((), _PHOTOS, _PHOTOS, _PHOTOS)


@pytest.mark.parametrize(
    ("statement", "part", "count"),
    [
        ("UPDATE photos SET title = 'unheard of' WHERE id = 3", Part.WORDS, 1),
        ("UPDATE photos SET content_key = NULL WHERE id IN (4, 5)", Part.PHOTOS, 2),
        ("UPDATE photos SET state = 'missing' WHERE id = 6", Part.PHOTOS, 1),
        ("DELETE FROM embeddings WHERE id IN (7, 8)", Part.EMBEDDINGS, 2),
        ("UPDATE embeddings SET vector = zeroblob(3) WHERE id = 9", Part.EMBEDDINGS, 1),
        ("UPDATE embeddings SET vector = zeroblob(32) WHERE id = 10", Part.EMBEDDINGS, 1),
    ],
)
def test_what_is_wrong_in_the_database_is_named_and_mended(
    paths: LibraryPaths, change: Callable[[str], None], statement: str, part: Part, count: int
) -> None:
    change(statement)
    assert (part, count) in _found(_examined(paths))
    assert _found(_mended(paths)) == []
    assert _one(paths, "SELECT count(*) FROM photos") == _PHOTOS
    assert _one(paths, "SELECT count(*) FROM favourites") == 1


def test_photos_without_their_embedding_are_queued_again(
    paths: LibraryPaths, change: Callable[[str], None]
) -> None:
    change("UPDATE embeddings SET vector = zeroblob(32) WHERE id IN (10, 11)")
    _mended(paths)
    library = Library.open(paths.database)
    waiting = library.photos.next_unembedded(_MODEL.identity, 10)
    library.close()
    assert sorted(photo.photo_id for photo in waiting) == [10, 11]


def test_a_matrix_with_another_vector_is_named_and_made_again(
    paths: LibraryPaths, change: Callable[[str], None]
) -> None:
    change("UPDATE embeddings SET vector = (SELECT vector FROM embeddings WHERE id = 1) WHERE id = 2")
    assert _found(_examined(paths)) == [(Part.MATRIX, 1)]
    assert _found(_mended(paths)) == []
    assert not list(paths.vectors.glob("*.f16"))


def test_a_matrix_that_lags_behind_is_no_fault(paths: LibraryPaths, change: Callable[[str], None]) -> None:
    change("DELETE FROM embeddings WHERE id = 5")
    change("UPDATE photos SET embedded_by = NULL WHERE id = 5")
    report = _examined(paths)
    assert (report.sound, _found(report, Weight.NOTE)) == (True, [(Part.MATRIX, 1)])


def test_a_damaged_matrix_is_removed(paths: LibraryPaths) -> None:
    [matrix] = paths.vectors.glob("*.f16")
    data = bytearray(matrix.read_bytes())
    data[-5] ^= 1
    matrix.write_bytes(data)
    assert _found(_examined(paths)) == [(Part.MATRIX, 1)]
    assert _found(_mended(paths)) == []


def test_thumbnails_that_are_damaged_are_made_again_and_lost_ones_when_looked_at(paths: LibraryPaths) -> None:
    store = ThumbnailStore(paths.thumbnails)
    damaged = store.path("content-3")
    damaged.write_bytes(damaged.read_bytes()[:-40] + b"\0" * 40)
    store.remove("content-4")
    report = _examined(paths)
    assert (_found(report), _found(report, Weight.NOTE)) == ([(Part.THUMBNAILS, 1)], [(Part.THUMBNAILS, 1)])
    assert _mended(paths).sound
    library = Library.open(paths.database)
    pending = {photo.photo_id for photo in library.photos.next_pending(10)}
    library.close()
    assert pending == {4}  # content-n belongs to photo n + 1
    assert not damaged.exists()


def test_what_nobody_uses_is_noted_and_cleared_away(paths: LibraryPaths) -> None:
    ThumbnailStore(paths.thumbnails).write("content-of-nobody", b"RIFF\x04\0\0\0WEBP")
    leftovers = [
        paths.thumbnails / "ab" / ".new-1234",
        paths.vectors / "forgotten-model.f16",
        paths.vectors / f"{_MODEL.identity}.hnsw.99999999.tmp",
        paths.root / "library-before-migration-0001.db.part",
    ]
    for leftover in leftovers:
        leftover.parent.mkdir(exist_ok=True)
        leftover.write_bytes(b"half")
    report = _examined(paths)
    assert (report.sound, _found(report, Weight.NOTE)) == (True, [(Part.THUMBNAILS, 1), (Part.FILES, 4)])
    assert _mended(paths).findings == ()
    assert not any(leftover.exists() for leftover in leftovers)


def test_files_that_are_being_written_elsewhere_are_no_leftovers(paths: LibraryPaths) -> None:
    (paths.vectors / "something.tmp").write_bytes(b"half")
    assert Doctor(paths, alone=False).examine().findings == ()


def test_a_library_that_is_open_elsewhere_is_examined_and_not_mended(paths: LibraryPaths) -> None:
    library = Library.open(paths.database)
    try:
        library.photos.set_favourite([2], True)
        physician = Doctor(paths, alone=False)
        report = physician.examine()
        assert report.findings == ()
        with pytest.raises(LibraryError, match="nothing was changed"):
            physician.mend(report)
    finally:
        library.close()


def test_a_library_of_a_newer_version_is_refused(paths: LibraryPaths, change: Callable[[str], None]) -> None:
    change("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LibraryTooNewError, match="newer Photosift"):
        _examined(paths)


def test_a_damaged_index_of_the_database_is_made_again(
    paths: LibraryPaths, change: Callable[[str], None]
) -> None:
    change("PRAGMA writable_schema = ON")
    other = "CREATE INDEX ix_photos_pixels ON photos (file_id)"
    change(f"UPDATE sqlite_master SET sql = '{other}' WHERE name = 'ix_photos_pixels'")
    assert [part for part, _ in _found(_examined(paths))] == [Part.DATABASE]
    assert _found(_mended(paths)) == []


def _damage_pages(database: Path, pages: range) -> None:
    data = bytearray(database.read_bytes())
    for page in pages:
        data[page * 4096 : (page + 1) * 4096] = bytes(range(256)) * 16
    database.write_bytes(data)


def test_a_damaged_database_is_explained_and_restored_without_its_lost_rows(paths: LibraryPaths) -> None:
    root = int(str(_one(paths, "SELECT rootpage FROM sqlite_master WHERE name = 'embeddings'")))
    _damage_pages(paths.database, range(root - 1, root))
    [finding] = _examined(paths).findings
    assert (finding.part, "--restore" in finding.text) == (Part.DATABASE, True)
    before = paths.database.read_bytes()
    salvaged, _ = Doctor(paths, alone=True).restore()
    assert salvaged.damaged_tables == ("embeddings",)
    assert salvaged.kept.read_bytes() == before
    assert _one(paths, "SELECT count(*) FROM photos WHERE embedded_by IS NULL") == _PHOTOS
    assert _one(paths, "SELECT count(*) FROM favourites") == 1
    assert _examined(paths).sound


def test_restoring_keeps_the_photos_of_a_folder_whose_path_was_lost(paths: LibraryPaths) -> None:
    root = int(str(_one(paths, "SELECT rootpage FROM sqlite_master WHERE name = 'folders'")))
    _damage_pages(paths.database, range(root - 1, root))
    Doctor(paths, alone=True).restore()
    assert _one(paths, "SELECT count(*) FROM photos") == _PHOTOS
    assert _one(paths, "SELECT CAST(path AS TEXT) FROM folders") == "/lost folder 1"


def test_restoring_takes_lost_rows_from_the_copy_before_a_migration(paths: LibraryPaths) -> None:
    shutil.copy(paths.database, paths.root / "library-before-migration-0004.db")
    root = int(str(_one(paths, "SELECT rootpage FROM sqlite_master WHERE name = 'favourites'")))
    _damage_pages(paths.database, range(root - 1, root))
    salvaged, _ = Doctor(paths, alone=True).restore()
    assert (salvaged.from_copy, _one(paths, "SELECT count(*) FROM favourites")) == (1, 1)


def test_a_library_that_lost_its_database_does_not_begin_anew(paths: LibraryPaths) -> None:
    paths.database.unlink()
    with pytest.raises(LibraryError, match="missing or empty"):
        Library.open(paths.database)
    assert not paths.database.exists()


def test_restoring_from_nothing_changes_nothing(paths: LibraryPaths) -> None:
    paths.database.write_bytes(b"")
    with pytest.raises(LibraryError, match="nothing was changed"):
        Doctor(paths, alone=True).restore()
    assert paths.database.read_bytes() == b""


# -- the command


def _command(paths: LibraryPaths, **options: bool) -> int:
    defaults = {"mend": False, "restore": False, "json": False}
    return doctor_command(argparse.Namespace(library=str(paths.root), **(defaults | options)))


def test_the_command_says_what_it_found_and_what_mending_would_do(
    paths: LibraryPaths, change: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    change("UPDATE photos SET title = 'unheard of' WHERE id = 3")
    assert _command(paths) == 1
    assert "With --mend: It is made again." in capsys.readouterr().out
    assert _command(paths, mend=True) == 0
    assert "Mended." in capsys.readouterr().out
    assert _command(paths, json=True) == 0
    assert json.loads(capsys.readouterr().out)["found"]["sound"] is True


def test_the_command_looks_at_a_library_that_is_in_use_and_refuses_to_mend_it(paths: LibraryPaths) -> None:
    with take_lock(paths):
        assert _command(paths) == 0
        with pytest.raises(LibraryInUseError, match="already running"):
            _command(paths, mend=True)


def test_a_place_without_a_library_is_explained(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no library"):
        _command(LibraryPaths(tmp_path / "nowhere"))
