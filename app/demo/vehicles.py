"""Vehicles of the drawn world, each about 1 high and at most 1.3 wide, standing on y = 0."""

from app.demo.pen import Pen, Tone

_TYRE = (38, 38, 44)
_HUB = (190, 194, 202)
_WOOD = (126, 82, 46)
_STEEL = (108, 112, 124)


def _wheel(pen: Pen, x: float, radius: float) -> None:
    pen.ellipse(x, radius, radius, radius, _TYRE)
    pen.ellipse(x, radius, radius * 0.45, radius * 0.45, _HUB, edge=False)


def car(pen: Pen) -> None:
    pen.polygon([(-0.36, 0.44), (-0.24, 0.74), (0.2, 0.74), (0.38, 0.44)])
    pen.glass(-0.24, 0.46, -0.03, 0.67)
    pen.glass(0.03, 0.46, 0.22, 0.67)
    pen.polygon([(-0.64, 0.16), (-0.64, 0.42), (-0.56, 0.48), (0.54, 0.48), (0.65, 0.36), (0.65, 0.16)])
    pen.rectangle(-0.64, 0.16, 0.65, 0.25, Tone.SHADE, edge=False)
    _wheel(pen, -0.37, 0.17)
    _wheel(pen, 0.38, 0.17)
    pen.lamp(0.6, 0.34, 0.05, 0.3)


def bus(pen: Pen) -> None:
    pen.rectangle(-0.65, 0.12, 0.65, 0.92)
    pen.rectangle(-0.65, 0.12, 0.65, 0.28, Tone.SHADE, edge=False)
    pen.rectangle(-0.65, 0.84, 0.65, 0.92, Tone.BRIGHT, edge=False)
    for left in (-0.58, -0.3, -0.02):
        pen.glass(left, 0.48, left + 0.23, 0.76)
    pen.glass(0.28, 0.2, 0.46, 0.76)
    pen.glass(0.53, 0.44, 0.63, 0.76)
    _wheel(pen, -0.38, 0.16)
    _wheel(pen, 0.16, 0.16)
    pen.lamp(0.62, 0.24, 0.04, 0.3)


def train(pen: Pen) -> None:
    for x, y, radius in ((0.2, 1.02, 0.12), (0.04, 1.1, 0.1), (-0.12, 1.15, 0.08)):
        pen.ellipse(x, y, radius, radius, (232, 234, 240), edge=False)
    pen.rectangle(0.28, 0.6, 0.42, 0.92, Tone.SHADE)
    pen.rectangle(0.24, 0.86, 0.46, 0.95, _STEEL)
    pen.rectangle(-0.62, 0.22, -0.16, 0.94)
    pen.rectangle(-0.66, 0.9, -0.12, 0.99, Tone.SHADE)
    pen.glass(-0.54, 0.58, -0.26, 0.84)
    pen.rectangle(-0.18, 0.28, 0.58, 0.66)
    pen.rectangle(-0.18, 0.56, 0.58, 0.66, Tone.BRIGHT, edge=False)
    pen.ellipse(0.02, 0.68, 0.1, 0.1, Tone.SHADE)
    pen.polygon([(0.5, 0.06), (0.5, 0.28), (0.72, 0.06)], _STEEL)
    for x, radius in ((-0.42, 0.2), (0.02, 0.16), (0.36, 0.16)):
        _wheel(pen, x, radius)
    pen.lamp(0.6, 0.54, 0.06, 0.34)


def bicycle(pen: Pen) -> None:
    for x in (-0.4, 0.4):
        pen.ellipse(x, 0.29, 0.3, 0.3, _TYRE, edge=False)
        pen.ellipse(x, 0.29, 0.25, 0.25, Tone.BRIGHT, edge=False)
        pen.line([(x - 0.24, 0.29), (x + 0.24, 0.29)], 0.02, _STEEL)
        pen.line([(x, 0.05), (x, 0.53)], 0.02, _STEEL)
    frame = [(-0.4, 0.29), (-0.14, 0.7), (0.28, 0.72), (0.0, 0.28), (-0.4, 0.29)]
    pen.line(frame, 0.13, Tone.EDGE)
    pen.line([(0.4, 0.29), (0.24, 0.88)], 0.13, Tone.EDGE)
    pen.line([(-0.14, 0.7), (0.0, 0.28)], 0.1)
    pen.line(frame, 0.1)
    pen.line([(0.4, 0.29), (0.24, 0.88)], 0.1)
    pen.line([(0.12, 0.92), (0.36, 0.88)], 0.07, _TYRE)
    pen.line([(-0.3, 0.8), (-0.02, 0.8)], 0.09, _TYRE)


def boat(pen: Pen) -> None:
    pen.line([(0.0, 0.2), (0.0, 1.04)], 0.05, _WOOD)
    pen.polygon([(0.05, 0.32), (0.05, 1.0), (0.54, 0.34)])
    pen.polygon([(-0.05, 0.32), (-0.05, 0.86), (-0.42, 0.34)], Tone.BRIGHT)
    pen.polygon([(-0.62, 0.26), (0.66, 0.26), (0.44, 0.0), (-0.42, 0.0)])
    pen.polygon([(-0.62, 0.26), (0.66, 0.26), (0.6, 0.19), (-0.57, 0.19)], (246, 238, 220), edge=False)


def plane(pen: Pen) -> None:
    pen.polygon([(-0.16, 0.5), (-0.34, 0.86), (-0.18, 0.86), (0.16, 0.5)], Tone.SHADE)
    pen.polygon([(-0.6, 0.48), (-0.68, 0.84), (-0.54, 0.84), (-0.36, 0.52)])
    pen.ellipse(0.0, 0.44, 0.66, 0.17)
    pen.glass(0.42, 0.46, 0.54, 0.54)
    for x in (-0.3, -0.15, 0.0, 0.15, 0.3):
        pen.ellipse(x, 0.48, 0.035, 0.035, (250, 246, 226), edge=False)
    pen.polygon([(-0.1, 0.4), (0.2, 0.4), (-0.16, 0.02), (-0.32, 0.02)], Tone.SHADE)


def balloon(pen: Pen) -> None:
    pen.line([(-0.09, 0.2), (-0.24, 0.46)], 0.02, _WOOD)
    pen.line([(0.09, 0.2), (0.24, 0.46)], 0.02, _WOOD)
    pen.ellipse(0.0, 0.68, 0.38, 0.38)
    pen.polygon([(-0.33, 0.5), (0.33, 0.5), (0.11, 0.26), (-0.11, 0.26)], edge=False)
    pen.ellipse(0.0, 0.68, 0.24, 0.38, Tone.BRIGHT, edge=False)
    pen.ellipse(0.0, 0.68, 0.1, 0.38, edge=False)
    pen.lamp(0.0, 0.24, 0.03, 0.3)
    pen.rectangle(-0.11, 0.02, 0.11, 0.19, _WOOD)
