"""English captions."""

from random import Random
from typing import cast

from app.demo.scenes import Colour, Count, Daytime, Ground, Kind, Position, Wanted, Weather

# Singular and plural.
NOUNS: dict[Kind, tuple[tuple[str, str], ...]] = {
    Kind.CAR: (("car", "cars"),),
    Kind.BUS: (("bus", "buses"),),
    Kind.TRAIN: (("train", "trains"), ("steam train", "steam trains")),
    Kind.BICYCLE: (("bicycle", "bicycles"), ("bike", "bikes")),
    Kind.BOAT: (("boat", "boats"), ("sailing boat", "sailing boats")),
    Kind.PLANE: (("plane", "planes"), ("airplane", "airplanes")),
    Kind.BALLOON: (("balloon", "balloons"), ("hot-air balloon", "hot-air balloons")),
    Kind.HOUSE: (("house", "houses"),),
    Kind.CASTLE: (("castle", "castles"),),
    Kind.LIGHTHOUSE: (("lighthouse", "lighthouses"),),
    Kind.WINDMILL: (("windmill", "windmills"),),
    Kind.TENT: (("tent", "tents"),),
    Kind.TREE: (("tree", "trees"),),
    Kind.FLOWER: (("flower", "flowers"),),
    Kind.MUSHROOM: (("mushroom", "mushrooms"),),
    Kind.DOG: (("dog", "dogs"),),
    Kind.CAT: (("cat", "cats"),),
    Kind.HORSE: (("horse", "horses"),),
    Kind.DUCK: (("duck", "ducks"),),
    Kind.PERSON: (("person", "people"),),
}
NUMBERS = {Count.ONE: ("a", "one", "a single"), Count.TWO: ("two", "2"), Count.THREE: ("three", "3")}
POSITIONS = {
    Position.LEFT: ("on the left", "left"),
    Position.CENTRE: ("in the middle", "in the centre"),
    Position.RIGHT: ("on the right", "right"),
}
GROUNDS = {
    Ground.BEACH: ("on the beach", "at the beach"),
    Ground.MEADOW: ("in a meadow", "on the grass"),
    Ground.SNOW: ("in the snow", "in a winter landscape", "in winter"),
    Ground.CITY: ("in the city", "on a city street", "in a street"),
    Ground.DESERT: ("in the desert", "on desert sand"),
    Ground.LAKE: ("at the lake", "on a lake"),
    Ground.AUTUMN: ("in an autumn forest", "in autumn"),
    Ground.BLOSSOM: ("among trees in blossom", "in spring"),
}
LANDSCAPES = {
    Ground.BEACH: ("a beach",),
    Ground.MEADOW: ("a meadow",),
    Ground.SNOW: ("a winter landscape", "snowy mountains"),
    Ground.CITY: ("a city street", "a city"),
    Ground.DESERT: ("a desert",),
    Ground.LAKE: ("a lake", "a mountain lake"),
    Ground.AUTUMN: ("an autumn forest",),
    Ground.BLOSSOM: ("trees in blossom", "a spring orchard"),
}
DAYTIMES = {
    Daytime.SUNRISE: ("at sunrise", "in the morning", "at dawn"),
    Daytime.DAY: ("by day", "during the day", "at noon"),
    Daytime.SUNSET: ("at sunset", "in the evening"),
    Daytime.NIGHT: ("at night", "by night"),
}
WEATHERS = {
    Weather.CLEAR: ("under a clear sky", "in clear weather"),
    Weather.RAIN: ("in the rain", "while it rains"),
    Weather.SNOWFALL: ("while it snows", "in falling snow"),
}
_OPENINGS = ("", "", "", "a picture of ", "a photo of ")


def caption(wanted: Wanted, rng: Random) -> str:
    """Subject first, the circumstances after it in any order: "two red cars on the left at night"."""
    subject = (
        _subject(wanted, rng) if "kind" in wanted else rng.choice(LANDSCAPES[cast(Ground, wanted["ground"])])
    )
    parts = _circumstances(wanted, rng)
    rng.shuffle(parts)
    joint = rng.choice((" ", " ", ", "))
    # "a picture of house" would lack its article; without a count the caption is a plain search phrase.
    opening = rng.choice(_OPENINGS) if "count" in wanted or "kind" not in wanted else ""
    return opening + joint.join([subject, *parts])


def _subject(wanted: Wanted, rng: Random) -> str:
    kind, count, colour = cast(Kind, wanted["kind"]), wanted.get("count"), wanted.get("colour")
    singular, plural = rng.choice(NOUNS[kind])
    noun = singular if count in (None, Count.ONE) else plural
    if kind is Kind.PERSON and colour is not None:
        noun += f" in {_coat(cast(Colour, colour), count, rng)}"
    elif colour is not None:
        noun = f"{colour} {noun}"
    if count is None:
        return noun
    number = rng.choice(NUMBERS[cast(Count, count)])
    return f"{_article(noun) if number == 'a' else number} {noun}"


def _coat(colour: Colour, count: object, rng: Random) -> str:
    if rng.random() < 0.4:
        return str(colour)
    return f"{_article(colour)} {colour} coat" if count in (None, Count.ONE) else f"{colour} coats"


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _circumstances(wanted: Wanted, rng: Random) -> list[str]:
    parts = []
    if "position" in wanted:
        parts.append(rng.choice(POSITIONS[cast(Position, wanted["position"])]))
    if "ground" in wanted and "kind" in wanted:
        parts.append(rng.choice(GROUNDS[cast(Ground, wanted["ground"])]))
    if "daytime" in wanted:
        parts.append(rng.choice(DAYTIMES[cast(Daytime, wanted["daytime"])]))
    if "weather" in wanted:
        parts.append(rng.choice(WEATHERS[cast(Weather, wanted["weather"])]))
    return parts
