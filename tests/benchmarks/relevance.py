"""Whether strong matches are matches, and whether it is said when there is none: drawn scenes, whole program.

The library holds scenes that training never saw, others than those that the demo model's line was found on.
Queries name one to six attributes; a hundred more name what no scene of the library has. A photo is a match
when it has all that was named. F1 is over all pairs of a query and a photo (micro); beside it stands the mean
over queries (macro), for which a query without an answer counts 1 when nothing strong was shown.
"""

import statistics
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from app.bootstrap import Services, open_services
from app.demo.captions import Language, caption
from app.demo.drawing import draw
from app.demo.scenes import ATTRIBUTES, Scene, Wanted, random_scene, wanted_of
from app.domain.query import QueryTerm, SearchQuery
from app.domain.status import ModelState
from app.paths import LibraryPaths, resource
from app.settings import Settings, SettingsStore
from tests.benchmarks.demo_recall import held_out_scenes
from tests.benchmarks.figures import Figure

SEED = 4242
_LIMIT_SECONDS = 600.0
_LENGTHS = (1, 2, 3, 4, 6)


@dataclass(frozen=True, slots=True)
class _Query:
    terms: tuple[QueryTerm, ...]
    relevant: frozenset[str]  # names of files


@dataclass(frozen=True, slots=True)
class _Answer:
    query: _Query
    ranked: list[str]
    strong: frozenset[str]

    @property
    def hit_at_5(self) -> bool:
        return bool(self.query.relevant.intersection(self.ranked[:5]))

    @property
    def f1(self) -> float:
        if not self.query.relevant and not self.strong:
            return 1.0
        return _f1([self])


def run(quick: bool) -> Iterable[Figure]:
    """Draw and index the library with the demo's model, then ask."""
    number, each = (200, 20) if quick else (500, 100)
    scenes = {f"{place:04}.jpg": scene for place, scene in enumerate(held_out_scenes(number, SEED))}
    rng = Random(SEED)
    positive = [
        _query(wanted, scenes, rng)
        for length in _LENGTHS
        for wanted in _present(list(scenes.values()), length, each, rng)
    ]
    absent = [_query(wanted, scenes, rng) for wanted in _absent(list(scenes.values()), each, rng)]
    negative = _negatives(scenes, each, rng)
    with (
        tempfile.TemporaryDirectory(prefix="photosift-relevance-") as folder,
        closing(_open(Path(folder), scenes)) as services,
    ):
        names = _names(services)
        answers = [[_ask(services, query, names) for query in part] for part in (positive, absent, negative)]
    yield from _figures(*answers, {"scenes": number, "seed": SEED})


def _present(scenes: Sequence[Scene], length: int, number: int, rng: Random) -> Iterator[Wanted]:
    for scene in rng.sample(list(scenes), number):
        yield _some_of(scene, length, rng)


def _absent(scenes: Sequence[Scene], number: int, rng: Random) -> Iterator[Wanted]:
    """Two to six attributes that no scene has together."""
    found = 0
    while found < number:
        wanted = _some_of(random_scene(rng), rng.randint(2, 6), rng)
        if not any(scene.shows(wanted) for scene in scenes):
            found += 1
            yield wanted


def _some_of(scene: Scene, length: int, rng: Random) -> Wanted:
    """The kind of thing and other attributes of a scene."""
    others = rng.sample([name for name in ATTRIBUTES if name != "kind"], length - 1)
    return wanted_of(scene, tuple(name for name in ATTRIBUTES if name in ("kind", *others)))


def _query(wanted: Wanted, scenes: dict[str, Scene], rng: Random) -> _Query:
    relevant = frozenset(name for name, scene in scenes.items() if scene.shows(wanted))
    return _Query((QueryTerm(text=caption(wanted, Language.ENGLISH, rng)),), relevant)


def _negatives(scenes: dict[str, Scene], number: int, rng: Random) -> list[_Query]:
    """A kind of thing, but not on this ground: among its scenes there are some of both."""
    queries: list[_Query] = []
    while len(queries) < number:
        scene = rng.choice(list(scenes.values()))
        kind = {name for name, other in scenes.items() if other.kind is scene.kind}
        unwanted = {name for name in kind if scenes[name].ground is scene.ground}
        if len(kind) - len(unwanted) < 2 or len(unwanted) < 2:
            continue
        wanted, excluded = wanted_of(scene, ("kind",)), wanted_of(scene, ("kind", "ground"))
        terms = (
            QueryTerm(text=caption(wanted, Language.ENGLISH, rng)),
            QueryTerm(text=caption(excluded, Language.ENGLISH, rng), weight=-1.0),
        )
        queries.append(_Query(terms, frozenset(kind - unwanted)))
    return queries


def _open(folder: Path, scenes: dict[str, Scene]) -> Services:
    """A library of the scenes, indexed."""
    photos = folder / "photos"
    photos.mkdir()
    for place, (name, scene) in enumerate(scenes.items()):
        draw(scene, (800, 600), seed=SEED * 100_000 + place).save(photos / name, "JPEG", quality=90)
    store = SettingsStore(folder / "settings.json")
    store.save(Settings(checkpoint=str(resource("demo/photosift-drawn-scenes")), device="cpu"))
    services = open_services(LibraryPaths(folder / "library"), store)
    services.library.add_folder(str(photos))
    ready = threading.Event()
    services.models.subscribe(lambda status: status.state is ModelState.LOADING or ready.set())
    services.models.load()
    if not ready.wait(_LIMIT_SECONDS):
        raise RuntimeError("the model did not load")
    services.indexing.start(lambda progress: None)
    if not services.indexing.wait_until_idle(_LIMIT_SECONDS):
        raise RuntimeError("the scenes were not indexed in time")
    return services


def _names(services: Services) -> dict[int, str]:
    everything = services.search.search(SearchQuery(limit=None)).photo_ids.tolist()
    return {photo.photo_id: Path(photo.path).name for photo in services.library.photos(everything)}


def _ask(services: Services, query: _Query, names: dict[int, str]) -> _Answer:
    result = services.search.search(SearchQuery(query.terms, limit=None))
    ranked = [names[photo_id] for photo_id in result.photo_ids.tolist()]
    return _Answer(query, ranked, frozenset(ranked[: result.weak_from]))


def _f1(answers: Sequence[_Answer]) -> float:
    right = sum(len(answer.strong & answer.query.relevant) for answer in answers)
    shown = sum(len(answer.strong) for answer in answers)
    wanted = sum(len(answer.query.relevant) for answer in answers)
    return 2 * right / (shown + wanted) if shown + wanted else 1.0


def _figures(
    positive: Sequence[_Answer],
    absent: Sequence[_Answer],
    negative: Sequence[_Answer],
    details: dict[str, int],
) -> Iterator[Figure]:
    everything = [*positive, *absent]
    micro = _f1(everything)
    more = {
        **details,
        "queries": len(everything),
        "without_answer": len(absent),
        "macro_f1": statistics.fmean(answer.f1 for answer in everything),
        "nothing_shown_for_nothing": statistics.fmean(not answer.strong for answer in absent),
    }
    yield Figure(
        "relevance: F1 of the cut between strong and weak", micro, "F1", ">= 0.8", micro >= 0.8, more
    )
    for name, answers in (("plain", positive), ("negative", negative)):
        share = statistics.fmean(answer.hit_at_5 for answer in answers)
        precision = statistics.fmean(
            statistics.fmean(each in answer.query.relevant for each in answer.ranked[:5])
            for answer in answers
        )
        yield Figure(
            f"relevance: {name} queries, R@5",
            share,
            "share",
            "",
            None,
            {**details, "queries": len(answers), "precision_at_5": precision},
        )
