"""Towns by their names in the languages people have for them, and the town around a point."""

import os
import sys
import threading
from types import SimpleNamespace

import pytest

from app.errors import GazetteerError
from app.gazetteer import GazetteerProcess, process
from app.gazetteer.names import TownNames, is_region
from app.gazetteer.towns import Towns


@pytest.fixture(scope="module")
def names() -> TownNames:
    return TownNames()


@pytest.fixture(scope="module")
def towns() -> Towns:
    return Towns()


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
def test_a_town_is_found_by_any_of_its_names(names, name, latitude, longitude):
    assert names.find(name) == pytest.approx((latitude, longitude), abs=0.05)


@pytest.mark.parametrize("name", ["", "  ", "Nowhere-upon-Nothing"])
def test_what_is_no_town_is_not_found(names, name):
    assert names.find(name) is None


def test_a_misspelt_town_is_recognised(names):
    assert names.nearest_name("Barcelna") == "Barcelona"
    assert names.nearest_name("Nowhere-upon-Nothing") == ""


def test_countries_and_regions_are_no_towns():
    assert is_region("ポルトガル")
    assert is_region("bavaria")
    assert not is_region("Lisbon-upon-Nothing")


@pytest.mark.parametrize(
    ("point", "label"),
    [
        ((38.6916, -9.2160), "Restelo, Lisbon, Portugal"),  # a quarter and its city
        ((48.14, 11.58), "Munich, Bavaria, Germany"),
        ((35.0, 135.86), "Ōtsu, Shiga, Japan"),  # near Kyoto, but of another region
        ((36.5, -117.0), "California, United States"),  # far from any town
        ((-16.79, 179.999), "Northern, Fiji"),
        ((-16.79, -179.999), "Northern, Fiji"),  # across the seam of the longitudes
    ],
)
def test_the_place_of_a_point_has_town_region_and_country(towns, point, label):
    [place] = towns.around([point])
    assert place.label == label


def test_out_at_sea_and_at_the_poles_is_nowhere(towns):
    assert towns.around([(0.0, -30.0), (90.0, 0.0), (-90.0, 0.0)]) == [None, None, None]


def test_a_place_has_names_of_many_languages_but_no_codes(towns):
    [place] = towns.around([(38.7251, -9.1498)])
    assert {"Lisboa", "リスボン", "里斯本", "Portugal", "葡萄牙"} <= set(place.names)
    assert not {"LIS", "li si ben"} & set(place.names)


def test_many_points_are_answered_in_their_order(towns):
    points = [(38.7251, -9.1498), (48.14, 11.58)] * 700
    labels = [place.label for place in towns.around(points)]
    assert labels[::2] == [labels[0]] * 700
    assert labels[1::2] == ["Munich, Bavaria, Germany"] * 700


def test_the_process_answers_and_ends_when_it_is_not_needed():
    gazetteer = GazetteerProcess()
    try:
        assert gazetteer.is_region("Portugal")
        gazetteer.release_unused(60)
        assert gazetteer.pid is not None
        gazetteer.release_unused(0)
        assert gazetteer.pid is None
        assert gazetteer.is_region("Japan")  # and it starts again
    finally:
        gazetteer.close()


def test_a_list_that_cannot_be_read_is_told(monkeypatch):
    def damaged():
        raise ValueError("Expecting value: line 1 column 1")

    monkeypatch.setattr(process, "Towns", damaged)
    monkeypatch.setattr(process, "TownNames", damaged)
    with pytest.raises(GazetteerError, match="list of towns"):
        process.Gazetteer().around([(38.7, -9.1)])
    with pytest.raises(GazetteerError, match="list of towns"):
        process.Gazetteer().find("Lisbon")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere threads have no priority")
def test_places_of_photos_come_after_the_window_and_names_do_not(monkeypatch):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    monkeypatch.setattr(process, "_NICENESS", own + 1)
    monkeypatch.setattr(process, "Towns", lambda: SimpleNamespace(around=lambda _: niceness()))
    monkeypatch.setattr(process, "TownNames", lambda: SimpleNamespace(find=lambda _: niceness()))

    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    gazetteer, found = process.GazetteerService(), []
    for ask in (
        lambda: gazetteer.around([]),
        lambda: gazetteer.find("Lisbon"),
    ):  # a thread for each, as there
        asking = threading.Thread(target=lambda ask=ask: found.append(ask()))
        asking.start()
        asking.join()
    assert found == [own + 1, own]


def test_who_asks_while_it_ends_is_not_cut_off(monkeypatch):
    gazetteer, events = GazetteerProcess(), []

    def stop():
        asking.start()
        asking.join(0.2)  # it has to wait
        events.append("ended")

    stand_in = SimpleNamespace(
        running=True, stop=stop, submit=lambda *_: events.append("asked") or SimpleNamespace(result=bool)
    )
    monkeypatch.setattr(gazetteer, "_process", stand_in)
    asking = threading.Thread(target=gazetteer.is_region, args=("Japan",))
    gazetteer.release_unused(0)
    asking.join(30)
    assert events == ["ended", "asked"]
