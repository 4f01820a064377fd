"""German captions, with the agreement of adjective and noun."""

from random import Random
from typing import NamedTuple, cast

from app.demo.scenes import Colour, Count, Daytime, Ground, Kind, Position, Wanted, Weather


class Noun(NamedTuple):
    """A noun with its gender: m, f or n."""

    gender: str
    singular: str
    plural: str


NOUNS: dict[Kind, tuple[Noun, ...]] = {
    Kind.CAR: (Noun("n", "Auto", "Autos"),),
    Kind.BUS: (Noun("m", "Bus", "Busse"),),
    Kind.TRAIN: (Noun("m", "Zug", "Züge"), Noun("f", "Lokomotive", "Lokomotiven")),
    Kind.BICYCLE: (Noun("n", "Fahrrad", "Fahrräder"),),
    Kind.BOAT: (Noun("n", "Boot", "Boote"), Noun("n", "Segelboot", "Segelboote")),
    Kind.PLANE: (Noun("n", "Flugzeug", "Flugzeuge"),),
    Kind.BALLOON: (Noun("m", "Heißluftballon", "Heißluftballons"), Noun("m", "Ballon", "Ballons")),
    Kind.HOUSE: (Noun("n", "Haus", "Häuser"),),
    Kind.CASTLE: (Noun("f", "Burg", "Burgen"), Noun("n", "Schloss", "Schlösser")),
    Kind.LIGHTHOUSE: (Noun("m", "Leuchtturm", "Leuchttürme"),),
    Kind.WINDMILL: (Noun("f", "Windmühle", "Windmühlen"),),
    Kind.TENT: (Noun("n", "Zelt", "Zelte"),),
    Kind.TREE: (Noun("m", "Baum", "Bäume"),),
    Kind.FLOWER: (Noun("f", "Blume", "Blumen"),),
    Kind.MUSHROOM: (Noun("m", "Pilz", "Pilze"),),
    Kind.DOG: (Noun("m", "Hund", "Hunde"),),
    Kind.CAT: (Noun("f", "Katze", "Katzen"),),
    Kind.HORSE: (Noun("n", "Pferd", "Pferde"),),
    Kind.DUCK: (Noun("f", "Ente", "Enten"),),
    Kind.PERSON: (Noun("f", "Person", "Personen"),),
}
STEMS = {
    Colour.RED: ("rot",),
    Colour.ORANGE: ("orangefarben",),
    Colour.YELLOW: ("gelb",),
    Colour.GREEN: ("grün",),
    Colour.BLUE: ("blau",),
    Colour.PURPLE: ("violett",),
    Colour.BLACK: ("schwarz",),
    Colour.WHITE: ("weiß",),
}
# In the nominative the ending is the same without an article as after "ein".
ENDINGS = {"m": "er", "f": "e", "n": "es"}
ARTICLES = {"m": "ein", "f": "eine", "n": "ein"}
NUMBERS = {Count.TWO: ("zwei", "2"), Count.THREE: ("drei", "3")}
POSITIONS = {
    Position.LEFT: ("links", "auf der linken Seite"),
    Position.CENTRE: ("in der Mitte",),
    Position.RIGHT: ("rechts", "auf der rechten Seite"),
}
GROUNDS = {
    Ground.BEACH: ("am Strand",),
    Ground.MEADOW: ("auf der Wiese", "im Gras"),
    Ground.SNOW: ("im Schnee", "in einer Winterlandschaft", "im Winter"),
    Ground.CITY: ("in der Stadt", "auf der Straße"),
    Ground.DESERT: ("in der Wüste",),
    Ground.LAKE: ("am See", "auf dem See"),
    Ground.AUTUMN: ("im Herbstwald", "im Herbst"),
    Ground.BLOSSOM: ("unter blühenden Bäumen", "im Frühling"),
}
LANDSCAPES = {
    Ground.BEACH: ("ein Strand",),
    Ground.MEADOW: ("eine Wiese",),
    Ground.SNOW: ("eine Winterlandschaft", "verschneite Berge"),
    Ground.CITY: ("eine Stadt", "eine Straße in der Stadt"),
    Ground.DESERT: ("eine Wüste",),
    Ground.LAKE: ("ein See", "ein Bergsee"),
    Ground.AUTUMN: ("ein Herbstwald",),
    Ground.BLOSSOM: ("blühende Bäume", "eine Frühlingswiese mit blühenden Bäumen"),
}
DAYTIMES = {
    Daytime.SUNRISE: ("bei Sonnenaufgang", "am Morgen", "morgens"),
    Daytime.DAY: ("am Tag", "tagsüber", "mittags"),
    Daytime.SUNSET: ("bei Sonnenuntergang", "am Abend", "abends"),
    Daytime.NIGHT: ("bei Nacht", "nachts", "in der Nacht"),
}
WEATHERS = {
    Weather.CLEAR: ("bei klarem Himmel", "bei klarem Wetter"),
    Weather.RAIN: ("im Regen", "bei Regen"),
    Weather.SNOWFALL: ("bei Schneefall", "während es schneit"),
}


def caption(wanted: Wanted, rng: Random) -> str:
    """Subject first, the circumstances after it in any order: "zwei rote Autos links bei Nacht"."""
    subject = (
        _subject(wanted, rng) if "kind" in wanted else rng.choice(LANDSCAPES[cast(Ground, wanted["ground"])])
    )
    parts = _circumstances(wanted, rng)
    rng.shuffle(parts)
    return rng.choice((" ", " ", ", ")).join([subject, *parts])


def _subject(wanted: Wanted, rng: Random) -> str:
    kind, count, colour = cast(Kind, wanted["kind"]), wanted.get("count"), wanted.get("colour")
    noun = rng.choice(NOUNS[kind])
    several = count in (Count.TWO, Count.THREE)
    word = noun.plural if several else noun.singular
    if colour is not None:
        stem = rng.choice(STEMS[cast(Colour, colour)])
        if kind is Kind.PERSON:
            word += f" in {stem}en Mänteln" if several else f" in {stem}em Mantel"
        else:
            word = f"{stem}{'e' if several else ENDINGS[noun.gender]} {word}"
    if count is None:
        return word
    number = rng.choice(NUMBERS[cast(Count, count)]) if several else ARTICLES[noun.gender]
    return f"{number} {word}"


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
