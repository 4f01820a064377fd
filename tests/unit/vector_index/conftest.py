"""Small random embeddings, and stores whose graph is used from a few embeddings on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.model import Embeddings
from app.domain.vectors import Labels
from app.vector_index.vector_store import VectorStore

DIM = 16
IDENTITY = "siglip-test-pil-1"
TIMEOUT = 60.0


@pytest.fixture
def embeddings() -> Callable[..., Embeddings]:
    """Deterministic rows of unit length that float16 holds exactly enough."""

    def make(count: int, seed: int = 0, dim: int = DIM) -> Embeddings:
        rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return make


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., VectorStore]]:
    """Opens stores in one folder; closes those that are left."""
    stores: list[VectorStore] = []

    def open_one(**options: object) -> VectorStore:
        settings: dict[str, object] = {"exact_below": 10, "quiet_seconds": 0.0, **options}
        identity = str(settings.pop("identity", IDENTITY))
        dim = int(str(settings.pop("dim", DIM)))
        store = VectorStore(tmp_path, identity, dim, **settings)  # type: ignore[arg-type]
        stores.append(store)
        return store

    yield open_one
    for store in stores:
        store.close()


def exact_best(labels: Labels, rows: Embeddings, query: Embeddings, k: int) -> Labels:
    """The k best by plain numpy over what float16 keeps of the rows; equal scores by label."""
    scores = np.vecdot(rows.astype(np.float16).astype(np.float32), query)
    return labels[np.lexsort((labels, -scores))][:k]
