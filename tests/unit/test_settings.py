"""The settings file: defaults, round trips, damage and full disks."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import SettingsError
from app.settings import Settings, SettingsStore


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "config" / "settings.json")


def test_without_a_file_the_defaults_hold(store: SettingsStore) -> None:
    assert store.load() == Settings()
    assert not store.path.exists()


def test_what_was_saved_is_loaded(store: SettingsStore) -> None:
    settings = Settings(checkpoint="/models/größe", device="cpu", history=("海", "a red car"))

    store.save(settings)

    assert store.load() == settings


@given(
    checkpoint=st.none() | st.text(),
    tile_size=st.integers(96, 512),
    history=st.lists(st.text(), max_size=5).map(tuple),
)
def test_any_settings_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory, checkpoint: str | None, tile_size: int, history: tuple[str, ...]
) -> None:
    store = SettingsStore(tmp_path_factory.mktemp("settings") / "settings.json")
    settings = Settings(checkpoint=checkpoint, tile_size=tile_size, history=history)

    store.save(settings)

    assert store.load() == settings


def test_a_newer_version_may_have_written_settings_we_do_not_know(store: SettingsStore) -> None:
    store.save(Settings(device="mps"))
    written = json.loads(store.path.read_text(encoding="utf-8"))
    store.path.write_text(json.dumps({**written, "teleport": True}), encoding="utf-8")

    assert store.load() == Settings(device="mps")
    store.save(Settings(device="cpu"))
    assert json.loads(store.path.read_text(encoding="utf-8"))["teleport"] is True


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"tile_size": 9000}', "tile_size should be less than or equal to 512, not 9000"),
        ('{"device": "abacus"}', "device should be 'auto', 'cuda', 'mps' or 'cpu', not \"abacus\""),
        ('{"only_on_mains": "perhaps"}', "only_on_mains should be a valid boolean"),
        ("[]", "no JSON object"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(store: SettingsStore, content: str, words: str) -> None:
    store.path.parent.mkdir()
    store.path.write_text(content, encoding="utf-8")

    with pytest.raises(SettingsError) as refused:
        store.load()

    assert words in str(refused.value)


def test_one_wrong_value_does_not_cost_the_others(store: SettingsStore) -> None:
    store.path.parent.mkdir()
    store.path.write_text('{"tile_size": 9000, "device": "cpu", "history": ["dog"]}', encoding="utf-8")

    assert store.rescue() == Settings(device="cpu", history=("dog",))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"tile_size": 9000}', b'{"device": "abacus"}', b"\xff\xfe\x00", b"[" * 100_000],
)
def test_a_damaged_file_is_named_and_left_alone(store: SettingsStore, content: bytes) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(content)

    with pytest.raises(SettingsError, match="damaged"):
        store.load()

    assert store.path.read_bytes() == content
    assert store.rescue().tile_size == Settings().tile_size


def test_an_unreadable_file_is_a_settings_error(store: SettingsStore) -> None:
    store.path.mkdir(parents=True)

    with pytest.raises(SettingsError, match="cannot be read"):
        store.load()


def test_a_failed_save_keeps_the_old_file_and_leaves_no_other(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(Settings(device="cpu"))

    def full_disk(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(SettingsError, match="No space left on device"):
        store.save(Settings(device="cuda"))

    assert store.load() == Settings(device="cpu")
    assert list(store.path.parent.iterdir()) == [store.path]


def test_a_folder_that_cannot_be_made_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SettingsError, match="cannot be saved"):
        SettingsStore(tmp_path / "file" / "settings.json").save(Settings())


def test_settings_are_changed_by_copy_only() -> None:
    with pytest.raises(ValidationError):
        Settings().tile_size = 300  # type: ignore[misc]
