"""A library of drawn scenes with the demonstration's model, to be asked through the whole product."""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from app.bootstrap import Services, open_services
from app.demo.drawing import draw
from app.demo.scenes import Scene
from app.domain.query import QueryTerm, Relevance, SearchQuery
from app.domain.status import ModelState
from app.paths import LibraryPaths, resource
from app.settings import Settings, SettingsStore
from tests.benchmarks.demo_recall import held_out_scenes

_LIMIT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Names of files, best first, and which of them are what."""

    ranked: list[str]
    strong: frozenset[str]
    possible: frozenset[str]

    def average_precision(self, relevant: frozenset[str], *, without: Sequence[str] = ()) -> float:
        """Over the whole ranking; what the asker had already seen and marked counts for nobody."""
        hits = [name in relevant for name in self.ranked if name not in without]
        right = np.flatnonzero(hits)
        return float(np.mean(np.arange(1, len(right) + 1) / (right + 1))) if len(right) else 0.0

    def hit(self, relevant: frozenset[str], *, without: Sequence[str] = ()) -> bool:
        """Whether one of the first five is right."""
        return bool(relevant.intersection([name for name in self.ranked if name not in without][:5]))


@dataclass(frozen=True)
class Desk:
    """The services of such a library, and its scenes by the names of their files."""

    services: Services
    scenes: dict[str, Scene] = field(repr=False)

    @cached_property
    def names(self) -> dict[int, str]:
        everything = self.services.search.search(SearchQuery(limit=None)).photo_ids.tolist()
        return {photo.photo_id: Path(photo.path).name for photo in self.services.library.photos(everything)}

    @cached_property
    def ids(self) -> dict[str, int]:
        return {name: photo_id for photo_id, name in self.names.items()}

    def ask(self, *terms: QueryTerm) -> Answer:
        """The whole ranking."""
        result = self.services.search.search(SearchQuery(terms, limit=None))
        ranked = [self.names[photo_id] for photo_id in result.photo_ids.tolist()]
        classes = [result.relevance_at(row) for row in range(len(ranked))]
        strong, possible = (
            frozenset(name for name, its in zip(ranked, classes, strict=True) if its is wanted)
            for wanted in (Relevance.STRONG, Relevance.POSSIBLE)
        )
        return Answer(ranked, strong, possible)

    def like(self, name: str, weight: float = 1.0) -> QueryTerm:
        """A photo of the library as part of a query."""
        return QueryTerm(photo_id=self.ids[name], weight=weight)


@contextmanager
def open_desk(number: int, seed: int) -> Iterator[Desk]:
    """Draw scenes that training never saw, and index them."""
    scenes = {f"{place:04}.jpg": scene for place, scene in enumerate(held_out_scenes(number, seed))}
    with tempfile.TemporaryDirectory(prefix="photosift-relevance-") as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for place, (name, scene) in enumerate(scenes.items()):
            draw(scene, (800, 600), seed=seed * 100_000 + place).save(photos / name, "JPEG", quality=90)
        store = SettingsStore(Path(folder) / "settings.json")
        store.save(Settings(checkpoint=str(resource("demo/photosift-drawn-scenes")), device="cpu"))
        with closing(open_services(LibraryPaths(Path(folder) / "library"), store)) as services:
            _index(services, photos)
            yield Desk(services, scenes)


def _index(services: Services, photos: Path) -> None:
    services.library.add_folder(str(photos))
    ready = threading.Event()
    services.models.subscribe(lambda status: status.state is ModelState.LOADING or ready.set())
    services.models.load()
    if not ready.wait(_LIMIT_SECONDS):
        raise RuntimeError("the model did not load")
    services.indexing.start(lambda progress: None)
    if not services.indexing.wait_until_idle(_LIMIT_SECONDS):
        raise RuntimeError("the scenes were not indexed in time")
