"""Queries over drawn scenes, and which scenes answer them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from app.demo.captions import Language, caption
from app.demo.scenes import ATTRIBUTES, Kind, Scene, Wanted, random_scene, wanted_of
from app.domain.query import QueryTerm

LENGTHS = (1, 2, 3, 4, 6)
_NARROWING = ("colour", "count", "ground", "daytime")

Scenes = Mapping[str, Scene]  # by the names of their files


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and the names of the files that answer it."""

    terms: tuple[QueryTerm, ...]
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody has in mind, more than they said: their words name less than all of it."""

    words: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pictured:
    """Words, and a picture of something else that shows the rest of what is wanted."""

    words: str
    picture: str
    relevant: frozenset[str]


def plain(scenes: Scenes, each: int, rng: Random) -> Iterator[Query]:
    """One to six attributes of scenes that are there."""
    for length in LENGTHS:
        for scene in rng.sample(list(scenes.values()), each):
            yield _query(_some_of(scene, length, rng), scenes, rng)


def absent(scenes: Scenes, number: int, rng: Random) -> Iterator[Query]:
    """Two to six attributes that no scene has together."""
    found = 0
    while found < number:
        wanted = _some_of(random_scene(rng), rng.randint(2, 6), rng)
        if not any(scene.shows(wanted) for scene in scenes.values()):
            found += 1
            yield _query(wanted, scenes, rng)


def negative(scenes: Scenes, number: int, rng: Random) -> Iterator[Query]:
    """A kind of thing, but not on this ground: among its scenes there are some of both."""
    found = 0
    while found < number:
        scene = rng.choice(list(scenes.values()))
        kind = {name for name, other in scenes.items() if other.kind is scene.kind}
        unwanted = {name for name in kind if scenes[name].ground is scene.ground}
        if len(kind) - len(unwanted) < 2 or len(unwanted) < 2:
            continue
        found += 1
        excluded = _said(wanted_of(scene, ("kind", "ground")), rng)
        words = _said(wanted_of(scene, ("kind",)), rng)
        terms = (QueryTerm(text=words), QueryTerm(text=excluded, weight=-1.0))
        yield Query(terms, frozenset(kind - unwanted))


def pictured(scenes: Scenes, number: int, rng: Random) -> Iterator[Pictured]:
    """A kind of thing in words, the ground as a picture with another thing on it."""
    found = 0
    while found < number:
        scene = rng.choice(list(scenes.values()))
        others = [
            name
            for name, other in scenes.items()
            if other.ground is scene.ground and other.kind is not scene.kind
        ]
        relevant = _showing(wanted_of(scene, ("kind", "ground")), scenes)
        if others:
            found += 1
            yield Pictured(_said(wanted_of(scene, ("kind",)), rng), rng.choice(others), relevant)


def needs(scenes: Scenes, rng: Random) -> Iterator[Need]:
    """Somebody names a kind of thing and means one of a certain colour, number, ground or time of day."""
    for kind in Kind:
        words = _said({"kind": kind}, rng)
        for name in _NARROWING:
            values = sorted({getattr(scene, name) for scene in scenes.values()})
            for value in rng.sample(values, 3):
                yield Need(words, _showing({"kind": kind, name: value}, scenes))


def _some_of(scene: Scene, length: int, rng: Random) -> Wanted:
    """The kind of thing and other attributes of a scene."""
    others = rng.sample([name for name in ATTRIBUTES if name != "kind"], length - 1)
    return wanted_of(scene, tuple(name for name in ATTRIBUTES if name in ("kind", *others)))


def _query(wanted: Wanted, scenes: Scenes, rng: Random) -> Query:
    return Query((QueryTerm(text=_said(wanted, rng)),), _showing(wanted, scenes))


def _said(wanted: Wanted, rng: Random) -> str:
    return caption(wanted, Language.ENGLISH, rng)


def _showing(wanted: Wanted, scenes: Scenes) -> frozenset[str]:
    return frozenset(name for name, scene in scenes.items() if scene.shows(wanted))


def tagged(query: Query, scenes: Scenes, rng: Random) -> Sequence[str]:
    """Files that a text search would find: a third of the right ones, and some wrong ones, shuffled.

    As when people have named part of their photos, and not always rightly.
    """
    right = [name for name in sorted(query.relevant) if rng.random() < 1 / 3]
    wrong = rng.sample(sorted(set(scenes) - query.relevant), max(1, len(right) // 4))
    found = [*right, *wrong] if right else []
    rng.shuffle(found)
    return found
