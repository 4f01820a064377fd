"""The grammars: agreement, and exactly the attributes that were asked for."""

from collections import Counter
from random import Random

import pytest

from app.demo import english, german, japanese
from app.demo.captions import Language, can_be_said, caption, choose_attributes
from app.demo.scenes import (
    Colour,
    Count,
    Daytime,
    Ground,
    Kind,
    Position,
    Weather,
    random_scene,
    wanted_of,
)


def variants(wanted, language, number=300):
    """All that the grammar says for these attributes."""
    rng = Random(1)
    return {caption(wanted, language, rng) for _ in range(number)}


def thing(kind, colour=None, count=None):
    wanted = {"kind": kind}
    if colour is not None:
        wanted["colour"] = colour
    if count is not None:
        wanted["count"] = count
    return wanted


@pytest.mark.parametrize(
    ("kind", "colour", "count", "sentence"),
    [
        (Kind.CAR, Colour.RED, Count.ONE, "a red car"),
        (Kind.CAR, Colour.ORANGE, Count.ONE, "an orange car"),
        (Kind.BUS, Colour.BLUE, Count.TWO, "two blue buses"),
        (Kind.CAT, None, Count.THREE, "three cats"),
        (Kind.CAT, Colour.BLACK, None, "black cat"),
        (Kind.PERSON, Colour.ORANGE, Count.ONE, "a person in an orange coat"),
        (Kind.PERSON, Colour.GREEN, Count.TWO, "two people in green coats"),
        (Kind.PERSON, Colour.GREEN, Count.TWO, "two people in green"),
    ],
)
def test_english_agrees(kind, colour, count, sentence):
    assert sentence in variants(thing(kind, colour, count), Language.ENGLISH)


@pytest.mark.parametrize(
    ("kind", "colour", "count", "sentence"),
    [
        (Kind.CAR, Colour.RED, Count.ONE, "ein rotes Auto"),
        (Kind.TREE, Colour.RED, Count.ONE, "ein roter Baum"),
        (Kind.CAT, Colour.WHITE, Count.ONE, "eine weiße Katze"),
        (Kind.CAT, Colour.WHITE, None, "weiße Katze"),
        (Kind.TREE, Colour.GREEN, None, "grüner Baum"),
        (Kind.HOUSE, Colour.PURPLE, None, "violettes Haus"),
        (Kind.HOUSE, Colour.ORANGE, Count.TWO, "zwei orangefarbene Häuser"),
        (Kind.DOG, Colour.BLACK, Count.THREE, "drei schwarze Hunde"),
        (Kind.PERSON, Colour.YELLOW, Count.ONE, "eine Person in gelbem Mantel"),
        (Kind.PERSON, Colour.YELLOW, Count.TWO, "zwei Personen in gelben Mänteln"),
    ],
)
def test_german_agrees_in_gender_and_number(kind, colour, count, sentence):
    assert sentence in variants(thing(kind, colour, count), Language.GERMAN)


@pytest.mark.parametrize(
    ("kind", "colour", "count", "sentence"),
    [
        (Kind.CAR, Colour.RED, Count.THREE, "赤い車三台"),
        (Kind.CAT, Colour.BLACK, Count.TWO, "黒い猫が二匹"),
        (Kind.HORSE, None, Count.TWO, "馬が二頭"),
        (Kind.DUCK, Colour.WHITE, Count.ONE, "白いアヒル一羽"),
        (Kind.CASTLE, None, Count.THREE, "城が三つ"),
        (Kind.TREE, Colour.GREEN, None, "緑の木"),
        (Kind.PERSON, Colour.RED, Count.TWO, "赤い服の人が2人"),
    ],
)
def test_japanese_counts_with_the_noun_s_own_counter(kind, colour, count, sentence):
    assert sentence in variants(thing(kind, colour, count), Language.JAPANESE)


def test_japanese_says_where_a_thing_is_by_whether_it_lives():
    at_beach = {"ground": Ground.BEACH, "count": Count.THREE}
    assert "浜辺にいる三匹の猫" in variants({"kind": Kind.CAT, **at_beach}, Language.JAPANESE)
    assert "浜辺にある三台のバス" in variants({"kind": Kind.BUS, **at_beach}, Language.JAPANESE)
    assert "浜辺の上を飛ぶ三機の飛行機" in variants({"kind": Kind.PLANE, **at_beach}, Language.JAPANESE)


def test_a_japanese_noun_phrase_puts_weather_before_daytime_before_place():
    wanted = {
        "kind": Kind.CAT,
        "colour": Colour.BLACK,
        "count": Count.TWO,
        "position": Position.LEFT,
        "ground": Ground.BEACH,
        "daytime": Daytime.NIGHT,
        "weather": Weather.SNOWFALL,
    }
    assert "雪の降る夜の浜辺の左側にいる二匹の黒い猫" in variants(wanted, Language.JAPANESE, 3000)


def test_a_landscape_can_be_described_without_a_thing():
    wanted = {"ground": Ground.LAKE, "daytime": Daytime.NIGHT}
    assert "a lake at night" in variants(wanted, Language.ENGLISH)
    assert "ein See bei Nacht" in variants(wanted, Language.GERMAN)
    assert "湖、夜" in variants(wanted, Language.JAPANESE)


@pytest.mark.parametrize("table", [english, german, japanese])
def test_every_value_has_words_in_every_language(table):
    assert set(table.NOUNS) == set(Kind)
    assert set(table.POSITIONS) == set(Position)
    assert set(table.GROUNDS) == set(Ground)
    assert set(table.DAYTIMES) == set(Daytime)
    assert set(table.WEATHERS) == set(Weather)


@pytest.mark.parametrize("language", list(Language))
def test_different_scenes_never_get_the_same_full_caption(language):
    """No two values share a word, so six named attributes in equal order and wording tell them apart."""
    rng = Random(4)
    meanings = {}
    for _ in range(6000):
        wanted = choose_attributes(random_scene(rng), rng)
        said = caption(wanted, language, rng)
        assert meanings.setdefault(said, wanted) == wanted


def test_captions_name_two_to_six_attributes_and_can_always_be_said():
    rng = Random(2)
    numbers = Counter()
    for _ in range(2000):
        scene = random_scene(rng)
        wanted = choose_attributes(scene, rng)
        assert scene.shows(wanted)
        assert can_be_said(wanted)
        numbers[len(wanted)] += 1
    assert set(numbers) == {2, 3, 4, 5, 6}
    assert min(numbers.values()) > 200


def test_colour_alone_cannot_be_said():
    scene = random_scene(Random(1))
    assert not can_be_said(wanted_of(scene, ("colour", "ground")))


def test_captions_are_fresh_each_time():
    scene = random_scene(Random(3))
    assert len(variants(wanted_of(scene, ("kind", "ground", "daytime")), Language.ENGLISH)) > 5
