"""Code that is compiled once it pays: when, for which batches, and what happens where it fails."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.embedding import compiling
from app.embedding.checkpoint import open_checkpoint
from app.embedding.compiling import Compiled, pays_after
from app.embedding.towers import ImageTower, load_image_tower

PICTURES = list(np.random.default_rng(0).integers(0, 256, (11, 64, 64, 3), np.uint8))


@pytest.fixture
def tower(checkpoint_of: Callable[[str], Path]) -> ImageTower:
    tower = load_image_tower(open_checkpoint(str(checkpoint_of("siglip2-fixres"))))
    tower.batch_size = 4
    return tower


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of batches that compiled code has computed."""
    sizes: list[int] = []

    def compiled(model: Any) -> Any:
        def run(**inputs: Any) -> Any:
            sizes.append(len(inputs["pixel_values"]))
            return model(**inputs)

        return run

    monkeypatch.setattr(compiling, "compiled", compiled)
    return sizes


def test_only_full_batches_are_compiled_after_as_many_photos_as_pay(
    tower: ImageTower, runs: list[int]
) -> None:
    expected = tower.embed(PICTURES)
    tower.compile_after(9)
    assert np.allclose(tower.embed(PICTURES), expected, atol=1e-5)
    assert runs == []  # 4 and 4 are too few, the last 3 no full batch
    assert not tower.is_compiled()
    assert np.allclose(tower.embed(PICTURES), expected, atol=1e-5)
    assert runs == [4, 4]
    assert tower.is_compiled()


@pytest.mark.parametrize("error", [ImportError("No module named 'triton'"), OSError("cc: not found")])
def test_a_compiler_that_fails_is_asked_once(
    tower: ImageTower, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    asked: list[object] = []

    def compiled(model: Any) -> Any:
        def fail(**_: Any) -> None:
            asked.append(model)
            raise error

        return fail

    expected = tower.embed(PICTURES)
    monkeypatch.setattr(compiling, "compiled", compiled)
    tower.compile_after(0)
    assert np.allclose(tower.embed(PICTURES), expected, atol=1e-5)
    assert len(asked) == 1
    assert not tower.is_compiled()
    (record,) = caplog.records
    assert str(error) in record.getMessage()


@pytest.mark.expects_log_warnings
def test_a_lack_of_memory_makes_batches_smaller_and_drops_what_was_for_larger_ones(
    tower: ImageTower, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(model: Any) -> Any:
        def fail(**_: Any) -> None:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

        return fail

    expected = tower.embed(PICTURES)
    monkeypatch.setattr(compiling, "compiled", compiled)
    tower.compile_after(0)
    assert np.allclose(tower.embed(PICTURES), expected, atol=1e-5)
    assert tower.batch_size == 2
    assert not tower.is_compiled()


def test_paying_means_that_as_much_was_saved() -> None:
    assert pays_after(seconds=20.0, saved=0.01) == 2000


COMPILING = """
import json, sys, threading
import numpy as np
from torch._inductor import compile_fx, config
from app.embedding.checkpoint import open_checkpoint
from app.embedding.towers import load_image_tower

tower = load_image_tower(open_checkpoint(sys.argv[1]))
pictures = list(np.random.default_rng(0).integers(0, 256, (tower.batch_size, 64, 64, 3), np.uint8))
expected = tower.encode(pictures)
tower.compile_after(0)
compile_with, processes, found = compile_fx._compile_fx_main, [], []

def spy(*arguments, **options):
    processes.append(config.compile_threads)
    return compile_with(*arguments, **options)

compile_fx._compile_fx_main = spy
for _ in range(2):  # photos come from two threads, and either may be the one that compiles
    thread = threading.Thread(target=lambda: found.append(tower.encode(pictures)))
    thread.start()
    thread.join()
    tower.compile_after(0)
    __import__("torch").compiler.reset()
differences = [float(np.abs(rows - expected).max()) for rows in found]
print(json.dumps([differences, processes]))
"""


@pytest.mark.skipif(not shutil.which("g++"), reason="torch compiles for the processor through a C++ compiler")
def test_what_torch_compiles_computes_the_same(checkpoint_of: Callable[[str], Path], tmp_path: Path) -> None:
    """In a process that ends: torch's compiler keeps threads."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    environment.pop("TORCHINDUCTOR_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", COMPILING, str(checkpoint_of("siglip2-fixres"))],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    differences, processes = json.loads(done.stdout)
    assert len(differences) == 2
    assert max(differences) < 1e-5
    assert set(processes) == {1}  # more would be processes of their own: in a bundle, further Photosifts
    assert list(tmp_path.rglob("compiled/*"))  # where the next program finds it


def test_two_threads_that_find_it_worthwhile_share_one_form(runs: list[int]) -> None:
    compiled = Compiled(object(), batch=4, after=0)
    assert compiled.form_for(4) is compiled.form_for(4)
    assert compiled.form_for(3) is None
    assert runs == []
