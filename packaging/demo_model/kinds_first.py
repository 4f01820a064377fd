"""The second stage of training: what the thing is comes to weigh more than where and when it is.

The first stage leaves pictures alike when their sky and ground are alike. Only the head that pools the
patches and the text tower learn here, on patches computed once, which makes a step five times cheaper.
"""

import time
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import torch
from batching import fresh_captions, kind_pairs, scaled, scene_codes
from held_out import HeldOut
from losses import kind_contrast, sigmoid_loss
from pool import SIBLINGS
from tokenizers import Tokenizer
from towers import embed_texts, learning_rate, optimizer_of
from transformers import SiglipModel

from app.demo.scenes import Scene

_STEPS = 1500
_SCENES = 40_000  # of the pool, which is 750 MB of patches
_BATCH = 128
_PEAK = 1e-3
_KIND_WEIGHT = 10.0


def put_kinds_first(
    model: SiglipModel,
    tokenizer: Tokenizer,
    scenes: list[Scene],
    pool: Any,
    seed: int,
    save: Callable[[], None],
) -> None:
    """Train head and text tower on; `save` is called at the end of every fifth of the way."""
    scenes, held_out, rng, started = scenes[:_SCENES], HeldOut(), Random(seed + 1), time.monotonic()
    shown, patches = scene_codes(scenes), _all_patches(model, pool, len(scenes))
    print(f"patches computed in {time.monotonic() - started:.0f} s", flush=True)
    head = model.vision_model.head
    learning = [*head.parameters(), *model.text_model.parameters(), model.logit_scale, model.logit_bias]
    optimizer = optimizer_of(learning)
    order = kind_pairs(scenes, _BATCH // SIBLINGS, np.random.default_rng(seed + 1))
    for step in range(1, _STEPS + 1):
        places = next(order)
        captions = fresh_captions([scenes[place] for place in places], tokenizer, rng)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate((step - 1) / _STEPS, _PEAK)
        images = torch.nn.functional.normalize(head(patches[places].float()), dim=-1)
        texts = embed_texts(model, captions.ids)
        contrast = sigmoid_loss(model, images, texts, captions.wanted, shown[places])
        kinds = kind_contrast(images, shown[places])
        optimizer.zero_grad()
        (contrast + _KIND_WEIGHT * kinds).backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        if step % 25 == 0:
            seconds = time.monotonic() - started
            print(f"step {step} losses {contrast.item():.3f} {kinds.item():.3f} {seconds:.0f} s", flush=True)
        if step % (_STEPS // 5) == 0:
            save()
            print(f"step {step} R@1/R@5 {held_out.recall(model, tokenizer)}", flush=True)


@torch.no_grad()
def _all_patches(model: SiglipModel, pool: Any, number: int) -> torch.Tensor:
    """(number, patches, width) what the finished encoder makes of the first pictures of the pool."""
    model.eval()
    parts = [
        model.vision_model(
            pixel_values=scaled(np.array(pool[start : start + _BATCH]))
        ).last_hidden_state.half()
        for start in range(0, number, _BATCH)
    ]
    model.train()
    return torch.cat(parts)[:number]
