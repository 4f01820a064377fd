"""Captions of scenes in three languages, made by small grammars."""

from collections.abc import Callable
from enum import StrEnum
from random import Random

from app.demo import english, german, japanese
from app.demo.scenes import ATTRIBUTES, Scene, Wanted, wanted_of


class Language(StrEnum):
    """The languages the demo model understands."""

    ENGLISH = "en"
    GERMAN = "de"
    JAPANESE = "ja"


_GRAMMARS: dict[Language, Callable[[Wanted, Random], str]] = {
    Language.ENGLISH: english.caption,
    Language.GERMAN: german.caption,
    Language.JAPANESE: japanese.caption,
}
_OF_THE_THING = ("colour", "count", "position")  # meaningless without naming the thing


def caption(wanted: Wanted, language: Language, rng: Random) -> str:
    """A caption that names exactly these attributes; the words and their order vary with `rng`.

    Needs the kind, or else the ground and nothing that belongs to a thing; see `choose_attributes`.
    """
    return _GRAMMARS[language](wanted, rng)


def choose_attributes(scene: Scene, rng: Random, least: int = 2, most: int = 6) -> Wanted:
    """Between `least` and `most` attributes of the scene that make a sentence together."""
    number = rng.randint(least, most)
    if number <= 3 and rng.random() < 0.15:  # a landscape without its things
        names = {"ground", *rng.sample(["daytime", "weather"], number - 1)}
    else:
        names = {"kind", *rng.sample([name for name in ATTRIBUTES if name != "kind"], number - 1)}
    return wanted_of(scene, tuple(name for name in ATTRIBUTES if name in names))


def can_be_said(wanted: Wanted) -> bool:
    """Whether the grammars have a sentence for these attributes."""
    if "kind" in wanted:
        return True
    return "ground" in wanted and not any(name in wanted for name in _OF_THE_THING)
