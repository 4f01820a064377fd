"""Rows of float16 that only ever grow, with exact float32 arithmetic over them."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings

HalfMatrix = NDArray[np.float16]

BLOCK_ROWS = 8192
_PIECE_ROWS = 128  # 128 x 768 float32 stay in a core's cache between the passes over them
_SIGN_AND_MAGNITUDE = np.int32(-0x70002000)  # 0x8fffe000
_EXPONENT_SHIFT = np.float32(2.0**112)  # float32 has exponent bias 127, float16 has 15

_THREADS = min(4, os.cpu_count() or 1)  # more do not help: memory is the limit


def to_float32(half: HalfMatrix, out: Embeddings) -> None:
    """Convert finite float16 to float32 by moving the bits: twice as fast as numpy's own conversion.

    The bits of a float16, moved 13 places up, are a float32 that is 2**112 times too small; this holds for
    subnormal numbers too. After Fabian Giesen, "Half to float done quick".
    """
    bits = out.view(np.int32)
    for start in range(0, len(half), _PIECE_ROWS):
        piece = slice(start, start + _PIECE_ROWS)
        bits[piece] = half[piece].view(np.int16)
        np.left_shift(bits[piece], 13, out=bits[piece])
        np.bitwise_and(bits[piece], _SIGN_AND_MAGNITUDE, out=bits[piece])
        np.multiply(out[piece], _EXPONENT_SHIFT, out=out[piece])


def _for_blocks_of(count: int, work: Callable[[int], None]) -> None:
    """Call with the number of each block, on threads where there are several."""
    numbers = range(-(-count // BLOCK_ROWS))
    if len(numbers) <= 1:
        for number in numbers:
            work(number)
    else:
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="exact-scoring") as pool:
            list(pool.map(work, numbers))


class HalfRows:
    """Rows that never change once written: first those of a file, then those appended in memory.

    One thread appends; any number may read meanwhile, without a lock. Scores are computed row by row
    (`vecdot`), so that a row scores the same to the last bit alone, in a block and in the whole matrix; a
    matrix product would not.
    """

    def __init__(self, dim: int, stored: HalfMatrix | None = None, resident_bytes: int = 1 << 30) -> None:
        self.dim = dim
        self._stored = stored if stored is not None else np.empty((0, dim), np.float16)
        self._tail = np.empty((0, dim), np.float16)
        self._count = len(self._stored)
        self._resident_blocks = resident_bytes // (BLOCK_ROWS * dim * 4)
        self._resident: dict[int, _ResidentBlock] = {}

    def __len__(self) -> int:
        return self._count

    def append(self, embeddings: Embeddings) -> NDArray[np.int64]:
        """Returns the numbers of the new rows."""
        used = self._count - len(self._stored)
        needed = used + len(embeddings)
        if needed > len(self._tail):
            grown = np.empty((max(needed, 2 * len(self._tail), 256), self.dim), np.float16)
            grown[:used] = self._tail[:used]
            self._tail = grown
        self._tail[used:needed] = embeddings
        rows = np.arange(self._count, self._count + len(embeddings), dtype=np.int64)
        self._count += len(embeddings)  # last: readers trust every row below the count
        return rows

    def halves(self, rows: NDArray[np.int64]) -> HalfMatrix:
        """The rows as stored, copied."""
        result = np.empty((len(rows), self.dim), np.float16)
        in_file = rows < len(self._stored)
        result[in_file] = self._stored[rows[in_file]]
        result[~in_file] = self._tail[rows[~in_file] - len(self._stored)]
        return result

    def take(self, rows: NDArray[np.int64]) -> Embeddings:
        """The rows as float32, copied."""
        half = self.halves(rows)
        result = np.empty(half.shape, np.float32)
        to_float32(half, result)
        return result

    def dot(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """(len,) inner products with every row."""
        scores = np.empty(self._count, np.float32)

        def score_block(number: int) -> None:
            start = number * BLOCK_ROWS
            self._dot_block(number, embedding, scores[start : start + BLOCK_ROWS])

        _for_blocks_of(len(scores), score_block)
        return scores

    def dot_at(self, embedding: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n,) inner products with these rows, piece by piece: no copy of all of them is made."""
        scores = np.empty(len(rows), np.float32)

        def score_block(number: int) -> None:
            scratch = np.empty((_PIECE_ROWS, self.dim), np.float32)
            first = number * BLOCK_ROWS
            for start in range(first, min(first + BLOCK_ROWS, len(rows)), _PIECE_ROWS):
                piece = scores[start : start + _PIECE_ROWS]
                to_float32(self.halves(rows[start : start + _PIECE_ROWS]), scratch[: len(piece)])
                np.vecdot(scratch[: len(piece)], embedding, out=piece)

        _for_blocks_of(len(rows), score_block)
        return scores

    def keep_resident_blocks_of(self, other: "HalfRows") -> None:
        """Take over the converted blocks of rows that are equal to ours."""
        self._resident = other._resident

    def _dot_block(self, number: int, embedding: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        first = number * BLOCK_ROWS
        if number < self._resident_blocks:
            rows = self._resident_rows(number, len(scores))
            np.vecdot(rows, embedding, out=scores)
            return
        scratch = np.empty((_PIECE_ROWS, self.dim), np.float32)
        for start in range(0, len(scores), _PIECE_ROWS):
            piece = scores[start : start + _PIECE_ROWS]
            half = self._half_range(first + start, first + start + len(piece))
            to_float32(half, scratch[: len(piece)])
            np.vecdot(scratch[: len(piece)], embedding, out=piece)

    def _resident_rows(self, number: int, count: int) -> Embeddings:
        block = self._resident.setdefault(number, _ResidentBlock(self.dim))
        if block.filled < count:  # two readers may do this at once: both write the same numbers
            filled = block.filled
            first = number * BLOCK_ROWS
            to_float32(self._half_range(first + filled, first + count), block.rows[filled:count])
            block.filled = max(block.filled, count)
        return block.rows[:count]

    def _half_range(self, first: int, end: int) -> HalfMatrix:
        split = len(self._stored)
        if end <= split:
            return self._stored[first:end]
        if first >= split:
            return self._tail[first - split : end - split]
        return np.concatenate([self._stored[first:], self._tail[: end - split]])


class _ResidentBlock:
    """A block of rows as float32, converted when first scored."""

    def __init__(self, dim: int) -> None:
        self.rows = np.empty((BLOCK_ROWS, dim), np.float32)
        self.filled = 0
