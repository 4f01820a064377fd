"""Whether the files of an index hold exactly the embeddings of the library. Only looks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.health import Finding, Part, Weight
from app.domain.model import Embeddings
from app.domain.vectors import Labels
from app.errors import VectorIndexError
from app.vector_index.files import discard
from app.vector_index.graph_file import discard_graph, record_path
from app.vector_index.matrix_file import read_matrix

_EQUAL = 2e-3  # two roundings to float16 move a component by less
_AGAIN = "The file is removed; Photosift makes it again from the library, without embedding a photo."
_EXAMPLES = 5
_OUR_ENDINGS = (".tmp", ".old", ".f16", ".hnsw", ".hnsw.json")

Block = tuple[Labels, NDArray[np.float16]]
_Rows = Callable[[Labels], NDArray[np.float16] | Embeddings]


@dataclass(slots=True)
class _Comparison:
    """How one file differs from the embeddings of the library."""

    lacking: set[int] = field(default_factory=set)
    surplus: set[int] = field(default_factory=set)
    wrong: set[int] = field(default_factory=set)


def matrix_path(folder: Path, identity: str) -> Path:
    """Where the matrix of a model is."""
    return folder / f"{identity}.f16"


def graph_path(folder: Path, identity: str) -> Path:
    """Where the graph of a model is."""
    return folder / f"{identity}.hnsw"


def examine_matrix(folder: Path, identity: str, dim: int, stored: Iterable[Block]) -> list[Finding]:
    """Compare the matrix with the stored embeddings, which come by label."""
    try:
        matrix = read_matrix(matrix_path(folder, identity), identity, dim)
    except FileNotFoundError:
        return []  # nothing was embedded yet, or the program ended before it was saved
    except VectorIndexError as error:
        return [_unusable(Part.MATRIX, error)]

    def rows_of(labels: Labels) -> NDArray[np.float16]:
        return matrix.rows[np.searchsorted(matrix.labels, labels)]

    return _told(Part.MATRIX, _compare(stored, set(matrix.labels.tolist()), rows_of))


def examine_graph(folder: Path, identity: str, dim: int, stored: Iterable[Block]) -> list[Finding]:
    """The same for the graph. Small libraries have none."""
    from app.vector_index.hnsw import HnswIndex  # brings hnswlib, which most examinations do without

    path = graph_path(folder, identity)
    try:
        graph = HnswIndex.load(path, identity, dim)
    except FileNotFoundError:
        if record_path(path).exists():
            return [_unusable(Part.GRAPH, VectorIndexError("missing, though its record is there"))]
        return []
    except (VectorIndexError, OSError) as error:
        return [_unusable(Part.GRAPH, error)]
    expected = ((labels, graph.projected(rows.astype(np.float32))) for labels, rows in stored)
    return _told(Part.GRAPH, _compare(expected, graph.labels(), graph.embeddings))


def discard_files(folder: Path, identity: str, parts: Iterable[Part]) -> None:
    """Remove the matrix or the graph: caches that are made again from the library."""
    for part in parts:
        if part is Part.MATRIX:
            discard(matrix_path(folder, identity))
        elif part is Part.GRAPH:
            discard_graph(graph_path(folder, identity))


def leftovers(folder: Path, identities: Iterable[str]) -> list[Path]:
    """Files that nobody will use again: half-written ones, and those of models that are not known."""
    known = {
        path.name
        for identity in identities
        for path in (
            matrix_path(folder, identity),
            graph_path(folder, identity),
            record_path(graph_path(folder, identity)),
        )
    }
    return sorted(
        path
        for path in folder.glob("*")
        if path.name not in known and path.name.endswith(_OUR_ENDINGS) and path.is_file()
    )


def _compare(
    stored: Iterable[Block | tuple[Labels, Embeddings]], present: set[int], rows_of: _Rows
) -> _Comparison:
    """`rows_of` gives the embeddings under labels that are present."""
    comparison = _Comparison(surplus=set(present))
    for labels, expected in stored:
        there = np.array([label in present for label in labels.tolist()], np.bool_)
        comparison.lacking.update(labels[~there].tolist())
        comparison.surplus.difference_update(labels.tolist())
        found = np.asarray(rows_of(labels[there]), np.float32)
        differs = ~(np.abs(found - expected[there].astype(np.float32)) <= _EQUAL).all(axis=1)
        comparison.wrong.update(labels[there][differs].tolist())
    return comparison


def _told(part: Part, comparison: _Comparison) -> list[Finding]:
    findings = []
    if comparison.wrong:
        text = f"The {part} holds other embeddings than the library: searches show wrong photos."
        findings.append(_finding(part, Weight.FAULT, comparison.wrong, text, _AGAIN))
    if comparison.lacking:
        text = f"The {part} lacks embeddings of the library. They are added when Photosift starts."
        findings.append(_finding(part, Weight.NOTE, comparison.lacking, text))
    if comparison.surplus:
        text = f"The {part} holds embeddings that the library dropped. They go when Photosift starts."
        findings.append(_finding(part, Weight.NOTE, comparison.surplus, text))
    return findings


def _finding(part: Part, weight: Weight, labels: set[int], text: str, mending: str = "") -> Finding:
    examples = tuple(f"embedding {label}" for label in sorted(labels)[:_EXAMPLES])
    return Finding(part, weight, len(labels), text, mending, examples)


def _unusable(part: Part, error: Exception) -> Finding:
    text = f"The {part} cannot be used: {error}. Searching does without it."
    return Finding(part, Weight.FAULT, 1, text, _AGAIN)
