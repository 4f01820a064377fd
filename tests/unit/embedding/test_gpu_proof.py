"""What a GPU may compute in half precision: compared there, stored for that GPU, used only after it passed.

The processor stands for the GPU: it computes the same code in the same precisions.
"""

import shutil
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.domain.model import EncodedPhotos, Provenance
from app.domain.precision import CompiledResult, PrecisionProof, PrecisionResult
from app.embedding import compiling, gpu_proof, proof, siglip
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.encoder_process import ProcessEncoder
from app.embedding.gpu_proof import prove_on_gpu, read_gpu_proof
from app.embedding.proof import gpu_versions, proof_of, read_proof, store
from app.embedding.siglip import Siglip2Encoder
from app.embedding.towers import ImageTower
from app.errors import EncoderError

DICE = np.random.default_rng(0)
PHOTOS = list(DICE.integers(0, 256, (44, 64, 64, 3), np.uint8))
HALF = PrecisionProof(
    "bfloat16", 44, "2026-11-21", "a GPU", (PrecisionResult("bfloat16", 0.999, 0.99, 2.5, True),), "cuda"
)


@pytest.fixture
def checkpoint(checkpoint_of: Callable[[str], Path], tmp_path: Path) -> Checkpoint:
    return open_checkpoint(str(shutil.copytree(checkpoint_of("siglip2-fixres"), tmp_path / "model")))


@pytest.fixture
def _fast_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor can compute bfloat16, and is fast at it."""
    monkeypatch.setattr(gpu_proof, "_candidates", lambda device: ("bfloat16",))
    monkeypatch.setattr(
        gpu_proof,
        "least_seconds",
        lambda runs: {name: 1.0 if name in ("float32", "plain") else 0.4 for name in runs},
    )


@pytest.mark.usefixtures("_fast_half")
@pytest.mark.parametrize("family", ["siglip2-fixres", "siglip2-naflex"])
def test_half_precision_is_compared_with_float32_on_the_same_device(
    family: str, checkpoint_of: Callable[[str], Path], tmp_path: Path
) -> None:
    checkpoint = open_checkpoint(str(shutil.copytree(checkpoint_of(family), tmp_path / "model")))
    found = prove_on_gpu(checkpoint, PHOTOS, "cpu")
    (result,) = found.results
    assert (result.precision, found.photos, found.device) == ("bfloat16", 44, "cpu")
    assert 0.99 < result.cosine < 1
    assert result.speed == pytest.approx(2.5)
    assert result.passed == (result.cosine >= 0.995 and result.overlap >= 0.95)
    assert found.chosen == ("bfloat16" if result.passed else "float32")
    assert read_gpu_proof(checkpoint, "cpu") == found


@pytest.mark.usefixtures("_fast_half")
@pytest.mark.parametrize("name", ["gpu_name", "_driver"])
def test_another_gpu_or_driver_measures_again(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    prove_on_gpu(checkpoint, PHOTOS, "cpu")
    monkeypatch.setattr(gpu_proof, name, lambda device: "another")
    assert read_gpu_proof(checkpoint, "cpu") is None


@pytest.mark.usefixtures("_fast_half")
@pytest.mark.expects_log_warnings
def test_a_precision_without_memory_or_kernels_is_not_compared(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> ImageTower:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(ImageTower, "move", fail)
    found = prove_on_gpu(checkpoint, PHOTOS, "cpu")
    assert (found.chosen, found.results) == ("float32", ())


@pytest.mark.usefixtures("_fast_half")
@pytest.mark.parametrize(
    ("error", "said"),
    [("CUDA out of memory.", "stays with float32"), ("device lost\nx", "failed: device lost.")],
)
def test_a_gpu_without_room_for_float32_says_so(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, error: str, said: str
) -> None:
    def fail(*_: object) -> np.ndarray:
        raise RuntimeError(error)

    monkeypatch.setattr(gpu_proof, "embed", fail)
    with pytest.raises(EncoderError, match=said):
        prove_on_gpu(checkpoint, PHOTOS, "cpu")
    assert read_gpu_proof(checkpoint, "cpu") is None


def test_each_device_has_a_proof_of_its_own_which_is_shown_without_torch(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = str(checkpoint.folder)
    store(checkpoint, HALF, {**gpu_versions(checkpoint, "cuda"), "hardware": "a GPU"})
    assert proof_of(source, None, "cuda") == HALF
    assert proof_of(source, None, "mps") is None
    assert proof_of(source, None, "cpu") is read_proof(checkpoint) is None
    monkeypatch.setattr(proof, "possible_gpu", lambda: "cuda")
    assert proof_of(source, None, "auto") == HALF
    monkeypatch.setattr(proof, "possible_gpu", lambda: None)
    assert proof_of(source, None, "auto") is None
    monkeypatch.setattr(proof, "installed_version", lambda name: "another")
    assert proof_of(source, None, "cuda") is None


@pytest.fixture
def _compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor is a device that code is compiled for; compiling leaves the model as it is."""
    monkeypatch.setattr(gpu_proof, "_may_be_compiled", lambda tower: True)
    monkeypatch.setattr(compiling, "compiled", lambda model: model)


@pytest.mark.usefixtures("_fast_half", "_compiles")
def test_the_fastest_precision_is_compared_compiled_as_well(checkpoint: Checkpoint) -> None:
    found = prove_on_gpu(checkpoint, PHOTOS, "cpu")
    (result,) = found.results
    compiled = found.compiled
    assert compiled is not None
    assert (compiled.cosine, compiled.overlap) == pytest.approx((result.cosine, result.overlap), abs=1e-3)
    assert compiled.speed == pytest.approx(2.5)
    assert compiled.photos > 0
    assert read_gpu_proof(checkpoint, "cpu") == found


@pytest.mark.usefixtures("_compiles")
@pytest.mark.parametrize("seconds", [1.0, 0.95])
def test_what_gains_next_to_nothing_is_not_compiled(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(gpu_proof, "_candidates", lambda device: ())
    monkeypatch.setattr(
        gpu_proof,
        "least_seconds",
        lambda runs: {name: seconds if name == "compiled" else 1.0 for name in runs},
    )
    found = prove_on_gpu(checkpoint, PHOTOS, "cpu")
    assert found.chosen == "float32"
    assert found.compiled is not None
    assert found.compiled.photos == 0


@pytest.mark.usefixtures("_fast_half", "_compiles")
@pytest.mark.expects_log_warnings
def test_compiled_code_that_computes_something_else_is_not_used(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(model: Any) -> Any:
        return lambda **inputs: model(**{name: values.flip(2) for name, values in inputs.items()})

    monkeypatch.setattr(compiling, "compiled", compiled)
    found = prove_on_gpu(checkpoint, PHOTOS, "cpu").compiled
    assert found is not None
    assert found.cosine < 0.995
    assert found.photos == 0


@pytest.mark.usefixtures("_fast_half", "_compiles")
@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("error", [ImportError("no Triton"), OSError("cc is missing"), RuntimeError("x")])
def test_without_a_working_compiler_the_precision_is_used_as_it_is(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def compiled(model: Any) -> Any:
        def fail(**_: Any) -> None:
            raise error

        return fail

    monkeypatch.setattr(compiling, "compiled", compiled)
    found = prove_on_gpu(checkpoint, PHOTOS, "cpu")
    assert (found.chosen, found.compiled) == ("bfloat16", None)
    assert read_gpu_proof(checkpoint, "cpu") == found


@pytest.mark.usefixtures("_fast_half", "_compiles")
@pytest.mark.expects_log_warnings
def test_without_any_compiler_there_is_nothing_to_forget(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise ImportError("No module named 'torch._dynamo'")

    monkeypatch.setattr(compiling, "compiled", missing)
    monkeypatch.setattr(gpu_proof, "forget_compiled", missing)
    assert prove_on_gpu(checkpoint, PHOTOS, "cpu").chosen == "bfloat16"


def test_a_proof_from_before_compiled_code_measures_again(checkpoint: Checkpoint) -> None:
    versions = {name: value for name, value in gpu_versions(checkpoint, "cuda").items() if name != "recipe"}
    store(checkpoint, HALF, versions)
    assert proof_of(str(checkpoint.folder), None, "cuda") is None


@pytest.fixture
def gpu_encoder(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> Siglip2Encoder:
    """It takes its processor for a GPU."""
    monkeypatch.setattr(siglip, "REFERENCE_DEVICE", "another")
    return Siglip2Encoder(checkpoint, "cpu", "auto")


def test_the_precision_that_proved_itself_is_used_for_pictures_alone(
    gpu_encoder: Siglip2Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpu_encoder.lacks_image_proof()
    full = gpu_encoder.encode_photos(PHOTOS)
    monkeypatch.setattr(siglip, "read_gpu_proof", lambda checkpoint, device: replace(HALF, device=device))
    assert not gpu_encoder.lacks_image_proof()
    gpu_encoder.release()

    half = gpu_encoder.encode_photos(PHOTOS)

    assert (full.provenance.precision, half.provenance.precision) == ("float32", "bfloat16")
    assert (full.embeddings * half.embeddings).sum(axis=1).min() > 0.99
    assert gpu_encoder._text_tower().runtime.precision == "float32"
    assert np.allclose(gpu_encoder.encode_images(PHOTOS[:1], urgent=True), half.embeddings[:1], atol=1e-2)


@pytest.mark.usefixtures("_compiles")
@pytest.mark.expects_log_warnings
def test_compiled_code_that_fails_later_gives_way_to_the_plain_model(
    gpu_encoder: Siglip2Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(model: Any) -> Any:
        class Broken:
            pooler_output = torch.full((8, 64), torch.nan)

        return lambda **inputs: Broken

    monkeypatch.setattr(compiling, "compiled", compiled)
    expected = gpu_encoder.encode_photos(PHOTOS[:8])
    full = replace(
        HALF, chosen="float32", results=(), device="cpu", compiled=CompiledResult(1.0, 1.0, 1.2, photos=8)
    )
    monkeypatch.setattr(siglip, "read_gpu_proof", lambda checkpoint, device: full)
    gpu_encoder.release()

    first = gpu_encoder.encode_photos(PHOTOS[:8])
    then = gpu_encoder.encode_photos(PHOTOS[:8])

    for encoded in (first, then):
        assert np.allclose(encoded.embeddings, expected.embeddings, atol=1e-5)
    assert "no usable numbers" in gpu_encoder.note()


@pytest.mark.expects_log_warnings
def test_a_reduced_precision_that_overflows_gives_way_to_float32(
    gpu_encoder: Siglip2Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = gpu_encoder.encode_photos(PHOTOS[:2])
    monkeypatch.setattr(siglip, "read_gpu_proof", lambda checkpoint, device: replace(HALF, device=device))
    gpu_encoder.release()
    tower = gpu_encoder._image_tower()
    assert isinstance(tower, ImageTower)
    run = tower._run
    monkeypatch.setattr(tower, "_run", lambda inputs: run(inputs) * np.nan)

    encoded = gpu_encoder.encode_photos(PHOTOS[:2])

    assert encoded.provenance.precision == "float32"
    assert np.allclose(encoded.embeddings, expected.embeddings, atol=1e-5)
    assert "faster form of the model failed" in gpu_encoder.note()
    assert not gpu_encoder.lacks_image_proof()  # it is not compared again either


def test_on_a_gpu_photos_take_two_lanes_in_turns(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = ProcessEncoder(checkpoint, "cpu")
    lanes: list[str] = []
    devices = iter(["cuda", "cuda", "cuda", "cpu", "cpu"])
    taken: list[str] = []

    def submit(method: str, photos: list[Any], niceness: int) -> "Future[EncodedPhotos]":
        lanes.append(method)
        done: Future[EncodedPhotos] = Future()
        by = Provenance("torch", "float32", next(devices))
        done.set_result(EncodedPhotos(np.zeros((0, 4), np.float32), by))
        return done

    monkeypatch.setattr(encoder, "_submit", submit)
    monkeypatch.setattr(encoder._accelerator, "take", lambda photos, device: taken.append(device))
    for _ in range(5):
        encoder.submit_photos([])
    encoder.close()
    first, second = "encode_photos", "encode_more_photos"
    assert lanes == [first, first, second, first, first]
    assert taken == ["cuda"] * 3 + ["cpu"] * 2


def test_both_lanes_give_the_same(checkpoint: Checkpoint) -> None:
    encoder = ProcessEncoder(checkpoint, "cpu")
    try:
        one = encoder._submit("encode_photos", PHOTOS[:3], 0)
        other = encoder._submit("encode_more_photos", PHOTOS[:3], 0)
        found = [future.result(timeout=110).embeddings for future in (one, other)]
        assert np.allclose(*found, atol=1e-6)
    finally:
        encoder.close()
