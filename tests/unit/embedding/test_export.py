import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from app.embedding.checkpoint import open_checkpoint
from app.embedding.export import (
    Made,
    export_module,
    exports_of,
    is_made,
    open_export,
    smallest,
    write_export,
)
from app.embedding.openvino_model import load_openvino, supports
from app.errors import EncoderError
from app.paths import exports_folder, resource
from tests.checkpoints import make_checkpoint

MADE = Made("siglip-123-pil-2", "image")


class Sums(torch.nn.Module):
    """Small, but with weights, two inputs and a free length."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(10, 16)

    def forward(self, values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.layer(values) * mask.to(torch.float32).sum(1, keepdim=True)


EXAMPLE = {"values": torch.linspace(-1, 1, 20).reshape(2, 10), "mask": torch.ones(2, 4, dtype=torch.int64)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "image-float32"
    export_module(Sums().eval(), EXAMPLE, folder, MADE, shapes={"mask": (-1, -1)})
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "image-float32"))


def _inputs(batch: int, length: int) -> dict[str, np.ndarray]:
    values = np.random.default_rng(batch).standard_normal((batch, 10)).astype(np.float32)
    return {"values": values, "mask": np.ones((batch, length), np.int64)}


def _by_torch(inputs: dict[str, np.ndarray]) -> np.ndarray:
    with torch.inference_mode():
        return Sums()(**{name: torch.from_numpy(value) for name, value in inputs.items()}).numpy()


def test_an_export_computes_what_torch_computes_for_any_batch(folder: Path) -> None:
    model = open_export(folder, MADE)
    assert model is not None
    for batch, length in ((1, 4), (7, 9)):
        inputs = _inputs(batch, length)
        np.testing.assert_allclose(model.run(inputs), _by_torch(inputs), rtol=1e-5, atol=1e-5)


def test_threads_share_one_model(folder: Path) -> None:
    model = open_export(folder, MADE)
    assert model is not None
    wrong: list[int] = []

    def work(inputs: dict[str, np.ndarray], expected: np.ndarray) -> None:
        answers = [model.run(inputs) for _ in range(50)]
        wrong.extend(len(expected) for each in answers if not np.allclose(each, expected, atol=1e-5))

    questions = [_inputs(batch, 3) for batch in (1, 2, 5)]
    threads = [threading.Thread(target=work, args=(inputs, _by_torch(inputs))) for inputs in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_answer_stays_as_it_was_after_the_next_question(folder: Path) -> None:
    model = open_export(folder, MADE)
    assert model is not None
    first = model.run(_inputs(3, 4))
    kept = first.copy()
    model.run(_inputs(3, 9))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("name", ["model.xml", "model.bin", "probe.npz", "manifest.json"])
@pytest.mark.parametrize("damage", ["a byte", "the end", "all"])
def test_a_damaged_export_is_not_used(folder: Path, name: str, damage: str) -> None:
    path = folder / name
    content = bytearray(path.read_bytes())
    if damage == "a byte":
        content[len(content) // 2] ^= 1
    path.write_bytes(content[:-1] if damage == "the end" else content)
    if damage == "all":
        path.unlink()
    assert open_export(folder, MADE) is None
    assert not is_made(folder, MADE)  # so it is made again


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize(
    "other",
    [Made("siglip-456-pil-2", "image"), Made(MADE.identity, "text"), Made(MADE.identity, "image", "int8")],
)
def test_the_export_of_something_else_is_not_used(folder: Path, other: Made) -> None:
    assert open_export(folder, other) is None


def test_no_export_is_no_reason_to_complain(tmp_path: Path) -> None:
    assert open_export(tmp_path / "nothing", MADE) is None


def test_an_export_is_made_again_in_place_of_a_stale_one(folder: Path) -> None:
    later = Made("siglip-456-pil-2", "image")
    export_module(Sums().eval(), EXAMPLE, folder, later, shapes={"mask": (-1, -1)})
    assert open_export(folder, later) is not None
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == ["image-float32"]


def test_a_model_that_computes_something_else_is_not_stored(tmp_path: Path, folder: Path) -> None:
    model = load_openvino().Core().read_model(folder / "model.xml")
    inputs = _inputs(2, 4)
    with pytest.raises(EncoderError, match="other embeddings"):
        write_export(model, inputs, -_by_torch(inputs), tmp_path / "new", MADE)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".unfinished-*"))


def test_what_a_killed_process_left_is_cleared_away(folder: Path) -> None:
    left = folder.parent / ".unfinished-abc"
    left.mkdir()
    (left / "model.bin").write_bytes(b"half")
    export_module(Sums().eval(), EXAMPLE, folder, MADE, shapes={"mask": (-1, -1)})
    assert not left.exists()


def test_the_cosine_of_nothing_is_the_worst() -> None:
    ones = np.ones((2, 3), np.float32)
    assert smallest(ones, ones) == pytest.approx(1)
    assert smallest(ones, np.full((2, 3), np.nan, np.float32)) == -1
    assert smallest(ones, np.zeros((2, 3), np.float32)) == -1
    assert smallest(ones, ones[:1]) == -1


def test_every_processor_supports_float32() -> None:
    assert supports("float32")


def test_exports_lie_beside_the_users_own_checkpoints(tmp_path: Path) -> None:
    own = open_checkpoint(str(make_checkpoint(tmp_path / "own")))
    assert exports_of(own).parent == own.folder


def test_what_came_with_photosift_gets_nothing_added() -> None:
    demo = open_checkpoint(str(resource("demo/photosift-drawn-scenes")))
    assert exports_of(demo) == exports_folder() / demo.spec.identity


def test_neither_library_reports_how_it_is_used(tmp_path: Path) -> None:
    """Both would, in threads of their own, as soon as something is converted or quantised."""
    script = """
import socket, sys, threading
sys.addaudithook(lambda event, _: print("NETWORK", event) if event.startswith("socket.") else None)
import numpy as np
from app.embedding.openvino_model import load_nncf, load_openvino
openvino, nncf = load_openvino(), load_nncf()
from openvino import opset13 as ops
data = ops.parameter([-1, 8], np.float32, name="x")
product = ops.matmul(data, ops.constant(np.eye(8, dtype=np.float32)), False, False)
model = openvino.Model([product], [data], "m")
nncf.quantize(model, nncf.Dataset([np.ones((1, 8), np.float32)]), subset_size=1)
openvino.save_model(model, sys.argv[1])
print([name for name, module in sys.modules.items() if "openvino_telemetry" in name and module is not None])
print([thread.name for thread in threading.enumerate() if "elemetry" in thread.name])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "model.xml")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.stdout.splitlines()[-2:] == ["[]", "[]"]
    assert "NETWORK" not in done.stdout
