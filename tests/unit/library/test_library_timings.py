"""The seeded library and its timings: that they work, and that hot questions go through indexes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from app.domain.query import SearchFilters
from app.library.library import Library
from tests.library_seed import seed_embeddings, seed_library, seed_model
from tests.library_timings import heart_latency, timings

MODEL = seed_model(8)
IDENTITY = MODEL.identity


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("seeded") / "library.db"
    seed_library(database, 1000, folders=2, model=MODEL)
    return database


def test_a_seeded_library_is_complete(seeded: Path) -> None:
    library = Library.open(seeded)
    counts = library.photos.counts(IDENTITY)
    assert (counts.photos, counts.embedded, counts.favourites, counts.pending) == (1000, 1000, 10, 0)
    assert len(library.photos.search_words("img")) == 1000
    [(labels, vectors)] = library.embeddings.blocks(IDENTITY)
    assert labels.tolist() == list(range(1, 1001))
    [expected] = seed_embeddings(1000, 8)
    assert abs(vectors - expected).max() < 2e-3
    library.close()


def test_the_timings_ask_every_question(tmp_path: Path) -> None:
    seed_library(tmp_path / "library.db", 500, model=seed_model(64))
    library = Library.open(tmp_path / "library.db")
    answers = {timing.name: timing.size for timing in timings(library)}
    assert answers["grid"] == answers["labels of everything"] == 500
    assert heart_latency(library, files=200) > 0
    library.close()


INSIDE = SearchFilters(folder_id=1, subfolder="2004")
QUESTIONS: dict[str, tuple[Callable[[Library], object], str]] = {
    "the grid": (lambda library: library.photos.ids(), "ix_photos_grid"),
    "a folder's grid": (
        lambda library: library.photos.ids(SearchFilters(folder_id=1)),
        "ix_photos_folder_grid",
    ),
    "a subfolder's grid": (lambda library: library.photos.ids(INSIDE), "sqlite_autoindex_photos_1"),
    "favourites": (lambda library: library.photos.ids(SearchFilters(favourites_only=True)), "PRIMARY KEY"),
    "arrivals": (lambda library: library.photos.ids(SearchFilters(added_since=1e9)), "ix_photos_recent"),
    "the queue": (lambda library: library.photos.next_pending(5), "ix_photos_queue"),
    "the unembedded": (lambda library: library.photos.next_unembedded(IDENTITY, 5), "ix_photos_embedded"),
    "subfolders": (lambda library: library.photos.subfolders(1), "ix_photos_tree"),
    "labels of all": (
        lambda library: library.photos.ids_with_labels(IDENTITY),
        "COVERING INDEX ix_photos_content",
    ),
    "labels of a subfolder": (
        lambda library: library.photos.ids_with_labels(IDENTITY, INSIDE),
        "sqlite_autoindex_photos_1",
    ),
    "photos of labels": (
        lambda library: library.photos.photos_of_labels(
            IDENTITY, library.embeddings.labels(IDENTITY)[:3], INSIDE
        ),
        "ix_photos_content",
    ),
}


@pytest.mark.parametrize(("ask", "index"), QUESTIONS.values(), ids=QUESTIONS)
def test_hot_questions_reach_photos_through_the_right_index(
    seeded: Path, ask: Callable[[Library], object], index: str
) -> None:
    library = Library.open(seeded)
    plans: list[str] = []

    def explain(connection, cursor, statement, parameters, context, executemany):  # type: ignore[no-untyped-def]
        if statement.startswith("SELECT"):
            driver = connection.connection.dbapi_connection
            rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(row[3] for row in rows if " photos" in row[3])

    event.listen(library._database._readers, "before_cursor_execute", explain)
    ask(library)
    library.close()
    assert plans
    assert all(index in plan for plan in plans), plans
