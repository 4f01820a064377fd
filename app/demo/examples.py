"""Searches that show what the demonstration can do, each with what the best photo has to show."""

from dataclasses import dataclass

from app.demo.captions import Language
from app.demo.scenes import Colour, Count, Daytime, Ground, Kind, Wanted


@dataclass(frozen=True, slots=True)
class Example:
    """Words to try. At least one photo of the demo library shows everything in `wanted`."""

    words: str
    language: Language
    wanted: Wanted


EXAMPLES = (
    Example(
        "three red hot-air balloons at the lake",
        Language.ENGLISH,
        {"kind": Kind.BALLOON, "colour": Colour.RED, "count": Count.THREE, "ground": Ground.LAKE},
    ),
    Example(
        "a lighthouse on the beach at sunset",
        Language.ENGLISH,
        {"kind": Kind.LIGHTHOUSE, "ground": Ground.BEACH, "daytime": Daytime.SUNSET},
    ),
    Example(
        "green planes over the lake",
        Language.ENGLISH,
        {"kind": Kind.PLANE, "colour": Colour.GREEN, "ground": Ground.LAKE},
    ),
    Example(
        "eine gelbe Burg im Schnee",
        Language.GERMAN,
        {"kind": Kind.CASTLE, "colour": Colour.YELLOW, "ground": Ground.SNOW},
    ),
    Example(
        "夜の砂漠にある機関車",
        Language.JAPANESE,
        {"kind": Kind.TRAIN, "ground": Ground.DESERT, "daytime": Daytime.NIGHT},
    ),
)
