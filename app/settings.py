"""The user's settings: one typed class, stored as JSON, every field with a default."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.manners import Manners, Pace
from app.errors import SettingsError


class Settings(BaseModel):
    """All settings. Frozen: change with `model_copy(update=...)`, then `SettingsStore.save`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    checkpoint: str | None = None  # a folder with a checkpoint, or a hub id that is in the hub's cache
    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    precision: Literal["auto", "float32"] = "auto"  # auto: the fastest that proved itself on this machine
    naflex_patches: int | None = Field(default=None, ge=16, le=4096)  # a NaFlex model looks at; None: its own
    # How many more (or fewer) matches are shown, by model and kind of query: never shared between them.
    match_steps: dict[str, int] = Field(default_factory=dict)
    average_prompts: bool = False  # very short texts are embedded in several phrases
    correct_hubs: bool = False  # photos that are near to every caption step back
    tile_size: int = Field(default=200, ge=96, le=512)  # logical pixels
    sidebar_visible: bool = True
    sidebar_width: int = Field(default=232, ge=120, le=2000)  # logical pixels
    details_visible: bool = False
    details_width: int = Field(default=300, ge=160, le=2000)
    remember_searches: bool = True  # offer what was searched for again
    history: tuple[str, ...] = ()  # recent text queries of older versions, until the library has them
    window_geometry: str = ""  # base64 of QWidget.saveGeometry
    indexing_paused: bool = False
    raw_apart: bool = False  # show raw files by themselves, not with the photos they belong to
    pace: Pace = Pace.BALANCED  # how hard indexing works
    only_when_idle: bool = False  # index while nobody uses the computer
    only_on_mains: bool = False  # index while the computer does not run on its battery
    keep_indexing: bool = False  # go on in the system tray when the window is closed
    ask_before_closing: bool = True  # while photos are being taken in
    release_after_minutes: int = Field(default=5, ge=0, le=1440)  # idle model's memory; 0: never
    picture_cache_gb: int = Field(default=20, ge=1, le=10_000)  # thumbnails and previews together

    @property
    def manners(self) -> Manners:
        """What indexing may take, as one value."""
        return Manners(self.pace, self.only_when_idle, self.only_on_mains)


class SettingsStore:
    """Reads and writes the settings file; the file is replaced whole or not at all.

    Keys that this version does not know stay in the file: a newer one may have written them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        return self._path

    def load(self) -> Settings:
        """The stored settings, else the defaults. Raises SettingsError that names what is wrong."""
        content = self._read()
        if content is None:
            return Settings()
        try:
            return Settings.model_validate_json(content)
        except ValidationError as error:
            raise SettingsError(
                f"The settings file {self._path} is damaged: {_complaints(error)}."
                " Correct it, or move it away to start with the defaults."
            ) from error

    def rescue(self) -> Settings:
        """What a damaged file still says rightly, and defaults for the rest."""
        try:
            stored = self._stored()
        except SettingsError:
            return Settings()
        try:
            return Settings.model_validate_json(json.dumps(stored))
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
        sound = {key: value for key, value in stored.items() if key not in wrong}
        return Settings.model_validate_json(json.dumps(sound))

    def save(self, settings: Settings) -> None:
        """Write the settings. Raises SettingsError when the disk refuses."""
        try:
            unknown = {
                key: value for key, value in self._stored().items() if key not in Settings.model_fields
            }
        except SettingsError:
            unknown = {}  # it cannot be read, so nothing of it can be kept
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._replace(json.dumps({**unknown, **settings.model_dump(mode="json")}, indent=1))
        except OSError as error:
            raise SettingsError(f"The settings cannot be saved to {self._path}: {error.strerror}.") from error

    def _read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(
                f"The settings file {self._path} cannot be read: {error.strerror}."
            ) from error

    def _stored(self) -> dict[str, Any]:
        """The file as it is; nothing of what is no JSON object, or is nested without end."""
        try:
            stored = json.loads(self._read() or b"{}")
        except (ValueError, RecursionError):
            return {}
        return stored if isinstance(stored, dict) else {}

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


def _complaints(error: ValidationError) -> str:
    """What is wrong with which keys, in a few words: "tile_size should be at most 512, not 9000"."""
    found = []
    for one in error.errors()[:3]:
        message = one["msg"].removeprefix("Input ").rstrip(".")
        if not one["loc"]:
            found.append("it is no JSON object with settings")
        else:
            found.append(f"{one['loc'][0]} {message[0].lower()}{message[1:]}, not {_shortened(one['input'])}")
    return "; ".join(found)


def _shortened(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:40]}…"
