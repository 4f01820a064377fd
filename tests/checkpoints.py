"""Stand-in checkpoints with random weights, in the files and classes that the hub's checkpoints have.

    python -m tests.checkpoints OUT --family siglip2-fixres --size base

A base-size one has the real sizes, 256,000 rows of token embeddings included, and takes 1.5 GB.
"""

import argparse
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.download import CatalogueModel

_CORPUS = [
    "a photo of a dog on the beach",
    "sunset over mountains",
    "two cats sleeping on a sofa",
    "birthday cake with candles",
    "children playing football in the park",
    "red car parked in the street",
    "ein Hund am Strand, drei Männer mit Hüten",
    "un vélo rouge devant une église",
    "собака на пляже",
    "海辺の犬",
]


def _tower(width: int, layers: int, heads: int) -> dict[str, int]:
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
    }


# Of the published models, by the width of the embedding: vision and text. Giant's text tower is So400m's.
_SO400M = {**_tower(1152, 27, 16), "intermediate_size": 4304}
_SYSTEM_TOWERS = {
    (False, 768): (_tower(768, 12, 12), _tower(768, 12, 12)),
    (False, 1024): (_tower(1024, 24, 16), _tower(1024, 24, 16)),
    (False, 1152): (_SO400M, _SO400M),
    (False, 1536): (_tower(1536, 40, 16), _SO400M),
    (True, 512): (_tower(768, 12, 12), _tower(512, 12, 8)),
    (True, 768): (_tower(1024, 24, 16), _tower(768, 12, 12)),
}
_TOWERS = {"tiny": _tower(32, 2, 4), "small": _tower(384, 12, 6), "base": _tower(768, 12, 12)}
_SIDES = {"tiny": 64, "small": 224, "base": 224}
_GEMMA_VOCABULARY = 256_000
_GEMMA_TOKENS = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
_LOGIT_SCALE, _LOGIT_BIAS = math.log(109.9), -15.9  # of so400m-patch16-256


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to make."""

    folder: Path
    size: str
    side: int  # of the square input; NaFlex has none
    patch: int
    max_patches: int
    vision: dict[str, int]
    text: dict[str, int]
    dim: int

    def vocabulary(self, tokens: int) -> int:
        """Rows of the token embedding, as many as the real model has where the real size was asked for."""
        return _GEMMA_VOCABULARY if self.size == "base" else max(tokens, 256)


def make_checkpoint(
    folder: Path,
    *,
    family: str = "siglip2-fixres",
    size: str = "tiny",
    side: int | None = None,
    patch: int = 16,
    max_patches: int = 256,
    seed: int = 0,
    max_shard_size: str = "50GB",
) -> Path:
    """Write a checkpoint into `folder` and return it; equal arguments give equal embeddings.

    `family`: siglip2-fixres, siglip2-naflex, siglip1 or clip; `size`: tiny (64 pixels), small or base (224).
    """
    import torch
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()  # it dislikes its own defaults
    folder.mkdir(parents=True, exist_ok=True)
    tower, dim = _TOWERS[size], 24 if family == "clip" else _TOWERS[size]["hidden_size"]
    plan = _Plan(folder, size, side or _SIDES[size], patch, max_patches, tower, tower, dim)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _FAMILIES[family](plan)
        _set_logits(model)
    model.save_pretrained(folder, max_shard_size=max_shard_size)
    return folder


def make_system(folder: Path, model: CatalogueModel, *, layers: int | None = None, seed: int = 0) -> Path:
    """A checkpoint of a known model: its widths, heads, patches and pictures, and a small vocabulary.

    `layers`: as many in both towers, instead of the real number; giants become affordable with two.
    """
    import torch
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    folder.mkdir(parents=True, exist_ok=True)
    family = {"siglip2": "siglip2-fixres", "siglip": "siglip1"}.get(model.family, model.family)
    towers = _SYSTEM_TOWERS[model.family == "clip", model.dim]
    vision, text = (tower | ({"num_hidden_layers": layers} if layers else {}) for tower in towers)
    plan = _Plan(folder, "tiny", model.side, model.patch, 256, vision, text, model.dim)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = _FAMILIES[family](plan)
        _set_logits(made)
    made.save_pretrained(folder)
    return folder


def cached_checkpoint(
    family: str = "siglip2-fixres", size: str = "base", *, side: int | None = None, patch: int = 16
) -> Path:
    """A checkpoint that is made once and kept for the next run, below the system's temporary folder.

    The variable PHOTOSIFT_TEST_CHECKPOINTS names another place.
    """
    default = Path(tempfile.gettempdir()) / "photosift-checkpoints"
    root = Path(os.environ.get("PHOTOSIFT_TEST_CHECKPOINTS") or default)
    folder = root / f"{family}-{size}-patch{patch}-{side or _SIDES[size]}"
    if not folder.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=root, prefix=".unfinished-"))
        make_checkpoint(unfinished, family=family, size=size, side=side, patch=patch)
        try:
            unfinished.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return folder


def _set_logits(model: Any) -> None:
    import torch

    with torch.no_grad():
        model.logit_scale.fill_(_LOGIT_SCALE)
        if hasattr(model, "logit_bias"):
            model.logit_bias.fill_(_LOGIT_BIAS)


def _siglip2_fixres(plan: _Plan) -> Any:
    from transformers import SiglipConfig, SiglipModel

    vocabulary = plan.vocabulary(_write_gemma_tokenizer(plan.folder, "SiglipProcessor"))
    _write_image_config(plan.folder, "Siglip", 2, size={"height": plan.side, "width": plan.side})
    text = {"vocab_size": vocabulary, "max_position_embeddings": 64, **_GEMMA_TOKENS, **plan.text}
    text["projection_size"] = plan.dim
    vision = {"image_size": plan.side, "patch_size": plan.patch, **plan.vision}
    return SiglipModel(SiglipConfig(text_config=text, vision_config=vision))


def _siglip2_naflex(plan: _Plan) -> Any:
    from transformers import Siglip2Config, Siglip2Model

    vocabulary = plan.vocabulary(_write_gemma_tokenizer(plan.folder, "Siglip2Processor"))
    _write_image_config(plan.folder, "Siglip2", 2, patch_size=plan.patch, max_num_patches=plan.max_patches)
    text = {"vocab_size": vocabulary, "max_position_embeddings": 64, **_GEMMA_TOKENS, **plan.text}
    vision = {"num_patches": 256, "patch_size": plan.patch, **plan.vision}
    return Siglip2Model(Siglip2Config(text_config=text, vision_config=vision))


def _siglip1(plan: _Plan) -> Any:
    from transformers import SiglipConfig, SiglipModel

    _write_sentencepiece_tokenizer(plan.folder)
    _write_image_config(plan.folder, "Siglip", 3, size={"height": plan.side, "width": plan.side})
    text: dict[str, Any] = {"vocab_size": 32_000 if plan.size == "base" else 256}
    text |= {
        "max_position_embeddings": 64,
        "pad_token_id": 1,
        "eos_token_id": 1,
        "bos_token_id": None,
        **plan.text,
    }
    vision = {"image_size": plan.side, "patch_size": plan.patch, **plan.vision}
    return SiglipModel(SiglipConfig(text_config=text, vision_config=vision))


def _clip(plan: _Plan) -> Any:
    from transformers import CLIPConfig, CLIPModel

    vocabulary, start, end = _write_clip_tokenizer(plan.folder)
    _write_image_config(
        plan.folder,
        "CLIP",
        3,
        do_center_crop=True,
        crop_size=plan.side,
        size=plan.side,
        image_mean=[0.48145466, 0.4578275, 0.40821073],
        image_std=[0.26862954, 0.26130258, 0.27577711],
    )
    text = {
        "vocab_size": vocabulary,
        "max_position_embeddings": 77,
        "bos_token_id": start,
        "eos_token_id": end,
    }
    vision = {"image_size": plan.side, "patch_size": plan.patch}
    return CLIPModel(
        CLIPConfig(text_config=text | plan.text, vision_config=vision | plan.vision, projection_dim=plan.dim)
    )


_FAMILIES: dict[str, Callable[[_Plan], Any]] = {
    "siglip2-fixres": _siglip2_fixres,
    "siglip2-naflex": _siglip2_naflex,
    "siglip1": _siglip1,
    "clip": _clip,
}


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _write_image_config(folder: Path, prefix: str, resample: int, **rest: Any) -> None:
    config = {
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "image_processor_type": f"{prefix}ImageProcessor",
        "processor_class": f"{prefix}Processor",
        "resample": resample,
        "rescale_factor": 1 / 255,
    }
    _write_json(folder / "preprocessor_config.json", config | rest)


def _write_gemma_tokenizer(folder: Path, processor: str) -> int:
    """A byte-fallback BPE built like Gemma's; upper and lower case are different tokens. Returns its size."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=specials, show_progress=False)
    texts = [*_CORPUS, *(text.upper() for text in _CORPUS)]
    tokenizer.train_from_iterator(texts * 20, trainer)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", pair="$A <eos> $B <eos>", special_tokens=[("<eos>", 1)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "GemmaTokenizer",  # for NaFlex too; transformers replaces it there
            "processor_class": processor,
            "pad_token": "<pad>",
            "eos_token": "<eos>",
            "bos_token": "<bos>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
            "add_bos_token": False,
            "add_eos_token": True,
            "padding_side": "right",
            "model_max_length": 10**30,  # the hub's say so, too: not usable as a length
        },
    )
    return int(tokenizer.get_vocab_size())


def _write_sentencepiece_tokenizer(folder: Path) -> None:
    import sentencepiece

    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus.txt"
        corpus.write_text("\n".join(_CORPUS * 20), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus),
            model_prefix=str(Path(scratch) / "spiece"),
            vocab_size=120,
            hard_vocab_limit=False,
            model_type="unigram",
            pad_id=-1,
            bos_id=-1,
            eos_id=1,
            unk_id=2,
            minloglevel=2,
        )
        shutil.copy(Path(scratch) / "spiece.model", folder / "spiece.model")
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "SiglipTokenizer",
            "processor_class": "SiglipProcessor",
            "pad_token": "</s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "do_lower_case": True,
            "model_max_length": 64,
        },
    )


def _write_clip_tokenizer(folder: Path) -> tuple[int, int, int]:
    """A byte-level BPE built like CLIP's. Returns its size and the numbers of the start and end tokens."""
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )

    start, end = "<|startoftext|>", "<|endoftext|>"
    tokenizer = Tokenizer(models.BPE(unk_token=end, end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(words, "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=[start, end],
        end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS * 20, trainer)
    numbers = [(token, int(tokenizer.token_to_id(token) or 0)) for token in (start, end)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=numbers
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "CLIPTokenizer",
            "processor_class": "CLIPProcessor",
            "bos_token": start,
            "eos_token": end,
            "pad_token": end,
            "unk_token": end,
            "model_max_length": 77,
        },
    )
    return int(tokenizer.get_vocab_size()), numbers[0][1], numbers[1][1]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.checkpoints", description=__doc__)
    parser.add_argument("out", type=Path, help="the folder to write into")
    parser.add_argument("--family", default="siglip2-fixres", choices=_FAMILIES)
    parser.add_argument("--size", default="tiny", choices=_TOWERS)
    parser.add_argument("--side", type=int, help="pixels of the square input; 64 for tiny, 224 for base")
    parser.add_argument("--patch", type=int, default=16)
    options = parser.parse_args(arguments)
    print(
        make_checkpoint(
            options.out, family=options.family, size=options.size, side=options.side, patch=options.patch
        )
    )


if __name__ == "__main__":
    main()
