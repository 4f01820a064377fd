"""Texts to the numbers of their tokens, with as little as that takes.

transformers' tokenizers cost three seconds and 250 MB before the first text. So they are asked once, and what
they would do is stored in a form that small libraries read. It is used only where it gave the same numbers
for several hundred texts in many scripts.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.embedding.byte_pairs import BytePairs
from app.embedding.checkpoint import Checkpoint
from app.embedding.export import digest
from app.embedding.text_bank import captions, odd_texts
from app.embedding.trained_text import as_trained
from app.errors import CheckpointError

_log = logging.getLogger(__name__)

_SPACE = "▁"
_PAIRS, _TOKENIZER, _PIECES = "pairs.npz", "tokenizer.json", "spiece.model"

Encode = Callable[[str, int], list[int]]  # (text, most tokens) -> numbers, the end token among them


class TokenIds(Protocol):
    """What a text tower needs of a tokenizer."""

    def of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """(n, length), padded on the right; every row holds its end token.

        SigLIP pools its last position, so its texts are padded to all of them; CLIP's to the longest only.
        """
        ...


class ReferenceTokenIds:
    """Asks transformers' own tokenizer."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Raises CheckpointError."""
        self._checkpoint = checkpoint
        self.tokenizer = _load_tokenizer(checkpoint)

    def of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        checkpoint = self._checkpoint
        tokens = self.tokenizer(
            [as_trained(text, canonical=checkpoint.canonical_text) for text in texts],
            padding="max_length" if checkpoint.family.padded_text else True,
            padding_side="right",
            max_length=checkpoint.text_length,
            truncation=True,
        )
        return np.array(tokens["input_ids"], np.int64)


class StoredTokenIds:
    """The same without transformers."""

    def __init__(self, checkpoint: Checkpoint, encode: Encode, pad: int) -> None:
        self._checkpoint = checkpoint
        self._encode = encode
        self._pad = pad

    def of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        checkpoint = self._checkpoint
        most = checkpoint.text_length
        rows = [self._encode(as_trained(text, canonical=checkpoint.canonical_text), most) for text in texts]
        width = most if checkpoint.family.padded_text else max(map(len, rows))
        ids = np.full((len(rows), width), self._pad, np.int64)
        for row, numbers in zip(ids, rows, strict=True):
            row[: len(numbers)] = numbers
        return ids


def store_token_ids(checkpoint: Checkpoint, reference: ReferenceTokenIds, folder: Path) -> dict[str, Any]:
    """Write what `open_token_ids` needs into `folder`, and return the facts to give it. Raises OSError.

    They are empty when only transformers gives the reference's numbers.
    """
    texts = [*captions(), *odd_texts()]
    expected = reference.of(texts)
    for kind, store in ((_PAIRS, _store_pairs), (_TOKENIZER, _store_tokenizer), (_PIECES, _store_pieces)):
        if store(reference.tokenizer, folder / kind):
            pad = int(reference.tokenizer.pad_token_id)
            facts = {"kind": kind, "pad": pad, "digest": digest(folder / kind)}
            if np.array_equal(open_token_ids(checkpoint, folder, facts).of(texts), expected):
                return facts
        (folder / kind).unlink(missing_ok=True)
    _log.info("the tokenizer of %s is read by transformers only", checkpoint.folder)
    return {}


def open_token_ids(checkpoint: Checkpoint, folder: Path, facts: dict[str, Any]) -> TokenIds:
    """The quickest that gives the reference's numbers. Raises CheckpointError.

    OSError, ValueError, KeyError when what is there cannot be read, or is not what was stored: some damage
    would give other numbers without a word.
    """
    if not facts:
        return ReferenceTokenIds(checkpoint)
    path = folder / facts["kind"]
    if digest(path) != facts["digest"]:
        raise ValueError(f"{path} is damaged")
    try:
        encode = _ENCODERS[facts["kind"]](path)
    except Exception as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    return StoredTokenIds(checkpoint, encode, facts["pad"])


def _store_pairs(tokenizer: Any, path: Path) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    pairs = BytePairs.read(_described(backend)) if backend is not None else None
    if pairs is not None:
        pairs.save(path)
    return pairs is not None


def _store_tokenizer(tokenizer: Any, path: Path) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        path.write_text(_described(backend), encoding="utf-8")
    return backend is not None


def _described(backend: Any) -> str:
    """As transformers left it, which may differ from the checkpoint's file."""
    backend.no_truncation()
    backend.no_padding()
    return str(backend.to_str())


def _store_pieces(tokenizer: Any, path: Path) -> bool:
    pieces = getattr(tokenizer, "sp_model", None)
    if pieces is not None:
        path.write_bytes(pieces.serialized_model_proto())
    return pieces is not None


def _encode_by_pairs(path: Path) -> Encode:
    return BytePairs.load(path).encode


def _encode_by_tokenizer(path: Path) -> Encode:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))

    def encode(text: str, length: int) -> list[int]:
        tokenizer.enable_truncation(length)
        return list(tokenizer.encode(text).ids)

    return encode


def _encode_by_pieces(path: Path) -> Encode:
    """SigLIP 1: the text behind a token that is taken off again, so that a leading space counts."""
    from sentencepiece import SentencePieceProcessor

    pieces = SentencePieceProcessor(model_proto=path.read_bytes())
    unknown = "<unk>"
    taken_off = len(pieces.encode(unknown))

    def encode(text: str, length: int) -> list[int]:
        ids = pieces.encode(f"{unknown}{_SPACE}{text}" if text else unknown)[taken_off:]
        return [*ids[: length - 1], pieces.eos_id()]

    return encode


_ENCODERS: dict[str, Callable[[Path], Encode]] = {
    _PAIRS: _encode_by_pairs,
    _TOKENIZER: _encode_by_tokenizer,
    _PIECES: _encode_by_pieces,
}


def _load_tokenizer(checkpoint: Checkpoint) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:
        raise unusable(checkpoint, error) from error
    if tokenizer.pad_token is None:
        raise CheckpointError(
            f"tokenizer_config.json in {checkpoint.folder} names no pad_token. Download the checkpoint again."
        )
    return tokenizer


def unusable(checkpoint: Checkpoint, error: Exception) -> CheckpointError:
    """What transformers says of a checkpoint, for people."""
    _log.error("loading %s failed", checkpoint.folder, exc_info=error)
    reason = str(error).strip().partition("\n")[0].rstrip(".:") or type(error).__name__
    return CheckpointError(
        f"The model in {checkpoint.folder} cannot be loaded: {reason}. Download the checkpoint again."
    )
