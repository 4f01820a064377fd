"""Towns by their names, in the languages people have for them."""

import pytest

from app.services.places import PlaceNames


@pytest.fixture(scope="module")
def places() -> PlaceNames:
    return PlaceNames()


@pytest.mark.parametrize(
    ("name", "latitude", "longitude"),
    [
        ("Lisbon", 38.72, -9.13),
        ("lissabon", 38.72, -9.13),
        ("京都", 35.02, 135.75),
        ("Sao Paulo", -23.55, -46.64),
        ("SÃO  PAULO", -23.55, -46.64),
        ("Paris", 48.85, 2.35),  # not the one in Texas
    ],
)
def test_a_town_is_found_by_any_of_its_names(places, name, latitude, longitude):
    assert places.find(name) == pytest.approx((latitude, longitude), abs=0.05)


@pytest.mark.parametrize("name", ["", "  ", "Nowhere-upon-Nothing"])
def test_what_is_no_town_is_not_found(places, name):
    assert places.find(name) is None


def test_whoever_cannot_wait_can_ask_whether_the_names_are_loaded(places):
    assert not PlaceNames().is_loaded
    places.find("Paris")
    assert places.is_loaded
