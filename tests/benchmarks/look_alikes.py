"""Photos that are no copies but nearly look it, as people's folders hold them: all drawn, all seeded.

Every second one without EXIF, as screenshots and what messengers send are. By pairs:

- screenshots that differ in two digits of one amount, of phones and desktops, light and dark;
- pages of one form, filled in otherwise;
- blank walls: a soft gradient, a faint grain and nothing else, twice;
- night skies: the same darkness above the same roofs, other stars.

And of each real photo, to be told from it and from its copies:

- a place minutes apart: from a step aside, with somebody who came;
- a building in other light: the sun on the other side and a shadow across it, from nearly the same place.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_WORDS = ("water", "paper", "garden", "window", "letter", "summer", "market", "street", "morning", "ticket")
_SCREENS = ((1080, 2280), (1080, 1920), (1170, 2532), (1440, 900), (1920, 1080))
_QUALITIES = (90, 90, 75, 60)

Pair = tuple[Image.Image, Image.Image]


Save = Callable[[Image.Image, Path, int, int, int], None]  # with quality, number and second


def write_look_alikes(folder: Path, originals: Sequence[Image.Image], save: Save) -> None:
    """Four pictures for each photo, and for each fourth three pairs more."""
    for number, original in enumerate(originals):
        kinds: list[tuple[str, tuple[Image.Image, ...]]] = [
            ("screen", _screens(number)),
            ("same-place", (_same_place(original, number),)),
            ("other-light", (_other_light(original, number),)),
        ]
        if number % 4 == 0:
            kinds += [("form", _forms(number)), ("wall", _walls(number)), ("night", _nights(number))]
        for kind, pictures in kinds:
            for which, picture in enumerate(pictures):
                quality = _QUALITIES[(number + which) % len(_QUALITIES)]
                save(picture, folder / f"{number:03d}-{kind}-{which}.jpg", quality, number, 240 * which)


def _screens(number: int) -> Pair:
    random_ = random.Random(f"screens {number}")
    size = random_.choice(_SCREENS)
    line = random_.choice((28, 34, 40)) if size[0] < size[1] else random_.choice((18, 22))
    dark, row, cents = random_.random() < 0.4, random_.randint(2, 9), random_.randint(0, 99)
    tens, ones = random_.sample(range(1, 10), 2), random_.sample(range(10), 2)
    drawn = []
    for ten, one in zip(tens, ones, strict=True):
        same = random.Random(f"screen {number}")
        drawn.append(_screen(same, size, line, row, f"{ten}{one}.{cents:02d}", dark=dark))
    return drawn[0], drawn[1]


def _screen(
    random_: random.Random, size: tuple[int, int], line: int, row: int, amount: str, *, dark: bool
) -> Image.Image:
    """A list of names and amounts below a bar; the amount in one row is given."""
    paper, ink = ((20, 20, 24), (236, 236, 240)) if dark else ((250, 250, 252), (28, 28, 32))
    picture = Image.new("RGB", size, paper)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(line)
    draw.rectangle((0, 0, size[0], 4 * line), fill=_colour(random_))
    draw.text((line, line), "Accounts", font=ImageFont.load_default(2 * line), fill="white")
    for number, top in enumerate(range(5 * line, size[1] - 2 * line, 2 * line)):
        words = " ".join(random_.choice(_WORDS) for _ in range(random_.randint(1, 3)))
        other = f"{random_.randint(10, 99)}.{random_.randint(0, 99):02d}"
        draw.text((line, top), words, font=font, fill=ink)
        draw.text((size[0] - 5 * line, top), amount if number == row else other, font=font, fill=ink)
    return picture


def _forms(number: int) -> Pair:
    """One printed form; what is written into its lines differs."""
    random_ = random.Random(f"forms {number}")
    fields = [random_.choice(_WORDS) for _ in range(18)]
    return _form(fields, random_), _form(fields, random_)


def _form(fields: Sequence[str], random_: random.Random) -> Image.Image:
    picture = Image.new("RGB", (1131, 1600), (244, 242, 236))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(30)
    draw.text((90, 90), "Application", font=ImageFont.load_default(60), fill=(20, 20, 20))
    for row, name in enumerate(fields):
        top = 220 + 72 * row
        draw.text((90, top), name, font=font, fill=(20, 20, 20))
        draw.line((380, top + 38, 1040, top + 38), fill=(120, 120, 120), width=2)
        draw.text((400, top), random_.choice(_WORDS), font=font, fill=(30, 40, 140))
    return picture


def _walls(number: int) -> Pair:
    random_ = random.Random(f"walls {number}")
    colour = _colour(random_)
    return _wall(colour, random_), _wall(colour, random_)


def _wall(colour: tuple[int, int, int], random_: random.Random) -> Image.Image:
    noise = np.random.default_rng(random_.getrandbits(32))
    across, down = np.meshgrid(np.linspace(-1, 1, 1200), np.linspace(-1, 1, 900))
    light = 20 * random_.uniform(0.6, 1) * across + 12 * random_.uniform(0.6, 1) * down
    values = np.array(colour)[None, None] + light[:, :, None] + noise.normal(0, 3, (900, 1200, 1))
    return _image(values)


def _nights(number: int) -> Pair:
    random_ = random.Random(f"nights {number}")
    roofs = np.array([random_.randint(780, 880) for _ in range(24)]).repeat(50)
    return _night(roofs, random_), _night(roofs, random_)


def _night(roofs: np.ndarray[tuple[int], np.dtype[np.int64]], random_: random.Random) -> Image.Image:
    noise = np.random.default_rng(random_.getrandbits(32))
    values = np.full((900, 1200, 3), (10.0, 12.0, 26.0)) + np.linspace(0, 14, 900)[:, None, None]
    for _ in range(160):
        down, across = noise.integers(0, 760), noise.integers(0, 1198)
        values[down : down + 2, across : across + 2] += noise.uniform(40, 220)
    values[np.arange(900)[:, None] > roofs[None]] = (3.0, 3.0, 5.0)
    return _image(values + noise.normal(0, 2, values.shape))


def _same_place(original: Image.Image, number: int) -> Image.Image:
    """A step aside and a little nearer, and something as large as a person stands there."""
    random_ = random.Random(f"same place {number}")
    width, height = original.size
    aside, nearer = round(width * random_.uniform(0.04, 0.08)), random_.uniform(0.02, 0.05)
    margin = round(height * nearer)
    box = (aside, margin, width, height - margin)
    second = original.crop(box).resize((width, height), Image.Resampling.BICUBIC)
    _put_somebody(second, random_)
    return second


def _put_somebody(picture: Image.Image, random_: random.Random) -> None:
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    tall, left = round(height * random_.uniform(0.3, 0.5)), round(width * random_.uniform(0.1, 0.8))
    top, broad = height - tall - round(height * 0.05), round(tall * 0.3)
    draw.rounded_rectangle((left, top + tall // 4, left + broad, top + tall), 20, fill=_colour(random_))
    draw.ellipse((left + broad // 5, top, left + 4 * broad // 5, top + tall // 4), fill=(196, 150, 120))


def _other_light(original: Image.Image, number: int) -> Image.Image:
    random_ = random.Random(f"other light {number}")
    width, height = original.size
    moved = round(width * 0.01)
    second = original.crop((moved, 0, width, height - moved)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    across = np.linspace(-1, 1, width)[None, :, None]
    values = np.asarray(second, np.float64) * (1 + random_.choice((-0.5, 0.5)) * across)
    edge = width * random_.uniform(0.35, 0.65) + np.linspace(-0.3, 0.3, height)[:, None] * width
    in_shadow = np.arange(width)[None] < edge
    values[in_shadow] *= 0.4
    return _image(values * np.array([1.1, 1.0, 0.85]))


def _image(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _colour(random_: random.Random) -> tuple[int, int, int]:
    return random_.randint(60, 190), random_.randint(60, 190), random_.randint(60, 190)
