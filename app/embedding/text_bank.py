"""Texts of our own to compare text towers on: captions in ten languages, and what breaks tokenizers."""

import functools
import json

from app.paths import resource


@functools.cache
def _texts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    texts = json.loads(resource("texts/proof.json").read_text(encoding="utf-8"))
    return tuple(text for language in texts["captions"].values() for text in language), tuple(texts["odd"])


def captions() -> tuple[str, ...]:
    """Two hundred short descriptions of photos, twenty in each language."""
    return _texts()[0]


def odd_texts() -> tuple[str, ...]:
    """Emoji, scripts from right to left, decomposed letters, control characters, long and empty texts."""
    return _texts()[1]
