"""Trains the demo's SigLIP on drawn scenes and their captions. See README.md beside this file.

usage: python packaging/demo_model/train.py [--out FOLDER] [--scratch FOLDER]
"""

import argparse
import math
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from batching import batches, fresh_captions, scaled, scene_codes
from checkpoint_files import DIM, new_model, save_checkpoint, train_tokenizer
from held_out import HeldOut
from kinds_first import put_kinds_first
from losses import AttributePrototypes, PatchLabels, sigmoid_loss
from pool import SIBLINGS, draw_pool, picture_seed, pool_scenes, thing_patches
from tokenizers import Tokenizer
from towers import embed_images, embed_texts, learning_rate, optimizer_of
from transformers import SiglipModel

from app.demo.scenes import Scene

_PROTOTYPE_WEIGHT = 4.0  # makes the losses weigh about the same at the start
_PATCH_WEIGHT = 4.0


def train(a: argparse.Namespace) -> None:
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    started = time.monotonic()
    a.scratch.mkdir(parents=True, exist_ok=True)
    scenes = pool_scenes(a.families, a.seed)
    pool = draw_pool(scenes, a.scratch / f"pool-{a.seed}-{a.families}.npy", a.seed, a.threads)
    tokenizer = train_tokenizer(60_000, a.seed)
    print(
        f"{len(pool)} scenes drawn, {tokenizer.get_vocab_size()} tokens, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    model = new_model(tokenizer.get_vocab_size())
    model.logit_scale.data.fill_(math.log(10.0))
    model.logit_bias.data.fill_(-5.0)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} million parameters", flush=True)
    learn_to_see(a, model, tokenizer, scenes, pool)
    put_kinds_first(model, tokenizer, scenes, pool, a.seed, lambda: save_checkpoint(a.out, model, tokenizer))
    print(f"{time.monotonic() - started:.0f} s in all", flush=True)


def learn_to_see(
    a: argparse.Namespace, model: SiglipModel, tokenizer: Tokenizer, scenes: list[Scene], pool: Any
) -> None:
    """The first stage: both towers whole."""
    rng, shown, held_out = Random(a.seed), scene_codes(scenes), HeldOut()
    prototypes, labels = AttributePrototypes(DIM), PatchLabels(DIM)
    optimizer = optimizer_of([*model.parameters(), *prototypes.parameters(), *labels.parameters()])
    order, started = batches(scenes, a.batch // SIBLINGS, np.random.default_rng(a.seed)), time.monotonic()
    model.train()
    for step in range(1, a.steps + 1):
        places = next(order)
        captions = fresh_captions([scenes[place] for place in places], tokenizer, rng)
        covered = np.stack([thing_patches(scenes[p], picture_seed(a.seed, int(p))) for p in places])
        for group in optimizer.param_groups:
            group["lr"] = learning_rate((step - 1) / a.steps, a.peak)
        images, patches = embed_images(model, scaled(pool[places]))
        texts = embed_texts(model, captions.ids)
        contrast = sigmoid_loss(model, images, texts, captions.wanted, shown[places])
        direct = prototypes(images, shown[places]) + prototypes(texts, captions.wanted)
        local = labels(patches, torch.from_numpy(covered), shown[places])
        optimizer.zero_grad()
        (contrast + _PROTOTYPE_WEIGHT * direct + _PATCH_WEIGHT * local).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 25 == 0:
            losses = " ".join(f"{loss.item():.3f}" for loss in (contrast, direct, local))
            print(f"step {step} losses {losses} {time.monotonic() - started:.0f} s", flush=True)
        if step % a.every == 0 or step == a.steps:
            save_checkpoint(a.out, model, tokenizer)
            print(f"step {step} R@1/R@5 {held_out.recall(model, tokenizer)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("resources/demo/photosift-drawn-scenes"))
    parser.add_argument(
        "--scratch", type=Path, default=Path("build/demo_model"), help="where the pool is drawn"
    )
    parser.add_argument("--steps", type=int, default=1600, help="of the first stage")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--families", type=int, default=10_000, help=f"of {SIBLINGS} similar scenes each")
    parser.add_argument("--peak", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=200, help="steps between saving and measuring")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
