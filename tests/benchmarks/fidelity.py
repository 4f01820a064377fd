"""The product's embeddings against transformers' own processor and model, on the same files.

The checkpoints have the real sizes (base-patch16-224 and base-patch16-naflex) and random weights. The product
decodes as it always does, reduced JPEG scales included, and computes in its own process; the reference opens
with Pillow, turns upright, converts to RGB, and leaves the rest to AutoProcessor and AutoModel.

A figure is the smallest plain cosine over all inputs, so one wrong input is enough to miss the bar. Nothing
is subtracted or scaled to make the controls fall: embeddings of these random towers differ enough between
photos (cosines from -0.2 to 0.9) that every known mistake shows in the plain cosine. The photos are those
of PHOTOSIFT_TEST_PHOTOS; without it small pictures are drawn, which leaves reduced JPEG scales untested.
`--quick` takes narrower towers and fewer photos.
"""

import dataclasses
import os
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from app.domain.media import DecodeRequest, PixelSpec
from app.domain.model import Embeddings
from app.embedding.encoder_process import ProcessEncoder, open_encoder
from app.media.colours import effective_profile
from app.media.decode import decode_photo
from app.media.preparing import prepare_pixels
from tests.benchmarks.figures import Figure
from tests.benchmarks.image_runtimes import image_runtimes
from tests.checkpoints import cached_checkpoint

_BAR = 0.9999
_TEXTS = (
    "A Dog on the Beach",
    "RED car parked in the Street",
    "Sunset over Mountains, photographed by Jane",
    "Zwei Katzen auf dem Sofa, ÄHNLICH wie gestern",
    "Un Vélo rouge devant l'Église",
    "СОБАКА на пляже",
    "海辺の犬とTシャツ",
    "IMG_2041.JPG",
    "A very Long description of one Afternoon at the Lake, " * 6,
)


def run(quick: bool) -> Iterator[Figure]:
    """Product figures and controls of both kinds of checkpoint."""
    with tempfile.TemporaryDirectory(prefix="photosift-fidelity-") as scratch:
        photos = _photos(Path(scratch), 4 if quick else 24)
        for family in ("siglip2-fixres", "siglip2-naflex"):
            folder = cached_checkpoint(family, "small" if quick else "base")
            yield from _compare(folder, photos)


def _compare(folder: Path, photos: Sequence[Path]) -> Iterator[Figure]:
    reference = _Reference(folder)
    pictures = [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in photos]
    expected = reference.images(pictures)
    for runtime in image_runtimes(folder):
        with closing(open_encoder(str(folder), "cpu", precision="float32")) as encoder:
            found = encoder.encode_images([_decoded(path, encoder.spec.pixel_spec) for path in photos])
            used = encoder.provenance().runtime
            yield _product(f"fidelity image {folder.name}, {used}", expected, found, len(photos))
            if used != runtime:
                raise RuntimeError(f"{runtime} was not used: {encoder.note()}")
            if runtime == "torch":
                yield from _compare_controls(folder.name, encoder, expected, pictures)
                yield from _compare_texts(folder.name, encoder, reference)


def _compare_controls(
    name: str, encoder: ProcessEncoder, expected: Embeddings, pictures: Sequence[Image.Image]
) -> Iterator[Figure]:
    for control, make in _IMAGE_CONTROLS.items():
        wrong = encoder.encode_images([make(picture, encoder.spec.pixel_spec) for picture in pictures])
        yield _control(f"fidelity control {control} {name}", expected, wrong, len(pictures))


def _compare_texts(name: str, encoder: ProcessEncoder, reference: "_Reference") -> Iterator[Figure]:
    expected = reference.texts(_TEXTS)
    yield _product(f"fidelity text {name}", expected, encoder.encode_texts(_TEXTS), len(_TEXTS))
    for control, wrong in reference.wrong_texts(_TEXTS).items():
        yield _control(f"fidelity control {control} {name}", expected, wrong, len(_TEXTS))


def _product(figure: str, expected: Embeddings, found: Embeddings, inputs: int) -> Figure:
    cosines = (expected * found).sum(axis=1)
    smallest = float(cosines.min())
    details = {"inputs": inputs, "median": float(np.median(cosines)), "precision": "float32", **_source()}
    return Figure(figure, smallest, "cosine", f">= {_BAR}", smallest >= _BAR, details)


def _control(figure: str, expected: Embeddings, wrong: Embeddings, inputs: int) -> Figure:
    cosines = (expected * wrong).sum(axis=1)
    smallest = float(cosines.min())
    caught = int((cosines < _BAR).sum())
    details = {"inputs": inputs, "median": float(np.median(cosines)), "inputs_below": caught}
    return Figure(figure, smallest, "cosine", f"< {_BAR}", smallest < _BAR, details)


def _source() -> dict[str, str]:
    return {"photos": "real" if os.environ.get("PHOTOSIFT_TEST_PHOTOS") else "drawn"}


def _decoded(path: Path, spec: PixelSpec) -> NDArray[np.uint8]:
    pixels = decode_photo(DecodeRequest(str(path), spec)).pixels
    assert pixels is not None
    return pixels


def _wrong_filter(picture: Image.Image, spec: PixelSpec) -> NDArray[np.uint8]:
    return prepare_pixels(picture, dataclasses.replace(spec, resample=3), picture.size)


def _bgr(picture: Image.Image, spec: PixelSpec) -> NDArray[np.uint8]:
    return np.ascontiguousarray(prepare_pixels(picture, spec, picture.size)[:, :, ::-1])


def _centre_crop(picture: Image.Image, spec: PixelSpec) -> NDArray[np.uint8]:
    square = ImageOps.fit(picture, (min(picture.size), min(picture.size)))
    return prepare_pixels(square, spec, square.size)


_IMAGE_CONTROLS: dict[str, Callable[[Image.Image, PixelSpec], NDArray[np.uint8]]] = {
    "wrong filter": _wrong_filter,
    "BGR": _bgr,
    "centre crop": _centre_crop,
}


class _Reference:
    """transformers' own processor and whole model."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoProcessor

        self._folder = folder
        self._processor = AutoProcessor.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder).eval()

    def images(self, pictures: Sequence[Image.Image]) -> Embeddings:
        """One at a time, as a tutorial does."""
        return np.concatenate(
            [
                self._features("image", self._processor(images=picture, return_tensors="pt"))
                for picture in pictures
            ]
        )

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """As the checkpoint's documentation says: lower-cased, padded to 64, without a mask."""
        tokens = self._padded(self._processor.tokenizer, [text.lower() for text in texts])
        return self._features("text", {"input_ids": tokens["input_ids"]})

    def wrong_texts(self, texts: Sequence[str]) -> dict[str, Embeddings]:
        """The embeddings of the known mistakes, by name."""
        from transformers import GemmaTokenizer

        lower = [text.lower() for text in texts]
        tokenizer = self._processor.tokenizer
        cased = GemmaTokenizer.from_pretrained(self._folder)  # NaFlex gets one that lower-cases by itself
        ragged = [tokenizer([text], max_length=64, truncation=True, return_tensors="pt") for text in lower]
        return {
            "no lower-casing": self._features("text", {"input_ids": self._padded(cased, texts)["input_ids"]}),
            "no padding": np.concatenate(
                [self._features("text", {"input_ids": tokens["input_ids"]}) for tokens in ragged]
            ),
            "with attention mask": self._features("text", self._padded(tokenizer, lower)),
        }

    @staticmethod
    def _padded(tokenizer: Any, texts: Sequence[str]) -> Any:
        return tokenizer(
            list(texts), padding="max_length", max_length=64, truncation=True, return_tensors="pt"
        )

    def _features(self, kind: str, inputs: Any) -> Embeddings:
        import torch

        with torch.inference_mode():
            output = getattr(self._model, f"get_{kind}_features")(**inputs).pooler_output
            return np.asarray(torch.nn.functional.normalize(output, dim=-1).numpy(), np.float32)


def _photos(scratch: Path, count: int) -> list[Path]:
    """Camera JPEGs, rotated ones and everyday ones in turn; drawn pictures where there are none."""
    root = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    if not root:
        return [draw(scratch / f"drawn-{number}.jpg", number) for number in range(count)]
    chosen = random.Random(0)
    kinds = [
        [path for path in sorted((Path(root) / kind).glob("*.jp*g")) if _is_plain(path)]
        for kind in ("camera", "orientation", "everyday")
    ]
    return [path for paths in kinds for path in chosen.sample(paths, min(len(paths), -(-count // 3)))][:count]


def _is_plain(path: Path) -> bool:
    """Whole, and without transparency, deep greys or wide colours, where the product differs on purpose."""
    try:
        with Image.open(path) as picture:
            picture.load()
            is_jpeg = picture.mode == "RGB" and picture.format in ("JPEG", "MPO")
            return is_jpeg and not effective_profile(picture)
    except (OSError, SyntaxError, ValueError):
        return False


def draw(path: Path, seed: int) -> Path:
    """What a camera would see: things of all sizes, a lens's softness and a sensor's grain.

    Every third one is stored on its side. They are too small to be decoded at a reduced scale: how close that
    comes depends on how much fine detail there is, so only real photos can judge it.
    """
    rng = np.random.default_rng(seed)
    width, height = (int(side) for side in rng.integers(300, 880, 2))
    coarse = Image.fromarray(rng.integers(40, 216, (6, 8, 3), np.uint8))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for size in np.geomspace(width / 3, 4, 1500):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        grey, tint = rng.integers(30, 226), rng.integers(-30, 31, 3)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + size, y + size), fill=tuple(int(grey + channel) for channel in tint))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.5)), np.float32)
    grain = rng.normal(0, 4, (height, width, 1))
    exif = Image.Exif()
    exif[0x0112] = 6 if seed % 3 == 0 else 1
    Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8)).save(path, quality=92, exif=exif)
    return path
