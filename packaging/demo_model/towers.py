"""The two towers in training, and the optimizer that moves them."""

import math

import torch
from transformers import SiglipModel

_WARMUP = 0.05  # of all steps


def embed_images(model: SiglipModel, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, DIM) embeddings of unit length, and the patches (n, GRID * GRID, width) they were pooled from."""
    output = model.vision_model(pixel_values=pixels)
    return torch.nn.functional.normalize(output.pooler_output, dim=-1), output.last_hidden_state


def embed_texts(model: SiglipModel, ids: torch.Tensor) -> torch.Tensor:
    output = model.text_model(input_ids=ids).pooler_output
    return torch.nn.functional.normalize(output, dim=-1)


def learning_rate(progress: float, peak: float) -> float:
    """Linear warm-up over the first twentieth, then a cosine down to a hundredth."""
    if progress < _WARMUP:
        return peak * (0.02 + progress / _WARMUP)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (progress - _WARMUP) / (1 - _WARMUP))))


def optimizer_of(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """AdamW that leaves biases, norms, scale and bias of the loss undecayed."""
    matrices = [p for p in parameters if p.ndim >= 2]
    others = [p for p in parameters if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), fused=True)
