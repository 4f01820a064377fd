"""The drawn world of the demo: what a scene can show, and which scenes there are."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import product
from random import Random


class Kind(StrEnum):
    """What stands, swims or flies in the picture."""

    CAR = "car"
    BUS = "bus"
    TRAIN = "train"
    BICYCLE = "bicycle"
    BOAT = "boat"
    PLANE = "plane"
    BALLOON = "balloon"
    HOUSE = "house"
    CASTLE = "castle"
    LIGHTHOUSE = "lighthouse"
    WINDMILL = "windmill"
    TENT = "tent"
    TREE = "tree"
    FLOWER = "flower"
    MUSHROOM = "mushroom"
    DOG = "dog"
    CAT = "cat"
    HORSE = "horse"
    DUCK = "duck"
    PERSON = "person"


class Colour(StrEnum):
    """The colour of the thing, of the coat for a person."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    BLACK = "black"
    WHITE = "white"


class Count(StrEnum):
    """How many of the thing there are."""

    ONE = "one"
    TWO = "two"
    THREE = "three"

    @property
    def number(self) -> int:
        """1, 2 or 3."""
        return tuple(Count).index(self) + 1


class Position(StrEnum):
    """Where in the picture the things are."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Ground(StrEnum):
    """The landscape; three of them tell the season."""

    BEACH = "beach"
    MEADOW = "meadow"
    SNOW = "snow"
    CITY = "city"
    DESERT = "desert"
    LAKE = "lake"
    AUTUMN = "autumn"
    BLOSSOM = "blossom"


class Daytime(StrEnum):
    """The time of day, told by the sky."""

    SUNRISE = "sunrise"
    DAY = "day"
    SUNSET = "sunset"
    NIGHT = "night"


class Weather(StrEnum):
    """What falls from the sky."""

    CLEAR = "clear"
    RAIN = "rain"
    SNOWFALL = "snowfall"


@dataclass(frozen=True, slots=True)
class Scene:
    """What one picture shows. Equal scenes drawn with different seeds are different pictures."""

    kind: Kind
    colour: Colour
    count: Count
    position: Position
    ground: Ground
    daytime: Daytime
    weather: Weather

    def shows(self, wanted: "Wanted") -> bool:
        """Whether the scene has every attribute named, given as field name -> value."""
        return all(getattr(self, name) == value for name, value in wanted.items())


Wanted = dict[str, StrEnum]  # field name of Scene -> its value
DOMAINS: dict[str, type[StrEnum]] = {
    "kind": Kind,
    "colour": Colour,
    "count": Count,
    "position": Position,
    "ground": Ground,
    "daytime": Daytime,
    "weather": Weather,
}
_VALUES = tuple(tuple(domain) for domain in DOMAINS.values())  # going through an enum each time is slow
ATTRIBUTES = tuple(field.name for field in fields(Scene))

# Pairs of attributes that training never shows together, so that a test on them measures whether the parts
# are understood apart. Every kind, colour and ground still occurs in training with many others.
HELD_OUT_PAIRS: frozenset[tuple[StrEnum, StrEnum]] = frozenset(
    {
        (Kind.CAR, Colour.PURPLE),
        (Kind.BUS, Colour.GREEN),
        (Kind.BOAT, Colour.RED),
        (Kind.BALLOON, Colour.BLUE),
        (Kind.HOUSE, Colour.ORANGE),
        (Kind.CASTLE, Colour.YELLOW),
        (Kind.TREE, Colour.WHITE),
        (Kind.FLOWER, Colour.BLACK),
        (Kind.CAT, Colour.GREEN),
        (Kind.HORSE, Colour.RED),
        (Kind.PERSON, Colour.YELLOW),
        (Kind.TENT, Colour.BLUE),
        (Kind.DOG, Ground.BEACH),
        (Kind.TRAIN, Ground.DESERT),
        (Kind.WINDMILL, Ground.CITY),
        (Kind.DUCK, Ground.SNOW),
        (Kind.PLANE, Ground.LAKE),
        (Kind.MUSHROOM, Ground.BLOSSOM),
        (Ground.BEACH, Weather.SNOWFALL),
        (Ground.AUTUMN, Daytime.NIGHT),
    }
)


def every_scene() -> Iterator[Scene]:
    """All compositions of the world, in a fixed order."""
    for values in product(*DOMAINS.values()):
        yield Scene(*values)  # type: ignore[arg-type]


def random_scene(rng: Random) -> Scene:
    """Any composition, all equally likely."""
    return Scene(*(rng.choice(values) for values in _VALUES))  # type: ignore[arg-type]


def held_out_pairs(scene: Scene) -> list[tuple[StrEnum, StrEnum]]:
    """The pairs in this scene that training never sees together."""
    values = {getattr(scene, name) for name in ATTRIBUTES}
    return [pair for pair in sorted(HELD_OUT_PAIRS) if values.issuperset(pair)]


def is_held_out(scene: Scene) -> bool:
    """Whether training never sees this composition: it has a held-out pair, or is one in ten by its place."""
    if held_out_pairs(scene):
        return True
    place = 0
    for name, domain in DOMAINS.items():
        place = place * len(domain) + list(domain).index(getattr(scene, name))
    # Multiplying by a large odd number scatters the tenth over all attributes (Knuth's multiplicative hash).
    return (place * 2654435761 % 2**32) < 2**32 // 10


def wanted_of(scene: Scene, names: tuple[str, ...]) -> Wanted:
    """Those attributes of the scene."""
    return {name: getattr(scene, name) for name in names}
