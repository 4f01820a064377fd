"""The two open_clip architectures that MCIP checkpoints have, tensor by tensor as transformers names them.

Everything was read off open_clip 3.3 and timm 1.0: the names, that queries, keys and values lie in one
tensor, that CLIP multiplies with its projections from the right, and that the SigLIP towers there compute the
exact GELU where transformers' own checkpoints approximate it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TowerSize:
    """The sizes of one transformer."""

    width: int
    layers: int
    heads: int
    hidden: int  # of the MLP


@dataclass(frozen=True, slots=True)
class Origin:
    """A tensor of the file, or some of its rows."""

    key: str
    shape: Shape  # of the whole tensor
    rows: tuple[int, int] | None = None
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A tensor of the checkpoint, made of one or more of the file's, one below the other."""

    name: str
    shape: Shape
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class OpenClipModel:
    """An architecture, and what a checkpoint of it consists of."""

    name: str  # open_clip's
    marker: str  # a tensor that no other architecture has
    relatives: tuple[str, ...]  # hub ids of models with the same tokenizer, the smallest first
    tokenizer: tuple[tuple[str, ...], ...]  # the files of a tokenizer: one of these groups is enough
    side: int  # pixels of the square input
    patch: int
    dim: int
    vision: TowerSize
    text: TowerSize
    vocabulary: int
    positions: int  # of a text
    targets: "Callable[[OpenClipModel], Iterator[Target]]"
    configuration: "Callable[[OpenClipModel], dict[str, dict[str, Any]]]"  # file name -> content

    @property
    def tokens(self) -> int:
        """Patches of a picture."""
        return (self.side // self.patch) ** 2

    def expected(self) -> Mapping[str, Shape]:
        """Every tensor of the file, with its shape."""
        return {origin.key: origin.shape for target in self.targets(self) for origin in target.origins}


def _whole(name: str, key: str, *shape: int) -> Target:
    return Target(name, shape, (Origin(key, shape),))


def _reshaped(name: str, shape: Shape, key: str, stored: Shape) -> Target:
    return Target(name, shape, (Origin(key, stored),))


def _turned(name: str, key: str, rows: int, columns: int) -> Target:
    return Target(name, (columns, rows), (Origin(key, (rows, columns), transposed=True),))


def _pair(name: str, key: str, *shape: int) -> Iterator[Target]:
    """Weight and bias."""
    yield _whole(f"{name}.weight", f"{key}.weight", *shape)
    yield _whole(f"{name}.bias", f"{key}.bias", shape[0])


def _attention(name: str, weight: str, bias: str, width: int) -> Iterator[Target]:
    """Queries, keys and values from the one tensor that holds them."""
    for number, part in enumerate(("q_proj", "k_proj", "v_proj")):
        rows = (number * width, (number + 1) * width)
        shape = (width, width)
        yield Target(f"{name}.{part}.weight", shape, (Origin(weight, (3 * width, width), rows),))
        yield Target(f"{name}.{part}.bias", (width,), (Origin(bias, (3 * width,), rows),))


def _layers(name: str, key: str, size: TowerSize) -> Iterator[Target]:
    """The blocks that open_clip wrote itself: both towers of CLIP, the text tower of SigLIP."""
    for number in range(size.layers):
        to, at = f"{name}.encoder.layers.{number}", f"{key}.resblocks.{number}"
        yield from _pair(f"{to}.layer_norm1", f"{at}.ln_1", size.width)
        yield from _attention(
            f"{to}.self_attn", f"{at}.attn.in_proj_weight", f"{at}.attn.in_proj_bias", size.width
        )
        yield from _pair(f"{to}.self_attn.out_proj", f"{at}.attn.out_proj", size.width, size.width)
        yield from _pair(f"{to}.layer_norm2", f"{at}.ln_2", size.width)
        yield from _pair(f"{to}.mlp.fc1", f"{at}.mlp.c_fc", size.hidden, size.width)
        yield from _pair(f"{to}.mlp.fc2", f"{at}.mlp.c_proj", size.width, size.hidden)


def _timm_layers(name: str, key: str, size: TowerSize) -> Iterator[Target]:
    for number in range(size.layers):
        to, at = f"{name}.encoder.layers.{number}", f"{key}.blocks.{number}"
        yield from _pair(f"{to}.layer_norm1", f"{at}.norm1", size.width)
        yield from _attention(f"{to}.self_attn", f"{at}.attn.qkv.weight", f"{at}.attn.qkv.bias", size.width)
        yield from _pair(f"{to}.self_attn.out_proj", f"{at}.attn.proj", size.width, size.width)
        yield from _pair(f"{to}.layer_norm2", f"{at}.norm2", size.width)
        yield from _pair(f"{to}.mlp.fc1", f"{at}.mlp.fc1", size.hidden, size.width)
        yield from _pair(f"{to}.mlp.fc2", f"{at}.mlp.fc2", size.width, size.hidden)


def _text(model: OpenClipModel, key: str) -> Iterator[Target]:
    """Everything of a text tower but its projection; `key` is "" or "text."."""
    width, embeddings = model.text.width, "text_model.embeddings"
    yield _whole(
        f"{embeddings}.token_embedding.weight", f"{key}token_embedding.weight", model.vocabulary, width
    )
    yield _whole(
        f"{embeddings}.position_embedding.weight", f"{key}positional_embedding", model.positions, width
    )
    yield from _layers("text_model", f"{key}transformer", model.text)
    yield from _pair("text_model.final_layer_norm", f"{key}ln_final", width)


def _clip_targets(model: OpenClipModel) -> Iterator[Target]:
    width, embeddings = model.vision.width, "vision_model.embeddings"
    yield _whole("logit_scale", "logit_scale")
    yield _whole(f"{embeddings}.class_embedding", "visual.class_embedding", width)
    yield _whole(
        f"{embeddings}.position_embedding.weight", "visual.positional_embedding", model.tokens + 1, width
    )
    yield _whole(
        f"{embeddings}.patch_embedding.weight", "visual.conv1.weight", width, 3, model.patch, model.patch
    )
    yield from _pair("vision_model.pre_layrnorm", "visual.ln_pre", width)
    yield from _layers("vision_model", "visual.transformer", model.vision)
    yield from _pair("vision_model.post_layernorm", "visual.ln_post", width)
    yield _turned("visual_projection.weight", "visual.proj", width, model.dim)
    yield from _text(model, "")
    yield _turned("text_projection.weight", "text_projection", model.text.width, model.dim)


def _siglip_targets(model: OpenClipModel) -> Iterator[Target]:
    width, embeddings, trunk = model.vision.width, "vision_model.embeddings", "visual.trunk"
    yield _reshaped("logit_scale", (1,), "logit_scale", ())
    yield _reshaped("logit_bias", (1,), "logit_bias", ())
    yield _reshaped(
        f"{embeddings}.position_embedding.weight",
        (model.tokens, width),
        f"{trunk}.pos_embed",
        (1, model.tokens, width),
    )
    yield from _pair(
        f"{embeddings}.patch_embedding", f"{trunk}.patch_embed.proj", width, 3, model.patch, model.patch
    )
    yield from _timm_layers("vision_model", trunk, model.vision)
    yield from _pair("vision_model.post_layernorm", f"{trunk}.norm", width)
    yield from _siglip_head(f"{trunk}.attn_pool", model.vision)
    yield from _text(model, "text.")
    yield from _pair("text_model.head", "text.text_projection", model.dim, model.text.width)


def _siglip_head(pool: str, size: TowerSize) -> Iterator[Target]:
    """The attention that pools the patches: its queries lie apart from its keys and values in the file."""
    width, head = size.width, "vision_model.head"
    yield _whole(f"{head}.probe", f"{pool}.latent", 1, 1, width)
    queries = Origin(f"{pool}.q.weight", (width, width)), Origin(f"{pool}.q.bias", (width,))
    rest = Origin(f"{pool}.kv.weight", (2 * width, width)), Origin(f"{pool}.kv.bias", (2 * width,))
    yield Target(f"{head}.attention.in_proj_weight", (3 * width, width), (queries[0], rest[0]))
    yield Target(f"{head}.attention.in_proj_bias", (3 * width,), (queries[1], rest[1]))
    yield from _pair(f"{head}.attention.out_proj", f"{pool}.proj", width, width)
    yield from _pair(f"{head}.layernorm", f"{pool}.norm", width)
    yield from _pair(f"{head}.mlp.fc1", f"{pool}.mlp.fc1", size.hidden, width)
    yield from _pair(f"{head}.mlp.fc2", f"{pool}.mlp.fc2", width, size.hidden)


def _sizes(size: TowerSize, activation: str, epsilon: float) -> dict[str, Any]:
    return {
        "hidden_size": size.width,
        "intermediate_size": size.hidden,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "hidden_act": activation,
        "layer_norm_eps": epsilon,
    }


def _towers(model: OpenClipModel, activation: str, epsilon: float, ends: dict[str, Any]) -> dict[str, Any]:
    text = {"vocab_size": model.vocabulary, "max_position_embeddings": model.positions, **ends}
    vision = {"image_size": model.side, "patch_size": model.patch}
    return {
        "text_config": _sizes(model.text, activation, epsilon) | text,
        "vision_config": _sizes(model.vision, activation, epsilon) | vision,
    }


def _preprocessing(mean: Iterable[float], std: Iterable[float], **framing: Any) -> dict[str, Any]:
    bicubic = {"do_resize": True, "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255}
    return bicubic | {"do_normalize": True, "image_mean": list(mean), "image_std": list(std)} | framing


def _clip_configuration(model: OpenClipModel) -> dict[str, dict[str, Any]]:
    """OpenAI's CLIP: quick GELU; the end of a text is its token with the highest number."""
    last = model.vocabulary - 1
    ends = {"bos_token_id": last - 1, "eos_token_id": last, "pad_token_id": last}
    return {
        "config.json": {
            "model_type": "clip",
            "architectures": ["CLIPModel"],
            "projection_dim": model.dim,
            **_towers(model, "quick_gelu", 1e-5, ends),
        },
        "preprocessor_config.json": _preprocessing(
            (0.48145466, 0.4578275, 0.40821073),
            (0.26862954, 0.26130258, 0.27577711),
            image_processor_type="CLIPImageProcessor",
            do_center_crop=True,
            crop_rounding="half_even",  # as torchvision, which open_clip crops with; Photosift's own word
            size={"shortest_edge": model.side},
            crop_size={"height": model.side, "width": model.side},
        ),
        "tokenizer_config.json": {
            "tokenizer_class": "CLIPTokenizer",
            "bos_token": "<|startoftext|>",
            "eos_token": "<|endoftext|>",
            "pad_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
            "model_max_length": model.positions,
        },
    }


def _siglip_configuration(model: OpenClipModel) -> dict[str, dict[str, Any]]:
    ends = {"bos_token_id": None, "eos_token_id": 1, "pad_token_id": 1}
    return {
        "config.json": {
            "model_type": "siglip",
            "architectures": ["SiglipModel"],
            **_towers(model, "gelu", 1e-6, ends),
        },
        "preprocessor_config.json": _preprocessing(
            (0.5, 0.5, 0.5),
            (0.5, 0.5, 0.5),
            image_processor_type="SiglipImageProcessor",
            size={"height": model.side, "width": model.side},
        ),
        "tokenizer_config.json": {
            "tokenizer_class": "SiglipTokenizer",
            "eos_token": "</s>",
            "pad_token": "</s>",
            "unk_token": "<unk>",
            "do_lower_case": True,
            "model_max_length": model.positions,
        },
    }


VIT_L_14_336 = OpenClipModel(
    name="ViT-L-14-336",
    marker="visual.conv1.weight",
    relatives=(
        "openai/clip-vit-base-patch32",
        "openai/clip-vit-base-patch16",
        "openai/clip-vit-large-patch14",
        "openai/clip-vit-large-patch14-336",
    ),
    tokenizer=(("tokenizer.json",), ("vocab.json", "merges.txt")),
    side=336,
    patch=14,
    dim=768,
    vision=TowerSize(width=1024, layers=24, heads=16, hidden=4096),
    text=TowerSize(width=768, layers=12, heads=12, hidden=3072),
    vocabulary=49_408,
    positions=77,
    targets=_clip_targets,
    configuration=_clip_configuration,
)

VIT_SO400M_14_SIGLIP_384 = OpenClipModel(
    name="ViT-SO400M-14-SigLIP-384",
    marker="visual.trunk.patch_embed.proj.weight",
    relatives=(
        "google/siglip-base-patch16-224",
        "google/siglip-base-patch16-256",
        "google/siglip-base-patch16-384",
        "google/siglip-base-patch16-512",
        "google/siglip-large-patch16-256",
        "google/siglip-large-patch16-384",
        "google/siglip-so400m-patch14-224",
        "google/siglip-so400m-patch14-384",
    ),
    tokenizer=(("spiece.model",),),
    side=384,
    patch=14,
    dim=1152,
    vision=TowerSize(width=1152, layers=27, heads=16, hidden=4304),
    text=TowerSize(width=1152, layers=27, heads=16, hidden=4304),
    vocabulary=32_000,
    positions=64,
    targets=_siglip_targets,
    configuration=_siglip_configuration,
)

OPEN_CLIP_MODELS = (VIT_L_14_336, VIT_SO400M_14_SIGLIP_384)
