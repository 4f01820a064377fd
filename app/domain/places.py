"""Where on earth: places by the names people have for them."""

from dataclasses import dataclass

Point = tuple[float, float]  # latitude, longitude


@dataclass(frozen=True, slots=True)
class Place:
    """A town with its region and country; where no town is near, the region and country alone.

    `key` is the same for the same place as long as the gazetteer's version is; `names` are all names of all
    its parts, in every language that is known.
    """

    key: str
    label: str  # "Belém, Lisbon, Portugal"
    names: tuple[str, ...]
