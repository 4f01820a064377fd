"""Every known system: it loads, and embeds words and photos as its reference implementation does.

One line a system and tower: the smallest plain cosine over all inputs, in float32. Three parts:

- the base model of each family in its real size, on 60 photos of all orientations, shapes and colour modes
  (`reference_pictures`), against transformers' own processor and whole model;
- every model of `resources/models.json` with its real widths, heads, patches and pictures, but two layers and
  a small vocabulary, on 8 photos, against the same;
- MCIP: a .pth file with seeded weights, converted as users' are, in the real sizes against the vectors of
  open_clip that are committed; and on the photos, where `make mcip-reference` has made its environment.

All weights are random: that is a check of the plumbing, for which any weights do. `--quick` takes tiny
models, 12 photos and a model of each family.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.download import CatalogueModel
from app.domain.media import DecodeRequest, PixelSpec
from app.domain.model import Embeddings
from app.embedding.checkpoint import open_checkpoint
from app.embedding.imported import convert
from app.embedding.siglip import Siglip2Encoder
from app.embedding.text_tower import TextTower, load_text_tower
from app.errors import AppError, EncoderError
from app.media.decode import decode_photo
from app.media.preparing import prepare_pixels
from app.services.model_catalogue import catalogue
from tests.benchmarks.figures import Figure, skipped
from tests.benchmarks.image_runtimes import image_runtimes
from tests.benchmarks.reference_pictures import Chosen, choose, opened
from tests.checkpoints import cached_checkpoint, make_checkpoint, make_system
from tests.open_clip_rig import MODELS, Reference, pictures, token_rows, write_file

_BAR = 0.9999
_TEXTS = (  # without underscores, which SigLIP 1 was trained to take for spaces and transformers drops
    "A Dog on the Beach",
    "RED car, parked in the Street!",
    "Zwei Katzen auf dem Sofa, ÄHNLICH wie gestern",
    "Un Vélo rouge devant l'Église",
    "СОБАКА на пляже",
    "海辺の犬とTシャツ",
    "A very Long description of one Afternoon at the Lake, " * 6,
)
_FAMILIES = ("siglip2-fixres", "siglip2-naflex", "siglip1", "clip")
_FEW = 8  # photos for the models of two layers
_ENVIRONMENT = Path(__file__).parents[2] / ".mcip-reference"


def run(quick: bool) -> Iterator[Figure]:
    """All figures; a system that does not even load is a figure that does not hold."""
    with tempfile.TemporaryDirectory(prefix="photosift-matrix-") as name:
        scratch = Path(name)
        chosen = choose(12 if quick else 60, scratch)
        few = Chosen(chosen.paths[:: max(1, len(chosen.paths) // _FEW)][:_FEW], chosen.are_real)
        for family in _FAMILIES:
            size = "tiny" if quick else "base"
            folder = cached_checkpoint(family, size, side=224)
            yield from _compare(f"{family} {size}", folder, chosen)
        for model in _systems(quick):
            folder = make_system(scratch / "system", model, layers=1 if quick else 2)
            yield from _compare(f"{model.hub_id}, {1 if quick else 2} layers", folder, few)
            shutil.rmtree(folder)
        for case in ("clip", "siglip"):
            yield from _compare_mcip(f"{case}-{'small' if quick else 'full'}", scratch)
            yield from _compare_mcip_photos(f"{case}-medium", chosen, scratch)


def _systems(quick: bool) -> Sequence[CatalogueModel]:
    """One of each family for a quick look."""
    known = [model for model in catalogue() if model.hub_id]
    return list({model.family: model for model in reversed(known)}.values()) if quick else known


# -- transformers as the reference


def _compare(system: str, folder: Path, chosen: Chosen) -> Iterator[Figure]:
    """Pictures by every runtime that has them; words by torch, which `text_query` holds the other against."""
    images: dict[str, Embeddings] = {}
    try:
        for runtime in image_runtimes(folder):
            encoder = Siglip2Encoder(open_checkpoint(str(folder)), "cpu")
            images[runtime] = encoder.encode_images(
                [_decoded(path, encoder.spec.pixel_spec) for path in chosen.paths]
            )
            if encoder.provenance().runtime != runtime:
                raise EncoderError(f"{runtime} was not used: {encoder.note()}")
            if runtime == "torch":
                texts = encoder.encode_texts(_TEXTS)
            encoder.close()
    except AppError as error:
        yield Figure(f"model_matrix loads {system}", "no", "", "loads", False, {"reason": str(error)})
        return
    reference = _Transformers(folder)
    expected = reference.images(chosen)
    for runtime, found in images.items():
        details = {**chosen.described(), "runtime": runtime}
        yield _figure(f"model_matrix image {system}, {runtime}", expected, found, details)
    yield _figure(f"model_matrix text {system}", reference.texts(_TEXTS), texts, {"texts": len(_TEXTS)})


def _decoded(path: Path, spec: PixelSpec) -> NDArray[np.uint8]:
    """As indexing does it, reduced scales included."""
    pixels = decode_photo(DecodeRequest(str(path), spec)).pixels
    assert pixels is not None
    return pixels


class _Transformers:
    """transformers' own processor and whole model, one picture at a time, as a tutorial does."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoProcessor

        self._processor = AutoProcessor.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder).eval()

    def images(self, chosen: Chosen) -> Embeddings:
        rows = [
            self._features("image", self._processor(images=picture, return_tensors="pt"))
            for picture in opened(chosen.paths)
        ]
        return np.concatenate(rows)

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """SigLIP as its documentation says: lower-cased, padded to 64, no mask. CLIP pads to the longest."""
        lower, is_clip = [text.lower() for text in texts], self._model.config.model_type == "clip"
        tokens = self._processor.tokenizer(
            lower,
            padding=True if is_clip else "max_length",
            max_length=77 if is_clip else 64,
            truncation=True,
            return_tensors="pt",
        )
        wanted = ("input_ids", "attention_mask") if is_clip else ("input_ids",)
        return self._features("text", {name: tokens[name] for name in wanted})

    def _features(self, kind: str, inputs: Any) -> Embeddings:
        import torch

        with torch.inference_mode():
            output = getattr(self._model, f"get_{kind}_features")(**inputs).pooler_output
            return np.asarray(torch.nn.functional.normalize(output, dim=-1).numpy(), np.float32)


# -- open_clip as the reference


def _compare_mcip(case: str, scratch: Path) -> Iterator[Figure]:
    """A file as users have one, against the vectors that are kept of open_clip's answers."""
    reference, name = Reference.load(case), f"MCIP {MODELS[case].name}, {case}"
    folder = _converted(case, scratch)
    checkpoint = open_checkpoint(str(folder))
    encoder = Siglip2Encoder(checkpoint, "cpu")
    pixels = [prepare_pixels(picture, encoder.spec.pixel_spec, picture.size) for picture in pictures()]
    details = {"reference": reference.versions, "drawn pictures": len(pixels)}
    yield _figure(f"model_matrix image {name}", reference.images, encoder.encode_images(pixels), details)
    encoder.close()
    rows = token_rows(MODELS[case])
    tower = TextTower(checkpoint, load_text_tower(checkpoint).model, _Tokens(rows))
    found = tower.encode([""] * len(rows))
    found = found / np.linalg.norm(found, axis=1, keepdims=True)
    details = {"reference": reference.versions, "rows of tokens": len(rows)}
    yield _figure(f"model_matrix text {name}", reference.texts, found, details)
    shutil.rmtree(folder)


def _compare_mcip_photos(case: str, chosen: Chosen, scratch: Path) -> Iterator[Figure]:
    """Real photos, which only open_clip itself can embed: its environment is asked."""
    figure = f"model_matrix image MCIP {MODELS[case].name}, {case}, photos"
    python = _ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        yield skipped(figure, f">= {_BAR}", "make mcip-reference has not been run", "cosine")
        return
    whole, answers = scratch / "whole", scratch / "answers.npz"
    whole.mkdir(exist_ok=True)
    for number, picture in enumerate(opened(chosen.paths)):
        picture.save(whole / f"{number:03}.png", compress_level=1)
    script = Path(__file__).parents[2] / "packaging" / "mcip_reference" / "reference.py"
    subprocess.run(
        [python, script, "--case", case, "--embed", whole, "--out", answers],
        check=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": str(os.cpu_count() or 1)},
    )
    folder = _converted(case, scratch)
    encoder = Siglip2Encoder(open_checkpoint(str(folder)), "cpu")
    found = encoder.encode_images([_decoded(path, encoder.spec.pixel_spec) for path in chosen.paths])
    with np.load(answers) as kept:
        yield _figure(figure, kept["images"], found, chosen.described())
    shutil.rmtree(folder)


def _converted(case: str, scratch: Path) -> Path:
    """The checkpoint made of a file with seeded weights."""
    model, place = MODELS[case], scratch / f"mcip-{case}"
    family = "clip" if case.startswith("clip") else "siglip1"
    make_checkpoint(place, family=family)  # for its tokenizer, which lies beside the file
    file = write_file(place / f"{case}.pth", model.expected())
    convert(file, scratch / "models" / case, (model,))
    shutil.rmtree(place)
    return scratch / "models" / case


class _Tokens:
    """Stands for a tokenizer: the rows of tokens that open_clip was given."""

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self._rows = rows

    def of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        return self._rows


def _figure(name: str, expected: Embeddings, found: Embeddings, details: dict[str, Any]) -> Figure:
    cosines = (expected * found).sum(axis=1)
    smallest = float(cosines.min())
    more = {"median": float(np.median(cosines)), "precision": "float32", "weights": "random", **details}
    return Figure(name, smallest, "cosine", f">= {_BAR}", smallest >= _BAR, more)
