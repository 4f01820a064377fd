"""What time of day and weather do to the colours of a picture."""

from dataclasses import dataclass

from app.demo.pen import Paint, Rgb, Tone, mix, tinted
from app.demo.scenes import Colour, Daytime, Weather

Tint = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Light:
    """The sky of one hour, and the light that falls on land and things."""

    sky: tuple[Rgb, Rgb, Rgb]  # top, middle, horizon
    land: Tint
    things: Tint  # gentler than on the land, so that a colour can be told at any hour
    cloud: Rgb
    sun: Rgb
    sun_height: float  # where it stands, a share of the picture's height from the top
    dark: bool = False


_HOURS = {
    Daytime.SUNRISE: Light(
        sky=((120, 170, 214), (250, 208, 206), (255, 232, 176)),
        land=(1.0, 0.9, 0.86),
        things=(1.0, 0.95, 0.92),
        cloud=(255, 224, 222),
        sun=(255, 244, 196),
        sun_height=0.5,
    ),
    Daytime.DAY: Light(
        sky=((58, 138, 224), (120, 190, 244), (206, 234, 252)),
        land=(1.0, 1.0, 1.0),
        things=(1.0, 1.0, 1.0),
        cloud=(255, 255, 255),
        sun=(255, 248, 190),
        sun_height=0.15,
    ),
    Daytime.SUNSET: Light(
        sky=((92, 48, 122), (226, 88, 82), (255, 160, 54)),
        land=(0.86, 0.66, 0.6),
        things=(0.98, 0.86, 0.8),
        cloud=(196, 92, 116),
        sun=(255, 116, 46),
        sun_height=0.52,
    ),
    Daytime.NIGHT: Light(
        sky=((8, 12, 40), (18, 28, 74), (44, 58, 112)),
        land=(0.47, 0.5, 0.68),
        things=(0.76, 0.8, 0.94),
        cloud=(58, 66, 104),
        sun=(246, 244, 220),
        sun_height=0.16,
        dark=True,
    ),
}
_GREY = {
    Daytime.SUNRISE: (176, 166, 172),
    Daytime.DAY: (138, 150, 164),
    Daytime.SUNSET: (122, 82, 96),
    Daytime.NIGHT: (26, 32, 52),
}
_PALE = {
    Daytime.SUNRISE: (232, 214, 216),
    Daytime.DAY: (206, 218, 230),
    Daytime.SUNSET: (196, 136, 142),
    Daytime.NIGHT: (52, 64, 98),
}
_COLOURS: dict[Colour, Rgb] = {
    Colour.RED: (216, 34, 38),
    Colour.ORANGE: (250, 132, 14),
    Colour.YELLOW: (252, 216, 30),
    Colour.GREEN: (34, 158, 62),
    Colour.BLUE: (28, 92, 220),
    Colour.PURPLE: (146, 52, 190),
    Colour.BLACK: (34, 34, 40),
    Colour.WHITE: (248, 248, 246),
}


def light_of(daytime: Daytime, weather: Weather) -> Light:
    """The light of that hour in that weather."""
    clear = _HOURS[daytime]
    if weather is Weather.CLEAR:
        return clear
    veil = (_GREY if weather is Weather.RAIN else _PALE)[daytime]
    dim = 0.82 if weather is Weather.RAIN else 0.94
    top, middle, horizon = (mix(colour, veil, 0.55) for colour in clear.sky)
    return Light(
        sky=(top, middle, horizon),
        land=(clear.land[0] * dim, clear.land[1] * dim, clear.land[2] * dim),
        things=clear.things,
        cloud=mix(clear.cloud, veil, 0.7) if weather is Weather.SNOWFALL else mix(veil, (40, 44, 60), 0.25),
        sun=clear.sun,
        sun_height=clear.sun_height,
        dark=clear.dark,
    )


def paint_of(colour: Colour, light: Light, variation: float) -> Paint:
    """The paint of a thing; `variation` from -1 to 1 makes no two reds the same."""
    base = _COLOURS[colour]
    base = mix(base, (255, 255, 255) if variation > 0 else (0, 0, 0), abs(variation) * 0.1)
    body = tinted(base, light.things)
    # A black thing at night would vanish: moonlight draws its edge.
    edge = mix(body, (170, 180, 206), 0.6) if colour is Colour.BLACK else mix(body, (12, 10, 24), 0.68)
    return {
        Tone.BODY: body,
        Tone.SHADE: mix(body, (16, 12, 40), 0.26),
        Tone.BRIGHT: mix(body, (255, 250, 230), 0.34),
        Tone.EDGE: edge,
    }
