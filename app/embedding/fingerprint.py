"""The revision of a checkpoint: equal files, equal revision, wherever the folder lies."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from app.embedding.weights import header_length

_SAMPLES = 16
_SAMPLE_BYTES = 65536


def fingerprint(small_files: Iterable[Path], weight_files: Iterable[Path]) -> str:
    """BLAKE2b, as 40 hexadecimal digits, of the small files whole and of samples of the weights.

    Of a weight file it takes the size, the header and sixteen blocks spread over the tensors: reading
    1.5 GB at every start would cost seconds, and a retrained model changes every block.
    """
    digest = hashlib.blake2b(digest_size=20)
    for path in sorted(small_files, key=lambda path: path.name):
        _add(digest, path.name.encode(), path.read_bytes())
    for path in sorted(weight_files, key=lambda path: path.name):
        _add(digest, str(path.stat().st_size).encode(), *_samples(path, header_length(path)))
    return digest.hexdigest()


def file_fingerprint(path: Path) -> str:
    """The same of one file of any format, however large it is."""
    digest = hashlib.blake2b(digest_size=20)
    _add(digest, str(path.stat().st_size).encode(), *_samples(path, 0))
    return digest.hexdigest()


def _add(digest: "hashlib.blake2b", *parts: bytes) -> None:
    """Each part with its length, so that two files cannot pass for one."""
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)


def _samples(path: Path, header: int) -> Iterable[bytes]:
    size = path.stat().st_size
    last = max(header, size - _SAMPLE_BYTES)
    with path.open("rb") as file:
        yield file.read(header)
        for number in range(_SAMPLES):
            file.seek(header + (last - header) * number // (_SAMPLES - 1))
            yield file.read(_SAMPLE_BYTES)
