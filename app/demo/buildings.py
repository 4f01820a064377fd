"""Buildings of the drawn world, each about 1 high and at most 1.2 wide, standing on y = 0."""

from app.demo.pen import Pen, Tone

_ROOF = (112, 66, 54)
_DOOR = (92, 60, 38)
_CREAM = (248, 240, 222)
_STONE = (150, 148, 152)


def house(pen: Pen) -> None:
    pen.rectangle(0.24, 0.7, 0.36, 0.98, (150, 84, 66))
    pen.rectangle(-0.46, 0.0, 0.46, 0.56)
    pen.rectangle(-0.46, 0.0, 0.46, 0.07, Tone.SHADE, edge=False)
    pen.polygon([(-0.58, 0.54), (0.0, 0.98), (0.58, 0.54)], _ROOF)
    pen.rectangle(-0.1, 0.0, 0.1, 0.34, _DOOR)
    for left in (-0.38, 0.18):
        pen.rectangle(left - 0.02, 0.2, left + 0.22, 0.46, _CREAM, edge=False)
        pen.glass(left, 0.22, left + 0.2, 0.44)


def _tower(pen: Pen, x: float, width: float, height: float) -> None:
    half = width / 2
    pen.rectangle(x - half, 0.0, x + half, height)
    pen.rectangle(x + half * 0.3, 0.0, x + half, height, Tone.SHADE, edge=False)
    for step in (-1.0, 0.0, 1.0):
        middle = x + step * half * 0.85
        pen.rectangle(middle - half * 0.28, height, middle + half * 0.28, height + 0.09)


def castle(pen: Pen) -> None:
    pen.line([(0.0, 0.84), (0.0, 1.12)], 0.03, _DOOR)
    pen.polygon([(0.0, 1.12), (0.0, 0.98), (0.2, 1.05)], Tone.BRIGHT)
    _tower(pen, 0.0, 0.36, 0.8)
    pen.rectangle(-0.46, 0.0, 0.46, 0.42)
    _tower(pen, -0.46, 0.26, 0.62)
    _tower(pen, 0.46, 0.26, 0.62)
    pen.ellipse(0.0, 0.2, 0.12, 0.14, _DOOR)
    pen.rectangle(-0.12, 0.0, 0.12, 0.2, _DOOR, edge=False)
    for x, y in ((-0.46, 0.4), (0.46, 0.4), (0.0, 0.6)):
        pen.glass(x - 0.04, y, x + 0.04, y + 0.13)


def lighthouse(pen: Pen) -> None:
    pen.polygon([(-0.24, 0.0), (0.24, 0.0), (0.14, 0.78), (-0.14, 0.78)])
    for low, high in ((0.16, 0.32), (0.48, 0.62)):
        a, b = 0.24 - low * 0.128, 0.24 - high * 0.128
        pen.polygon([(-a, low), (a, low), (b, high), (-b, high)], _CREAM, edge=False)
    pen.rectangle(-0.2, 0.77, 0.2, 0.81, _STONE)
    pen.rectangle(-0.1, 0.81, 0.1, 0.94, _STONE)
    pen.lamp(0.0, 0.87, 0.07, 0.5)
    pen.polygon([(-0.14, 0.94), (0.14, 0.94), (0.0, 1.06)])


def windmill(pen: Pen) -> None:
    pen.polygon([(-0.26, 0.0), (0.26, 0.0), (0.15, 0.64), (-0.15, 0.64)])
    pen.polygon([(0.08, 0.0), (0.26, 0.0), (0.15, 0.64), (0.06, 0.64)], Tone.SHADE, edge=False)
    pen.polygon([(-0.19, 0.62), (0.19, 0.62), (0.0, 0.84)], _ROOF)
    pen.rectangle(-0.07, 0.0, 0.07, 0.2, _DOOR)
    pen.glass(-0.05, 0.34, 0.05, 0.46)
    for dx, dy in ((0.34, 0.3), (-0.3, 0.34), (-0.34, -0.3), (0.3, -0.34)):
        tip = (dx, 0.66 + dy)
        pen.line([(0.0, 0.66), tip], 0.13, _DOOR)
        pen.line([(0.0, 0.66), tip], 0.1, _CREAM)
    pen.ellipse(0.0, 0.66, 0.05, 0.05, _DOOR)


def tent(pen: Pen) -> None:
    pen.polygon([(-0.6, 0.0), (0.6, 0.0), (0.0, 0.84)])
    pen.polygon([(0.0, 0.84), (0.6, 0.0), (0.22, 0.0)], Tone.SHADE)
    if pen.dark:
        pen.polygon([(0.0, 0.84), (-0.14, 0.0), (0.22, 0.0)], (255, 216, 120), edge=False)
    else:
        pen.polygon([(0.0, 0.84), (-0.14, 0.0), (0.22, 0.0)], (74, 60, 58), edge=False)
    pen.polygon([(0.0, 0.84), (-0.14, 0.0), (-0.28, 0.0)], Tone.BRIGHT)
