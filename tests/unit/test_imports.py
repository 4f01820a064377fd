"""What importing a room drags along, seen from a fresh interpreter, and what travels in the wheel."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEURAL = ("torch", "transformers", "onnxruntime", "openvino", "huggingface_hub", "tokenizers")
QT = ("PySide6", "shiboken6")
DATABASE = ("sqlalchemy", "alembic")


def modules_after(statements: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after these statements."""
    listing = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    answer = subprocess.run(
        [sys.executable, "-c", f"{statements}\n{listing}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def modules_of(room: str) -> list[str]:
    """All modules of a room of `app`, dotted."""
    files = (ROOT / "app" / room).rglob("*.py")
    dotted = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return sorted(name.removesuffix(".__init__") for name in dotted if ".migrations" not in name)


def test_the_window_opens_without_the_neural_network_libraries() -> None:
    loaded = modules_after("import app.ui, app.ui.main_window, app.bootstrap")

    assert loaded.isdisjoint({*NEURAL, "hnswlib"})
    assert "PySide6" in loaded  # the check itself works


def test_the_command_line_stands_without_qt() -> None:
    loaded = modules_after("import app.cli.commands")

    assert loaded.isdisjoint({*QT, *NEURAL, "hnswlib"})


def test_the_program_starts_by_importing_nothing_heavy() -> None:
    loaded = modules_after("import app.__main__")

    assert loaded.isdisjoint({*QT, *NEURAL, *DATABASE, "hnswlib", "numpy", "PIL"})


def test_a_decoding_process_imports_media_and_little_else() -> None:
    loaded = modules_after("\n".join(f"import {name}" for name in modules_of("media")))

    assert loaded.isdisjoint({*QT, *NEURAL, *DATABASE, "hnswlib"})
    assert "PIL" in loaded


def test_the_neural_network_libraries_wait_until_a_model_is_loaded() -> None:
    loaded = modules_after("\n".join(f"import {name}" for name in modules_of("embedding")))

    assert loaded.isdisjoint({*NEURAL, *QT})


def test_domain_needs_numpy_and_the_standard_library_only() -> None:
    loaded = modules_after("\n".join(f"import {name}" for name in modules_of("domain")))

    foreign = loaded - modules_after("pass") - set(sys.stdlib_module_names) - {"app", "numpy"}
    assert not {name for name in foreign if not name.startswith("_")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout, built from a copy so that no build folder is left behind."""
    tracked = ("app", "resources", "pyproject.toml", "README.md", "LICENSE")
    source = tmp_path_factory.mktemp("source")
    for name in tracked:
        _copy(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    built = subprocess.run(
        [*pip, "--no-build-isolation", "--wheel-dir", target, source],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (file,) = target.glob("*.whl")
    return zipfile.ZipFile(file)


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        target.write_bytes(source.read_bytes())
        return
    for file in source.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())


def test_everything_in_app_and_resources_travels_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = [file for room in ("app", "resources") for file in (ROOT / room).rglob("*") if file.is_file()]
    expected = {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}

    assert expected <= set(wheel.namelist())


def test_only_the_program_and_its_resources_are_installed(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"app", "resources"}


def test_an_installed_wheel_finds_its_resources(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    script = "from app import paths; print(paths.resource('licences/components.txt'))"

    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )

    found = Path(answer.stdout.strip())
    assert found.is_relative_to(tmp_path)
    assert found.is_file()


def test_the_licence_list_names_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = (ROOT / "resources/licences/components.txt").read_text(encoding="utf-8")

    names = [line.split("=")[0].split(">")[0] for line in project["dependencies"]]
    assert [name for name in names if f"\n{name} " not in listed] == []
