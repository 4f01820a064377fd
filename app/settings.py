"""The user's settings: one typed class, stored as JSON, every field with a default."""

import json
import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import SettingsError


class Settings(BaseModel):
    """All settings. Frozen: change with `model_copy(update=...)`, then `SettingsStore.save`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    checkpoint: str | None = None  # a folder with a checkpoint, or a hub id that is in the hub's cache
    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    tile_size: int = Field(default=200, ge=96, le=512)  # logical pixels
    sidebar_visible: bool = True
    sidebar_width: int = Field(default=232, ge=120, le=2000)  # logical pixels
    details_visible: bool = False
    details_width: int = Field(default=300, ge=160, le=2000)
    history: tuple[str, ...] = ()  # recent text queries, newest first
    window_geometry: str = ""  # base64 of QWidget.saveGeometry
    indexing_paused: bool = False


class SettingsStore:
    """Reads and writes the settings file; the file is replaced whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        return self._path

    def load(self) -> Settings:
        """The stored settings, else the defaults. Raises SettingsError for a damaged file."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return Settings()
        except OSError as error:
            raise SettingsError(
                f"The settings file {self._path} cannot be read: {error.strerror}."
            ) from error
        try:
            return Settings.model_validate_json(content)
        except ValidationError as error:
            raise SettingsError(
                f"The settings file {self._path} is damaged. Move it away to start with the defaults."
            ) from error

    def save(self, settings: Settings) -> None:
        """Write the settings. Raises SettingsError when the disk refuses."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._replace(json.dumps(settings.model_dump(mode="json"), indent=1))
        except OSError as error:
            raise SettingsError(f"The settings cannot be saved to {self._path}: {error.strerror}.") from error

    def _replace(self, content: str) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".settings-", suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            Path(temporary).unlink()
            raise
