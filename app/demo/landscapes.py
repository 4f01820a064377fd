"""Skies, grounds and weather of the drawn world."""

from collections.abc import Callable
from math import pi, sin
from random import Random

from app.demo.light import Light
from app.demo.pen import Canvas, Point, Rgb, clear, mix, tinted
from app.demo.scenes import Daytime, Ground, Weather

HORIZON = 0.6  # where land begins, a share of the picture's height from the top


def paint_sky(canvas: Canvas, light: Light, daytime: Daytime, weather: Weather, rng: Random) -> None:
    """Sky, sun or moon, stars and clouds."""
    canvas.gradient(0.0, HORIZON + 0.06, light.sky)
    if weather is Weather.CLEAR:
        _sun_or_moon(canvas, light, rng)
    if daytime is Daytime.NIGHT and weather is Weather.CLEAR:
        for _ in range(70):
            radius = rng.choice((0.0025, 0.004, 0.006))
            canvas.ellipse(rng.random(), rng.random() * 0.5, radius, radius, clear((255, 255, 240), 0.9))
    for _ in range(rng.randint(1, 3) if weather is Weather.CLEAR else 7):
        _cloud(canvas, light, rng, 0.8 if weather is Weather.CLEAR else 0.9)


def _sun_or_moon(canvas: Canvas, light: Light, rng: Random) -> None:
    x, y = rng.uniform(0.1, 0.9), light.sun_height + rng.uniform(-0.04, 0.04)
    if light.dark:
        canvas.glow(x, y, 0.14, (150, 170, 230), 0.4)
        canvas.ellipse(x, y, 0.055, 0.055, light.sun)
        canvas.ellipse(x + 0.022, y - 0.014, 0.046, 0.046, light.sky[0])
    else:
        canvas.glow(x, y, 0.3, light.sun, 0.7)
        canvas.ellipse(x, y, 0.065, 0.065, light.sun)


def _cloud(canvas: Canvas, light: Light, rng: Random, density: float) -> None:
    x, y, size = rng.random(), rng.uniform(0.04, 0.3), rng.uniform(0.05, 0.09)
    lit = mix(light.sky[1], light.cloud, density)
    shaded = mix(lit, light.sky[0], 0.3)
    puffs = ((-1.3, 0.1, 0.6), (-0.6, -0.35, 0.85), (0.2, -0.5, 1.0), (0.9, -0.2, 0.8), (1.5, 0.15, 0.55))
    for colour, drop, wide, high in ((shaded, 0.012, 1.0, 0.62), (lit, 0.0, 0.94, 0.54)):
        for dx, dy, radius in puffs:
            reach = radius * size
            canvas.ellipse(x + dx * size, y + dy * size + drop, reach * wide, reach * high, colour)


def _hills(canvas: Canvas, rng: Random, colour: Rgb, top: float, height: float, waves: float = 1.4) -> None:
    """A rolling line of hills down to the horizon."""
    phase, second = rng.uniform(0, 2 * pi), rng.uniform(0, 2 * pi)
    points = [(0.0, HORIZON + 0.08)]
    for step in range(25):
        x = step / 24
        rise = 0.6 * sin(waves * 2 * pi * x + phase) + 0.4 * sin(2.3 * waves * 2 * pi * x + second)
        points.append((x, top - height * rise))
    canvas.polygon([*points, (1.0, HORIZON + 0.08)], colour)


def _peaks(canvas: Canvas, light: Light, rng: Random, rock: Rgb, cap: Rgb) -> None:
    for _ in range(5):
        x, half, top = rng.random(), rng.uniform(0.14, 0.24), HORIZON - rng.uniform(0.12, 0.26)
        canvas.polygon(
            [(x - half, HORIZON + 0.02), (x, top), (x + half, HORIZON + 0.02)], tinted(rock, light.land)
        )
        slope = (HORIZON - top) * 0.3
        tip = [
            (x, top),
            (x - half * 0.28, top + slope),
            (x, top + slope * 0.7),
            (x + half * 0.28, top + slope),
        ]
        canvas.polygon(tip, tinted(cap, light.land))


def _ground(canvas: Canvas, light: Light, near: Rgb, far: Rgb) -> None:
    canvas.gradient(HORIZON, 1.0, (tinted(far, light.land), tinted(near, light.land)))


def _strokes(
    canvas: Canvas,
    light: Light,
    rng: Random,
    colours: tuple[Rgb, ...],
    number: int,
    length: Point,
    thickness: float,
) -> None:
    """Short strokes scattered over the ground, larger towards the viewer: grass, ripples, cracks."""
    for _ in range(number):
        x, depth = rng.random(), rng.random()
        y, near = HORIZON + 0.02 + depth * 0.38, 0.4 + 0.9 * depth
        end = (x + length[0] * near * rng.uniform(0.6, 1.3), y + length[1] * near * rng.uniform(0.6, 1.3))
        colour = clear(tinted(rng.choice(colours), light.land), 0.75)
        canvas.line([(x, y), end], thickness * near, colour)


def _dots(
    canvas: Canvas, light: Light, rng: Random, colours: tuple[Rgb, ...], number: int, radius: float
) -> None:
    """Spots scattered over the ground, larger towards the viewer: flowers, leaves, pebbles."""
    for _ in range(number):
        x, depth = rng.random(), rng.random()
        size = radius * (0.5 + depth)
        canvas.ellipse(
            x, HORIZON + 0.03 + depth * 0.37, size, size * 0.7, tinted(rng.choice(colours), light.land)
        )


def _beach(canvas: Canvas, light: Light, rng: Random) -> None:
    canvas.gradient(
        HORIZON - 0.04,
        HORIZON + 0.13,
        (tinted((24, 98, 168), light.land), tinted((72, 190, 206), light.land)),
    )
    for _ in range(14):
        x, y = rng.random(), HORIZON + rng.uniform(-0.02, 0.09)
        canvas.line([(x, y), (x + rng.uniform(0.04, 0.12), y)], 0.005, clear((255, 255, 255), 0.5))
    shore = [(step / 12, HORIZON + 0.11 + 0.012 * sin(step * 1.3 + rng.random())) for step in range(13)]
    canvas.polygon([*shore, (1.0, 1.0), (0.0, 1.0)], tinted((242, 214, 152), light.land))
    canvas.line(shore, 0.016, clear((255, 255, 255), 0.85))
    _dots(canvas, light, rng, ((222, 190, 126), (250, 230, 178)), 40, 0.005)
    x = rng.choice((rng.uniform(0.02, 0.1), rng.uniform(0.9, 0.98)))
    _palm(canvas, light, x, rng)


def _palm(canvas: Canvas, light: Light, x: float, rng: Random) -> None:
    top = HORIZON - rng.uniform(0.12, 0.2)
    lean = 0.03 if x < 0.5 else -0.03
    canvas.line(
        [(x, HORIZON + 0.2), (x + lean * 0.4, HORIZON), (x + lean, top)],
        0.02,
        tinted((128, 92, 56), light.land),
    )
    for dx, dy in ((-0.1, 0.05), (-0.07, -0.05), (0.0, -0.08), (0.07, -0.05), (0.1, 0.05)):
        leaf = [(x + lean, top), (x + lean + dx * 0.6, top + dy - 0.03), (x + lean + dx, top + dy + 0.03)]
        canvas.line(leaf, 0.022, tinted((48, 132, 66), light.land))


def _meadow(canvas: Canvas, light: Light, rng: Random) -> None:
    _hills(canvas, rng, tinted((112, 176, 108), light.land), HORIZON - 0.05, 0.05)
    _hills(canvas, rng, tinted((92, 166, 76), light.land), HORIZON, 0.025, 0.9)
    _ground(canvas, light, (76, 152, 48), (136, 198, 84))
    _strokes(canvas, light, rng, ((52, 124, 40), (160, 214, 98)), 90, (0.004, -0.03), 0.005)
    _dots(canvas, light, rng, ((250, 246, 240), (250, 214, 70)), 26, 0.007)


def _fir(canvas: Canvas, light: Light, x: float, foot: float, height: float, snowy: bool) -> None:
    half = height * 0.2
    for level in range(3):
        low = foot - height * (0.08 + 0.28 * level)
        wide = half * (1 - 0.24 * level)
        top = low - height * 0.4
        canvas.polygon([(x - wide, low), (x, top), (x + wide, low)], tinted((40, 92, 74), light.land))
        if snowy:
            tip = [(x - wide * 0.45, low - height * 0.22), (x, top), (x + wide * 0.45, low - height * 0.22)]
            canvas.polygon(tip, tinted((244, 248, 255), light.land))


def _snow(canvas: Canvas, light: Light, rng: Random) -> None:
    _peaks(canvas, light, rng, (134, 150, 180), (250, 252, 255))
    _ground(canvas, light, (244, 248, 255), (214, 226, 244))
    for _ in range(7):
        _fir(canvas, light, rng.random(), HORIZON + rng.uniform(0.02, 0.07), rng.uniform(0.12, 0.2), True)
    for _ in range(5):
        x, y = rng.random(), HORIZON + rng.uniform(0.1, 0.38)
        canvas.ellipse(x, y, rng.uniform(0.12, 0.3), 0.02, clear(tinted((196, 212, 238), light.land), 0.7))


def _city(canvas: Canvas, light: Light, rng: Random) -> None:
    x = -0.03
    while x < 1.0:
        width, top = rng.uniform(0.07, 0.14), HORIZON - rng.uniform(0.1, 0.34)
        wall = tinted(
            rng.choice(((122, 126, 142), (150, 138, 132), (104, 114, 134), (168, 158, 150))), light.land
        )
        canvas.rectangle(x, top, x + width, HORIZON + 0.06, wall)
        _windows(canvas, light, rng, x, width, top)
        x += width + rng.uniform(0.0, 0.012)
    canvas.rectangle(0.0, HORIZON + 0.05, 1.0, HORIZON + 0.11, tinted((176, 174, 170), light.land))
    canvas.gradient(
        HORIZON + 0.11, 1.0, (tinted((92, 94, 102), light.land), tinted((66, 68, 76), light.land))
    )
    for step in range(6):
        left = step / 5 - 0.08
        canvas.rectangle(left, 0.795, left + 0.1, 0.81, tinted((236, 232, 214), light.land))


def _windows(canvas: Canvas, light: Light, rng: Random, x: float, width: float, top: float) -> None:
    columns = max(2, int(width / 0.028))
    rows = max(2, int((HORIZON - top) / 0.055))
    for column in range(columns):
        for row in range(rows):
            lit = light.dark and rng.random() < 0.6
            colour = (255, 214, 116) if lit else tinted((178, 200, 218), light.land)
            left = x + width * (column + 0.25) / columns
            y = top + 0.02 + row * 0.055
            canvas.rectangle(left, y, left + width * 0.5 / columns, y + 0.026, colour)


def _desert(canvas: Canvas, light: Light, rng: Random) -> None:
    for _ in range(2):
        x, half, top = rng.random(), rng.uniform(0.1, 0.17), HORIZON - rng.uniform(0.1, 0.18)
        mesa = [
            (x - half, HORIZON + 0.03),
            (x - half * 0.7, top),
            (x + half * 0.7, top),
            (x + half, HORIZON + 0.03),
        ]
        canvas.polygon(mesa, tinted((190, 98, 66), light.land))
        canvas.polygon(
            [mesa[1], mesa[2], (x + half * 0.78, top + 0.03), (x - half * 0.78, top + 0.03)],
            tinted((216, 124, 84), light.land),
        )
    _hills(canvas, rng, tinted((232, 166, 92), light.land), HORIZON, 0.03, 1.0)
    _ground(canvas, light, (222, 150, 72), (240, 186, 112))
    for row in range(5):
        y = HORIZON + 0.1 + row * 0.07
        ripple = [(step / 10, y + 0.014 * sin(step * 0.9 + row * 1.7 + rng.random())) for step in range(11)]
        canvas.line(ripple, 0.008, clear(tinted((196, 122, 54), light.land), 0.6))
    for _ in range(3):
        _cactus(canvas, light, rng.random(), HORIZON + rng.uniform(0.05, 0.1), rng.uniform(0.1, 0.16))


def _cactus(canvas: Canvas, light: Light, x: float, foot: float, height: float) -> None:
    green = tinted((62, 124, 74), light.land)
    canvas.line([(x, foot), (x, foot - height)], height * 0.2, green)
    for side, low in ((-1, 0.4), (1, 0.55)):
        elbow = x + side * height * 0.24
        canvas.line(
            [(x, foot - height * low), (elbow, foot - height * low), (elbow, foot - height * (low + 0.3))],
            height * 0.14,
            green,
        )


def _lake(canvas: Canvas, light: Light, rng: Random) -> None:
    _peaks(canvas, light, rng, (98, 120, 138), (236, 242, 250))
    _hills(canvas, rng, tinted((62, 116, 84), light.land), HORIZON - 0.02, 0.02, 2.2)
    mirrored = tuple(mix(colour, tinted((18, 76, 138), light.land), 0.62) for colour in reversed(light.sky))
    canvas.gradient(HORIZON + 0.01, 1.0, mirrored)
    _strokes(canvas, light, rng, ((214, 234, 250), (26, 92, 160)), 60, (0.07, 0.0), 0.006)


def _tree_line(canvas: Canvas, light: Light, rng: Random, crowns: tuple[Rgb, ...], trunk: Rgb) -> None:
    """Round trees side by side along the horizon."""
    x = -0.02
    while x < 1.04:
        foot, size = HORIZON + rng.uniform(0.0, 0.05), rng.uniform(0.055, 0.085)
        canvas.line([(x, foot), (x, foot - size * 1.8)], size * 0.26, tinted(trunk, light.land))
        crown = rng.choice(crowns)
        for dx, dy, radius, share in ((-0.5, 1.7, 0.8, 0.0), (0.5, 1.8, 0.8, 0.0), (0.0, 2.3, 0.9, 0.25)):
            colour = tinted(mix(crown, (255, 246, 220), share), light.land)
            canvas.ellipse(x + dx * size, foot - dy * size, radius * size, radius * size, colour)
        x += rng.uniform(0.075, 0.12)


def _autumn(canvas: Canvas, light: Light, rng: Random) -> None:
    _hills(canvas, rng, tinted((176, 112, 60), light.land), HORIZON - 0.06, 0.04)
    _ground(canvas, light, (134, 84, 42), (182, 130, 62))
    _tree_line(
        canvas, light, rng, ((214, 84, 30), (232, 138, 32), (194, 58, 34), (226, 176, 48)), (84, 58, 40)
    )
    _dots(canvas, light, rng, ((222, 96, 34), (236, 158, 44), (176, 54, 32), (232, 190, 70)), 110, 0.009)


def _blossom(canvas: Canvas, light: Light, rng: Random) -> None:
    _hills(canvas, rng, tinted((150, 200, 140), light.land), HORIZON - 0.04, 0.04)
    _ground(canvas, light, (124, 186, 88), (172, 216, 124))
    _tree_line(canvas, light, rng, ((250, 186, 208), (244, 160, 192), (252, 214, 226)), (96, 70, 62))
    _dots(canvas, light, rng, ((252, 200, 218), (248, 170, 200), (255, 236, 242)), 90, 0.008)


_GROUNDS: dict[Ground, Callable[[Canvas, Light, Random], None]] = {
    Ground.BEACH: _beach,
    Ground.MEADOW: _meadow,
    Ground.SNOW: _snow,
    Ground.CITY: _city,
    Ground.DESERT: _desert,
    Ground.LAKE: _lake,
    Ground.AUTUMN: _autumn,
    Ground.BLOSSOM: _blossom,
}


def paint_ground(canvas: Canvas, ground: Ground, light: Light, rng: Random) -> None:
    """Everything from the far hills to the viewer's feet."""
    _GROUNDS[ground](canvas, light, rng)


def paint_weather(canvas: Canvas, weather: Weather, rng: Random) -> None:
    """Rain or snow in front of everything."""
    if weather is Weather.RAIN:
        slant = rng.uniform(0.012, 0.03)
        for _ in range(110):
            x, y, length = rng.uniform(0, 1.05), rng.random(), rng.uniform(0.06, 0.1)
            canvas.line([(x, y), (x - slant, y + length)], 0.006, clear((206, 222, 242), 0.62))
    elif weather is Weather.SNOWFALL:
        for _ in range(110):
            radius = rng.choice((0.006, 0.009, 0.013))
            canvas.ellipse(rng.random(), rng.random(), radius, radius, clear((255, 255, 255), 0.92))
