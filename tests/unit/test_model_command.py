"""`photosift model` with what is no folder: files of other programs, patches, and the whole registry."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from app.cli.arguments import parse
from app.cli.models import model
from app.embedding.checkpoint import describe_checkpoint
from app.embedding.fingerprint import file_fingerprint
from app.embedding.imported import convert
from app.errors import CheckpointError
from app.paths import models_folder, settings_file
from app.settings import SettingsStore
from tests.checkpoints import make_checkpoint
from tests.open_clip_rig import SMALL_CLIP, write_file


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
