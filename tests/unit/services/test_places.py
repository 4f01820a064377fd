"""Names of places as the search bar asks for them."""

import traceback

import pytest

from app.errors import ProcessDiedError
from app.services.places import PlaceNames
from app.services.query_values import BadValueError


class Gazetteer:
    """Knows one town, one country and one misspelling; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.dead = False

    def find(self, name: str) -> tuple[float, float] | None:
        self.asked.append(name)
        if self.dead:
            raise ProcessDiedError("It ended.")
        return (38.72, -9.14) if name == "Lisbon" else None

    def is_region(self, name: str) -> bool:
        return name == "New Zealand"

    def nearest_name(self, name: str) -> str:
        return "São Paulo" if name == "Sao Pualo" else ""


@pytest.fixture
def gazetteer() -> Gazetteer:
    return Gazetteer()


@pytest.fixture
def places(gazetteer: Gazetteer) -> PlaceNames:
    return PlaceNames(gazetteer)  # type: ignore[arg-type]


def test_a_town_is_asked_for_once(places: PlaceNames, gazetteer: Gazetteer) -> None:
    assert places.find("Lisbon") == places.find("Lisbon") == (38.72, -9.14)
    assert gazetteer.asked == ["Lisbon"]


def test_who_cannot_wait_learns_it_later(places: PlaceNames, gazetteer: Gazetteer) -> None:
    with pytest.raises(BadValueError) as unfinished:
        places.find_at_once("Lisbon")
    assert unfinished.value.unfinished
    assert gazetteer.asked == []
    places.find("Lisbon")
    assert places.find_at_once("Lisbon") == (38.72, -9.14)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("Nowhere", ""), ("New Zealand", 'place:"New Zealand"'), ("Sao Pualo", 'near:"São Paulo"')],
)
def test_what_is_no_town_is_explained(places: PlaceNames, name: str, instead: str) -> None:
    with pytest.raises(BadValueError, match=name) as problem:
        places.find(name)
    assert problem.value.instead == instead
    assert not problem.value.unfinished


def test_a_gazetteer_that_died_is_told(places: PlaceNames, gazetteer: Gazetteer) -> None:
    gazetteer.dead = True
    for find in (places.find, places.find_at_once):
        with pytest.raises(BadValueError, match="cannot be looked up now"):
            find("Lisbon")
    gazetteer.dead = False
    assert places.find("Lisbon") == places.find_at_once("Lisbon") == (38.72, -9.14)


def test_telling_the_same_again_and_again_takes_no_memory(places: PlaceNames) -> None:
    for _ in range(3):
        with pytest.raises(BadValueError) as told:
            places.find("Nowhere")
    lines = [line for line, _ in traceback.walk_tb(told.value.__traceback__) if line.f_code.co_name == "find"]
    assert len(lines) == 1
