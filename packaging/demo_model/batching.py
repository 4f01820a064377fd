"""Turns scenes and captions into the tensors of a training step."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from checkpoint_files import TEXT_LENGTH
from numpy.typing import NDArray
from pool import SIBLINGS
from tokenizers import Tokenizer

from app.demo.captions import Language, caption, choose_attributes
from app.demo.scenes import ATTRIBUTES, DOMAINS, Scene, Wanted

UNNAMED = -1
VALUES = {name: list(domain) for name, domain in DOMAINS.items()}
KIND = ATTRIBUTES.index("kind")


@dataclass(frozen=True, slots=True)
class Captions:
    """A batch of captions and what they name."""

    ids: torch.Tensor  # (n, TEXT_LENGTH)
    wanted: torch.Tensor  # (n, attributes) places in the domains, UNNAMED where a caption is silent


def fresh_captions(scenes: list[Scene], tokenizer: Tokenizer, rng: Random) -> Captions:
    """A new caption for each scene, of one to six attributes, in a language drawn by lot."""
    wanted = [choose_attributes(scene, rng, least=rng.choice((1, 2, 4, 6))) for scene in scenes]
    texts = [caption(each, rng.choice(list(Language)), rng) for each in wanted]
    return Captions(encoded(tokenizer, texts), torch.tensor([attribute_codes(each) for each in wanted]))


def encoded(tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """(n, TEXT_LENGTH) token ids, lower-cased and padded as the product does."""
    tokenizer.enable_padding(length=TEXT_LENGTH, pad_id=0, pad_token="<pad>")
    tokenizer.enable_truncation(TEXT_LENGTH)
    ids = [encoding.ids for encoding in tokenizer.encode_batch([text.lower() for text in texts])]
    return torch.tensor(ids)


def scaled(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """(n, 3, SIDE, SIDE) from -1 to 1."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def attribute_codes(values: Wanted) -> list[int]:
    """Each attribute's place in its domain, UNNAMED where there is none."""
    return [VALUES[n].index(values[n]) if n in values else UNNAMED for n in ATTRIBUTES]


def scene_codes(scenes: list[Scene]) -> torch.Tensor:
    """(n, attributes) places of the scenes' values in their domains."""
    return torch.tensor([attribute_codes({n: getattr(s, n) for n in ATTRIBUTES}) for s in scenes])


def batches(scenes: list[Scene], families: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Places of whole families, each seen once before any is seen again."""
    while True:
        order = rng.permutation(len(scenes) // SIBLINGS)
        for start in range(0, len(order) - families + 1, families):
            yield family_places(order[start : start + families])


def family_places(families: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of all scenes of these families, ascending."""
    return np.sort((families[:, None] * SIBLINGS + np.arange(SIBLINGS)).ravel())


def kind_pairs(scenes: list[Scene], families: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Like `batches`, but families of the same kind come in pairs.

    So every picture has others of its kind in the batch that differ from it in everything else.
    """
    kinds = np.array([VALUES["kind"].index(scene.kind) for scene in scenes[::SIBLINGS]])
    while True:
        shuffled = rng.permutation(len(kinds))
        by_kind = shuffled[np.argsort(kinds[shuffled], kind="stable")]
        pairs = by_kind[: len(by_kind) // 2 * 2].reshape(-1, 2)
        order = rng.permutation(pairs).ravel()
        for start in range(0, len(order) - families + 1, families):
            yield family_places(order[start : start + families])
