"""`photosift model` with what is no folder: files of other programs, patches, and the whole registry."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli.arguments import parse
from app.cli.models import model
from app.cli.status import status
from app.embedding.checkpoint import describe_checkpoint
from app.embedding.fingerprint import file_fingerprint
from app.embedding.imported import convert
from app.errors import CheckpointError, LibraryError
from app.library.library import Library
from app.paths import LibraryPaths, models_folder, settings_file
from app.settings import SettingsStore
from tests.checkpoints import make_checkpoint
from tests.fake_encoder import FakeEncoder
from tests.open_clip_rig import SMALL_CLIP, write_file
from tests.unit.services.service_parts import add_photos


def photosift(*arguments: str) -> int:
    return model(parse(list(arguments)))


class _Code:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._marker),)


def test_every_known_model_is_listed_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert photosift("model", "list", "--all", "--json") == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert len(models) == 33
    assert models[0]["hub_id"] == "google/siglip2-base-patch32-256"
    assert "arXiv 2502.14786" in models[0]["source"]


def test_a_file_with_code_is_refused_and_nothing_is_remembered(tmp_path: Path) -> None:
    import torch

    marker, file = tmp_path / "it ran", tmp_path / "evil.pth"
    torch.save({"x": _Code(marker)}, file)
    with pytest.raises(CheckpointError, match="could run code"):
        photosift("model", "use", str(file))
    assert not marker.exists()
    assert SettingsStore(settings_file()).load().checkpoint is None
    assert [path.name for path in models_folder().iterdir()] == [".lock"]


def test_a_file_that_was_converted_is_used_by_its_folder(tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "beside", family="clip")
    file = write_file(tmp_path / "beside" / "mcip.pth", SMALL_CLIP.expected())
    folder = models_folder() / f"mcip-{file_fingerprint(file)[:12]}"
    convert(file, folder, (SMALL_CLIP,))
    assert photosift("model", "use", str(file)) == 0
    assert SettingsStore(settings_file()).load().checkpoint == str(folder)


def test_the_patches_of_a_naflex_model_are_remembered(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "naflex", family="siglip2-naflex")
    assert photosift("model", "use", str(folder), "--patches", "1024") == 0
    chosen = SettingsStore(settings_file()).load()
    assert (chosen.checkpoint, chosen.naflex_patches) == (str(folder), 1024)
    assert describe_checkpoint(str(folder), chosen.naflex_patches).pixel_spec.max_patches == 1024


@pytest.mark.parametrize("patches", ["8", "5000", "many"])
def test_patches_beyond_reason_are_refused(patches: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["model", "use", "x", "--patches", patches])
    assert "not a number from 16 to 4096" in capsys.readouterr().err


def _library(root: Path) -> Library:
    """Two models that have embedded one photo each, the first of them answering."""
    library = Library.open(LibraryPaths(root).database)
    folder = library.folders.add(str(root / "photos"))
    for revision, name in (("one", "a.jpg"), ("two", "b.jpg")):
        encoder = FakeEncoder(revision=revision)
        vectors = encoder.encode_images([np.zeros((8, 8, 3), np.uint8)])
        add_photos(library, folder, [name], vectors, encoder)
    library.models.let_answer(FakeEncoder(revision="one").spec.identity)
    return library


def test_stored_embeddings_are_listed_and_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _library(tmp_path).close()
    of_library = ("--library", str(tmp_path), "model")
    assert photosift(*of_library, "stored", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)["models"]
    assert (first["photos"], first["answering"], second["photos"], second["answering"]) == (1, True, 1, False)

    with pytest.raises(LibraryError, match="answers searches"):
        photosift(*of_library, "delete", first["identity"])
    assert photosift(*of_library, "delete", second["identity"]) == 0
    assert photosift(*of_library, "stored") == 0

    out = capsys.readouterr().out
    assert "fake (answers searches)" in out
    assert second["identity"] not in out


def test_status_tells_of_a_change_of_the_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = _library(tmp_path)
    library.models.note_place(FakeEncoder(revision="two").spec.identity, "/models/two", None)
    library.close()
    store = SettingsStore(settings_file())
    store.save(store.load().model_copy(update={"checkpoint": "/models/two"}))

    assert status(parse(["--library", str(tmp_path), "status"])) == 0
    assert "changing:   to fake: 1 of 2 photos embedded" in capsys.readouterr().out
    assert status(parse(["--library", str(tmp_path), "status", "--json"])) == 0
    assert json.loads(capsys.readouterr().out)["change"]["of"] == 2
