"""Writes the embeddings that open_clip computes from seeded weights, for the tests to compare with.

    make mcip-reference                     the small models; ARGS=--full adds those of real size (8 GB)
    python packaging/mcip_reference/reference.py --embed FOLDER --out FILE --case siglip-full

It runs in the environment that `environment.py` makes: Photosift itself needs none of these packages.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

# torchvision's own binary wants the CUDA build of torch. Only its transforms are used, which are Python, but
# importing it asks for these two operators.
_OPERATORS = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    _OPERATORS.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import open_clip  # noqa: E402
import timm  # noqa: E402
from open_clip.transform import PreprocessCfg, image_transform_v2  # noqa: E402
from timm.models import register_model  # noqa: E402
from timm.models.vision_transformer import _create_vision_transformer  # noqa: E402

from app.embedding.open_clip_models import OpenClipModel  # noqa: E402
from tests.open_clip_rig import (  # noqa: E402
    FIXTURES,
    MODELS,
    Reference,
    pictures,
    seeded_tensor,
    token_rows,
)

_OPENAI_MEAN, _OPENAI_STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD


def _resized_siglip(model: OpenClipModel, options: dict[str, Any]) -> Any:
    """timm's vit_so400m_patch14_siglip_384 with other sizes and nothing else changed."""
    size = model.vision
    sizes = {"embed_dim": size.width, "depth": size.layers, "num_heads": size.heads, "img_size": model.side}
    rest = {"patch_size": 14, "mlp_ratio": 3.7362, "class_token": False, "global_pool": "map"}
    return _create_vision_transformer(
        "vit_so400m_patch14_siglip_384", pretrained=False, **(sizes | rest | options)
    )


@register_model
def vit_small_siglip(pretrained: bool = False, **options: Any) -> Any:
    return _resized_siglip(MODELS["siglip-small"], options)


@register_model
def vit_medium_siglip(pretrained: bool = False, **options: Any) -> Any:
    return _resized_siglip(MODELS["siglip-medium"], options)


def _configuration(case: str) -> dict[str, Any]:
    """open_clip's own, with the small models' sizes put in."""
    model = MODELS[case]
    config: dict[str, Any] = open_clip.get_model_config(model.name)
    if case.endswith("full"):
        return config
    config["embed_dim"] = model.dim
    config["vision_cfg"]["image_size"] = model.side
    config["text_cfg"] |= {
        "vocab_size": model.vocabulary,
        "width": model.text.width,
        "heads": model.text.heads,
        "layers": model.text.layers,
    }
    if case.startswith("siglip"):
        config["vision_cfg"]["timm_model_name"] = f"vit_{case.partition('-')[2]}_siglip"
        return config
    config["vision_cfg"] |= {
        "layers": model.vision.layers,
        "width": model.vision.width,
        "head_width": model.vision.width // model.vision.heads,
    }
    return config


def _build(case: str) -> torch.nn.Module:
    """A model as `create_model` builds it, with the seeded weights, strictly."""
    config = _configuration(case)
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / f"{case}.json").write_text(json.dumps(config))
        open_clip.add_model_config(scratch)
        model = open_clip.create_model(case, force_quick_gelu=case.startswith("clip"), load_weights=False)
    state = model.state_dict()
    for name, tensor in state.items():
        tensor.copy_(torch.from_numpy(seeded_tensor(name, tuple(tensor.shape))))
    model.load_state_dict(state, strict=True)
    return model.eval()


def _transform(case: str, side: int) -> Any:
    """As `create_model_and_transforms` with the tags that MCIP's authors name; None sets neither."""
    if case.startswith("clip"):
        settings = PreprocessCfg(side, mean=_OPENAI_MEAN, std=_OPENAI_STD)
    else:
        half = (0.5, 0.5, 0.5)
        settings = PreprocessCfg(side, mean=half, std=half, interpolation="bicubic", resize_mode="squash")
    return image_transform_v2(settings, is_train=False)


@torch.inference_mode()
def _images(model: Any, transform: Any, opened: Sequence[Image.Image]) -> np.ndarray:
    rows = [model.encode_image(transform(picture)[None], normalize=True) for picture in opened]
    return torch.cat(rows).numpy()


@torch.inference_mode()
def _reference(case: str) -> Reference:
    spec: OpenClipModel = MODELS[case]
    model: Any = _build(case)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    texts = model.encode_text(torch.from_numpy(token_rows(spec)), normalize=True).numpy()
    versions = f"open_clip {open_clip.__version__}, timm {timm.__version__}, torch {torch.__version__}"
    return Reference(versions, shapes, _images(model, _transform(case, spec.side), pictures()), texts)


def _embed(case: str, folder: Path, out: Path) -> None:
    """The embeddings of all files of a folder, by name."""
    paths = sorted(folder.iterdir())
    opened = [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in paths]
    found = _images(_build(case), _transform(case, MODELS[case].side), opened)
    np.savez(out, names=np.array([path.name for path in paths]), images=found)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the models of real size, too")
    parser.add_argument("--case", choices=MODELS, help="one model only")
    parser.add_argument("--embed", type=Path, metavar="FOLDER", help="embed its pictures instead")
    parser.add_argument("--out", type=Path, help="where to, with --embed")
    options = parser.parse_args(arguments)
    if options.embed:
        _embed(options.case, options.embed, options.out)
        return
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for case in [options.case] if options.case else MODELS:
        if options.case or case.endswith("small") or (options.full and case.endswith("full")):
            _reference(case).save(FIXTURES / f"{case}.npz")
            print(FIXTURES / f"{case}.npz")


if __name__ == "__main__":
    main()
