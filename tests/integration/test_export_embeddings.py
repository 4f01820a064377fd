"""`photosift export embeddings` as a command: beside a window, and what it says."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.__main__ import main
from app.bootstrap import open_services
from app.paths import LibraryPaths
from app.settings import SettingsStore
from tests.library_seed import seed_library, seed_model


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of twenty photos; the current folder is another one."""
    seed_library(tmp_path / "library" / "library.db", 20, root=str(tmp_path), model=seed_model(8))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "library"


def test_it_works_while_a_window_has_the_library(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = SettingsStore(library.parent / "settings.json")
    with closing(open_services(LibraryPaths(library), settings)):
        assert main(["--library", str(library), "export", "embeddings"]) == 0
    assert "20 embeddings of 8 numbers by seeded" in capsys.readouterr().out
    assert np.load("photosift-embeddings.npz")["vector"].shape == (20, 8)


def test_the_name_of_the_file_says_its_kind(library: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert main(["--library", str(library), "export", "embeddings", "--output", "all.parquet"]) == 0
    assert parquet.read_table("all.parquet").num_rows == 20


def test_a_folder_is_named_from_where_one_is(library: Path) -> None:
    assert main(["--library", str(library), "export", "embeddings", "--folder", "../photos-0"]) == 0
    assert np.load("photosift-embeddings.npz")["path"].shape == (20,)


def test_mistakes_are_told(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("photosift-embeddings.npz").write_bytes(b"mine")
    assert main(["--library", str(library), "export", "embeddings"]) == 1
    assert "say --force" in capsys.readouterr().err
    assert main(["--library", str(library), "export", "embeddings", "--force"]) == 0
    assert main(["--library", str(library / "nowhere"), "export", "embeddings"]) == 1
    assert "no library" in capsys.readouterr().err


def test_decisions_are_exported_as_before(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--library", str(library), "export", "decisions", "decisions.json"]) == 0
    assert Path("decisions.json").exists()
    with pytest.raises(SystemExit, match="2"):
        main(["import", "embeddings", "x"])
