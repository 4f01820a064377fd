"""Follows the training's progress on scenes it never sees; the product's own figure is demo_recall."""

from random import Random

import numpy as np
import torch
from batching import KIND, UNNAMED, attribute_codes, encoded, scaled, scene_codes
from pool import model_pixels
from tokenizers import Tokenizer
from towers import embed_images, embed_texts
from transformers import SiglipModel

from app.demo.captions import Language, caption, choose_attributes
from app.demo.scenes import Scene, is_held_out, random_scene


class HeldOut:
    """Held-out scenes, and captions of six attributes for each in every language."""

    def __init__(self, number: int = 300, seed: int = 77) -> None:
        rng = Random(seed)
        scenes: list[Scene] = []
        while len(scenes) < number:
            if is_held_out(scene := random_scene(rng)):
                scenes.append(scene)
        self.pixels = scaled(np.stack([model_pixels(s, 900_000_000 + i) for i, s in enumerate(scenes)]))
        self._shown = scene_codes(scenes)
        wanted = [choose_attributes(scene, rng, least=6) for scene in scenes]
        self._wanted = torch.tensor([attribute_codes(each) for each in wanted])
        self._captions = {lang: [caption(each, lang, rng) for each in wanted] for lang in Language}

    @torch.no_grad()
    def recall(self, model: SiglipModel, tokenizer: Tokenizer) -> str:
        """R@1 / R@5 of six-attribute captions in each language, P@5 of picture to picture."""
        model.eval()
        images, _ = embed_images(model, self.pixels)
        matches = ((self._wanted[:, None] == self._shown[None]) | (self._wanted[:, None] == UNNAMED)).all(-1)
        figures = []
        for language, captions in self._captions.items():
            best = (embed_texts(model, encoded(tokenizer, captions)) @ images.T).topk(5).indices
            hits = matches.gather(1, best)
            figures.append(f"{language} {hits[:, 0].float().mean():.3f}/{hits.any(1).float().mean():.3f}")
        model.train()
        figures.append(f"same kind {self._same_kind(images):.3f}")
        return "  ".join(figures)

    def _same_kind(self, images: torch.Tensor) -> float:
        """The share of the five most similar pictures that show the same kind."""
        kinds = self._shown[:, KIND]
        alike = (images @ images.T).fill_diagonal_(-1).topk(5).indices
        return (kinds[alike] == kinds[:, None]).float().mean().item()
