"""Correct inference, rule by rule, against transformers' own processor and whole model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.domain.media import Framing, PixelSpec
from app.domain.model import ImageTextEncoder, Tower
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.siglip import Siglip2Encoder
from app.embedding.text_tower import load_text_tower
from app.embedding.token_ids import ReferenceTokenIds
from app.embedding.towers import load_image_tower
from app.errors import CheckpointError, EncoderError
from tests.checkpoints import make_checkpoint

CheckpointOf = Callable[[str], Path]
TEXTS = ["A Dog on the BEACH", "zwei Katzen", "海辺の犬", "", "very long " * 60]
BOTH_SIGLIP2 = ["siglip2-fixres", "siglip2-naflex"]


@pytest.fixture
def encoder_of(checkpoint_of: CheckpointOf) -> Callable[[str], Siglip2Encoder]:
    return lambda family: Siglip2Encoder(open_checkpoint(str(checkpoint_of(family))), "cpu")


def unit(rows: Any) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (unit(a) * unit(b)).sum(axis=1)


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    sizes = [(90, 60), (64, 64), (40, 170)]
    return [Image.fromarray(rng.integers(0, 256, (h, w, 3), np.uint8)) for w, h in sizes]


def framed(picture: Image.Image, spec: PixelSpec) -> np.ndarray:
    """What the media room would hand over, made here so that the rooms are tested apart."""
    if spec.framing is Framing.SQUASH:
        return np.asarray(picture.resize((spec.width, spec.height), Image.Resampling(spec.resample)))
    from transformers.models.siglip2.image_processing_pil_siglip2 import (
        get_image_size_for_max_num_patches as size_for,
    )

    height, width = size_for(picture.height, picture.width, spec.patch_size, spec.max_patches)
    return np.asarray(picture.resize((width, height), Image.Resampling(spec.resample)))


def reference(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoProcessor

    return AutoModel.from_pretrained(folder).eval(), AutoProcessor.from_pretrained(folder)


def text_features(model: Any, inputs: Any) -> np.ndarray:
    import torch

    with torch.inference_mode():
        return model.get_text_features(**inputs).pooler_output.numpy()


@pytest.mark.parametrize("family", [*BOTH_SIGLIP2, "siglip1"])
def test_image_embeddings_are_the_references(
    family: str, checkpoint_of: CheckpointOf, encoder_of: Callable[[str], Siglip2Encoder]
) -> None:
    import torch
    from transformers import AutoImageProcessor, AutoModel

    encoder, folder = encoder_of(family), checkpoint_of(family)
    processor = AutoImageProcessor.from_pretrained(folder)
    with torch.inference_mode():
        inputs = processor(images=pictures(), return_tensors="pt")
        expected = AutoModel.from_pretrained(folder).eval().get_image_features(**inputs).pooler_output
    found = encoder.encode_images([framed(picture, encoder.spec.pixel_spec) for picture in pictures()])
    assert cosines(found, expected.numpy()).min() > 0.99999


@pytest.mark.parametrize("family", [*BOTH_SIGLIP2, "siglip1"])
def test_text_embeddings_are_lower_cased_padded_and_unmasked(
    family: str, checkpoint_of: CheckpointOf, encoder_of: Callable[[str], Siglip2Encoder]
) -> None:
    model, processor = reference(checkpoint_of(family))
    tokens = processor.tokenizer(
        [text.lower() for text in TEXTS],
        padding="max_length",
        max_length=64,
        truncation=True,
        return_tensors="pt",
    )
    expected = text_features(model, {"input_ids": tokens["input_ids"]})
    found = encoder_of(family).encode_texts(TEXTS)
    assert cosines(found, expected).min() > 0.99999
    masked = text_features(model, {name: tokens[name] for name in ("input_ids", "attention_mask")})
    assert cosines(found, masked).min() < 0.99


def test_clip_sees_nothing_of_its_padding(
    checkpoint_of: CheckpointOf, encoder_of: Callable[[str], Siglip2Encoder]
) -> None:
    model, processor = reference(checkpoint_of("clip"))
    tokens = processor.tokenizer(TEXTS, padding=True, max_length=77, truncation=True, return_tensors="pt")
    found = encoder_of("clip").encode_texts(TEXTS)
    assert found.shape == (len(TEXTS), 24)
    assert cosines(found, text_features(model, tokens)).min() > 0.99999


@pytest.mark.parametrize("family", BOTH_SIGLIP2)
def test_case_makes_no_difference(family: str, encoder_of: Callable[[str], Siglip2Encoder]) -> None:
    upper, lower = encoder_of(family).encode_texts(["ROTE ÄPFEL AM STRAND", "rote äpfel am strand"])
    assert np.array_equal(upper, lower)


def test_tokens_fill_all_positions_with_padding_on_the_right(checkpoint_of: CheckpointOf) -> None:
    ids = ReferenceTokenIds(open_checkpoint(str(checkpoint_of("siglip2-fixres")))).of(
        ["a dog", "very long " * 60]
    )
    assert ids.shape == (2, 64)
    pad, end = 0, 1
    short, long = ids.tolist()
    assert short[0] != pad
    assert short[-1] == pad
    assert long[-1] == end  # truncated before the end token, not after


@pytest.mark.parametrize("family", BOTH_SIGLIP2)
def test_embeddings_have_unit_length_in_float32(
    family: str, encoder_of: Callable[[str], Siglip2Encoder]
) -> None:
    encoder: ImageTextEncoder = encoder_of(family)
    pixels = [framed(picture, encoder.spec.pixel_spec) for picture in pictures()]
    for embeddings in (encoder.encode_images(pixels), encoder.encode_texts(["a dog"])):
        assert embeddings.dtype == np.float32
        assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    assert encoder.encode_images([]).shape == encoder.encode_texts([]).shape == (0, encoder.spec.dim)


@pytest.mark.parametrize("family", BOTH_SIGLIP2)
def test_an_embedding_does_not_depend_on_its_batch(
    family: str, encoder_of: Callable[[str], Siglip2Encoder]
) -> None:
    encoder = encoder_of(family)
    pixels = [framed(picture, encoder.spec.pixel_spec) for picture in pictures()] * 7  # several batches
    together = encoder.encode_images(pixels)
    alone = np.concatenate([encoder.encode_images([picture]) for picture in pixels[:3]])
    assert cosines(together[:3], alone).min() > 0.999999
    assert cosines(together[-3:], alone).min() > 0.999999


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((64, 63, 3), np.uint8), np.zeros((64, 64, 3), np.float32), np.zeros((64, 64, 4), np.uint8)],
)
@pytest.mark.parametrize("family", BOTH_SIGLIP2)
def test_pixels_of_another_shape_are_a_bug(
    family: str, pixels: np.ndarray, encoder_of: Callable[[str], Siglip2Encoder]
) -> None:
    with pytest.raises(ValueError, match="pixels are"):
        encoder_of(family).encode_images([pixels])


def test_each_tower_holds_only_its_own_weights(checkpoint_of: CheckpointOf) -> None:
    checkpoint = open_checkpoint(str(checkpoint_of("siglip2-fixres")))
    image = dict(load_image_tower(checkpoint).model.named_parameters())
    text = dict(load_text_tower(checkpoint).model.named_parameters())
    assert any("patch_embedding" in name for name in image)
    assert not any("token_embedding" in name for name in image)
    assert any("position_embedding" in name for name in text)
    assert not any("token_embedding" in name for name in text)  # its rows are read from the file
    assert not any("patch_embedding" in name for name in text)


def test_a_text_query_loads_no_image_tower_and_release_drops_only_its_own(
    encoder_of: Callable[[str], Siglip2Encoder],
) -> None:
    encoder = encoder_of("siglip2-fixres")
    encoder.encode_texts(["a dog"])
    assert encoder._image is None
    encoder.prepare(Tower.IMAGE)
    encoder.release(Tower.TEXT)
    assert encoder._text is None
    assert encoder._image is not None
    assert encoder.encode_texts(["a dog"]).shape == (1, 32)
    encoder.close()
    assert encoder._image is encoder._text is None


def test_a_failure_in_a_submitted_batch_reaches_its_future(
    encoder_of: Callable[[str], Siglip2Encoder],
) -> None:
    encoder = encoder_of("siglip2-fixres")
    assert encoder.submit_images([np.zeros((64, 64, 3), np.uint8)]).result().shape == (1, 32)
    with pytest.raises(ValueError, match="pixels are"):
        encoder.submit_images([np.zeros((1, 1, 3), np.uint8)]).result()


def test_provenance_names_device_and_precision(encoder_of: Callable[[str], Siglip2Encoder]) -> None:
    provenance = encoder_of("siglip2-fixres").provenance()
    assert (provenance.runtime, provenance.precision, provenance.device) == ("torch", "float32", "cpu")


def test_a_half_precision_that_passes_the_self_test_is_used(checkpoint_of: CheckpointOf) -> None:
    checkpoint = open_checkpoint(str(checkpoint_of("siglip2-fixres")))
    half, full = (Siglip2Encoder(checkpoint, "cpu", precision) for precision in ("bfloat16", "float32"))
    assert half.provenance().precision == "bfloat16"
    assert half.note() == ""
    assert cosines(half.encode_texts(TEXTS), full.encode_texts(TEXTS)).min() > 0.995


def test_a_device_that_is_not_there_falls_back_with_a_reason(
    checkpoint_of: CheckpointOf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    encoder = Siglip2Encoder(open_checkpoint(str(checkpoint_of("siglip2-fixres"))), "cuda")
    assert encoder.provenance().device == "cpu"
    assert "no usable NVIDIA driver" in encoder.note()
    assert "no usable NVIDIA driver" in caplog.text


def test_weights_that_give_no_numbers_are_an_error_for_people(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = make_checkpoint(tmp_path / "broken")
    tensors = load_file(folder / "model.safetensors")
    tensors["text_model.head.bias"][:] = np.nan
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(EncoderError, match="no usable numbers"):
        Siglip2Encoder(open_checkpoint(str(folder)), "cpu").encode_texts(["a dog"])


def test_a_checkpoint_that_changed_on_disk_is_not_used_under_its_old_identity(tmp_path: Path) -> None:
    encoder = Siglip2Encoder(open_checkpoint(str(make_checkpoint(tmp_path / "model"))), "cpu")
    make_checkpoint(tmp_path / "model", seed=1)
    with pytest.raises(CheckpointError, match="has changed"):
        encoder.encode_texts(["a dog"])


def test_weights_that_lack_a_layer_are_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from safetensors.numpy import load_file, save_file

    folder = make_checkpoint(tmp_path / "partial")
    tensors = load_file(folder / "model.safetensors")
    del tensors["text_model.encoder.layers.1.mlp.fc1.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    checkpoint: Checkpoint = open_checkpoint(str(folder))
    with pytest.raises(CheckpointError, match=r"incomplete: .*fc1\.weight"):
        Siglip2Encoder(checkpoint, "cpu").encode_texts(["a dog"])


def test_a_naflex_model_looks_at_as_many_patches_as_it_is_told(checkpoint_of: CheckpointOf) -> None:
    import torch
    from transformers import AutoImageProcessor, AutoModel

    folder = checkpoint_of("siglip2-naflex")
    encoder = Siglip2Encoder(open_checkpoint(str(folder), 64), "cpu")
    inputs = AutoImageProcessor.from_pretrained(folder)(
        images=pictures(), max_num_patches=64, return_tensors="pt"
    )
    with torch.inference_mode():
        expected = AutoModel.from_pretrained(folder).eval().get_image_features(**inputs).pooler_output
    found = encoder.encode_images([framed(picture, encoder.spec.pixel_spec) for picture in pictures()])
    assert cosines(found, expected.numpy()).min() > 0.99999
