"""Texts become the numbers that transformers' own tokenizers give, without them."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.embedding.byte_pairs import BytePairs
from app.embedding.checkpoint import open_checkpoint
from app.embedding.text_bank import captions, odd_texts
from app.embedding.token_ids import ReferenceTokenIds, StoredTokenIds, open_token_ids, store_token_ids

CheckpointOf = Callable[[str], Path]
KINDS = {
    "siglip2-fixres": "pairs.npz",
    "siglip2-naflex": "pairs.npz",
    "siglip1": "spiece.model",
    "clip": "tokenizer.json",
}
_ALPHABET = (
    "abcdefghijklmnopqrstuvwxyz     '.,-_!?0123456789\n\t\u0301\u200d"
    "äöüßéèçñıłž犬海辺の日本東京шлюзпёесобакаكلبעברית한글ไทย🐕🏖️👩‍👩‍👧"
)


def chance_texts() -> list[str]:
    dice = random.Random(0)
    return ["".join(dice.choices(_ALPHABET, k=dice.randrange(1, 90))) for _ in range(300)]


@pytest.mark.parametrize("family", KINDS)
def test_stored_tokens_are_the_references(family: str, checkpoint_of: CheckpointOf, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(str(checkpoint_of(family)))
    reference = ReferenceTokenIds(checkpoint)
    facts = store_token_ids(checkpoint, reference, tmp_path)
    assert facts["kind"] == KINDS[family]
    assert [path.name for path in tmp_path.iterdir()] == [facts["kind"]]  # nothing that is not needed
    stored = open_token_ids(checkpoint, tmp_path, json.loads(json.dumps(facts)))
    assert isinstance(stored, StoredTokenIds)
    for texts in (chance_texts(), captions(), odd_texts(), [""], ["a dog"]):
        assert np.array_equal(stored.of(texts), reference.of(texts))


def test_where_stored_tokens_differ_transformers_is_asked(
    checkpoint_of: CheckpointOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = open_checkpoint(str(checkpoint_of("siglip2-fixres")))
    reference = ReferenceTokenIds(checkpoint)
    expected = reference.of(["a dog"])
    monkeypatch.setattr(reference, "of", lambda texts: np.zeros((len(texts), 64), np.int64))
    facts = store_token_ids(checkpoint, reference, tmp_path)
    assert facts == {}
    assert list(tmp_path.iterdir()) == []
    assert np.array_equal(open_token_ids(checkpoint, tmp_path, facts).of(["a dog"]), expected)


def described(folder: Path) -> dict:
    return json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "change",
    [
        {"model": {"byte_fallback": False}},
        {"model": {"end_of_word_suffix": "</w>"}},
        {"model": {"ignore_merges": True}},
        {"normalizer": {"type": "NFC"}},
        {"pre_tokenizer": {"type": "Split", "pattern": {"String": "e"}}},
        {"post_processor": {"type": "RobertaProcessing"}},
    ],
)
def test_tokenizers_of_another_kind_are_left_to_their_library(
    change: dict, checkpoint_of: CheckpointOf
) -> None:
    plain = described(checkpoint_of("siglip2-fixres"))
    assert BytePairs.read(json.dumps(plain)) is not None
    changed = {name: {**(plain[name] or {}), **part} for name, part in change.items()}
    assert BytePairs.read(json.dumps(plain | changed)) is None


def test_merges_of_older_files_are_one_string_each(checkpoint_of: CheckpointOf) -> None:
    plain = described(checkpoint_of("siglip2-fixres"))
    older = {
        **plain,
        "model": {**plain["model"], "merges": [" ".join(pair) for pair in plain["model"]["merges"]]},
    }
    new, old = BytePairs.read(json.dumps(plain)), BytePairs.read(json.dumps(older))
    assert new is not None
    assert old is not None
    for text in captions():
        assert new.encode(text, 64) == old.encode(text, 64)
