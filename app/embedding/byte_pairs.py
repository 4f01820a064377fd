"""The tokenizer of SigLIP 2 from four small arrays.

Its tokenizer.json has 256,000 tokens and more than twice as many merges: reading it takes two seconds and two
hundred megabytes, for a query of five words. Encoding needs far less: the numbers of single characters and
which two tokens become which third one. Both are written once, as sorted arrays of ten megabytes.
"""

import heapq
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

_SPACE = "▁"
_BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
_NONE = -1


class BytePairs:
    """Byte-pair encoding of whole texts, as Gemma's: a character without a token becomes its bytes'."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        self._characters = dict(zip(arrays["characters"].tolist(), arrays["numbers"].tolist(), strict=True))
        self._bytes: list[int] = arrays["bytes"].tolist()
        self._pairs: NDArray[np.uint64] = arrays["pairs"]
        self._merged: list[NDArray[np.int64]] = [arrays["ranks"], arrays["results"]]
        self._before: list[int] = arrays["before"].tolist()
        self._behind: list[int] = arrays["behind"].tolist()
        self._whole = json.loads(str(arrays["whole"]))  # texts that are one token, never split or joined
        longest_first = sorted(self._whole, key=len, reverse=True)
        self._split = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    @classmethod
    def read(cls, text: str) -> "BytePairs | None":
        """Of a tokenizer.json; None when it describes anything that is not done here."""
        described = json.loads(text)
        model, added = described["model"], described["added_tokens"]
        frame = _frame(described["post_processor"])
        if frame is None or not (_is_plain(model) and _splits_nothing(described) and all(map(_as_is, added))):
            return None
        vocabulary: dict[str, int] = model["vocab"]
        merges = {}
        for rank, (left, right) in enumerate(map(_parts, model["merges"])):
            merges[vocabulary[left] << 32 | vocabulary[right]] = rank, vocabulary[left + right]
        characters = {ord(token): number for token, number in vocabulary.items() if len(token) == 1}
        pairs = sorted(merges)
        return cls(
            {
                "characters": np.array(list(characters), np.uint32),
                "numbers": np.array(list(characters.values()), np.uint32),
                "bytes": np.array([vocabulary[token] for token in _BYTES], np.uint32),
                "pairs": np.array(pairs, np.uint64),
                "ranks": np.array([merges[pair][0] for pair in pairs], np.int32),
                "results": np.array([merges[pair][1] for pair in pairs], np.int32),
                "before": np.array(frame[0], np.uint32),
                "behind": np.array(frame[1], np.uint32),
                "whole": np.array(json.dumps({token["content"]: token["id"] for token in added})),
            }
        )

    @classmethod
    def load(cls, path: Path) -> "BytePairs":
        """Raises OSError, ValueError, KeyError for a file that is none."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return cls(dict(arrays))
        except BadZipFile as error:
            raise ValueError(f"{path} is damaged") from error

    def save(self, path: Path) -> None:
        """As .npz. Raises OSError."""
        np.savez(path, **cast(Any, self._arrays))

    def encode(self, text: str, length: int) -> list[int]:
        """At most `length` numbers; what is too much goes at the end, but never the end token."""
        ids: list[int] = []
        done = 0
        for found in self._split.finditer(text) if self._split else ():
            ids += self._joined(text[done : found.start()])
            ids.append(self._whole[found.group()])
            done = found.end()
        ids += self._joined(text[done:])
        return [*self._before, *ids[: length - len(self._before) - len(self._behind)], *self._behind]

    def _joined(self, text: str) -> list[int]:
        """The tokens of a part: of all pairs the one of the lowest rank is joined, until none can be."""
        ids = self._smallest(text.replace(" ", _SPACE))
        count = len(ids)
        following, previous = list(range(1, count + 1)), list(range(-1, count - 1))
        queue: list[tuple[int, int, int, int, int]] = []

        def consider(left: int, right: int) -> None:
            rank, result = self._merge(ids[left], ids[right])
            if rank != _NONE:
                heapq.heappush(queue, (rank, left, result, ids[left], ids[right]))

        for place in range(count - 1):
            consider(place, place + 1)
        while queue:
            _, left, result, *pair = heapq.heappop(queue)
            right = following[left]
            if right >= count or [ids[left], ids[right]] != pair:
                continue  # one of the two has become part of another token
            ids[left], ids[right] = result, _NONE
            following[left] = following[right]
            if following[left] < count:
                previous[following[left]] = left
                consider(left, following[left])
            if previous[left] >= 0:
                consider(previous[left], left)
        return [number for number in ids if number != _NONE]

    def _smallest(self, text: str) -> list[int]:
        ids = []
        for character in text:
            number = self._characters.get(ord(character))
            if number is not None:
                ids.append(number)
            else:
                ids += [self._bytes[byte] for byte in character.encode("utf-8", "replace")]
        return ids

    def _merge(self, left: int, right: int) -> tuple[int, int]:
        pair = np.uint64(left << 32 | right)
        place = int(self._pairs.searchsorted(pair))
        if place == len(self._pairs) or self._pairs[place] != pair:
            return _NONE, _NONE
        ranks, results = self._merged
        return int(ranks[place]), int(results[place])


def _is_plain(model: Mapping[str, Any]) -> bool:
    return (
        model["type"] == "BPE"
        and model["byte_fallback"]
        and not any(model.get(name) for name in ("dropout", "ignore_merges"))
        and not any(model.get(name) for name in ("continuing_subword_prefix", "end_of_word_suffix"))
        and all(token in model["vocab"] for token in _BYTES)
    )


def _splits_nothing(described: Mapping[str, Any]) -> bool:
    """Spaces become another character before texts are split at spaces. Our texts are lower-cased already."""
    normalizer, splitting = described["normalizer"], described["pre_tokenizer"]
    steps = normalizer["normalizers"] if normalizer["type"] == "Sequence" else [normalizer]
    steps = [step for step in steps if step["type"] != "Lowercase"]
    spaces = {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}
    at_spaces = splitting is None or (splitting["type"], splitting["pattern"]) == ("Split", {"String": " "})
    return steps == [spaces] and at_spaces


def _as_is(token: Mapping[str, Any]) -> bool:
    return not any(token[name] for name in ("single_word", "lstrip", "rstrip", "normalized"))


def _frame(post_processor: Mapping[str, Any] | None) -> tuple[list[int], list[int]] | None:
    """The tokens before and behind every text; None when there is more to it."""
    if post_processor is None:
        return [], []
    if post_processor["type"] != "TemplateProcessing":
        return None
    sides: tuple[list[int], list[int]] = [], []
    texts = 0
    for piece in post_processor["single"]:
        if "Sequence" in piece:
            texts += 1
        else:
            sides[min(texts, 1)].extend(post_processor["special_tokens"][piece["SpecialToken"]["id"]]["ids"])
    return sides if texts == 1 else None


def _parts(merge: str | Sequence[str]) -> Sequence[str]:
    """Older files have the two in one string."""
    return merge.split(" ") if isinstance(merge, str) else merge
