"""What the model is asked for in training: SigLIP's own loss, and the aids that are dropped afterwards."""

import torch
from batching import KIND, UNNAMED, VALUES
from transformers import SiglipModel

from app.demo.scenes import ATTRIBUTES

_SHARPNESS = 14.0  # unit vectors are too short for confident logits: about the square root of their dimension


def sigmoid_loss(
    model: SiglipModel, images: torch.Tensor, texts: torch.Tensor, wanted: torch.Tensor, shown: torch.Tensor
) -> torch.Tensor:
    """SigLIP's loss (arXiv 2303.15343), with every scene that a caption describes as a positive.

    A short caption fits several scenes of a batch; calling them negatives would teach a falsehood.
    """
    matches = ((wanted[:, None] == shown[None]) | (wanted[:, None] == UNNAMED)).all(-1)
    logits = texts @ images.T * model.logit_scale.exp() + model.logit_bias
    signs = matches.float() * 2 - 1
    return -torch.nn.functional.logsigmoid(signs * logits).sum() / len(texts)


class AttributePrototypes(torch.nn.Module):
    """A direction for every value of every attribute, which both towers are asked for; dropped afterwards.

    Contrast alone teaches slowly at first, while neither tower knows anything. This tells each directly what
    it sees or reads, and because the directions are shared, the towers agree from the start.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self._heads = torch.nn.ModuleList(torch.nn.Linear(dim, len(VALUES[name])) for name in ATTRIBUTES)

    def forward(self, embeddings: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy over the attributes that `codes` (n, attributes) names."""
        losses = [
            torch.nn.functional.cross_entropy(
                head(embeddings * _SHARPNESS), codes[:, place], ignore_index=UNNAMED, reduction="sum"
            )
            for place, head in enumerate(self._heads)
        ]
        return torch.stack(losses).sum() / (codes != UNNAMED).sum()


class PatchLabels(torch.nn.Module):
    """What lies under each patch: the thing's kind and colour, or nothing; dropped after training.

    The pooled embedding alone says only that a cat is somewhere, and a small model takes long to find out
    which pixels are the cat.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self._heads = torch.nn.ModuleDict(
            {name: torch.nn.Linear(width, len(VALUES[name]) + 1) for name in ("kind", "colour")}
        )

    def forward(self, patches: torch.Tensor, covered: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
        """Cross-entropy over patches (n, GRID * GRID, width), things and background weighing alike."""
        losses = []
        for name, head in self._heads.items():
            nothing = len(VALUES[name])
            labels = shown[:, ATTRIBUTES.index(name), None].where(covered, torch.tensor(nothing))
            weights = torch.ones(nothing + 1)
            weights[nothing] = 0.2
            logits = head(patches)
            losses.append(torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), weights))
        return torch.stack(losses).sum()


def kind_contrast(images: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """Supervised contrast (arXiv 2004.11362): each picture of the same kind is to be nearer than any other.

    People who search with a picture mean the thing in it. Without this the sky and the ground, which fill
    most of the picture, decide.
    """
    kinds = shown[:, KIND]
    alike = kinds[:, None] == kinds[None]
    logits = images @ images.T * _SHARPNESS
    unlike = logits.masked_fill(alike, -torch.inf).logsumexp(1, keepdim=True)
    itself = torch.eye(len(images), dtype=torch.bool)
    return torch.nn.functional.softplus(unlike - logits)[alike & ~itself].mean()
