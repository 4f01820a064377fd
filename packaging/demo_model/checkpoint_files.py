"""The files of the demo checkpoint, in the names, classes and formats of the hub's SigLIP 2 checkpoints."""

import json
from pathlib import Path
from random import Random
from typing import Any

import torch
from pool import GRID, PATCH, SIDE
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import SiglipConfig, SiglipModel

from app.demo.captions import Language, caption, choose_attributes
from app.demo.scenes import random_scene

TEXT_LENGTH = 32  # positions; half of SigLIP 2's 64, which no caption of this world needs
DIM = 192
_VISION = {"hidden_size": DIM, "intermediate_size": 768, "num_attention_heads": 4, "num_hidden_layers": 4}
_TEXT = {"hidden_size": 128, "intermediate_size": 512, "num_attention_heads": 4, "num_hidden_layers": 3}
# Where its possible and its strong matches begin. Its sigmoid is trained on batches about as rich in matches
# as a library, and F1 is best where the probability is half of the best F1 (Lipton, Elkan and Naryanaswamy
# 2014): 0.4 for 0.8, the second of the two. Measured by `relevance`.
_MATCH_BAND = [-1.5, -0.4]
_SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]


def new_model(vocabulary: int) -> SiglipModel:
    """SigLIP with random weights, small in every direction."""
    text = {"vocab_size": vocabulary, "max_position_embeddings": TEXT_LENGTH, "projection_size": DIM}
    tokens = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    vision = {"image_size": SIDE, "patch_size": PATCH}
    model = SiglipModel(SiglipConfig(text_config=text | tokens | _TEXT, vision_config=vision | _VISION))
    # Random positions are faint beside the pixels, and left and right would be learned late.
    model.vision_model.embeddings.position_embedding.weight.data.copy_(_grid_positions() * 0.5)
    return model


def _grid_positions() -> torch.Tensor:
    """(GRID * GRID, DIM) sines and cosines of row and column (as in MAE, arXiv 2111.06377)."""
    waves = 1.0 / 30 ** (torch.arange(DIM // 4) / (DIM // 4))
    angles = torch.arange(GRID)[:, None] * waves[None] * 2
    line = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = line[:, None].expand(-1, GRID, -1), line[None].expand(GRID, -1, -1)
    return torch.cat([rows, columns], dim=-1).reshape(GRID * GRID, DIM)


def train_tokenizer(captions: int, seed: int) -> Tokenizer:
    """Byte-pair encoding with byte fallback over lower-cased captions, in the shape of Gemma's."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    # While learning, merges stay inside words, and inside runs of hiragana or of other signs in Japanese;
    # Gemma's own splitting, set afterwards, would learn whole captions by heart.
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"▁?[ぁ-ん]+|▁?[^▁ぁ-ん、,]+|[、,]|▁"), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=1000, special_tokens=_SPECIAL, min_frequency=5, show_progress=False
    )
    rng = Random(seed)
    tokenizer.train_from_iterator((_any_caption(rng) for _ in range(captions)), trainer)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    eos = [("<eos>", tokenizer.token_to_id("<eos>"))]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", pair="$A <eos> $B <eos>", special_tokens=eos
    )
    return tokenizer


def _any_caption(rng: Random) -> str:
    scene = random_scene(rng)
    said: str = caption(choose_attributes(scene, rng, least=1), rng.choice(list(Language)), rng)
    return said.lower()


def save_checkpoint(folder: Path, model: SiglipModel, tokenizer: Tokenizer) -> None:
    """Write everything that loading needs; the weights as float16, which halves them at no loss of rank."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        name: tensor.detach().to(torch.float16).contiguous() for name, tensor in model.state_dict().items()
    }
    model.config.dtype = "float16"
    model.config.photosift_match_log_odds = _MATCH_BAND
    model.save_pretrained(folder, state_dict=state)
    plain = Tokenizer.from_str(tokenizer.to_str())  # training pads and cuts; the product asks for it itself
    plain.no_padding()
    plain.no_truncation()
    plain.save(str(folder / "tokenizer.json"))
    for file in folder.iterdir():
        file.chmod(0o644)
    _write(folder / "tokenizer_config.json", _tokenizer_config())
    _write(folder / "preprocessor_config.json", _preprocessor_config())


def _tokenizer_config() -> dict[str, Any]:
    names = {f"{name}_token": f"<{name}>" for name in ("pad", "eos", "bos", "unk", "mask")}
    return {
        "tokenizer_class": "GemmaTokenizer",
        "processor_class": "SiglipProcessor",
        **names,
        "add_bos_token": False,
        "add_eos_token": True,
        "padding_side": "right",
        "model_max_length": TEXT_LENGTH,
    }


def _preprocessor_config() -> dict[str, Any]:
    return {
        "image_processor_type": "SiglipImageProcessor",
        "processor_class": "SiglipProcessor",
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
