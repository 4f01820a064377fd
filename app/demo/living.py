"""Plants, animals and people of the drawn world, each about 1 high and at most 1.2 wide, on y = 0."""

from app.demo.pen import Pen, Rgb, Tone

_BARK = (104, 70, 42)
_LEAF = (54, 140, 58)
_CREAM = (246, 236, 214)
_INK = (26, 24, 30)
_BEAK = (246, 148, 32)
_TROUSERS = (62, 68, 92)
_SKINS: tuple[Rgb, ...] = ((246, 206, 172), (214, 160, 118), (136, 88, 58))


def tree(pen: Pen) -> None:
    pen.polygon([(-0.09, 0.0), (0.09, 0.0), (0.05, 0.5), (-0.05, 0.5)], _BARK)
    crown = (
        (-0.24, 0.56, 0.22),
        (0.24, 0.56, 0.22),
        (-0.12, 0.78, 0.22),
        (0.14, 0.78, 0.2),
        (0.0, 0.62, 0.28),
    )
    for x, y, radius in crown:
        pen.ellipse(x, y, radius, radius)
    for x, y, radius in crown:
        pen.ellipse(x, y, radius * 0.96, radius * 0.96, edge=False)
    pen.ellipse(0.22, 0.52, 0.15, 0.13, Tone.SHADE, edge=False)
    pen.ellipse(-0.12, 0.8, 0.13, 0.12, Tone.BRIGHT, edge=False)


def flower(pen: Pen) -> None:
    pen.line([(0.0, 0.0), (0.02, 0.6)], 0.07, _LEAF)
    pen.polygon([(0.0, 0.12), (0.26, 0.36), (0.3, 0.2)], _LEAF)
    pen.polygon([(0.0, 0.08), (-0.26, 0.3), (-0.3, 0.14)], _LEAF)
    petals = ((0.0, 0.2), (0.19, 0.06), (0.12, -0.16), (-0.12, -0.16), (-0.19, 0.06))
    for x, y in petals:
        pen.ellipse(x, 0.68 + y, 0.16, 0.16)
    for x, y in petals:
        pen.ellipse(x * 1.1, 0.68 + y * 1.1, 0.08, 0.08, Tone.BRIGHT, edge=False)
    pen.ellipse(0.0, 0.68, 0.11, 0.11, (186, 112, 32))


def mushroom(pen: Pen) -> None:
    pen.polygon([(-0.15, 0.0), (0.15, 0.0), (0.11, 0.46), (-0.11, 0.46)], _CREAM)
    cap = [(-0.52, 0.42), (-0.47, 0.62), (-0.3, 0.82), (0.0, 0.91), (0.3, 0.82), (0.47, 0.62), (0.52, 0.42)]
    pen.polygon(cap)
    pen.polygon([(-0.52, 0.42), (0.52, 0.42), (0.46, 0.49), (-0.46, 0.49)], Tone.SHADE, edge=False)
    for x, y, radius in ((-0.28, 0.6, 0.07), (0.02, 0.76, 0.08), (0.28, 0.64, 0.07), (0.02, 0.55, 0.05)):
        pen.ellipse(x, y, radius, radius, (228, 220, 206), edge=False)


def _legs(pen: Pen, places: tuple[float, ...], width: float, height: float) -> None:
    for x in places:
        pen.rectangle(x - width / 2, 0.0, x + width / 2, height, Tone.SHADE)


def _eye(pen: Pen, x: float, y: float) -> None:
    pen.ellipse(x, y, 0.035, 0.035, (250, 250, 246), edge=False)
    pen.ellipse(x + 0.008, y, 0.02, 0.02, _INK, edge=False)


def dog(pen: Pen) -> None:
    pen.line([(-0.42, 0.5), (-0.6, 0.82)], 0.1, Tone.SHADE)
    _legs(pen, (-0.34, -0.2, 0.16, 0.3), 0.1, 0.34)
    pen.ellipse(-0.03, 0.44, 0.44, 0.19)
    pen.polygon([(0.2, 0.4), (0.42, 0.4), (0.5, 0.7), (0.24, 0.7)], edge=False)
    pen.ellipse(0.38, 0.72, 0.19, 0.18)
    pen.ellipse(0.56, 0.66, 0.12, 0.09)
    pen.ellipse(0.66, 0.69, 0.04, 0.035, _INK, edge=False)
    pen.ellipse(0.24, 0.66, 0.08, 0.17, Tone.SHADE)
    pen.line([(0.27, 0.54), (0.46, 0.5)], 0.05, (230, 60, 60))
    _eye(pen, 0.44, 0.77)


def cat(pen: Pen) -> None:
    pen.line([(-0.2, 0.08), (-0.46, 0.14), (-0.5, 0.38), (-0.38, 0.52)], 0.1)
    pen.polygon([(-0.3, 0.0), (0.26, 0.0), (0.2, 0.4), (0.06, 0.6), (-0.16, 0.48)])
    pen.ellipse(-0.16, 0.18, 0.17, 0.18, Tone.SHADE, edge=False)
    pen.polygon([(-0.14, 0.76), (-0.14, 1.04), (0.08, 0.88)])
    pen.polygon([(0.34, 0.76), (0.34, 1.04), (0.12, 0.88)])
    pen.ellipse(0.1, 0.72, 0.26, 0.21)
    for x in (0.0, 0.2):
        pen.ellipse(x, 0.76, 0.05, 0.06, (214, 232, 96), edge=False)
        pen.ellipse(x, 0.76, 0.018, 0.05, _INK, edge=False)
    pen.ellipse(0.1, 0.66, 0.03, 0.022, (240, 130, 140), edge=False)
    for dy in (-0.03, 0.03):
        pen.line([(0.16, 0.65), (0.42, 0.65 + dy)], 0.012, _CREAM)
        pen.line([(0.04, 0.65), (-0.22, 0.65 + dy)], 0.012, _CREAM)
    pen.rectangle(0.1, 0.0, 0.2, 0.3, Tone.BRIGHT, edge=False)


def horse(pen: Pen) -> None:
    pen.line([(-0.4, 0.58), (-0.56, 0.52), (-0.6, 0.2)], 0.1, Tone.SHADE)
    _legs(pen, (-0.36, -0.22, 0.16, 0.28), 0.08, 0.44)
    pen.ellipse(-0.04, 0.54, 0.4, 0.17)
    pen.polygon([(0.1, 0.5), (0.34, 0.46), (0.5, 0.94), (0.34, 1.0)])
    pen.polygon([(0.34, 1.0), (0.46, 1.0), (0.74, 0.78), (0.68, 0.69), (0.42, 0.8)])
    pen.polygon([(0.38, 0.98), (0.4, 1.12), (0.47, 0.99)])
    pen.line([(0.1, 0.64), (0.22, 0.84), (0.34, 1.02)], 0.1, Tone.EDGE)
    for x in (-0.36, -0.22, 0.16, 0.28):
        pen.rectangle(x - 0.045, 0.0, x + 0.045, 0.07, _INK, edge=False)
    _eye(pen, 0.5, 0.9)


def duck(pen: Pen) -> None:
    for x in (-0.06, 0.1):
        pen.line([(x, 0.16), (x, 0.0), (x + 0.1, 0.0)], 0.05, _BEAK)
    pen.polygon([(-0.4, 0.34), (-0.64, 0.6), (-0.3, 0.54)])
    pen.ellipse(-0.04, 0.36, 0.44, 0.24)
    pen.polygon([(0.12, 0.4), (0.38, 0.4), (0.42, 0.72), (0.16, 0.72)], edge=False)
    pen.ellipse(-0.1, 0.38, 0.26, 0.13, Tone.SHADE, edge=False)
    pen.polygon([(0.42, 0.84), (0.72, 0.74), (0.42, 0.68)], _BEAK)
    pen.ellipse(0.3, 0.78, 0.19, 0.19)
    _eye(pen, 0.36, 0.82)


def person(pen: Pen, skin: Rgb = _SKINS[0]) -> None:
    for x in (-0.09, 0.09):
        pen.rectangle(x - 0.07, 0.02, x + 0.07, 0.36, _TROUSERS)
        pen.ellipse(x + 0.03, 0.03, 0.1, 0.04, _INK, edge=False)
    for side in (-1.0, 1.0):
        pen.line([(side * 0.16, 0.68), (side * 0.3, 0.4)], 0.13, Tone.SHADE)
        pen.ellipse(side * 0.31, 0.37, 0.06, 0.06, skin, edge=False)
    pen.polygon([(-0.26, 0.26), (0.26, 0.26), (0.17, 0.74), (-0.17, 0.74)])
    pen.line([(0.0, 0.28), (0.0, 0.72)], 0.025, Tone.EDGE)
    pen.ellipse(0.0, 0.88, 0.14, 0.15, skin)
    pen.polygon([(-0.16, 0.9), (-0.12, 1.04), (0.12, 1.04), (0.16, 0.9)])
    for x in (-0.05, 0.06):
        pen.ellipse(x, 0.86, 0.018, 0.018, _INK, edge=False)


def person_of(variation: int) -> Rgb:
    """One of several skins, so that the people differ."""
    return _SKINS[variation % len(_SKINS)]
