"""The drawn pictures: deterministic, and every attribute can be seen."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from app.demo.drawing import draw
from app.demo.scenes import (
    DOMAINS,
    HELD_OUT_PAIRS,
    Colour,
    Count,
    Daytime,
    Ground,
    Kind,
    Position,
    Scene,
    Weather,
    every_scene,
    held_out_pairs,
    is_held_out,
    random_scene,
)

PLAIN = Scene(Kind.HOUSE, Colour.RED, Count.ONE, Position.CENTRE, Ground.MEADOW, Daytime.DAY, Weather.CLEAR)
SIZE = (160, 120)


def pixels(scene, seed=5, size=SIZE):
    return np.asarray(draw(scene, size, seed), dtype=np.int16)


def changed_share(first, second):
    """The share of pixels that differ visibly."""
    return (np.abs(first - second).max(axis=2) > 24).mean()


def test_the_same_scene_and_seed_give_the_same_picture():
    assert (pixels(PLAIN) == pixels(PLAIN)).all()


def test_another_seed_gives_another_picture_of_the_scene():
    assert changed_share(pixels(PLAIN, 5), pixels(PLAIN, 6)) > 0.05


def test_a_picture_has_the_size_asked_for():
    picture = draw(PLAIN, (90, 60), 1)
    assert (picture.size, picture.mode) == ((90, 60), "RGB")


def test_another_size_shows_the_same_picture():
    small = np.asarray(draw(PLAIN, (160, 120), 3), dtype=np.float32)
    large = np.asarray(draw(PLAIN, (480, 360), 3).resize((160, 120)), dtype=np.float32)
    assert np.abs(small - large).mean() < 6


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, domain in DOMAINS.items() for value in domain if getattr(PLAIN, name) != value],
)
def test_every_attribute_can_be_seen(name, value):
    assert changed_share(pixels(PLAIN), pixels(replace(PLAIN, **{name: value}))) > 0.02


def test_no_two_kinds_look_alike():
    pictures = [pixels(replace(PLAIN, kind=kind)) for kind in Kind]
    for place, first in enumerate(pictures):
        for second in pictures[place + 1 :]:
            assert changed_share(first, second) > 0.01


def test_things_stand_where_the_scene_says():
    background = Scene(*(next(iter(domain)) for domain in DOMAINS.values()))
    middles = []
    for position in Position:
        red = pixels(replace(background, kind=Kind.HOUSE, position=position, ground=Ground.LAKE)).astype(int)
        body = (red[..., 0] - red[..., 1] > 110) & (red[..., 0] - red[..., 2] > 110)
        middles.append(np.nonzero(body)[1].mean() / SIZE[0])
    assert middles[0] < 0.4 < middles[1] < 0.6 < middles[2]


def test_a_scene_shows_what_it_has_and_nothing_else():
    assert PLAIN.shows({"kind": Kind.HOUSE, "colour": Colour.RED})
    assert not PLAIN.shows({"kind": Kind.HOUSE, "colour": Colour.BLUE})


def test_the_world_is_as_large_as_promised():
    sizes = {name: len(domain) for name, domain in DOMAINS.items()}
    assert sizes["kind"] >= 16
    assert sizes["colour"] >= 8
    assert sizes["ground"] >= 6
    assert sizes["daytime"] >= 4
    assert sizes["weather"] >= 3
    assert [count.number for count in Count] == [1, 2, 3]


def test_every_held_out_pair_is_held_out_and_its_parts_are_not():
    rng = Random(1)
    seen = set()
    for scene in (random_scene(rng) for _ in range(4000)):
        if held_out_pairs(scene):
            assert is_held_out(scene)
        elif not is_held_out(scene):
            seen.update(getattr(scene, name) for name in DOMAINS)
    assert {part for pair in HELD_OUT_PAIRS for part in pair} <= seen


def test_about_a_quarter_of_the_world_is_held_out():
    scenes = list(every_scene())
    assert len(set(scenes)) == len(scenes)
    assert 0.2 < sum(map(is_held_out, scenes)) / len(scenes) < 0.3
