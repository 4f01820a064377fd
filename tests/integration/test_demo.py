"""The demonstration through the real pipeline, model and index: meaning, without a download."""

import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from app.__main__ import main
from app.bootstrap import Services, open_demo
from app.demo import library
from app.demo.captions import Language
from app.demo.examples import EXAMPLES, Example
from app.demo.library import DemoPhoto, demo_photos
from app.demo.scenes import Colour, Count, Ground, Kind, Scene, Wanted
from app.domain.query import QueryTerm, SearchFilters, SearchQuery, SearchResult
from app.domain.status import ModelState
from app.paths import DemoPaths, resource, settings_file
from app.settings import SettingsStore

_PATIENCE_SECONDS = 90
_OF_THE_REST = 12  # every twelfth photo is enough to get lost among


@cache
def _some_photos() -> list[DemoPhoto]:
    """Some of every kind, and all that the examples are about."""
    return [
        photo
        for number, photo in enumerate(demo_photos())
        if number % _OF_THE_REST == 0 or any(photo.scene.shows(example.wanted) for example in EXAMPLES)
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Opened, drawn and indexed once for all."""
    paths = DemoPaths(tmp_path_factory.mktemp("demo"))
    photos = _some_photos()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "demo_photos", lambda: photos)
        services = open_demo(paths, SettingsStore(paths.settings))
        assert services.demo is not None
        services.demo.draw(lambda done, total: None)
    settled = threading.Event()
    services.models.subscribe(lambda status: status.state is ModelState.LOADING or settled.set())
    services.models.load()
    assert settled.wait(_PATIENCE_SECONDS)
    services.indexing.start(lambda progress: None)
    assert services.indexing.wait_until_idle(_PATIENCE_SECONDS)
    yield services
    services.close()


def test_its_model_has_a_name_to_show(demo: Services) -> None:
    assert demo.models.status().name == "photosift-drawn-scenes"


def _search(demo: Services, *terms: QueryTerm, filters: SearchFilters | None = None) -> SearchResult:
    return demo.search.search(SearchQuery(terms, filters or SearchFilters()))


@cache
def _drawn() -> dict[str, Scene]:
    """What each photo shows, by its file's name."""
    return {photo.relative_path.name: photo.scene for photo in demo_photos()}


def _scenes(demo: Services, result: SearchResult) -> list[Scene]:
    """What the photos of a result show, best first."""
    found = demo.library.photos([int(photo_id) for photo_id in result.photo_ids])
    return [_drawn()[Path(photo.path).name] for photo in found]


def test_everything_is_indexed_with_the_model_that_is_shipped(demo: Services) -> None:
    counts = demo.library.counts()

    assert demo.models.status().state is ModelState.READY
    assert counts.photos == counts.embedded == len(_some_photos())
    assert not demo.library.problems()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.words)
def test_the_best_photo_shows_what_the_example_asks_for(demo: Services, example: Example) -> None:
    result = _search(demo, QueryTerm(text=example.words))

    assert result.semantic
    assert _scenes(demo, result)[0].shows(example.wanted)


def test_the_examples_cover_every_language_of_the_model() -> None:
    assert {example.language for example in EXAMPLES} == set(Language)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("red balloons", {"kind": Kind.BALLOON, "colour": Colour.RED}),
        ("drei rote Heißluftballons am See", {"kind": Kind.BALLOON, "count": Count.THREE}),
        ("湖、赤い気球三機", {"kind": Kind.BALLOON, "colour": Colour.RED}),
        ("rotes Pferd im Schnee", {"kind": Kind.HORSE, "ground": Ground.SNOW}),
        ("雪原にいる赤い馬", {"kind": Kind.HORSE, "ground": Ground.SNOW}),
    ],
)
def test_one_scene_is_found_in_three_languages(demo: Services, words: str, wanted: Wanted) -> None:
    assert _scenes(demo, _search(demo, QueryTerm(text=words)))[0].shows(wanted)


def test_a_photo_leads_to_others_of_its_kind(demo: Services) -> None:
    best = _search(demo, QueryTerm(text="a lighthouse on the beach at sunset")).photo_ids[0]

    similar = _scenes(demo, _search(demo, QueryTerm(photo_id=int(best))))

    assert sum(scene.kind is Kind.LIGHTHOUSE for scene in similar[:3]) >= 2


def test_what_a_favourite_search_leaves_out_is_left_out(demo: Services) -> None:
    horses = QueryTerm(text="red horses in the snow")
    best, second = _search(demo, horses).photo_ids[:2]
    demo.library.set_favourite([int(second)], True)

    result = _search(
        demo, QueryTerm(text="red horses in the snow"), filters=SearchFilters(favourites_only=True)
    )

    assert list(result.photo_ids) == [second]
    assert best not in result.photo_ids


def test_the_users_own_settings_are_left_alone(demo: Services) -> None:
    assert not settings_file().exists()
    assert demo.settings.load().checkpoint is not None


def test_opened_again_nothing_is_drawn_or_embedded_twice(demo: Services) -> None:
    pictures = Path(demo.library.folders()[0].folder.path)
    before = {path: path.stat().st_mtime_ns for path in pictures.rglob("*.jpg")}
    photos = _some_photos()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "demo_photos", lambda: photos)
        assert demo.demo is not None
        demo.demo.draw(lambda done, total: None)

    assert {path: path.stat().st_mtime_ns for path in pictures.rglob("*.jpg")} == before


def test_the_first_window_knows_its_model_before_the_library_is_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else its settings page would say "No model" beside a model that answers."""
    paths = DemoPaths(tmp_path)
    monkeypatch.setattr(DemoPaths, "default", lambda: paths)
    monkeypatch.setattr("app.logs.configure", lambda *_, **__: None)
    chosen: list[str | None] = []

    def look(_: object, store: SettingsStore, **__: object) -> int:
        chosen.append(store.load().checkpoint)
        return 0

    monkeypatch.setattr("app.ui.application.run_window", look)

    assert main(["demo"]) == 0
    assert chosen == [str(resource("demo/photosift-drawn-scenes"))]
