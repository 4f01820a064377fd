"""Draws a scene: sky, land, things, weather."""

from collections.abc import Callable
from random import Random

from PIL import Image

from app.demo import buildings, living, vehicles
from app.demo.landscapes import paint_ground, paint_sky, paint_weather
from app.demo.light import Light, light_of, paint_of
from app.demo.pen import Canvas, Pen, Point, tinted
from app.demo.scenes import Count, Ground, Kind, Position, Scene

_DRAW: dict[Kind, Callable[[Pen], None]] = {
    Kind.CAR: vehicles.car,
    Kind.BUS: vehicles.bus,
    Kind.TRAIN: vehicles.train,
    Kind.BICYCLE: vehicles.bicycle,
    Kind.BOAT: vehicles.boat,
    Kind.PLANE: vehicles.plane,
    Kind.BALLOON: vehicles.balloon,
    Kind.HOUSE: buildings.house,
    Kind.CASTLE: buildings.castle,
    Kind.LIGHTHOUSE: buildings.lighthouse,
    Kind.WINDMILL: buildings.windmill,
    Kind.TENT: buildings.tent,
    Kind.TREE: living.tree,
    Kind.FLOWER: living.flower,
    Kind.MUSHROOM: living.mushroom,
    Kind.DOG: living.dog,
    Kind.CAT: living.cat,
    Kind.HORSE: living.horse,
    Kind.DUCK: living.duck,
    Kind.PERSON: living.person,
}
_FLYING = (Kind.PLANE, Kind.BALLOON)
_FLOATING = (Kind.BOAT, Kind.DUCK)
# Heights beside each other are a picture book's, not nature's: everything can be told at thumbnail size.
_SIZES = {
    Kind.CAR: 0.9,
    Kind.BUS: 0.95,
    Kind.BICYCLE: 0.9,
    Kind.PLANE: 0.9,
    Kind.BALLOON: 1.1,
    Kind.LIGHTHOUSE: 1.3,
    Kind.WINDMILL: 1.15,
    Kind.TREE: 1.15,
    Kind.FLOWER: 1.1,
    Kind.PERSON: 1.15,
}
_MIDDLES = {Position.LEFT: 0.27, Position.CENTRE: 0.5, Position.RIGHT: 0.73}
_GROUPS: dict[Count, tuple[Point, ...]] = {  # (x, y) beside the group's middle, the hindmost first
    Count.ONE: ((0.0, 0.0),),
    Count.TWO: ((-0.115, -0.03), (0.115, 0.03)),
    Count.THREE: ((0.0, -0.15), (-0.125, 0.03), (0.125, 0.05)),
}
_HEIGHTS = {Count.ONE: 0.42, Count.TWO: 0.31, Count.THREE: 0.27}


def draw(scene: Scene, size: tuple[int, int] = (800, 600), seed: int = 0, oversample: int = 2) -> Image.Image:
    """The scene as an RGB picture of `size` (width, height).

    The same scene and seed give the same picture on every machine, and at another size the same picture in
    that size: all that is random is drawn from the seed in shares of the picture. `oversample` is how many
    times larger it is drawn before it is reduced, which smooths the edges.
    """
    canvas = Canvas(size[0] * oversample, size[1] * oversample)
    light = light_of(scene.daytime, scene.weather)
    paint_sky(canvas, light, scene.daytime, scene.weather, Random(f"sky {seed}"))
    paint_ground(canvas, scene.ground, light, Random(f"ground {seed}"))
    looks = Random(f"looks {seed}")
    for foot, height in thing_places(scene, seed):
        _thing(canvas, scene, light, foot, height, looks)
    paint_weather(canvas, scene.weather, Random(f"weather {seed}"))
    return canvas.image.reduce(oversample) if oversample > 1 else canvas.image


def thing_places(scene: Scene, seed: int) -> list[tuple[Point, float]]:
    """Foot and height of each thing in shares of the picture, the hindmost first."""
    rng = Random(f"places {seed}")
    height = _HEIGHTS[scene.count] * _SIZES.get(scene.kind, 1.0) * rng.uniform(0.92, 1.08)
    middle = _MIDDLES[scene.position] + rng.uniform(-0.03, 0.03)
    group = _GROUPS[scene.count]
    base = 0.06 + height - group[0][1] if scene.kind in _FLYING else 0.86
    base += rng.uniform(-0.03, 0.03)
    return [((middle + dx + rng.uniform(-0.01, 0.01), base + dy), height) for dx, dy in group]


def _thing(canvas: Canvas, scene: Scene, light: Light, foot: Point, height: float, rng: Random) -> None:
    if scene.kind not in _FLYING:
        _base(canvas, scene, light, foot, height)
    paint = paint_of(scene.colour, light, rng.uniform(-1, 1))
    pen = Pen(canvas, foot, height, paint, light.things, flip=rng.random() < 0.5, dark=light.dark)
    if scene.kind is Kind.PERSON:
        living.person(pen, living.person_of(rng.randrange(3)))
    else:
        _DRAW[scene.kind](pen)


def _base(canvas: Canvas, scene: Scene, light: Light, foot: Point, height: float) -> None:
    """What a thing stands on: its shadow, an islet in a lake, a wave under what floats."""
    x, y = foot
    if scene.ground is not Ground.LAKE:
        canvas.shadow(x + 0.01, y + 0.005, height * 0.62, 0.55)
    elif scene.kind in _FLOATING:
        canvas.ellipse(x, y, height * 0.75, height * 0.07, (*tinted((216, 236, 250), light.land), 150))
    else:
        canvas.ellipse(x, y + 0.012, height * 0.72, height * 0.13, tinted((196, 166, 104), light.land))
        canvas.ellipse(x, y, height * 0.68, height * 0.11, tinted((104, 166, 74), light.land))
