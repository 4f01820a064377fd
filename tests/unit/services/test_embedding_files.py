"""Embeddings that were exported are those of the library, in both kinds of files."""

import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.domain.stored_embeddings import EmbeddingFormat
from app.errors import EmbeddingFileError
from app.library import embedding_snapshot
from app.library.library import Library
from app.services.embedding_files import EmbeddingFileService
from tests.library_seed import seed_library, seed_model

NPZ, PARQUET = EmbeddingFormat
COUNT, DIM = 250, 16


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each test needs several."""
    monkeypatch.setattr(embedding_snapshot, "_BLOCK", 64)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two folders of which one is there."""
    path = tmp_path / "library" / "library.db"
    seed_library(path, COUNT, folders=2, root=str(tmp_path), model=seed_model(DIM))
    (tmp_path / "photos-0").mkdir()
    return path


@pytest.fixture
def library(database: Path) -> Iterator[Library]:
    with closing(Library.open(database)) as opened:
        yield opened


def stored(database: Path) -> dict[str, bytes]:
    """Blobs by content key, past all of our own code."""
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT content_key, vector FROM embeddings"))


def paths_in_order(library: Library) -> list[str]:
    return [photo.path for photo in library.photos.get(library.photos.ids())]


def test_an_npz_holds_what_is_stored_bit_by_bit(library: Library, database: Path, tmp_path: Path) -> None:
    report = EmbeddingFileService(library).export_to(tmp_path / "all.npz", NPZ)
    with np.load(tmp_path / "all.npz") as arrays:
        assert arrays["path"].tolist() == paths_in_order(library)
        assert (arrays["vector"].dtype, arrays["vector"].shape) == (np.float16, (COUNT, DIM))
        blobs = [row.tobytes() for row in arrays["vector"]]
        assert dict(zip(arrays["content_key"].tolist(), blobs, strict=True)) == stored(database)
        assert arrays["model"][()] == report.identity == seed_model(DIM).identity
        here = [path.startswith(str(tmp_path / "photos-0") + os.sep) for path in arrays["path"].tolist()]
        assert [not flag for flag in arrays["offline"].tolist()] == here
        assert 0 < sum(here) < COUNT
    assert (report.photos, report.dim, report.lacking) == (COUNT, DIM, 0)


def test_a_parquet_file_holds_the_same_numbers_as_floats(
    library: Library, database: Path, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    report = EmbeddingFileService(library).export_to(tmp_path / "all.parquet", PARQUET)
    table = parquet.read_table(tmp_path / "all.parquet")
    assert str(table.schema.field("vector").type) == f"fixed_size_list<element: float>[{DIM}]"
    rows = table.to_pydict()
    assert rows["path"] == paths_in_order(library)
    assert rows["path_bytes"] == [None] * COUNT
    assert set(rows["model"]) == {report.identity}
    blobs = stored(database)
    for key, vector in zip(rows["content_key"], rows["vector"], strict=True):
        assert vector == np.frombuffer(blobs[key], "<f2").astype(float).tolist()
    assert 0 < sum(rows["offline"]) < COUNT
    assert parquet.ParquetFile(tmp_path / "all.parquet").num_row_groups == 4


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name need not be text")
def test_a_name_that_is_no_text_comes_back(library: Library, database: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE photos SET relative_path = ? WHERE id = 1", (b"x\xff.jpg",))
    service = EmbeddingFileService(library)
    expected = paths_in_order(library)
    (odd,) = [path for path in expected if path.endswith("x\udcff.jpg")]

    service.export_to(tmp_path / "all.npz", NPZ)
    service.export_to(tmp_path / "all.parquet", PARQUET)

    with np.load(tmp_path / "all.npz") as arrays:
        assert arrays["path"].tolist() == expected
    rows = parquet.read_table(tmp_path / "all.parquet").to_pydict()
    assert rows["path_bytes"][expected.index(odd)] == os.fsencode(odd)
    assert rows["path"][expected.index(odd)].endswith("x\N{REPLACEMENT CHARACTER}.jpg")
    assert sum(name is not None for name in rows["path_bytes"]) == 1


@pytest.mark.parametrize("below", ["photos-1", "photos-1/2005", "photos-1/"])
def test_one_folder_or_what_is_below_it(library: Library, tmp_path: Path, below: str) -> None:
    folder = os.path.normpath(tmp_path / below)
    EmbeddingFileService(library).export_to(tmp_path / "some.npz", NPZ, folders=[folder])
    expected = [path for path in paths_in_order(library) if path.startswith(folder + os.sep)]
    assert 0 < len(expected) < COUNT
    with np.load(tmp_path / "some.npz") as arrays:
        assert arrays["path"].tolist() == expected


def test_several_folders_keep_the_order_of_the_library(library: Library, tmp_path: Path) -> None:
    folders = [str(tmp_path / "photos-1" / "2005"), str(tmp_path / "photos-0")]
    EmbeddingFileService(library).export_to(tmp_path / "some.npz", NPZ, folders=folders)
    expected = [
        path for path in paths_in_order(library) if path.startswith(tuple(f"{one}/" for one in folders))
    ]
    with np.load(tmp_path / "some.npz") as arrays:
        assert arrays["path"].tolist() == expected


def test_a_folder_that_is_not_watched_is_told(library: Library, tmp_path: Path) -> None:
    with pytest.raises(EmbeddingFileError, match="elsewhere is not watched"):
        EmbeddingFileService(library).export_to(
            tmp_path / "x.npz", NPZ, folders=[str(tmp_path / "elsewhere")]
        )


def test_photos_without_an_embedding_are_counted(library: Library, database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM embeddings WHERE id <= 7")
    report = EmbeddingFileService(library).export_to(tmp_path / "all.npz", NPZ)
    assert (report.photos, report.lacking) == (COUNT - 7, 7)


def test_a_file_that_is_there_is_not_replaced_unasked(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    file.write_bytes(b"mine")
    service = EmbeddingFileService(library)
    with pytest.raises(EmbeddingFileError, match="--force"):
        service.export_to(file, NPZ)
    assert file.read_bytes() == b"mine"
    service.export_to(file, NPZ, overwrite=True)
    assert np.load(file)["vector"].shape == (COUNT, DIM)


@pytest.mark.parametrize("format_", [NPZ, PARQUET])
def test_what_is_broken_off_leaves_nothing_behind(
    library: Library, tmp_path: Path, format_: EmbeddingFormat
) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"mine")
    with pytest.raises(KeyboardInterrupt):
        EmbeddingFileService(library).export_to(
            tmp_path / "out" / "mine", format_, overwrite=True, on_progress=interrupt
        )
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine"]
    assert (tmp_path / "out" / "mine").read_bytes() == b"mine"


def test_a_place_that_cannot_be_written_is_told(library: Library, tmp_path: Path) -> None:
    with pytest.raises(EmbeddingFileError, match="cannot be written: No such file or directory"):
        EmbeddingFileService(library).export_to(tmp_path / "nowhere" / "all.npz", NPZ)
    with pytest.raises(EmbeddingFileError, match="is a folder"):
        EmbeddingFileService(library).export_to(tmp_path, NPZ)


def test_progress_reaches_the_end(library: Library, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    EmbeddingFileService(library).export_to(
        tmp_path / "all.npz", NPZ, on_progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(64, COUNT), (128, COUNT), (192, COUNT), (COUNT, COUNT)]


def test_without_pyarrow_it_says_what_to_install(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(EmbeddingFileError, match=r'pip install "photosift\[parquet\]"'):
        EmbeddingFileService(library).export_to(tmp_path / "all.parquet", PARQUET)
    assert not (tmp_path / "all.parquet").exists()


def test_of_several_models_one_is_named(library: Library, tmp_path: Path) -> None:
    other = seed_model(DIM).__class__(
        "another", "1" * 16, "pil-1", "siglip2", DIM, seed_model().pixel_spec, logit_scale=1.0, logit_bias=0.0
    )
    library.embeddings.ensure_model(other)
    with closing(sqlite3.connect(library._database.path)) as connection, connection:
        columns = "content_key, pixel_key, runtime, precision, device, created_at"
        connection.execute(
            f"INSERT INTO embeddings (model_id, {columns}, vector)"
            f" SELECT (SELECT max(id) FROM models), {columns}, zeroblob(length(vector))"
            " FROM embeddings WHERE id < 9"
        )
    service = EmbeddingFileService(library)
    with pytest.raises(EmbeddingFileError, match=r"several models\. Name one .*another"):
        service.export_to(tmp_path / "x.npz", NPZ)
    with pytest.raises(EmbeddingFileError, match="no embeddings of nonsense"):
        service.export_to(tmp_path / "x.npz", NPZ, model="nonsense")

    assert service.export_to(tmp_path / "a.npz", NPZ, model="another").photos == 8
    library.models.let_answer(seed_model(DIM).identity)
    assert service.export_to(tmp_path / "b.npz", NPZ).photos == COUNT


def test_a_library_without_embeddings_says_how_to_begin(tmp_path: Path) -> None:
    seed_library(tmp_path / "library.db", 3)
    with (
        closing(Library.open(tmp_path / "library.db")) as library,
        pytest.raises(EmbeddingFileError, match="index"),
    ):
        EmbeddingFileService(library).export_to(tmp_path / "x.npz", NPZ)


def test_writing_goes_on_meanwhile_and_is_not_seen(library: Library, tmp_path: Path) -> None:
    def add_a_favourite_and_forget_a_photo(done: int, total: int) -> None:
        with closing(sqlite3.connect(library._database.path, timeout=1)) as connection, connection:
            connection.execute("DELETE FROM embeddings WHERE id = (SELECT max(id) FROM embeddings)")

    service = EmbeddingFileService(library)
    service.export_to(tmp_path / "all.npz", NPZ, on_progress=add_a_favourite_and_forget_a_photo)
    assert np.load(tmp_path / "all.npz")["vector"].shape == (COUNT, DIM)
    assert service.export_to(tmp_path / "again.npz", NPZ).photos == COUNT - 4


def test_a_library_that_is_only_read_is_enough(database: Path, tmp_path: Path) -> None:
    database.chmod(stat.S_IRUSR)
    with closing(Library.open_to_read(database)) as library:
        EmbeddingFileService(library).export_to(tmp_path / "all.npz", NPZ)
    assert np.load(tmp_path / "all.npz")["vector"].shape == (COUNT, DIM)


def test_a_block_is_looked_up_photo_by_photo(library: Library) -> None:
    """Walking through all embeddings for every block made a million of them take eight minutes."""
    with library.embeddings.snapshot(seed_model(DIM).identity) as snapshot:
        statement = str(
            snapshot._rows([1, 2]).compile(
                dialect=snapshot._connection.dialect, compile_kwargs={"literal_binds": True}
            )
        )
        plan = [row.detail for row in snapshot._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    assert any("SEARCH photos USING INTEGER PRIMARY KEY" in step for step in plan)
    assert any("SEARCH embeddings" in step and "content_key=?" in step for step in plan)
