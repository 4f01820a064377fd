"""Drawing tools on Pillow: a canvas in unit coordinates, and a pen that draws one thing at its place."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

import numpy as np
from PIL import Image, ImageDraw

_GLOW_RINGS = 16  # enough that no single ring is seen

Rgb = tuple[int, int, int]
Rgba = tuple[int, int, int, int]
Point = tuple[float, float]


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """A colour between two: `share` 0 is the first, 1 the second."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def tinted(colour: Rgb, tint: tuple[float, float, float]) -> Rgb:
    """The colour under coloured light."""
    return tuple(min(255, round(c * t)) for c, t in zip(colour, tint, strict=True))  # type: ignore[return-value]


def clear(colour: Rgb, opacity: float) -> Rgba:
    """The colour, partly transparent."""
    return (*colour, round(255 * opacity))


class Canvas:
    """A picture being drawn; x and y run from 0 to 1, y downwards, lengths are shares of the height."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height))
        self.width, self.height = width, height
        self.aspect = width / height
        # In this mode Pillow blends transparent fills into an opaque picture.
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def gradient(self, top: float, bottom: float, stops: Sequence[Rgb]) -> None:
        """Fill a horizontal band with colours that run evenly from its top to its bottom."""
        first, last = round(top * self.height), round(bottom * self.height)
        places = np.linspace(0, len(stops) - 1, max(1, last - first))
        channels = [np.interp(places, range(len(stops)), [stop[c] for stop in stops]) for c in range(3)]
        column = np.stack(channels, axis=1).astype(np.uint8)[:, None, :]
        band = Image.fromarray(column).resize((self.width, column.shape[0]), Image.Resampling.NEAREST)
        self.image.paste(band, (0, first))

    def polygon(self, points: Sequence[Point], fill: Rgb | Rgba) -> None:
        self._draw.polygon([(x * self.width, y * self.height) for x, y in points], fill=fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Rgb | Rgba) -> None:
        """Radii are shares of the height, so that equal radii make a circle."""
        cx, cy, rx, ry = x * self.width, y * self.height, rx * self.height, ry * self.height
        self._draw.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), fill=fill)

    def rectangle(self, left: float, top: float, right: float, bottom: float, fill: Rgb | Rgba) -> None:
        w, h = self.width, self.height
        self._draw.rectangle((left * w, top * h, right * w, bottom * h), fill=fill)

    def line(self, points: Sequence[Point], thickness: float, fill: Rgb | Rgba) -> None:
        pixels = [(x * self.width, y * self.height) for x, y in points]
        self._draw.line(pixels, fill=fill, width=max(1, round(thickness * self.height)), joint="curve")

    def glow(self, x: float, y: float, radius: float, colour: Rgb, strength: float = 0.5) -> None:
        """A soft light: rings that fade outwards."""
        for ring in range(_GLOW_RINGS, 0, -1):
            reach = radius * ring / _GLOW_RINGS
            self.ellipse(x, y, reach, reach, clear(colour, strength / _GLOW_RINGS))

    def shadow(self, x: float, y: float, rx: float, strength: float) -> None:
        """A soft shadow on the ground."""
        for ring in (1.0, 0.8, 0.6):
            self.ellipse(x, y, rx * ring, rx * ring * 0.2, clear((10, 14, 30), strength / 3))


class Tone(Enum):
    """The parts of a paint, for drawing with whatever colour the thing has."""

    BODY = auto()
    SHADE = auto()  # the side away from the light
    BRIGHT = auto()  # the side towards it
    EDGE = auto()  # the line around it


Paint = Mapping[Tone, Rgb]  # the colours of one thing, light already fallen on them
Fill = Rgb | Tone


class Pen:
    """Draws one thing in its own coordinates: x from its middle, y upwards from its foot, size 1 high."""

    def __init__(
        self,
        canvas: Canvas,
        foot: Point,
        size: float,
        paint: Paint,
        tint: tuple[float, float, float],
        *,
        flip: bool = False,
        dark: bool = False,
    ) -> None:
        self._paint = paint
        self.dark = dark  # windows and lamps are lit
        self._canvas, self._foot, self._size, self._tint = canvas, foot, size, tint
        self._side = -1.0 if flip else 1.0

    def polygon(self, points: Sequence[Point], fill: Fill = Tone.BODY, *, edge: bool = True) -> None:
        """Filled with the thing's own colour unless another is named; the edge sets it off the ground."""
        placed = [self._place(*point) for point in points]
        self._canvas.polygon(placed, self._lit(fill))
        if edge:
            self._canvas.line([*placed, placed[0]], 0.018 * self._size, self._paint[Tone.EDGE])

    def rectangle(
        self,
        left: float,
        bottom: float,
        right: float,
        top: float,
        fill: Fill = Tone.BODY,
        *,
        edge: bool = True,
    ) -> None:
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)], fill, edge=edge)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: Fill = Tone.BODY, *, edge: bool = True
    ) -> None:
        cx, cy = self._place(x, y)
        if edge:
            rim = 0.012
            self._canvas.ellipse(
                cx, cy, (rx + rim) * self._size, (ry + rim) * self._size, self._paint[Tone.EDGE]
            )
        self._canvas.ellipse(cx, cy, rx * self._size, ry * self._size, self._lit(fill))

    def line(self, points: Sequence[Point], thickness: float, fill: Fill = Tone.BODY) -> None:
        self._canvas.line([self._place(*point) for point in points], thickness * self._size, self._lit(fill))

    def lamp(self, x: float, y: float, radius: float, glow: float) -> None:
        """A light that shines when it is dark."""
        if self.dark:
            self._canvas.glow(*self._place(x, y), glow * self._size, (255, 226, 140), 0.7)
        self.ellipse(x, y, radius, radius, (255, 240, 190), edge=False)

    def glass(self, left: float, bottom: float, right: float, top: float) -> None:
        """A window: sky in it by day, light by night."""
        points = [(left, bottom), (right, bottom), (right, top), (left, top)]
        colour = (255, 222, 130) if self.dark else tinted((190, 222, 240), self._tint)
        self._canvas.polygon([self._place(*point) for point in points], colour)

    def _place(self, x: float, y: float) -> Point:
        across = self._side * x * self._size / self._canvas.aspect
        return self._foot[0] + across, self._foot[1] - y * self._size

    def _lit(self, fill: Fill) -> Rgb:
        """The paint's own colours are lit already; every other colour gets the light of the hour."""
        return self._paint[fill] if isinstance(fill, Tone) else tinted(fill, self._tint)
