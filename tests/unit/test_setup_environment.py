"""The set-up behind `make run` and `make test`."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import environment
import pytest
import system_packages
from environment import Environment
from system_packages import QT_LIBRARIES, SetupError

SETUP = Path(__file__).resolve().parents[2] / "packaging/setup"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose virtual environment looks set up."""
    root = tmp_path / "check out"
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").touch()
    shutil.copy(SETUP.parents[1] / "pyproject.toml", root)
    return root


def here(root: Path, torch_index: str = "") -> Environment:
    return Environment(root, torch_index, windows=False)


def test_nothing_is_done_when_nothing_changed(checkout: Path) -> None:
    here(checkout).write_stamp(dev=True)

    assert here(checkout).is_current(dev=True)
    assert here(checkout).is_current(dev=False)  # the tests need more than running does


def test_an_environment_for_running_is_not_enough_for_the_tests(checkout: Path) -> None:
    here(checkout).write_stamp(dev=False)

    assert here(checkout).is_current(dev=False)
    assert not here(checkout).is_current(dev=True)


def test_changed_dependencies_are_installed(checkout: Path) -> None:
    here(checkout).write_stamp(dev=True)
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("\n# changed\n")

    assert not here(checkout).is_current(dev=True)


def test_another_index_for_torch_is_heeded_later_too(checkout: Path) -> None:
    here(checkout).write_stamp(dev=True)

    assert not here(checkout, "https://example.org/cpu").is_current(dev=True)


def test_a_moved_checkout_is_set_up_again(checkout: Path) -> None:
    here(checkout).write_stamp(dev=True)
    moved = checkout.rename(checkout.with_name("moved"))

    assert not here(moved).is_current(dev=True)


def test_a_lost_interpreter_is_noticed(checkout: Path) -> None:
    here(checkout).write_stamp(dev=True)
    here(checkout).python.unlink()

    assert not here(checkout).is_current(dev=True)


@pytest.mark.parametrize("stamp", [b"", b"dev", b"\xff"])
def test_a_damaged_stamp_means_set_up_again(checkout: Path, stamp: bytes) -> None:
    here(checkout).stamp.write_bytes(stamp)

    assert not here(checkout).is_current(dev=True)


def test_torch_comes_first_at_its_pinned_version(checkout: Path) -> None:
    torch, rest = here(checkout).install_commands(dev=True)

    assert torch[-1] == "torch==2.13.0"
    assert rest[-1] == f"{checkout}[dev]"


def test_another_index_serves_torch_alone(checkout: Path) -> None:
    torch, rest = here(checkout, "https://example.org/cpu").install_commands(dev=False)

    assert torch[-3:] == ["--no-deps", "--index-url", "https://example.org/cpu"]
    assert "https://example.org/cpu" not in rest


def test_a_failing_step_is_named_and_leaves_no_stamp(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, returncode=0 if "--version" in command else 1)

    monkeypatch.setattr(environment.subprocess, "run", fail)

    with pytest.raises(SetupError, match=r"torch==2\.13\.0"):
        environment.set_up(here(checkout), dev=False)
    assert not here(checkout).stamp.exists()


def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_python_is_complete", lambda: True)
    monkeypatch.setattr(system_packages, "_has_font", lambda: True)


def test_a_complete_system_lacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    complete(monkeypatch)

    assert system_packages.missing_packages(lambda library: True, lambda tool: tool) == []


def test_a_bare_system_lacks_everything_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_python_is_complete", lambda: False)
    monkeypatch.setattr(system_packages, "_has_font", lambda: False)
    monkeypatch.setattr(sys, "base_prefix", "/usr")

    missing = system_packages.missing_packages(lambda library: False, lambda tool: None)

    version = f"python3.{sys.version_info.minor}"
    assert missing[:3] == [f"{version}-venv", f"{version}-dev", "g++"]
    assert set(QT_LIBRARIES.values()) < set(missing)
    assert missing[-1] == "fonts-dejavu-core"


def test_only_the_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    complete(monkeypatch)

    missing = system_packages.missing_packages(lambda library: library != "libEGL.so.1", lambda tool: tool)

    assert missing == ["libegl1"]


def test_a_python_of_ones_own_that_is_incomplete_cannot_be_mended_by_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system_packages, "_python_is_complete", lambda: False)
    monkeypatch.setattr(sys, "base_prefix", "/opt/python")

    with pytest.raises(SetupError, match="PYTHON="):
        system_packages.missing_packages(lambda library: True, lambda tool: tool)


def test_without_permission_one_message_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_privilege", lambda: None)
    monkeypatch.setattr(system_packages.shutil, "which", lambda tool: f"/usr/bin/{tool}")

    with pytest.raises(SetupError, match=r"sudo apt-get install --no-install-recommends g\+\+ libegl1"):
        system_packages._install(["g++", "libegl1"])


def test_other_systems_are_told_libraries_and_tools_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages.shutil, "which", lambda tool: None)

    with pytest.raises(SetupError) as caught:
        system_packages._install(["g++", "libegl1"])

    assert "shared libraries of Qt: libEGL.so.1" in str(caught.value)
    assert "tools: g++" in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell script")
class TestFindingPython:
    """`setup.sh` with a PATH of our own."""

    def run(self, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": f"{folder}:/usr/bin:/bin", **environment}
        command = ["/bin/sh", str(SETUP / "setup.sh"), "--help"]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=30)

    def old_python(self, path: Path) -> Path:
        """What looks like a Python and is too old for every question."""
        path.write_text("#!/bin/sh\nexit 1\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def test_an_old_python_is_passed_over(self, tmp_path: Path) -> None:
        self.old_python(tmp_path / "python3")
        (tmp_path / "python3.11").symlink_to(sys.executable)

        completed = self.run(tmp_path)

        assert completed.returncode == 0, completed.stderr
        assert "--dev" in completed.stdout

    def test_no_python_at_all_is_said_plainly(self, tmp_path: Path) -> None:
        names = ["python", "python3", *(f"python3.{minor}" for minor in range(11, 15))]
        for name in names:
            self.old_python(tmp_path / name)

        completed = self.run(tmp_path)

        assert completed.returncode == 1
        assert "Python 3.11 to 3.14 is needed" in completed.stderr

    def test_the_python_that_was_asked_for_is_not_silently_replaced(self, tmp_path: Path) -> None:
        completed = self.run(tmp_path, PYTHON=str(self.old_python(tmp_path / "mine")))

        assert completed.returncode == 1
        assert "mine is not a Python 3.11 to 3.14" in completed.stderr


def test_the_environment_is_equal_only_for_equal_ingredients(checkout: Path) -> None:
    assert here(checkout).fingerprint() == here(checkout).fingerprint()
    assert len(here(checkout).fingerprint()) == hashlib.sha256().digest_size * 2
