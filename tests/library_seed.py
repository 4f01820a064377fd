"""Libraries of any size for tests and benchmarks, made quickly and always the same."""

import argparse
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from app.domain.media import Framing, PhotoMetadata, PixelSpec
from app.domain.model import Embeddings, ModelSpec
from app.domain.photo import Folder, PhotoState
from app.library import word_index
from app.library.database import Database
from app.library.embeddings import encode, model_id
from app.library.library import Library
from app.library.photo_values import metadata_values, place_values
from app.library.schema import EmbeddingRow, PhotoRow

_BLOCK = 4096
_PLACES = ("Rom", "Zürich", "Kyoto 京都", "Москва", "Lofoten", "Garten", "海滩", "New York")
_CAMERAS = (("Canon", "EOS R5"), ("Apple", "iPhone 15"), ("NIKON", "Z 6"), (None, None))
_FIRST_DAY = datetime(2004, 1, 1, 12, 0)  # noqa: DTZ001 - cameras know no offset


def seed_library(
    database: Path,
    count: int,
    *,
    folders: int = 1,
    root: str = "/seeded",
    model: ModelSpec | None = None,
    embeddings: Iterable[Embeddings] | None = None,
) -> None:
    """Make a library of `count` read photos, where a `model` is given with `embeddings` of it or random ones.

    A photo's content key is "content-<n>", its label n (from 1) in a library that was empty. The files do not
    exist. 300 photos a directory, dates over twenty years, one photo in a hundred a favourite.
    """
    library = Library.open(database)
    watched = [library.folders.add(f"{root}/photos-{number}") for number in range(folders)]
    if model is not None:
        library.embeddings.ensure_model(model)
    connections = Database(database)
    try:
        _insert_photos(connections, watched, count, model)
        if model is not None:
            _insert_embeddings(connections, model, embeddings or seed_embeddings(count, model.dim))
        library.photos.set_favourite(library.photos.ids()[::100].tolist(), True)
    finally:
        connections.close()
        library.close()


def seed_model(dim: int = 768) -> ModelSpec:
    """A model that never was."""
    pixels = PixelSpec(Framing.SQUASH, height=224, width=224, resample=2)
    return ModelSpec("seeded", "0" * 16, "pil-1", "siglip2", dim, pixels, logit_scale=112.0, logit_bias=-16.0)


def seed_embeddings(count: int, dim: int) -> Iterator[Embeddings]:
    """Random unit vectors, (at most 4096, dim) at a time."""
    random = np.random.default_rng(0)
    for start in range(0, count, _BLOCK):
        vectors = random.standard_normal((min(_BLOCK, count - start), dim), dtype=np.float32)
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _insert_photos(connections: Database, folders: list[Folder], count: int, model: ModelSpec | None) -> None:
    with connections.writer.begin() as connection:
        embedded_by = model_id(connection, model.identity) if model else None
        for start in range(0, count, _BLOCK):
            numbers = range(start, min(start + _BLOCK, count))
            rows = [_photo(number, folders[number % len(folders)], embedded_by) for number in numbers]
            connection.execute(insert(PhotoRow), rows)
        word_index.rebuild(connection)


def _photo(number: int, folder: Folder, embedded_by: int | None) -> dict[str, object]:
    taken_at = _FIRST_DAY + timedelta(minutes=number * 7919 % (20 * 365 * 24 * 60))
    make, camera = _CAMERAS[number % len(_CAMERAS)]
    directory = f"{taken_at.year}/{_PLACES[number // 300 % len(_PLACES)]} {number // 300}"
    metadata = PhotoMetadata(4000, 3000, "JPEG", taken_at=taken_at, camera_make=make, camera_model=camera)
    mtime_ns = 1_500_000_000_000_000_000 + number
    return {
        **place_values(folder, f"{directory}/IMG_{number:07d}.jpg"),
        **metadata_values(metadata, mtime_ns),
        "size": 4_000_000 + number,
        "mtime_ns": mtime_ns,
        "file_id": f"1:{number}",
        "state": PhotoState.READY,
        "unread": False,
        "priority": 0,
        "added_at": 1_700_000_000.0,
        "content_key": f"content-{number}",
        "pixel_key": f"pixels-{number}",
        "embedded_by": embedded_by,
    }


def _insert_embeddings(connections: Database, model: ModelSpec, blocks: Iterable[Embeddings]) -> None:
    number = 0
    for vectors in blocks:
        rows = [_embedding(number + offset, vector) for offset, vector in enumerate(vectors)]
        number += len(rows)
        with connections.writer.begin() as connection:
            known = {"model_id": model_id(connection, model.identity), "created_at": time.time()}
            connection.execute(insert(EmbeddingRow), [row | known for row in rows])


def _embedding(number: int, vector: np.ndarray[Any, np.dtype[np.float32]]) -> dict[str, object]:
    return {
        "content_key": f"content-{number}",
        "pixel_key": f"pixels-{number}",
        "runtime": "seed",
        "precision": "float32",
        "device": "cpu",
        "vector": encode(vector),
    }


def main() -> None:
    """`python -m tests.library_seed DATABASE COUNT [--dim N]`: a library to try things on."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--dim", type=int, default=0, help="of random embeddings; 0 for none")
    arguments = parser.parse_args()
    model = seed_model(arguments.dim) if arguments.dim else None
    seed_library(arguments.database, arguments.count, model=model)


if __name__ == "__main__":
    main()
